//! What is called from outside in Go.

use snake_pipe_core::model::{Function, FunctionKind, TransformedAst};

use crate::engine::Surface;

/// A method with a capital letter is exported whatever its type is called ("Exported identifiers" of the language
/// specification).
pub(super) static SURFACE: Surface = Surface { members_follow_classes: false, is_main, ..Surface::NONE };

/// `func main()` of the package `main`, and `func init()` of any ("Program execution", "Package initialization").
fn is_main(facts: &TransformedAst, function: &Function) -> bool {
    let is_plain = function.kind == FunctionKind::Function
        && function.parent.is_none()
        && function.parameters.is_empty()
        && function.return_type.is_none();
    let is_program = facts.namespace.as_deref() == Some("main");
    is_plain && (function.name == "init" || is_program && function.name == "main")
}
