//! What is seen and called from outside in C and C++.

use snake_pipe_core::model::{Function, TransformedAst};
use tree_sitter::Node;

use super::{ARGUMENTS, IDENTIFIER, functions::UNNAMED_NAMESPACE};
use crate::engine::{Surface, Walk};

/// What has external linkage is seen: no `static` at the file's level, no unnamed namespace. Macros have no linkage.
pub(super) static SURFACE: Surface = Surface {
    sees_unspecified_members: true,
    hidden_scope: Some(UNNAMED_NAMESPACE),
    is_main,
    // Of the C and C++ run-times, Windows, the Java Native Interface, CPython and libFuzzer.
    entry_names: &[
        "DllMain",
        "DriverEntry",
        "JNI_OnLoad",
        "JNI_OnUnload",
        "Java_*",
        "LLVMFuzzerInitialize",
        "LLVMFuzzerTestOneInput",
        "PyInit_*",
        "WinMain",
        "_fini",
        "_init",
        "_start",
        "_tmain",
        "wWinMain",
        "wmain",
    ],
    entry_annotations: &["constructor", "destructor"],
    ..Surface::NONE
};

/// Macros of the Linux kernel that hand functions to it, outside functions.
const HANDING_OVER: &[&[u8]] = &[
    b"__setup",
    b"arch_initcall",
    b"arch_initcall_sync",
    b"console_initcall",
    b"core_initcall",
    b"core_initcall_sync",
    b"core_param_cb",
    b"device_initcall",
    b"device_initcall_sync",
    b"early_initcall",
    b"early_param",
    b"fs_initcall",
    b"fs_initcall_sync",
    b"late_initcall",
    b"late_initcall_sync",
    b"module_exit",
    b"module_init",
    b"postcore_initcall",
    b"postcore_initcall_sync",
    b"pure_initcall",
    b"rootfs_initcall",
    b"security_initcall",
    b"subsys_initcall",
    b"subsys_initcall_sync",
    b"__exitcall",
    b"__initcall",
];

/// `main` of a program, whatever it takes (C17, 5.1.2.2.1).
fn is_main(_: &TransformedAst, function: &Function) -> bool {
    function.qualified_name == "main" && function.class.is_none()
}

/// Whether a macro of the Linux kernel defines a system call.
pub(super) fn is_system_call(name: &[u8]) -> bool {
    name.starts_with(b"SYSCALL_DEFINE") || name.starts_with(b"COMPAT_SYSCALL_DEFINE")
}

/// `module_init(f);` at the file's level hands `f` to the kernel.
pub(super) fn hand_over<'t>(walk: &mut Walk<'t>, call: Node<'t>, name: Node<'t>) {
    if !HANDING_OVER.contains(&walk.bytes(name)) || walk.enclosing_function().is_some() {
        return;
    }
    let Some(list) = walk.child(call, ARGUMENTS) else { return };
    for argument in walk.named_children(list) {
        if walk.is(argument, IDENTIFIER) {
            let name = walk.name(argument);
            walk.hand_over(name);
        }
    }
}
