//! Python trees and what their references mean.

use crate::link::testing::tree;

#[test]
fn absolute_imports_are_found_from_the_root_and_from_src() {
    let tree = tree(&[
        ("src/pkg/__init__.py", ""),
        ("src/pkg/deep/__init__.py", ""),
        ("src/pkg/deep/mod.py", "def f(): pass\n"),
        (
            "tests/test_a.py",
            "import pkg.deep.mod\nfrom pkg.deep import mod\nfrom pkg.deep.mod import f\nimport pkg.none\n",
        ),
    ]);
    assert_eq!(
        tree.imports("tests/test_a.py"),
        [
            "pkg.deep.mod → src/pkg/deep/mod.py (path)",
            "pkg.deep mod → src/pkg/deep/mod.py (path)",
            "pkg.deep.mod f → src/pkg/deep/mod.py:f (path)",
            "pkg.none → unresolved",
        ]
    );
}

#[test]
fn relative_imports_climb_packages() {
    let tree = tree(&[
        ("a/__init__.py", ""),
        ("a/b/__init__.py", ""),
        ("a/b/c.py", "from . import d\nfrom .d import f\nfrom .. import e\nfrom ...x import y\n"),
        ("a/b/d.py", "def f(): pass\n"),
        ("a/e.py", ""),
    ]);
    assert_eq!(
        tree.imports("a/b/c.py"),
        [". d → a/b/d.py (path)", ".d f → a/b/d.py:f (path)", ".. e → a/e.py (path)", "...x y → unresolved"]
    );
}

#[test]
fn the_standard_library_and_packages_from_elsewhere_are_told_apart() {
    let tree = tree(&[(
        "app.py",
        "import os.path\nimport requests\nfrom typing import List\nfrom flask import Flask\n",
    )]);
    assert_eq!(
        tree.imports("app.py"),
        ["os.path → stdlib", "requests → external", "typing List → stdlib", "flask Flask → external"]
    );
}

#[test]
fn a_name_that_a_package_passes_on_is_found_where_it_is_defined() {
    let tree = tree(&[
        ("pkg/__init__.py", "from .core import run\nfrom .more import *\n"),
        ("pkg/core.py", "from ._impl import run\n"),
        ("pkg/_impl.py", "def run(): pass\n"),
        ("pkg/more.py", "def extra(): pass\nVALUE = 1\n"),
        (
            "app.py",
            "from pkg import run, extra, VALUE\nimport pkg as p\nrun()\nextra()\np.run()\np.extra()\np.none()\n",
        ),
    ]);
    assert_eq!(
        tree.imports("app.py"),
        [
            "pkg run → pkg/_impl.py:run (path)",
            "pkg extra → pkg/more.py:extra (path)",
            "pkg VALUE → pkg/__init__.py (path)",
            "pkg → pkg/__init__.py (path)",
        ]
    );
    assert_eq!(
        tree.calls("app.py"),
        [
            "3 run → pkg/_impl.py:run (import)",
            "4 extra → pkg/more.py:extra (import)",
            "5 p.run → pkg/_impl.py:run (import)",
            "6 p.extra → pkg/more.py:extra (import)",
            "7 p.none → unresolved",
        ]
    );
}

#[test]
fn packages_that_import_each_other_in_a_circle_end() {
    let tree = tree(&[
        ("a/__init__.py", "from b import *\nfrom b import x\n"),
        ("b/__init__.py", "from a import *\nfrom a import x\n"),
        ("app.py", "from a import x\nx()\n"),
    ]);
    assert_eq!(tree.imports("app.py"), ["a x → a/__init__.py (path)"]);
    assert_eq!(tree.calls("app.py"), ["2 x → unresolved"]);
}

#[test]
fn a_stub_loses_to_its_source() {
    let tree = tree(&[("m.py", ""), ("m.pyi", ""), ("n.pyi", ""), ("app.py", "import m\nimport n\n")]);
    assert_eq!(tree.imports("app.py"), ["m → m.py (path)", "n → n.pyi (path)"]);
}

