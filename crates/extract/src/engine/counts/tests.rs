//! The rules of the tools' definitions, one by one. The expectations are what the tools themselves say.

use snake_pipe_core::Language::{self, C, Cpp, Go, Java, JavaScript, Python, TypeScript};

use crate::engine::testing::parse_text;

/// The numbers of every function: mccabe, radon, lizard.
type Numbers = Vec<(Option<u32>, Option<u32>, Option<u32>)>;

fn numbers(language: Language, source: &str) -> Numbers {
    let facts = parse_text(language, source).facts;
    let functions = facts.functions.iter();
    functions.map(|f| (f.complexity_mccabe, f.complexity_radon, f.complexity_lizard)).collect()
}

fn check_python(cases: &[(&str, (u32, u32, u32))]) {
    for (source, (mccabe, radon, lizard)) in cases {
        assert_eq!(numbers(Python, source)[0], (Some(*mccabe), Some(*radon), Some(*lizard)), "{source}");
    }
}

fn check_lizard(cases: &[(Language, &str, u32)]) {
    for (language, source, lizard) in cases {
        assert_eq!(numbers(*language, source)[0], (None, None, Some(*lizard)), "{language}: {source}");
    }
}

#[test]
fn branches_and_loops() {
    check_python(&[
        ("def f(a):\n return a", (1, 1, 1)),
        ("def f(a):\n if a:\n  g()\n elif b:\n  h()\n else:\n  i()", (3, 3, 3)),
        ("def f(a):\n for x in a:\n  g()\n else:\n  h()", (2, 3, 2)),
        ("def f(a):\n while a:\n  g()", (2, 2, 2)),
        ("async def f(a):\n async for x in a:\n  g()", (2, 2, 2)),
    ]);
}

#[test]
fn handlers() {
    check_python(&[
        ("def f():\n try:\n  g()\n except A:\n  h()\n except B:\n  i()\n else:\n  j()", (4, 4, 3)),
        ("def f():\n try:\n  g()\n finally:\n  if a:\n   h()", (2, 2, 3)),
        ("def f():\n try:\n  if a:\n   g()\n except* A:\n  h()\n else:\n  i()", (1, 2, 3)),
    ]);
}

#[test]
fn expressions() {
    check_python(&[
        ("def f():\n return a and b or c", (1, 3, 3)),
        ("def f():\n return 1 if a else 2", (1, 2, 2)),
        ("def f():\n return [x for x in a if b for y in c]", (1, 4, 4)),
        ("def f():\n return lambda: 1 if a else 2", (1, 2, 2)),
        ("def f():\n assert a and b", (1, 2, 2)),
        ("def f():\n return f'{a or b}'", (1, 2, 1)),
    ]);
}

#[test]
fn cases() {
    check_python(&[
        ("def f(a):\n match a:\n  case 1:\n   g()\n  case _:\n   if b:\n    h()", (1, 3, 2)),
        ("def f(a):\n match a:\n  case 1 if b:\n   g()\n  case x:\n   h()\n  case _:\n   i()", (1, 3, 2)),
    ]);
}

#[test]
fn the_head_of_a_function_and_what_stands_before_it() {
    check_python(&[
        ("def f(a=1 if b else 2):\n return a", (1, 1, 2)),
        ("def f():\n @g(a or b)\n class A:\n  x = c or d\n return A", (1, 1, 3)),
    ]);
}

#[test]
fn functions_inside_functions() {
    let source = "def f():\n if a:\n  def g():\n   if b:\n    return 1\n  return g";
    assert_eq!(numbers(Python, source), [(Some(4), Some(2), Some(2)), (None, Some(2), Some(2))]);
    let source = "def f():\n g = lambda: 1 if a else 2\n return g";
    assert_eq!(numbers(Python, source), [(Some(1), Some(2), Some(2)), (None, None, None)]);
}

#[test]
fn functions_inside_statements_are_a_part_of_their_graph() {
    assert_eq!(numbers(Python, "if a:\n def f():\n  return 1"), [(None, Some(1), Some(1))]);
    assert_eq!(numbers(Python, "with a:\n def f():\n  return 1"), [(Some(1), Some(1), Some(1))]);
    assert_eq!(numbers(Python, "class A:\n def f(self):\n  return 1"), [(Some(1), Some(1), Some(1))]);
}

