//! Cognitive complexity, rule by rule, as published: G. Ann Campbell, "Cognitive Complexity: a new way of measuring
//! understandability", SonarSource. The names say the section; B1 to B3 are those of its appendix B, "Specification".

use snake_pipe_core::Language::{
    self, C, CSharp, Cpp, Go, Java, JavaScript, Kotlin, Python, Rust, Scala, TypeScript,
};

use crate::engine::testing::parse_text;

/// Checks the cognitive complexity of the first function of each source.
fn check(cases: &[(Language, &str, u32)]) {
    for (language, source, expected) in cases {
        let facts = parse_text(*language, source).facts;
        assert_eq!(facts.functions[0].cognitive_complexity, Some(*expected), "{language}: {source}");
    }
}

#[test]
fn b1_if_else_if_else() {
    check(&[
        (Java, "class A { void f() { if (a) g(); else if (b) h(); else i(); } }", 3),
        (CSharp, "class A { void f() { if (a) g(); else if (b) h(); else i(); } }", 3),
        (Go, "package p\nfunc f() {\n\tif a {\n\t} else if b {\n\t} else {\n\t}\n}", 3),
        (Rust, "fn f() { if a {} else if b {} else {} }", 3),
        (Kotlin, "fun f() {\n if (a) g() else if (b) h() else i()\n}\n", 3),
        (Scala, "object A { def f() = if (a) g() else if (b) h() else i() }", 3),
        (Python, "def f():\n if a: g()\n elif b: h()\n else: i()", 3),
    ]);
}

#[test]
fn b1_ternary_operator() {
    check(&[
        (Java, "class A { int f() { return a ? 1 : 2; } }", 1),
        (TypeScript, "const f = () => a ? 1 : 2", 1),
        (Python, "def f(): return 1 if a else 2", 1),
    ]);
}

#[test]
fn b1_switch_counts_once_whatever_its_cases_are() {
    let words =
        "String getWords(int n) { switch (n) { case 1: return a; case 2: return b; default: return c; } }";
    check(&[
        (Java, &format!("class A {{ {words} }}"), 1),
        (Go, "package p\nfunc f() {\n\tswitch a {\n\tcase 1:\n\tcase 2:\n\t}\n}", 1),
        (Rust, "fn f() { match a { 1 => b, 2 => c, _ => d } }", 1),
        (Kotlin, "fun f() {\n when (a) {\n  1 -> b()\n  else -> c()\n }\n}\n", 1),
        (Python, "def f():\n match a:\n  case 1: g()\n  case 2: h()", 1),
    ]);
}

#[test]
fn b1_loops() {
    check(&[
        (Java, "class A { void f() { for (;;) {} for (A a : b) {} while (c) {} do {} while (d); } }", 4),
        (Rust, "fn f() { for a in b {} while c {} loop {} }", 3),
        (CSharp, "class A { void f() { foreach (var a in b) {} } }", 1),
    ]);
}

#[test]
fn b1_catch_but_neither_try_nor_finally() {
    check(&[
        (Java, "class A { void f() { try { g(); } catch (B | C e) { h(); } finally { i(); } } }", 1),
        (Cpp, "void f() { try { g(); } catch (A &a) {} catch (...) {} }", 2),
        (Python, "def f():\n try: g()\n except A: h()\n else: i()\n finally: j()", 1),
    ]);
}

#[test]
fn b1_jumps_to_labels_but_no_early_return() {
    check(&[
        (C, "void f(void) { goto out; out: return; }", 1),
        (Java, "class A { void f() { a: for (;;) { continue a; } } }", 2),
        (Java, "class A { void f() { for (;;) { break; } return; } }", 1),
        (Go, "package p\nfunc f() {\na:\n\tfor {\n\t\tbreak a\n\t}\n}", 2),
    ]);
}

#[test]
fn b1_sequences_of_logical_operators() {
    check(&[
        (Java, "class A { boolean f() { return a && b && c || d || e && g; } }", 3),
        (Java, "class A { boolean f() { return a && !(b && c); } }", 2),
        (Python, "def f(): return a and b and c", 1),
        (Rust, "fn f() -> bool { a && b || c }", 2),
    ]);
}

#[test]
fn b1_each_function_on_a_cycle_of_recursion() {
    check(&[
        (C, "void f(void) { f(); }", 1),
        (Java, "class A { void f() { g(); } void g() { f(); } }", 1),
        (Rust, "struct A; impl A { fn f(&self) { self.f() } }", 1),
    ]);
}

#[test]
fn conditional_compilation_is_a_conditional() {
    check(&[
        (C, "void f(void) {\n#ifdef A\n g();\n#endif\n}\n", 1),
        (CSharp, "class A { void f() {\n#if DEBUG\n if (a) {}\n#endif\n} }\n", 3),
        (C, "void f(void) {\n#if A\n if (a) g();\n#else\n h();\n#endif\n}\n", 4),
    ]);
}

#[test]
fn b2_and_b3_what_nests_and_what_counts_its_depth() {
    check(&[
        (
            Java,
            "class A { void f() { if (a) { if (b) {} } else if (c) { if (d) {} } else { if (e) {} } } }",
            9,
        ),
        (Java, "class A { void f() { switch (a) { case 1: if (b) {} } } }", 3),
        (Java, "class A { void f() { for (;;) { while (a) { do {} while (b); } } } }", 6),
        (Java, "class A { void f() { try { g(); } catch (B b) { if (c) {} } } }", 3),
        (Java, "class A { int f() { return a ? b ? 1 : 2 : 3; } }", 3),
        (Java, "class A { void f() { if (a) { try { g(); } catch (B b) {} } } }", 3),
    ]);
}

#[test]
fn b2_functions_inside_functions_nest() {
    check(&[
        (Java, "class A { void f() { Runnable r = () -> { if (a) {} }; } }", 2),
        (Java, "class A { void f() { g(() -> { if (a) {} }); } }", 2),
        (JavaScript, "function f() { a(); function g() { if (b) {} } }", 2),
        (Python, "def f():\n a()\n def g():\n  if b: c()", 2),
    ]);
}

#[test]
fn appendix_a_decorators_of_python_do_not_nest() {
    let decorator = "def f(a):\n def g(b):\n  if c:\n   d()\n return g";
    let maker = "def f(a):\n e = 1\n def g(b):\n  if c:\n   d()\n return g";
    check(&[(Python, decorator, 1), (Python, maker, 2)]);
}

#[test]
fn shorthand_is_ignored() {
    check(&[
        (TypeScript, "function f() { return a?.b ?? c; }", 0),
        (Kotlin, "fun f() = a?.b ?: c\n", 0),
        (CSharp, "class A { B f() { return a?.b ?? c; } }", 0),
    ]);
}

#[test]
fn the_papers_example_of_primes() {
    let source = "class A { int sumOfPrimes(int max) { int total = 0; OUT: for (int i = 1; i <= max; ++i) { \
                  for (int j = 2; j < i; ++j) { if (i % j == 0) { continue OUT; } } total += i; } return total; } }";
    check(&[(Java, source, 7)]);
}

#[test]
fn the_papers_example_of_nesting() {
    let source = "class A { void myMethod() { try { if (condition1) { for (int i = 0; i < 10; i++) { \
                  while (condition2) { } } } } catch (B | C e) { if (condition2) { } } } }";
    check(&[(Java, source, 9)]);
}
