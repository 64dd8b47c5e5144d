//! What is called from outside in Java.

use snake_pipe_core::model::{Function, TransformedAst, Visibility};

use crate::{
    engine::Surface,
    languages::jvm::{ANNOTATIONS, MEMBERS, takes_arguments},
};

pub(super) static SURFACE: Surface = Surface {
    overriding_annotations: &["Override"],
    is_main,
    entry_members: MEMBERS,
    entry_annotations: ANNOTATIONS,
    ..Surface::NONE
};

/// `public static void main(String[] args)` (JLS 12.1.4).
fn is_main(_: &TransformedAst, function: &Function) -> bool {
    function.name == "main"
        && function.is_static
        && function.visibility == Visibility::Public
        && function.return_type.as_deref() == Some("void")
        && takes_arguments(function, &["String[]"])
}
