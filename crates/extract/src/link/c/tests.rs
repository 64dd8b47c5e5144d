//! C trees and what their references mean.

use crate::link::testing::tree;

#[test]
fn headers_are_looked_for_beside_the_file_then_in_include_directories_then_by_their_end() {
    let tree = tree(&[
        ("a/x.h", ""),
        ("include/x.h", ""),
        ("include/uapi/sys/y.h", ""),
        ("lib/deep/z.h", ""),
        ("a/w.h", ""),
        ("b/w.h", ""),
        (
            "a/m.c",
            "#include \"x.h\"\n#include <x.h>\n#include <sys/y.h>\n#include \"deep/z.h\"\n#include <stdio.h>\n#include <curl/curl.h>\n#include \"none.h\"\n#include <sys/none.h>\n",
        ),
        ("c/m.c", "#include \"w.h\"\n#include \"../a/w.h\"\n"),
    ]);
    assert_eq!(
        tree.imports("a/m.c"),
        [
            "x.h → a/x.h (path)",
            "x.h → include/x.h (path)",
            "sys/y.h → include/uapi/sys/y.h (path)",
            "deep/z.h → lib/deep/z.h (path)",
            "stdio.h → stdlib",
            "curl/curl.h → external",
            "none.h → unresolved",
            "sys/none.h → unresolved",
        ]
    );
    assert_eq!(tree.imports("c/m.c"), ["w.h → ambiguous 2", "../a/w.h → a/w.h (path)"]);
}

#[test]
fn a_call_reaches_what_is_included_and_what_an_included_file_declares() {
    let tree = tree(&[
        ("api.h", "#include \"deep.h\"\nint shared(int a);\n#define TWICE(x) ((x) * 2)\n"),
        ("deep.h", "static inline int small(void) { return 1; }\n"),
        ("api.c", "#include \"api.h\"\nint shared(int a) { return a; }\nint hidden(void) { return 0; }\n"),
        (
            "m.c",
            "#include \"api.h\"\nint main(void) {\n  shared(1);\n  TWICE(2);\n  small();\n  hidden();\n  return unknown();\n}\n",
        ),
    ]);
    assert_eq!(
        tree.calls("m.c"),
        [
            "3 shared → api.c:shared (include)",
            "4 TWICE → api.h:TWICE (include)",
            "5 small → deep.h:small (include)",
            "6 hidden → unresolved",
            "7 unknown → unresolved",
        ]
    );
}

#[test]
fn a_definition_of_the_file_itself_goes_before() {
    let tree = tree(&[
        ("a.h", "int f(void);\n"),
        ("a.c", "int f(void) { return 0; }\n"),
        ("b.c", "#include \"a.h\"\nstatic int f(void) { return 1; }\nint g(void) { return f(); }\n"),
        (
            "c.c",
            "#if A\nint h(void) { return 1; }\n#else\nint h(void) { return 2; }\n#endif\nint i(void) { return h(); }\n",
        ),
    ]);
    assert_eq!(tree.calls("b.c"), ["3 f → b.c:f (scope)"]);
    assert_eq!(tree.calls("c.c"), ["6 h → ambiguous 2"]);
}

#[test]
fn a_stub_and_the_function_that_it_stands_for_are_both_candidates() {
    let tree = tree(&[
        ("a.h", "#ifdef CONFIG_A\nint f(void);\n#else\nstatic inline int f(void) { return 0; }\n#endif\n"),
        ("a.c", "int f(void) { return 1; }\n"),
        ("m.c", "#include \"a.h\"\nint g(void) { return f(); }\n"),
    ]);
    assert_eq!(tree.calls("m.c"), ["2 f → ambiguous 2"]);
}

#[test]
fn a_file_that_declares_a_function_itself_calls_its_only_shared_definition() {
    let tree = tree(&[
        ("a.c", "int f(void) { return 1; }\n"),
        ("b.c", "static int f(void) { return 2; }\n"),
        ("m.c", "extern int f(void);\nint g(void) { return f(); }\n"),
    ]);
    assert_eq!(tree.calls("m.c"), ["2 f → a.c:f (include)"]);
}

#[test]
fn code_of_an_architecture_sees_the_headers_and_functions_of_that_architecture() {
    let tree = tree(&[
        ("include/linux/io.h", "#include <asm/io.h>\nint setup(void);\n"),
        ("arch/x86/include/asm/io.h", "#define readb(a) (a)\n"),
        ("arch/arm/include/asm/io.h", "#define readb(a) (a)\n"),
        ("arch/x86/setup.c", "int setup(void) { return 0; }\n"),
        ("arch/arm/setup.c", "int setup(void) { return 0; }\n"),
        ("arch/x86/m.c", "#include <linux/io.h>\nint f(void) { return readb(1) + setup(); }\n"),
        ("kernel/m.c", "#include <linux/io.h>\nint f(void) { return readb(1) + setup(); }\n"),
    ]);
    assert_eq!(
        tree.calls("arch/x86/m.c"),
        ["2 readb → arch/x86/include/asm/io.h:readb (include)", "2 setup → arch/x86/setup.c:setup (include)",]
    );
    assert_eq!(tree.calls("kernel/m.c"), ["2 readb → unresolved", "2 setup → ambiguous 2"]);
}

#[test]
fn calls_through_pointers_have_no_target() {
    let tree = tree(&[(
        "m.c",
        "int run(void) { return 0; }\nint f(int (*run)(void), struct ops *ops) {\n  run();\n  ops->run();\n  return 0;\n}\nint g(void) { return run(); }\n",
    )]);
    assert_eq!(
        tree.calls("m.c"),
        ["3 run → unresolved", "4 ops->run → unresolved", "7 run → m.c:run (scope)"]
    );
}

#[test]
fn the_c_library_is_known_where_its_headers_are_included() {
    let tree = tree(&[
        ("a.h", "#include <string.h>\n"),
        ("m.c", "#include \"a.h\"\nvoid f(char *a) { strlen(a); }\n"),
        ("n.c", "void f(char *a) { strlen(a); }\n"),
    ]);
    assert_eq!(tree.calls("m.c"), ["2 strlen → stdlib"]);
    assert_eq!(tree.calls("n.c"), ["1 strlen → unresolved"]);
}

#[test]
fn headers_that_include_each_other_end() {
    let tree = tree(&[
        ("a.h", "#include \"b.h\"\nvoid f(void);\n"),
        ("b.h", "#include \"a.h\"\nvoid g(void);\n"),
        ("m.c", "#include \"a.h\"\nvoid f(void) {}\nvoid g(void) { f(); }\n"),
    ]);
    assert_eq!(tree.calls("m.c"), ["3 f → m.c:f (scope)"]);
}
