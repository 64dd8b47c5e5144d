//! What is called from outside in C#.

use snake_pipe_core::model::{Function, TransformedAst};

use crate::engine::Surface;

pub(super) static SURFACE: Surface = Surface {
    is_main,
    // Handlers of ASP.NET and Azure Functions, and what the run-time calls.
    entry_annotations: &[
        "AcceptVerbs",
        "Function",
        "FunctionName",
        "GlobalSetup",
        "HttpDelete",
        "HttpGet",
        "HttpHead",
        "HttpOptions",
        "HttpPatch",
        "HttpPost",
        "HttpPut",
        "ModuleInitializer",
        "OnDeserialized",
        "OnDeserializing",
        "OnSerialized",
        "OnSerializing",
        "Route",
        "UnmanagedCallersOnly",
    ],
    ..Surface::NONE
};

/// `static void Main(string[] args)` and its other forms (ECMA-334, 7.1).
fn is_main(_: &TransformedAst, function: &Function) -> bool {
    let takes_nothing_else = match function.parameters.as_slice() {
        [] => true,
        [only] => only.type_name.as_deref().is_some_and(|name| name.replace('?', "") == "string[]"),
        _ => false,
    };
    let returned = function.return_type.as_deref().unwrap_or_default();
    let returned = returned.rsplit_once("Tasks.").map_or(returned, |(_, last)| last);
    function.name == "Main"
        && function.is_static
        && takes_nothing_else
        && matches!(returned, "void" | "int" | "Task" | "Task<int>")
}
