//! Names of Rust's standard library.

/// The prelude of the 2024 edition (`std::prelude`), and the primitive types; sorted.
#[rustfmt::skip]
const PRELUDE: [&str; 65] = [
    "AsMut", "AsRef", "AsyncFn", "AsyncFnMut", "AsyncFnOnce", "Box", "Clone", "Copy", "Default",
    "DoubleEndedIterator", "Drop", "Eq", "Err", "ExactSizeIterator", "Extend", "Fn", "FnMut", "FnOnce",
    "From", "FromIterator", "Future", "Into", "IntoFuture", "IntoIterator", "Iterator", "None", "Ok",
    "Option", "Ord", "PartialEq", "PartialOrd", "Result", "Send", "Sized", "Some", "String", "Sync",
    "ToOwned", "ToString", "TryFrom", "TryInto", "Unpin", "Vec", "align_of", "align_of_val", "bool",
    "char", "drop", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "size_of", "size_of_val",
    "str", "u128", "u16", "u32", "u64", "u8", "usize",
];

/// The macros of `std`; sorted.
#[rustfmt::skip]
const MACROS: [&str; 37] = [
    "assert", "assert_eq", "assert_ne", "cfg", "column", "compile_error", "concat", "dbg", "debug_assert",
    "debug_assert_eq", "debug_assert_ne", "env", "eprint", "eprintln", "file", "format", "format_args",
    "include", "include_bytes", "include_str", "is_x86_feature_detected", "line", "matches",
    "module_path", "option_env", "panic", "print", "println", "stringify", "thread_local", "todo", "try",
    "unimplemented", "unreachable", "vec", "write", "writeln",
];

/// Crates that every toolchain brings.
const CRATES: [&str; 5] = ["alloc", "core", "proc_macro", "std", "test"];

/// Whether a name is one of the prelude, or a primitive type.
pub(in crate::link) fn is_prelude(name: &str) -> bool {
    PRELUDE.binary_search(&name).is_ok()
}

/// Whether a macro is one of the standard library.
pub(in crate::link) fn is_macro(name: &str) -> bool {
    MACROS.binary_search(&name).is_ok()
}

/// Whether a crate belongs to the toolchain.
pub(in crate::link) fn is_crate(name: &str) -> bool {
    CRATES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(PRELUDE.is_sorted() && MACROS.is_sorted());
        assert!(is_prelude("Vec") && is_prelude("u8") && !is_prelude("HashMap"));
        assert!(is_macro("println") && is_crate("core") && !is_crate("libc"));
    }
}
