//! What is seen and called from outside in Rust.

use snake_pipe_core::model::{Function, FunctionKind, TransformedAst};

use crate::engine::Surface;

pub(super) static SURFACE: Surface = Surface {
    exporting_annotations: &["no_mangle", "export_name"],
    is_main,
    // Of the compiler and of run-times, then handlers of Rocket and Actix, and commands of Tauri.
    entry_annotations: &[
        "alloc_error_handler",
        "ctor",
        "dtor",
        "entry",
        "exception",
        "global_allocator",
        "interrupt",
        "main",
        "panic_handler",
        "proc_macro",
        "proc_macro_attribute",
        "proc_macro_derive",
        "pyfunction",
        "pymodule",
        "start",
        "wasm_bindgen",
        "catch",
        "command",
        "delete",
        "get",
        "head",
        "launch",
        "options",
        "patch",
        "post",
        "put",
        "route",
    ],
    ..Surface::NONE
};

/// `fn main()` of a crate's root: of which file, its text does not say.
fn is_main(_: &TransformedAst, function: &Function) -> bool {
    function.qualified_name == "main"
        && function.kind == FunctionKind::Function
        && function.parameters.is_empty()
}
