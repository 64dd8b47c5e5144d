//! Java trees and what their references mean.

use crate::link::testing::tree;

#[test]
fn an_import_names_a_type_a_nested_type_or_a_static_member() {
    let tree = tree(&[
        (
            "src/a/b/C.java",
            "package a.b;\npublic class C {\n  public static void m() {}\n  public static final int K = 1;\n  public static class D {}\n}\n",
        ),
        (
            "src/x/U.java",
            "package x;\nimport a.b.C;\nimport a.b.C.D;\nimport static a.b.C.m;\nimport static a.b.C.K;\nimport a.b.None;\nimport java.util.List;\nimport org.junit.Test;\n",
        ),
    ]);
    assert_eq!(
        tree.imports("src/x/U.java"),
        [
            "a.b C → src/a/b/C.java:a.b.C (package)",
            "a.b.C D → src/a/b/C.java:a.b.C.D (package)",
            "a.b.C m → src/a/b/C.java:a.b.C.m (package)",
            "a.b.C K → src/a/b/C.java:a.b.C (package)",
            "a.b None → unresolved",
            "java.util List → stdlib",
            "org.junit Test → external",
        ]
    );
}

#[test]
fn a_star_import_has_a_target_if_its_package_is_one_file() {
    let tree = tree(&[
        ("one/A.java", "package one;\nclass A {}\n"),
        ("two/A.java", "package two;\nclass A {}\n"),
        ("two/B.java", "package two;\nclass B {}\n"),
        (
            "x/U.java",
            "package x;\nimport one.*;\nimport two.*;\nimport java.util.*;\nimport org.junit.*;\nimport static two.B.*;\n",
        ),
    ]);
    assert_eq!(
        tree.imports("x/U.java"),
        [
            "one → one/A.java (package)",
            "two → ambiguous 2",
            "java.util → stdlib",
            "org.junit → external",
            "two.B → two/B.java:two.B (package)",
        ]
    );
}

#[test]
fn a_module_requires_modules() {
    let tree = tree(&[
        ("a/module-info.java", "module o.a {}\n"),
        (
            "b/module-info.java",
            "module o.b {\n  requires o.a;\n  requires java.sql;\n  requires org.ext;\n}\n",
        ),
    ]);
    assert_eq!(
        tree.imports("b/module-info.java"),
        ["o.a → a/module-info.java (package)", "java.sql → stdlib", "org.ext → external"]
    );
}

#[test]
fn bases_are_found_by_scope_import_package_and_java_lang() {
    let tree = tree(&[
        ("a/P.java", "package a;\npublic class P {\n  public interface In {}\n}\n"),
        ("x/Q.java", "package x;\nclass Q<T> {}\n"),
        (
            "x/U.java",
            "package x;\nimport a.P;\nimport org.ext.E;\nclass U extends Q<String> implements P.In, Runnable, E, a.P.In {\n  class V extends W {}\n  class W extends None {}\n}\n",
        ),
    ]);
    assert_eq!(
        tree.bases("x/U.java"),
        [
            "Q → x/Q.java:x.Q (package)",
            "P.In → a/P.java:a.P.In (member)",
            "Runnable → stdlib",
            "E → external",
            "a.P.In → a/P.java:a.P.In (package)",
            "W → x/U.java:x.U.W (member)",
            "None → unresolved",
        ]
    );
}

#[test]
fn a_method_is_chosen_by_name_and_number_of_arguments() {
    let tree = tree(&[(
        "A.java",
        "class A {\n  void f() {}\n  void f(int a) {}\n  void g(int a) {}\n  void g(String a) {}\n  void v(Object... a) {}\n  void w(int a) {}\n  void w(int... a) {}\n  void go() {\n    f();\n    this.f(1);\n    g(1);\n    v(1, 2, 3);\n    f(1, 2);\n    none();\n    w(1);\n    w(1, 2);\n  }\n}\n",
    )]);
    assert_eq!(
        tree.calls("A.java"),
        [
            "10 f → A.java:A.f (member)",
            "11 this.f → A.java:A.f (member)",
            "12 g → ambiguous 2",
            "13 v → A.java:A.v (member)",
            "14 f → unresolved",
            "15 none → unresolved",
            "16 w → ambiguous 2",
            "17 w → A.java:A.w (member)",
        ]
    );
}

#[test]
fn methods_are_inherited_unless_a_base_is_not_known() {
    let tree = tree(&[
        ("x/P.java", "package x;\nclass P {\n  void p() {}\n}\n"),
        ("x/I.java", "package x;\ninterface I {\n  default void i() {}\n}\n"),
        (
            "x/A.java",
            "package x;\nclass A extends P implements I {\n  void go() {\n    p();\n    super.p();\n    i();\n  }\n}\n",
        ),
        (
            "x/B.java",
            "package x;\nclass B extends org.ext.E implements I {\n  void go() {\n    i();\n  }\n}\n",
        ),
    ]);
    assert_eq!(
        tree.calls("x/A.java"),
        [
            "4 p → x/P.java:x.P.p (inherited)",
            "5 super.p → x/P.java:x.P.p (inherited)",
            "6 i → x/I.java:x.I.i (inherited)",
        ]
    );
    assert_eq!(tree.calls("x/B.java"), ["4 i → unresolved"]);
}