#[test]
fn methods_of_a_class_inside_a_function_have_no_number_of_radon() {
    let source = "def f():\n class A:\n  def g(self):\n   if a:\n    return 1\n return A";
    assert_eq!(numbers(Python, source), [(Some(3), Some(1), Some(1)), (None, None, Some(2))]);
    let source = "def f():\n class A:\n  def g(self):\n   def h():\n    return 1";
    let radon: Vec<_> = numbers(Python, source).into_iter().map(|(_, radon, _)| radon).collect();
    assert_eq!(radon, [Some(1), None, None]);
}

#[test]
fn lizard_counts_words_and_operators() {
    check_lizard(&[
        (C, "int f(int a) { return a ? b && c : d || e; }", 4),
        (C, "int f(int a) { switch (a) { case 1: case 2: break; default: ; } do {} while (a); }", 4),
        (Cpp, "int f() { try { g(); } catch (...) { for (auto x : y) {} } }", 3),
        (Java, "class A { int f(int a) { if (a > 0) { for (int b : c) {} } return a; } }", 3),
        (Go, "package p\nfunc f(a int) {\n\tif a > 0 && b {\n\t\tfor {\n\t\t}\n\t}\n}", 4),
        (JavaScript, "function f(a) { if (a) { return b ? c : d } }", 3),
    ]);
}

#[test]
fn directives_of_c_that_leave_out_code_count() {
    check_lizard(&[
        (C, "void f(void) {\n#ifdef A\n g();\n#endif\n#if B && C\n h();\n#elif D\n#endif\n}\n", 4),
        (C, "void f(void) {\n#ifndef A\n g();\n#else\n#endif\n}\n", 1),
    ]);
}

#[test]
fn a_directive_where_the_grammar_knows_none_counts() {
    check_lizard(&[(C, "void f(void) {\n g(a,\n#if A\n b);\n#else\n c);\n#endif\n}\n", 2)]);
}

#[test]
fn an_operator_of_c_before_an_assignment_is_taken_for_a_reference() {
    check_lizard(&[
        (C, "void f(void) { if (a && (b = c())) g(); }", 2),
        (C, "void f(void) { if (a && b && (c = d())) g(); }", 3),
        (C, "void f(void) { if (a && b == c) g(); }", 3),
        (C, "void f(void) { x = a && b; y = c; }", 2),
        (Java, "class A { void f() { if (a && (b = c())) g(); } }", 3),
    ]);
}

#[test]
fn heads_of_functions_do_not_count_in_java_but_wildcards_do() {
    check_lizard(&[
        (Java, "class A { void f(Map<?, ?> a) { Map<?, ?> b; List<?> c; List<? extends D> e; } }", 3),
        (Java, "class A { void f() { List<? super B> c; List<? extends D.E> e; } }", 3),
    ]);
}

#[test]
fn classes_and_lambdas_in_a_method_of_java_are_a_part_of_it() {
    let source = "class A { Object f() { Runnable r = () -> { if (a) g(); };\n\
                  return new B() { int h() { return b ? 1 : 2; } }; } }";
    assert_eq!(numbers(Java, source), [(None, None, Some(3)), (None, None, None), (None, None, None)]);
}

#[test]
fn functions_without_a_name_count_for_themselves_in_javascript_and_go() {
    check_lizard(&[
        (JavaScript, "function f(a) { a.map(b => b ? 1 : 2); if (a) {} }", 2),
        (Go, "package p\nfunc f() {\n\tg(func() {\n\t\tif a {\n\t\t}\n\t})\n}", 1),
    ]);
}

#[test]
fn words_of_javascript_that_lizard_takes_for_decisions() {
    check_lizard(&[
        (JavaScript, "function f(a) { return a?.b ?? c; }", 4),
        (JavaScript, "function f(a) { a.catch(g); a ||= `${b || c}`; }", 3),
    ]);
}

#[test]
fn other_languages_have_none() {
    assert_eq!(numbers(TypeScript, "function f(a: number) { if (a) {} }"), [(None, None, None)]);
}
