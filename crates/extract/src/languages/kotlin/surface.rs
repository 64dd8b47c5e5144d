//! What is called from outside in Kotlin.

use snake_pipe_core::model::{Function, TransformedAst};

use crate::{
    engine::Surface,
    languages::jvm::{ANNOTATIONS, MEMBERS, takes_arguments},
};

pub(super) static SURFACE: Surface =
    Surface { is_main, entry_members: MEMBERS, entry_annotations: ANNOTATIONS, ..Surface::NONE };

/// `fun main()` and `fun main(args: Array<String>)` outside classes, or the latter in an object (of `@JvmStatic`).
fn is_main(_: &TransformedAst, function: &Function) -> bool {
    let takes_arguments = takes_arguments(function, &["Array<String>", "Array<outString>"]);
    let is_top = function.class.is_none() && function.parent.is_none();
    function.name == "main" && (takes_arguments || is_top && function.parameters.is_empty())
}