#[test]
fn an_inner_class_sees_the_methods_of_the_outer_one() {
    let tree = tree(&[(
        "A.java",
        "class A {\n  void f() {}\n  class B {\n    void g() {\n      f();\n      A.this.f();\n      new Runnable() {\n        public void run() { f(); g(); }\n      };\n    }\n  }\n}\n",
    )]);
    let calls = tree.calls("A.java");
    assert_eq!(calls[0], "5 f → A.java:A.f (member)");
    assert_eq!(calls[1], "6 A.this.f → A.java:A.f (member)");
    // What stands in a class without a name may be inherited from `Runnable`, whose members are not known.
    assert_eq!(calls[3..], ["8 f → unresolved", "8 g → unresolved"]);
}

#[test]
fn declared_types_say_whose_method_is_called() {
    let tree = tree(&[
        (
            "x/T.java",
            "package x;\npublic class T {\n  public T next;\n  public void m() {}\n  public static void s() {}\n}\n",
        ),
        (
            "x/U.java",
            "package x;\nimport java.util.List;\nclass U {\n  private T field;\n  void go(T a, T[] b, List<T> c, String d) {\n    a.m();\n    b.m();\n    c.add(a);\n    d.trim();\n    field.m();\n    this.field.m();\n    a.next.m();\n    T local = make();\n    local.m();\n    var other = new T();\n    other.m();\n    T.s();\n    x.T.s();\n    make().m();\n    System.out.println();\n  }\n}\n",
        ),
    ]);
    let calls = tree.calls("x/U.java");
    assert_eq!(
        calls,
        [
            "6 a.m → x/T.java:x.T.m (member)",
            "7 b.m → unresolved",
            "8 c.add → stdlib",
            "9 d.trim → stdlib",
            "10 field.m → x/T.java:x.T.m (member)",
            "11 this.field.m → x/T.java:x.T.m (member)",
            "12 a.next.m → x/T.java:x.T.m (member)",
            "13 make → unresolved",
            "14 local.m → x/T.java:x.T.m (member)",
            "15 T → x/T.java:x.T (package)",
            "16 other.m → x/T.java:x.T.m (member)",
            "17 T.s → x/T.java:x.T.s (member)",
            "18 x.T.s → x/T.java:x.T.s (member)",
            "19 make → unresolved",
            "19 make().m → unresolved",
            "20 System.out.println → stdlib",
        ]
    );
}

#[test]
fn a_field_that_is_inherited_has_its_type_from_the_file_that_declares_it() {
    let tree = tree(&[
        ("p/T.java", "package p;\npublic class T {\n  public void m() {}\n}\n"),
        ("q/Base.java", "package q;\nimport p.T;\npublic class Base {\n  protected T t;\n}\n"),
        ("r/U.java", "package r;\nimport q.Base;\nclass U extends Base {\n  void go() { t.m(); }\n}\n"),
    ]);
    assert_eq!(tree.calls("r/U.java"), ["4 t.m → p/T.java:p.T.m (member)"]);
}

#[test]
fn making_an_object_calls_the_constructor_with_as_many_arguments() {
    let tree = tree(&[(
        "A.java",
        "class A implements I {\n  A() { this(1); }\n  A(int a) { super(); }\n  class B extends A { B() { super(2); } }\n  void go() {\n    new A();\n    new A(1);\n    new C();\n    new D();\n  }\n}\nclass C {}\ninterface I {}\n",
    )]);
    let calls = tree.calls("A.java");
    assert_eq!(
        calls,
        [
            "2 this → A.java:A.A (member)",
            "3 super → unresolved",
            "4 super → A.java:A.A (inherited)",
            "6 A → A.java:A.A (scope)",
            "7 A → A.java:A.A (scope)",
            "8 C → A.java:C (scope)",
            "9 D → unresolved",
        ]
    );
}

#[test]
fn static_imports_bring_methods() {
    let tree = tree(&[
        (
            "a/S.java",
            "package a;\npublic class S {\n  public static void f() {}\n  public static void f(int a) {}\n  public static void g() {}\n}\n",
        ),
        (
            "x/U.java",
            "package x;\nimport static a.S.f;\nimport static org.ext.E.e;\nclass U {\n  void go() {\n    f(1);\n    e();\n    g();\n  }\n}\n",
        ),
        ("x/V.java", "package x;\nimport static a.S.*;\nclass V {\n  void go() { g(); }\n}\n"),
    ]);
    assert_eq!(
        tree.calls("x/U.java"),
        ["6 f → a/S.java:a.S.f (import)", "7 e → external", "8 g → unresolved"]
    );
    assert_eq!(tree.calls("x/V.java"), ["4 g → a/S.java:a.S.g (import)"]);
}

