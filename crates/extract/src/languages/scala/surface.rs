//! What is called from outside in Scala.

use snake_pipe_core::model::{ClassKind, Function, TransformedAst};

use crate::{
    engine::Surface,
    languages::jvm::{ANNOTATIONS, MEMBERS, takes_arguments},
};

pub(super) static SURFACE: Surface =
    Surface { is_main, entry_members: MEMBERS, entry_annotations: ANNOTATIONS, ..Surface::NONE };

/// `def main(args: Array[String])` of an object, and what `@main` stands at.
fn is_main(facts: &TransformedAst, function: &Function) -> bool {
    let class = function.class.and_then(|class| facts.classes.get(class as usize));
    let is_of_object = class.is_some_and(|class| class.kind == ClassKind::Object);
    function.name == "main" && is_of_object && takes_arguments(function, &["Array[String]"])
}