#[test]
fn a_directory_without_init_is_a_namespace() {
    let tree = tree(&[
        ("scripts/tool.py", "def go(): pass\n"),
        (
            "app.py",
            "from scripts import tool\nimport scripts.tool\ntool.go()\nscripts.tool.go()\nimport docs\n",
        ),
        ("docs/index.md", ""),
    ]);
    assert_eq!(
        tree.imports("app.py"),
        ["scripts tool → scripts/tool.py (path)", "scripts.tool → scripts/tool.py (path)", "docs → external"]
    );
    assert_eq!(
        tree.calls("app.py"),
        ["3 tool.go → scripts/tool.py:go (import)", "4 scripts.tool.go → scripts/tool.py:go (import)"]
    );
}

#[test]
fn a_module_beside_an_unrelated_package_is_not_what_an_import_means() {
    let tree = tree(&[
        ("tests/fixture/__init__.py", ""),
        ("tests/yaml.py", ""),
        ("tests/test_a.py", "import yaml\n"),
        ("app.py", "import yaml\n"),
    ]);
    assert_eq!(tree.imports("app.py"), ["yaml → external"]);
    assert_eq!(tree.imports("tests/test_a.py"), ["yaml → tests/yaml.py (path)"]);
}

#[test]
fn calls_see_enclosing_functions_before_the_module() {
    let tree = tree(&[(
        "m.py",
        "def f(): pass\ndef g():\n    def f(): pass\n    f()\n    def h():\n        f()\nf()\nlen(x)\nunknown()\n",
    )]);
    assert_eq!(
        tree.calls("m.py"),
        [
            "4 f → m.py:g.f (scope)",
            "6 f → m.py:g.f (scope)",
            "7 f → m.py:f (scope)",
            "8 len → stdlib",
            "9 unknown → unresolved"
        ]
    );
}

#[test]
fn a_parameter_or_variable_shadows_a_function() {
    let tree = tree(&[(
        "m.py",
        "def call(): pass\ndef a(call):\n    call()\ndef b():\n    call = pick()\n    call()\ndef c():\n    call()\n",
    )]);
    assert_eq!(
        tree.calls("m.py"),
        ["3 call → unresolved", "5 pick → unresolved", "6 call → unresolved", "8 call → m.py:call (scope)"]
    );
}

#[test]
fn twins_of_a_name_are_ambiguous() {
    let tree = tree(&[("m.py", "if x:\n    def f(): pass\nelse:\n    def f(): pass\nf()\n")]);
    assert_eq!(tree.calls("m.py"), ["5 f → ambiguous 2"]);
}

#[test]
fn methods_are_found_through_self_and_the_bases() {
    let tree = tree(&[
        ("base.py", "class Base:\n    def inherited(self): pass\n    def own(self): pass\n"),
        (
            "m.py",
            "import base\nclass C(base.Base):\n    def own(self):\n        super().own()\n    def go(self):\n        self.own()\n        self.inherited()\n        self.none()\n        self.x.own()\n    @classmethod\n    def make(cls):\n        cls.own()\n",
        ),
    ]);
    assert_eq!(tree.bases("m.py"), ["base.Base → base.py:Base (import)"]);
    assert_eq!(
        tree.calls("m.py"),
        [
            "4 super → stdlib",
            "4 super().own → base.py:Base.own (inherited)",
            "6 self.own → m.py:C.own (member)",
            "7 self.inherited → base.py:Base.inherited (inherited)",
            "8 self.none → unresolved",
            "9 self.x.own → unresolved",
            "12 cls.own → m.py:C.own (member)",
        ]
    );
}

#[test]
fn a_base_that_is_not_known_hides_what_stands_behind_it() {
    let tree = tree(&[(
        "m.py",
        "from ext import Unknown\nclass Mixin:\n    def f(self): pass\nclass A(Unknown, Mixin):\n    def a(self):\n        self.f()\nclass B(Mixin, Unknown):\n    def b(self):\n        self.f()\nclass C(object, Mixin):\n    def c(self):\n        self.f()\n",
    )]);
    assert_eq!(
        tree.calls("m.py"),
        [
            "6 self.f → unresolved",
            "9 self.f → m.py:Mixin.f (inherited)",
            "12 self.f → m.py:Mixin.f (inherited)",
        ]
    );
}

#[test]
fn a_diamond_follows_the_method_resolution_order() {
    let tree = tree(&[(
        "m.py",
        "class A:\n    def f(self): pass\nclass B(A): pass\nclass C(A):\n    def f(self): pass\nclass D(B, C):\n    def d(self):\n        self.f()\n",
    )]);
    assert_eq!(tree.calls("m.py"), ["8 self.f → m.py:C.f (inherited)"]);
}