#[test]
fn of_two_variants_of_a_type_the_nearer_one_is_meant() {
    let tree = tree(&[
        ("android/p/A.java", "package p;\nclass A {}\n"),
        ("android/p/U.java", "package p;\nclass U extends A {}\n"),
        ("jre/p/A.java", "package p;\nclass A {}\n"),
        ("other/q/U.java", "package q;\nimport p.A;\n"),
    ]);
    assert_eq!(tree.bases("android/p/U.java"), ["A → android/p/A.java:p.A (package)"]);
    assert_eq!(tree.imports("other/q/U.java"), ["p A → ambiguous 2"]);
}

#[test]
fn a_copy_of_the_tree_is_meant_by_its_own_files_alone() {
    let tree = tree(&[
        ("core/p/A.java", "package p;\nclass A {}\n"),
        ("tests/q/U.java", "package q;\nimport p.A;\n"),
        ("copy/core/p/A.java", "package p;\nclass A {}\n"),
        ("copy/tests/q/U.java", "package q;\nimport p.A;\n"),
    ]);
    assert_eq!(tree.imports("tests/q/U.java"), ["p A → core/p/A.java:p.A (package)"]);
    assert_eq!(tree.imports("copy/tests/q/U.java"), ["p A → copy/core/p/A.java:p.A (package)"]);
}

#[test]
fn what_is_private_is_not_inherited() {
    let tree = tree(&[
        (
            "A.java",
            "class A {\n  void k() {}\n  void s() {}\n  C f;\n  class C { void c() {} }\n  class I extends B {\n    void w() {\n      k();\n      s();\n      f.c();\n      open();\n      new C();\n    }\n  }\n}\n",
        ),
        (
            "B.java",
            "class B {\n  private void k() {}\n  private static void s() {}\n  private D f;\n  private class C {}\n  void open() {}\n}\nclass D { void c() {} }\n",
        ),
    ]);
    assert_eq!(
        tree.calls("A.java"),
        [
            "8 k → A.java:A.k (member)",
            "9 s → A.java:A.s (member)",
            "10 f.c → A.java:A.C.c (member)",
            "11 open → B.java:B.open (inherited)",
            "12 C → A.java:A.C (member)",
        ]
    );
}

#[test]
fn a_member_of_a_package_is_inherited_in_that_package_alone() {
    let tree = tree(&[
        ("a/B.java", "package a;\npublic class B {\n  void k() {}\n  protected void p() {}\n}\n"),
        ("a/C.java", "package a;\nclass C extends B {\n  void c() { k(); }\n}\n"),
        (
            "b/A.java",
            "package b;\nclass A {\n  void k() {}\n  class I extends a.B {\n    void w() {\n      k();\n      p();\n    }\n  }\n}\n",
        ),
    ]);
    assert_eq!(tree.calls("a/C.java"), ["3 k → a/B.java:a.B.k (inherited)"]);
    assert_eq!(tree.calls("b/A.java"), ["6 k → b/A.java:b.A.k (member)", "7 p → a/B.java:a.B.p (inherited)"]);
}

#[test]
fn a_static_method_of_an_interface_is_not_inherited() {
    let tree = tree(&[(
        "A.java",
        "interface I {\n  static void s() {}\n  default void d() {}\n}\nclass A {\n  void s() {}\n  class J implements I {\n    void w() {\n      s();\n      d();\n      I.s();\n    }\n  }\n}\nclass K implements I {\n  void w() { s(); }\n}\n",
    )]);
    assert_eq!(
        tree.calls("A.java"),
        [
            "9 s → A.java:A.s (member)",
            "10 d → A.java:I.d (inherited)",
            "11 I.s → A.java:I.s (member)",
            "16 s → unresolved",
        ]
    );
}

#[test]
fn super_reaches_what_is_private_in_the_same_top_level_class() {
    let tree = tree(&[(
        "A.java",
        "class A {\n  private void k() {}\n  static class I extends A {\n    void w() { super.k(); }\n  }\n}\n",
    )]);
    assert_eq!(tree.calls("A.java"), ["4 super.k → A.java:A.k (inherited)"]);
}

#[test]
fn a_class_in_a_body_is_not_the_type_of_a_parameter() {
    let tree = tree(&[
        ("B.java", "class B { void b() {} }\n"),
        (
            "A.java",
            "class A {\n  void loc(B b) {\n    b.b();\n    B early = null;\n    early.b();\n    class B { void b() {} void again() { b(); new B(); } }\n    class L { void l() {} }\n    new L().l();\n    L l = new L();\n    l.l();\n  }\n}\n",
        ),
    ]);
    assert_eq!(
        tree.calls("A.java"),
        [
            "3 b.b → B.java:B.b (member)",
            // Which of the two stands at this place is not certain.
            "5 early.b → unresolved",
            "6 b → A.java:A.loc.B.b (member)",
            "6 B → A.java:A.loc.B (scope)",
            "8 L → A.java:A.loc.L (scope)",
            "8 new L().l → unresolved",
            "9 L → A.java:A.loc.L (scope)",
            "10 l.l → A.java:A.loc.L.l (member)",
        ]
    );
}
