//! The rules of both complexities, one by one, in the languages that have the structure.

use snake_pipe_core::Language::{self, C, Cpp, Java, JavaScript, Python, TypeScript};

use crate::engine::testing::parse_text;

/// Cyclomatic complexity, cognitive complexity and depth of the first function.
fn measures(language: Language, source: &str) -> (u32, u32, u32) {
    let facts = parse_text(language, source).facts;
    let function = &facts.functions[0];
    (function.complexity.unwrap(), function.cognitive_complexity.unwrap(), function.max_nesting.unwrap())
}

fn check(cases: &[(Language, &str, (u32, u32, u32))]) {
    for (language, source, expected) in cases {
        assert_eq!(measures(*language, source), *expected, "{language}: {source}");
    }
}

#[test]
fn a_function_without_branches() {
    check(&[
        (Python, "def f(): return 1", (1, 0, 0)),
        (C, "int f(void) { return 1; }", (1, 0, 0)),
        (JavaScript, "const f = () => 1", (1, 0, 0)),
    ]);
}

#[test]
fn branches_count_one_and_their_depth() {
    check(&[
        (Python, "def f(a):\n if a: g()", (2, 1, 1)),
        (Python, "def f(a):\n if a:\n  if b: g()", (3, 3, 2)),
        (C, "void f(void) { if (a) { while (b) { c(); } } }", (3, 3, 2)),
        (Cpp, "void f() { for (auto x : y) { do { c(); } while (b); } }", (3, 3, 2)),
        (JavaScript, "function f() { for (const x of y) { for (;;) {} } }", (3, 3, 2)),
    ]);
}

#[test]
fn else_counts_one_and_else_if_is_no_deeper() {
    check(&[
        (Python, "def f(a):\n if a: g()\n elif b: h()\n else: i()", (3, 3, 1)),
        (C, "void f(void) { if (a) g(); else if (b) h(); else if (c) j(); else i(); }", (4, 4, 1)),
        (JavaScript, "function f() { if (a) {} else if (b) { if (c) {} } }", (4, 4, 2)),
        (TypeScript, "function f() { if (a) {} else { if (b) {} } }", (3, 4, 2)),
    ]);
}

#[test]
fn else_of_loops_counts_and_else_of_try_does_not() {
    check(&[
        (Python, "def f(a):\n for x in a: g()\n else: h()", (2, 2, 1)),
        (Python, "def f(a):\n try: g()\n except E: h()\n else: i()\n finally: j()", (2, 1, 1)),
    ]);
}

#[test]
fn labels_are_decisions_and_the_switch_is_the_burden() {
    check(&[
        (C, "void f(int a) { switch (a) { case 1: case 2: g(); break; default: h(); } }", (3, 1, 1)),
        (JavaScript, "function f(a) { switch (a) { case 1: break; default: } }", (2, 1, 1)),
        (Python, "def f(a):\n match a:\n  case 1: g()\n  case 2 if b: h()\n  case _: i()", (4, 1, 1)),
    ]);
}

#[test]
fn handlers_of_exceptions_count_and_nest() {
    check(&[
        (Cpp, "void f() { try { g(); } catch (A &a) { if (b) {} } catch (...) {} }", (4, 4, 2)),
        (JavaScript, "function f() { try { g(); } catch { h(); } finally { i(); } }", (2, 1, 1)),
    ]);
}

#[test]
fn conditional_expressions_count_and_nest() {
    check(&[
        (C, "int f(int a) { return a ? b ? 1 : 2 : 3; }", (3, 3, 2)),
        (Python, "def f(a): return 1 if a else 2", (2, 1, 1)),
    ]);
}

#[test]
fn a_sequence_of_like_operators_counts_once() {
    check(&[
        (C, "int f(void) { return a && b && c; }", (3, 1, 0)),
        (C, "int f(void) { return a && b && c || d || e && f; }", (6, 3, 0)),
        (C, "int f(void) { return a && (b && c) && !(d && e); }", (5, 2, 0)),
        (C, "int f(void) { return a || b && c || d; }", (4, 3, 0)),
        (JavaScript, "const f = () => a && g(b || c) && d", (4, 2, 0)),
        (Python, "def f(): return a and b or c", (3, 2, 0)),
    ]);
}

#[test]
fn coalescing_is_no_boolean_operator() {
    check(&[(TypeScript, "function f() { return a ?? b; }", (1, 0, 0))]);
}

#[test]
fn jumps_count_where_they_go_to_a_label() {
    check(&[
        (C, "void f(void) { goto out; out: return; }", (1, 1, 0)),
        (JavaScript, "function f() { a: for (;;) { break a; } }", (2, 2, 1)),
        (JavaScript, "function f() { for (;;) { break; } }", (2, 1, 1)),
    ]);
}

#[test]
fn a_condition_of_a_comprehension_is_a_decision() {
    check(&[(Python, "def f(): return [a for a in b if c if d]", (3, 0, 0))]);
}

#[test]
fn a_function_without_a_name_is_part_of_the_one_around_it() {
    check(&[
        (JavaScript, "function f() { g(function () { if (a) {} }); }", (2, 2, 1)),
        (Python, "def f(): return g(lambda: 1 if a else 2)", (2, 2, 1)),
        (Cpp, "void f() { g([] { if (a) {} }); }", (2, 2, 1)),
    ]);
}

#[test]
fn a_function_with_a_name_counts_for_itself_and_is_deeper_in_the_one_around_it() {
    let measures = |language, source| {
        let facts = parse_text(language, source).facts;
        let functions = facts.functions.iter();
        functions.map(|f| (f.complexity.unwrap(), f.cognitive_complexity.unwrap())).collect::<Vec<_>>()
    };
    let source = "def f():\n if a:\n  def g():\n   if b: pass";
    assert_eq!(measures(Python, source), [(2, 4), (2, 1)]);
    let source = "class A { void f() { new B() { void g() { if (a) {} while (b) { if (c) {} } } }; } }";
    assert_eq!(measures(Java, source), [(1, 7), (4, 4)]);
}

#[test]
fn a_function_that_only_makes_another_one_is_no_depth() {
    let cognitive = |source| parse_text(Python, source).facts.functions[0].cognitive_complexity.unwrap();
    assert_eq!(cognitive("def f(a):\n def g():\n  if b: pass\n return g"), 1);
    assert_eq!(cognitive("def f(a):\n # why\n @h(a)\n def g():\n  if b: pass\n return g"), 1);
    assert_eq!(cognitive("def f(a):\n c = 1\n def g():\n  if b: pass\n return g"), 2);
}

#[test]
fn what_the_preprocessor_decides_is_no_decision_but_a_burden() {
    check(&[
        (C, "void f(void) {\n#if A && B(1)\n g();\n#endif\n}\n", (1, 1, 0)),
        (C, "void f(void) {\n#ifdef A\n if (a) g();\n#elif B\n g();\n#else\n h();\n#endif\n}\n", (2, 5, 1)),
    ]);
}

#[test]
fn what_has_no_body_has_no_complexity() {
    let facts = parse_text(TypeScript, "interface A { f(): void }").facts;
    assert_eq!(facts.functions[0].complexity, None);
    assert!(facts.functions[0].is_abstract);
}