#[test]
fn classes_that_inherit_in_a_circle_end() {
    let tree = tree(&[(
        "m.py",
        "class A(B, C):\n    def a(self):\n        self.f()\nclass B(A, C): pass\nclass C(A, B): pass\n",
    )]);
    assert_eq!(tree.calls("m.py"), ["3 self.f → unresolved"]);
}

#[test]
fn making_an_object_calls_its_init() {
    let tree = tree(&[
        ("lib.py", "class A:\n    def __init__(self): pass\nclass B: pass\n"),
        ("m.py", "import lib\nfrom lib import A, B\nA()\nB()\nlib.A()\n"),
    ]);
    assert_eq!(
        tree.calls("m.py"),
        [
            "3 A → lib.py:A.__init__ (import)",
            "4 B → lib.py:B (import)",
            "5 lib.A → lib.py:A.__init__ (import)",
        ]
    );
}

#[test]
fn a_variable_of_a_known_class_has_its_methods() {
    let tree = tree(&[(
        "m.py",
        "class A:\n    def f(self): pass\ndef g(a: A, b, c: 'A'):\n    a.f()\n    b.f()\n    c.f()\n    d = A()\n    d.f()\n    e = A()\n    e = other()\n    e.f()\n",
    )]);
    let calls = tree.calls("m.py");
    assert_eq!(calls[0], "4 a.f → m.py:A.f (member)");
    assert_eq!(calls[1], "5 b.f → unresolved");
    assert_eq!(calls[2], "6 c.f → m.py:A.f (member)");
    assert_eq!(calls[4], "8 d.f → m.py:A.f (member)");
    assert_eq!(calls[7], "11 e.f → unresolved");
}

#[test]
fn a_base_that_a_parameter_names_is_not_the_class_of_that_name() {
    let tree = tree(&[(
        "m.py",
        "class Base: pass\ndef make(Base):\n    class A(Base): pass\nclass B(Base): pass\n",
    )]);
    assert_eq!(tree.bases("m.py"), ["Base → unresolved", "Base → m.py:Base (scope)"]);
}

#[test]
fn calls_into_other_packages_say_so() {
    let tree = tree(&[(
        "m.py",
        "import numpy as np\nimport os\nnp.array()\nos.path.join()\nfrom x import y\ny()\n",
    )]);
    assert_eq!(tree.calls("m.py"), ["3 np.array → external", "4 os.path.join → stdlib", "6 y → external"]);
}

#[test]
fn a_comprehension_or_lambda_hides_a_name_where_it_stands() {
    let tree = tree(&[(
        "m.py",
        "def f(): pass\nx = [f() for f in fs]\ny = lambda f: f()\ndef g():\n    run(lambda f: f())\ndef h():\n    f()\n",
    )]);
    let calls: Vec<String> = tree.calls("m.py").into_iter().filter(|call| call.contains(" f →")).collect();
    assert_eq!(calls, ["2 f → unresolved", "3 f → unresolved", "5 f → unresolved", "7 f → m.py:f (scope)"]);
}

