//! Names of Go's standard library.

/// The first parts of the import paths of Go 1.24's standard library, and cgo's `C`; sorted.
#[rustfmt::skip]
const PACKAGES: [&str; 51] = [
    "C", "archive", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto", "database",
    "debug", "embed", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image",
    "index", "internal", "io", "iter", "log", "maps", "math", "mime", "net", "os", "path", "plugin",
    "reflect", "regexp", "runtime", "slices", "sort", "strconv", "strings", "structs", "sync", "syscall",
    "testing", "text", "time", "unicode", "unique", "unsafe", "vendor", "weak",
];

/// The predeclared functions of the specification ("Built-in functions"); sorted.
#[rustfmt::skip]
const FUNCTIONS: [&str; 18] = [
    "append", "cap", "clear", "close", "complex", "copy", "delete", "imag", "len", "make", "max", "min",
    "new", "panic", "print", "println", "real", "recover",
];

/// Whether an import path is that of a package of the standard library.
pub(in crate::link) fn is_package(path: &str) -> bool {
    PACKAGES.binary_search(&path.split('/').next().unwrap_or_default()).is_ok()
}

/// Whether a function is predeclared.
pub(in crate::link) fn is_builtin(name: &str) -> bool {
    FUNCTIONS.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(PACKAGES.is_sorted() && FUNCTIONS.is_sorted());
        assert!(is_package("net/http") && is_package("C") && !is_package("example.com/net"));
        assert!(is_builtin("append") && !is_builtin("Println"));
    }
}
