//! What is offered to and called from outside in Python.

use snake_pipe_core::model::{Function, FunctionKind, TransformedAst};
use tree_sitter::Node;

use super::{IDENTIFIER, LEFT, LIST, PARENTHESIZED_EXPRESSION, RIGHT, STRING, TUPLE, strings::string_value};
use crate::engine::{Surface, Walk};

pub(super) static SURFACE: Surface = Surface {
    overriding_annotations: &["override"],
    is_main,
    // Handlers of Flask, FastAPI, aiohttp and their like; commands of Click and Typer; tasks of Celery; hooks of Django,
    // SQLAlchemy and pluggy.
    entry_annotations: &[
        ".action",
        ".after_request",
        ".api_route",
        ".before_first_request",
        ".before_request",
        ".callback",
        ".cli_command",
        ".command",
        ".connect",
        ".context_processor",
        ".delete",
        ".display",
        ".errorhandler",
        ".event",
        ".exception_handler",
        ".filter",
        ".get",
        ".group",
        ".head",
        ".inclusion_tag",
        ".listener",
        ".listens_for",
        ".middleware",
        ".on_event",
        ".options",
        ".patch",
        ".post",
        ".put",
        ".route",
        ".simple_tag",
        ".subcommand",
        ".task",
        ".teardown_appcontext",
        ".teardown_request",
        ".template_filter",
        ".template_global",
        ".template_test",
        ".websocket",
        "api_view",
        "command",
        "group",
        "hookimpl",
        "periodic_task",
        "receiver",
        "shared_task",
        "task",
    ],
    ..Surface::NONE
};

/// A function `main` of a module: by custom, what its program begins with.
fn is_main(_: &TransformedAst, function: &Function) -> bool {
    function.qualified_name == "main" && function.kind == FunctionKind::Function
}

/// `__all__ = ["a", "b"]` and `__all__ += ["c"]` name what a module offers. One that is computed says nothing here.
pub(super) fn offered<'t>(walk: &mut Walk<'t>, node: Node<'t>, is_first: bool) {
    let left = walk.child(node, LEFT).filter(|left| walk.is(*left, IDENTIFIER));
    if left.is_none_or(|left| walk.bytes(left) != b"__all__") {
        return;
    }
    let names = walk.child(node, RIGHT).and_then(|right| literal_names(walk, right));
    match names {
        Some(names) => walk.offer(names),
        None if is_first => walk.retract_offer(),
        None => {}
    }
}

fn literal_names<'t>(walk: &mut Walk<'t>, list: Node<'t>) -> Option<Vec<String>> {
    if !walk.is_any(list, &[LIST, TUPLE, PARENTHESIZED_EXPRESSION]) {
        return None;
    }
    let items = walk.named_children(list);
    items.into_iter().map(|item| walk.is(item, STRING).then(|| string_value(walk, item))?).collect()
}
