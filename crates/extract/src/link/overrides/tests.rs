//! Which methods override by what their bases are, language by language.

use crate::link::testing::tree;

#[test]
fn python_looks_through_all_bases_in_other_files() {
    let tree = tree(&[
        ("a.py", "class A:\n    def m(self): pass\n    def __p(self): pass\n    def __init__(self): pass\n"),
        ("b.py", "from a import A\nclass B(A):\n    def n(self): pass\n"),
        (
            "c.py",
            "from b import B\nclass C(B):\n    def m(self, x): pass\n    def n(self): pass\n    def o(self): pass\n    def __p(self): pass\n    def __init__(self): pass\nclass D(unknown.U):\n    def m(self): pass\n",
        ),
    ]);
    assert_eq!(tree.overrides("c.py"), ["C.m", "C.n"]);
    assert_eq!(tree.overrides("b.py"), [""; 0]);
}

#[test]
fn typescript_overrides_what_a_class_or_interface_has() {
    let tree = tree(&[
        (
            "a.ts",
            "export interface I { f(): void }\nexport class A { g() {} static s() {} private p() {} }\n",
        ),
        (
            "b.ts",
            "import { A, I } from './a'\nexport class B extends A implements I { f() {} g() {} static s() {} p() {} h() {} }\nexport class C extends A { s() {} }\n",
        ),
    ]);
    assert_eq!(tree.overrides("b.ts"), ["B.f", "B.g", "B.s"]);
}

#[test]
fn java_compares_the_number_of_parameters_and_leaves_statics_out() {
    let tree = tree(&[
        ("p/A.java", "package p; public class A { void m(int a) {} static void s() {} private void q() {} }"),
        ("p/I.java", "package p; public interface I { void f(); }"),
        (
            "p/B.java",
            "package p; class B extends A implements I { public void f() {} void m(int b) {} void m() {} static void s() {} void q() {} }",
        ),
        ("p/C.java", "package p; class C extends A { void m(int b) {} void m(String b) {} }"),
    ]);
    assert_eq!(tree.overrides("p/B.java"), ["p.B.f", "p.B.m"]);
    assert_eq!(tree.overrides("p/C.java"), [""; 0], "which of the two it is follows from types");
}

#[test]
fn cpp_overrides_what_is_virtual() {
    let tree = tree(&[
        (
            "a.hpp",
            "class A { public: virtual void v() {} virtual int p() = 0; void plain() {} private: virtual void q() {} };",
        ),
        (
            "b.cpp",
            "#include \"a.hpp\"\nclass B : public A { void v() {} int p() { return 1; } void plain() {} void q() {} void v(int) {} };",
        ),
    ]);
    assert_eq!(tree.overrides("b.cpp"), ["B::v", "B::p", "B::q"]);
}

#[test]
fn csharp_has_without_a_word_what_an_interface_promises() {
    let tree = tree(&[
        (
            "a.cs",
            "namespace N { public interface I { void F(); } public class A { public virtual void G() {} } }",
        ),
        (
            "b.cs",
            "namespace N { public class B : A, I { public void F() {} public void G() {} public void F(int a) {} } }",
        ),
    ]);
    assert_eq!(tree.overrides("b.cs"), ["N.B.F"]);
}

#[test]
fn scala_has_without_a_word_what_had_no_body() {
    let tree = tree(&[
        ("a.scala", "package p\ntrait T {\n  def f(): Int\n  def g(): Int = 1\n}\n"),
        ("b.scala", "package p\nclass B extends T {\n  def f() = 1\n  def h() = 2\n}\n"),
    ]);
    assert_eq!(tree.overrides("b.scala"), ["p.B.f"]);
}

#[test]
fn bases_in_a_circle_end() {
    let tree = tree(&[(
        "a.py",
        "class A(B):\n    def m(self): pass\nclass B(A):\n    def m(self): pass\n    def n(self): pass\n",
    )]);
    let overrides = tree.overrides("a.py");
    assert!(overrides.contains(&"B.m") && !overrides.contains(&"B.n"), "{overrides:?}");
}
