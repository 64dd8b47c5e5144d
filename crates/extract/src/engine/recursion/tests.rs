//! Which functions come back to themselves.

use snake_pipe_core::Language::{self, C, Go, Java, JavaScript, Python};

use crate::engine::testing::parse_text;

/// The names of the functions with an increment.
fn recursive(language: Language, source: &str) -> Vec<String> {
    let facts = parse_text(language, source).facts;
    let functions = facts.functions.into_iter();
    functions.filter(|f| f.cognitive_complexity == Some(1)).map(|f| f.name).collect()
}

#[test]
fn a_function_that_calls_itself() {
    assert_eq!(recursive(C, "void f(void) { g(); f(); f(); }"), ["f"]);
    assert_eq!(recursive(Python, "def f(): return g(lambda: f())"), ["f"]);
    assert_eq!(recursive(JavaScript, "const f = () => f()"), ["f"]);
}

#[test]
fn functions_that_call_each_other() {
    let source = "void f(void) { g(); } void g(void) { h(); } void h(void) { f(); } void i(void) { f(); }";
    assert_eq!(recursive(C, source), ["f", "g", "h"]);
}

#[test]
fn a_method_that_is_called_on_its_own_object() {
    assert_eq!(recursive(Python, "class A:\n def f(self): self.f()\n def g(self): other.g()"), ["f"]);
    assert_eq!(recursive(Go, "package p\ntype A struct{}\nfunc (a *A) f() { a.f() }"), ["f"]);
}

#[test]
fn a_bare_name_is_a_method_where_the_language_says_so() {
    assert_eq!(recursive(Python, "class A:\n def f(self): f()"), Vec::<String>::new());
    assert_eq!(recursive(Java, "class A { void f() { f(); } }"), ["f"]);
}

#[test]
fn an_overload_is_another_function() {
    let source = "class A { void f() { f(1); } void f(int a) { f(1, a); } void f(int a, int b) {} }";
    assert_eq!(recursive(Java, source), Vec::<String>::new());
}

#[test]
fn a_parameter_hides_the_function() {
    assert_eq!(recursive(Python, "def f(f): f()"), Vec::<String>::new());
}