#[test]
fn a_name_that_is_bound_again_is_not_its_definition() {
    let bindings = [
        "from y import g\ng = wrap(g)\n",
        "def g(): pass\ng = 3\n",
        "def g(): pass\nfor g in []: pass\n",
        "def g(): pass\nwith open() as g: pass\n",
        "def g(): pass\ndef c():\n    global g\n    g = None\n",
        "def g(): pass\ndef c():\n    global g\n    def g(): pass\n",
        "def g(): pass\nif (g := 3): pass\n",
        "def g(): pass\nmatch x:\n    case [g, 1]: pass\n",
        "def g(): pass\nmatch x:\n    case A(a=g): pass\n",
        "def g(): pass\nmatch x:\n    case 1 as g: pass\n",
        "def g(): pass\nmatch x:\n    case {**g}: pass\n",
        "def g(): pass\ntry: pass\nexcept E as g: pass\n",
        "def g(): pass\ndel g\n",
        "def g(): pass\ng += 1\n",
        "def g(): pass\na, [*g] = x\n",
        "def g(): pass\nimport g\ng = 1\n",
        "if x:\n    def g(): pass\nelse:\n    g = os.unlink\n",
    ];
    for binding in bindings {
        let tree = tree(&[
            ("y.py", "def g(): pass\n"),
            ("m.py", &format!("{binding}def b():\n    g()\ng()\n")),
            ("passes_on.py", "from m import g\n"),
            ("stars.py", "from y import *\nfrom m import *\n"),
            ("use.py", "from m import g\nimport passes_on, stars\ng()\npasses_on.g()\nstars.g()\n"),
        ]);
        let calls = tree.calls("m.py").into_iter().filter(|call| call.contains(" g →"));
        let calls: Vec<String> =
            calls.map(|call| call.split_once(' ').expect("a line").1.to_owned()).collect();
        assert_eq!(calls, ["g → unresolved", "g → unresolved"], "{binding}");
        assert_eq!(tree.imports("use.py")[0], "m g → m.py (path)", "{binding}");
        assert_eq!(
            tree.calls("use.py"),
            ["3 g → unresolved", "4 passes_on.g → unresolved", "5 stars.g → unresolved"],
            "{binding}"
        );
    }
}

#[test]
fn what_binds_another_name_or_scope_leaves_a_definition_what_it_is() {
    let bindings = [
        "__all__ = ['g']\n",
        "@wrap\ndef other(): pass\n",
        "def c():\n    g = None\n",
        "def c(g): pass\n",
        "def c():\n    global g\n    print(g)\n",
        "class C:\n    g = 1\n",
        "x = [g for g in []]\n",
        "x = lambda g: 1\n",
        "a.g = 1\n",
        "match x:\n    case g.a: pass\n",
        "match x:\n    case g(g=1): pass\n",
        "try: pass\nexcept E: g = None\n",
        "import a as b\n",
    ];
    for binding in bindings {
        let tree = tree(&[
            ("m.py", &format!("def g(): pass\n{binding}def b():\n    g()\n")),
            ("use.py", "from m import g\ng()\n"),
        ]);
        assert_eq!(tree.calls("use.py"), ["2 g → m.py:g (import)"], "{binding}");
        let calls = tree.calls("m.py");
        let last = calls.last().and_then(|call| call.split_once(' ')).expect("the call of g");
        assert_eq!(last.1, "g → m.py:g (scope)", "{binding}");
    }
}

#[test]
fn what_stands_for_a_failed_import_cannot_be_called() {
    let tree = tree(&[
        ("y.py", "def f(): pass\n"),
        ("m.py", "try:\n    from y import f\nexcept ImportError:\n    f = None\ndef b():\n    f()\n"),
        ("n.py", "try:\n    from y import f\nexcept ImportError:\n    f = other\ndef b():\n    f()\n"),
    ]);
    assert_eq!(tree.calls("m.py"), ["6 f → y.py:f (import)"]);
    assert_eq!(tree.calls("n.py"), ["6 f → unresolved"]);
}

#[test]
fn a_function_in_a_function_may_be_bound_again_too() {
    let tree = tree(&[(
        "m.py",
        "def a():\n    def f(): pass\n    f = wrap(f)\n    f()\ndef b():\n    def f(): pass\n    def c():\n        nonlocal f\n        f = 3\n    f()\ndef d():\n    f = lambda: 1\n    f()\n",
    )]);
    let calls: Vec<String> = tree.calls("m.py").into_iter().filter(|call| call.contains(" f →")).collect();
    assert_eq!(calls, ["4 f → unresolved", "10 f → unresolved", "13 f → m.py:d.f (scope)"]);
}

#[test]
fn a_class_that_is_bound_again_is_no_base_and_no_type() {
    let tree = tree(&[(
        "m.py",
        "class A:\n    def f(self): pass\nA = wrap(A)\nclass B(A): pass\ndef g(a: A):\n    a.f()\nclass C:\n    def f(self): pass\nC = C()\nC.f()\n",
    )]);
    assert_eq!(tree.bases("m.py"), ["A → unresolved"]);
    let calls: Vec<String> = tree.calls("m.py").into_iter().filter(|call| call.contains(".f →")).collect();
    assert_eq!(calls, ["6 a.f → unresolved", "10 C.f → unresolved"]);
}
