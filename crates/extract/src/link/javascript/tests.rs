//! JavaScript and TypeScript trees and what their references mean.

use crate::link::testing::tree;

#[test]
fn a_relative_specifier_may_leave_out_or_change_its_ending() {
    let tree = tree(&[
        (
            "src/a.ts",
            "import './b';\nimport './c.js';\nimport './d';\nimport '../e.mjs';\nimport './none';\n",
        ),
        ("src/b.tsx", ""),
        ("src/c.ts", ""),
        ("src/d/index.ts", ""),
        ("e.mts", ""),
    ]);
    assert_eq!(
        tree.imports("src/a.ts"),
        [
            "./b → src/b.tsx (path)",
            "./c.js → src/c.ts (path)",
            "./d → src/d/index.ts (path)",
            "../e.mjs → e.mts (path)",
            "./none → unresolved",
        ]
    );
}

#[test]
fn a_script_prefers_scripts_and_a_typed_file_typed_ones() {
    let tree = tree(&[
        ("a.js", "import './c';\nimport './c.js';\n"),
        ("b.ts", "import './c';\nimport './c.js';\n"),
        ("c.js", ""),
        ("c.ts", ""),
    ]);
    assert_eq!(tree.imports("a.js"), ["./c → c.js (path)", "./c.js → c.js (path)"]);
    assert_eq!(tree.imports("b.ts"), ["./c → c.ts (path)", "./c.js → c.ts (path)"]);
}

#[test]
fn aliases_of_the_configuration_are_followed() {
    let tree = tree(&[
        (
            "tsconfig.json",
            r#"{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["src/*"] }, } } // comment"#,
        ),
        ("src/lib/x.ts", "export function f() {}\n"),
        (
            "src/a.ts",
            "import { f } from '@/lib/x';\nimport { g } from 'src/lib/x';\nimport '@/none';\nf();\n",
        ),
    ]);
    assert_eq!(
        tree.imports("src/a.ts"),
        ["@/lib/x f → src/lib/x.ts:f (alias)", "src/lib/x g → src/lib/x.ts (alias)", "@/none → unresolved"]
    );
    assert_eq!(tree.calls("src/a.ts"), ["4 f → src/lib/x.ts:f (import)"]);
}

#[test]
fn packages_of_the_repository_are_found_by_name() {
    let tree = tree(&[
        ("packages/a/package.json", r#"{ "name": "@o/a", "main": "dist/index.js" }"#),
        ("packages/a/src/index.ts", "export { f } from './f';\n"),
        ("packages/a/src/f.ts", "export const f = () => {};\n"),
        (
            "packages/b/b.ts",
            "import { f } from '@o/a';\nimport { f as g } from '@o/a/src/f';\nimport '@o/none';\nf();\ng();\n",
        ),
    ]);
    assert_eq!(
        tree.imports("packages/b/b.ts"),
        [
            "@o/a f → packages/a/src/f.ts:f (alias)",
            "@o/a/src/f f → packages/a/src/f.ts:f (alias)",
            "@o/none → external",
        ]
    );
    assert_eq!(
        tree.calls("packages/b/b.ts"),
        ["4 f → packages/a/src/f.ts:f (import)", "5 g → packages/a/src/f.ts:f (import)"]
    );
}

#[test]
fn modules_of_the_run_time_system_are_told_from_packages() {
    let tree = tree(&[(
        "a.js",
        "import fs from 'fs';\nimport 'node:test';\nconst r = require('react');\nfs.readFileSync('x');\nr.use();\nparseInt('1');\nMath.max(1);\n",
    )]);
    assert_eq!(tree.imports("a.js"), ["fs default → stdlib", "node:test → stdlib", "react → external"]);
    assert_eq!(
        tree.calls("a.js"),
        [
            "3 require → stdlib",
            "4 fs.readFileSync → stdlib",
            "5 r.use → external",
            "6 parseInt → stdlib",
            "7 Math.max → stdlib",
        ]
    );
}

#[test]
fn re_exports_are_followed_to_the_definition() {
    let tree = tree(&[
        ("index.ts", "export * from './a';\nexport { b as c } from './b';\nexport * as ns from './b';\n"),
        ("a.ts", "export function a() {}\n"),
        ("b.ts", "function inner() {}\nexport { inner as b };\n"),
        ("use.ts", "import { a, c, ns, none } from './index';\na();\nc();\nns.b();\n"),
    ]);
    assert_eq!(
        tree.imports("use.ts"),
        [
            "./index a → a.ts:a (path)",
            "./index c → b.ts:inner (path)",
            "./index ns → b.ts (path)",
            "./index none → index.ts (path)",
        ]
    );
    assert_eq!(
        tree.calls("use.ts"),
        ["2 a → a.ts:a (import)", "3 c → b.ts:inner (import)", "4 ns.b → b.ts:inner (import)"]
    );
}

#[test]
fn modules_that_re_export_each_other_end() {
    let tree = tree(&[
        ("a.ts", "export * from './b';\n"),
        ("b.ts", "export * from './a';\n"),
        ("use.ts", "import { x } from './a';\nx();\n"),
    ]);
    assert_eq!(tree.imports("use.ts"), ["./a x → a.ts (path)"]);
    assert_eq!(tree.calls("use.ts"), ["2 x → unresolved"]);
}

#[test]
fn default_exports_have_the_name_that_the_importer_gives() {
    let tree = tree(&[
        ("a.ts", "export default class Foo { constructor() {} }\n"),
        ("b.ts", "function bar() {}\nexport default bar;\n"),
        ("c.js", "module.exports = function () {};\n"),
        (
            "use.ts",
            "import A from './a';\nimport b from './b';\nconst c = require('./c');\nnew A();\nb();\nc();\n",
        ),
    ]);
    assert_eq!(
        tree.calls("use.ts"),
        [
            "3 require → stdlib",
            "4 A → a.ts:Foo.constructor (import)",
            "5 b → b.ts:bar (import)",
            "6 c → c.js:default (import)",
        ]
    );
}

#[test]
fn members_are_found_through_this_and_super() {
    let tree = tree(&[(
        "a.ts",
        "class A {\n  constructor() {}\n  f() {}\n}\nclass B extends A {\n  constructor() { super(); }\n  g() {\n    this.f();\n    super.f();\n    const h = () => { this.g(); };\n    function k() { this.g(); }\n    this.none();\n  }\n}\n",
    )]);
    assert_eq!(tree.bases("a.ts"), ["A → a.ts:A (scope)"]);
    assert_eq!(
        tree.calls("a.ts"),
        [
            "6 super → a.ts:A.constructor (inherited)",
            "8 this.f → a.ts:A.f (inherited)",
            "9 super.f → a.ts:A.f (inherited)",
            "10 this.g → a.ts:B.g (member)",
            "11 this.g → unresolved",
            "12 this.none → unresolved",
        ]
    );
}

#[test]
fn an_interface_that_is_implemented_brings_no_members() {
    let tree =
        tree(&[("a.ts", "interface I { f(): void }\nclass A implements I {\n  g() { this.f(); }\n}\n")]);
    assert_eq!(tree.bases("a.ts"), ["I → a.ts:I (scope)"]);
    assert_eq!(tree.calls("a.ts"), ["3 this.f → unresolved"]);
}

#[test]
fn declared_types_say_whose_method_is_called() {
    let tree = tree(&[
        ("a.ts", "export class A<T> { f() {} }\n"),
        (
            "use.ts",
            "import { A } from './a';\nclass B {\n  constructor(private a: A<string>) {}\n  g(x: A<string>, y, z: A<string>[]) {\n    x.f();\n    y.f();\n    z.f();\n    this.a.f();\n    const made = new A();\n    made.f();\n  }\n}\n",
        ),
    ]);
    assert_eq!(
        tree.calls("use.ts"),
        [
            "5 x.f → a.ts:A.f (member)",
            "6 y.f → unresolved",
            "7 z.f → unresolved",
            "8 this.a.f → a.ts:A.f (member)",
            "9 A → a.ts:A (import)",
            "10 made.f → a.ts:A.f (member)",
        ]
    );
}

#[test]
fn what_a_function_binds_shadows_the_module() {
    let tree = tree(&[(
        "a.js",
        "function f() {}\nfunction g(f) { f(); }\nfunction h({ f }) { f(); }\nfunction i() { const f = pick(); f(); }\nfunction j() { f(); }\nrun((f) => f());\n",
    )]);
    let calls: Vec<String> = tree.calls("a.js").into_iter().filter(|call| call.contains(" f →")).collect();
    assert_eq!(
        calls,
        [
            "2 f → unresolved",
            "3 f → unresolved",
            "4 f → unresolved",
            "5 f → a.js:f (scope)",
            "6 f → unresolved",
        ]
    );
}

#[test]
fn a_member_of_an_object_is_no_bare_name() {
    let tree =
        tree(&[("a.js", "const o = { f() {}, g: () => {} };\no.h = function () {};\nf();\ng();\nh();\n")]);
    assert_eq!(tree.calls("a.js"), ["3 f → unresolved", "4 g → unresolved", "5 h → unresolved"]);
}

#[test]
fn a_function_that_a_variable_holds_for_now_is_not_certain() {
    let tree = tree(&[(
        "a.js",
        "let f = () => {};\nf = other;\nf();\nfunction g() {\n  let h = () => {};\n  h();\n}\nfunction h() {}\n",
    )]);
    assert_eq!(tree.calls("a.js"), ["3 f → unresolved", "6 h → unresolved"]);
}

#[test]
fn what_a_namespace_encloses_is_no_name_outside_it() {
    let tree = tree(&[(
        "a.ts",
        "namespace n {\n  export function f() {}\n}\nf();\ninterface E {}\nconst E = make();\nnew E();\n",
    )]);
    assert_eq!(tree.calls("a.ts"), ["4 f → unresolved", "6 make → unresolved", "7 E → unresolved"]);
}

#[test]
fn a_type_and_a_value_of_one_name_are_the_value() {
    let tree = tree(&[
        (
            "a.ts",
            "export interface Foo {}\nexport class Foo {}\nexport type Bar = string;\nexport function Bar() {}\n",
        ),
        ("use.ts", "import { Foo, Bar } from './a';\nnew Foo();\nBar();\n"),
    ]);
    assert_eq!(tree.imports("use.ts"), ["./a Foo → a.ts:Foo (path)", "./a Bar → a.ts:Bar (path)"]);
    assert_eq!(tree.calls("use.ts"), ["2 Foo → a.ts:Foo (import)", "3 Bar → a.ts:Bar (import)"]);
}

#[test]
fn a_name_that_is_assigned_is_not_its_definition() {
    let bindings = [
        "function f() {}\nf = wrap(f);\n",
        "var f = function () {};\nif (x) f = other;\n",
        "var f = () => {};\nf ||= other;\n",
        "function f() {}\nfunction change() { f = other; }\n",
        "function f() {}\nfunction change() { f = () => {}; }\n",
        "function f() {}\nrun(() => { f = other; });\n",
        "function f() {}\n({ f } = other);\n",
        "function f() {}\n[f] = other;\n",
        "function f() {}\nfor (f of other) {}\n",
        "var f = pick();\nfunction f() {}\n",
        "let f = require('./y').f;\nf = other;\n",
    ];
    for binding in bindings {
        let tree = tree(&[
            ("y.js", "exports.f = function () {};\n"),
            ("m.js", &format!("{binding}function b() {{ f(); }}\nexports.f = f;\nf();\n")),
            ("passes_on.js", "export { f } from './m';\n"),
            ("use.js", "import { f } from './m';\nimport { f as g } from './passes_on';\nf();\ng();\n"),
        ]);
        let calls = tree.calls("m.js").into_iter().filter(|call| call.contains(" f →"));
        let calls: Vec<String> =
            calls.map(|call| call.split_once(' ').expect("a line").1.to_owned()).collect();
        assert_eq!(calls, ["f → unresolved", "f → unresolved"], "{binding}");
        assert_eq!(tree.calls("use.js"), ["3 f → unresolved", "4 g → unresolved"], "{binding}");
    }
}

#[test]
fn what_assigns_another_name_or_scope_leaves_a_definition_what_it_is() {
    let bindings = [
        "function f() {}\nfunction c() { let f = 1; f = 2; }\n",
        "function f() {}\nfunction c(f) { f = 2; }\n",
        "function f() {}\nfunction c({ f }) { f = 2; }\n",
        "function f() {}\nrun(function () { var f = 1; });\n",
        "function f() {}\nif (x) { const f = 1; }\n",
        "function f() {}\nfor (let f of x) {}\n",
        "function f() {}\ntry { x(); } catch (f) {}\n",
        "function f() {}\nf.name = 'g';\no.f = 1;\n",
        "let f;\nf = function () {};\n",
        "var f = null;\nf = () => {};\n",
        "var f = exports.f = function () {};\n",
    ];
    for binding in bindings {
        let tree = tree(&[("m.js", &format!("{binding}function b() {{ f(); }}\n"))]);
        let calls = tree.calls("m.js");
        let last = calls.last().and_then(|call| call.split_once(' ')).expect("the call of f");
        assert_eq!(last.1, "f → m.js:f (scope)", "{binding}");
    }
}

#[test]
fn a_variable_that_is_assigned_has_no_type_but_a_written_one() {
    let tree = tree(&[(
        "a.ts",
        "class C { m() {} }\nclass D { m() {} }\nfunction f() {\n  let c = new C();\n  c = other();\n  c.m();\n}\nfunction g(x) {\n  var c = new C();\n  if (x) c = new D();\n  c.m();\n}\nfunction h() {\n  let c: C = new C();\n  c = other();\n  c.m();\n}\nfunction i() {\n  let c = new C();\n  c = new C();\n  c.m();\n}\nlet top = new C();\nfunction j() { top = other(); }\nfunction k() { top.m(); }\n",
    )]);
    let calls: Vec<String> = tree.calls("a.ts").into_iter().filter(|call| call.contains(".m →")).collect();
    assert_eq!(
        calls,
        [
            "6 c.m → unresolved",
            "11 c.m → unresolved",
            "16 c.m → a.ts:C.m (member)",
            "21 c.m → a.ts:C.m (member)",
            "25 top.m → unresolved",
        ]
    );
}

#[test]
fn a_type_beside_a_variable_stays_a_type() {
    let tree = tree(&[
        ("a.ts", "export interface Foo { m(): void }\nexport const Foo = make();\n"),
        ("use.ts", "import { Foo } from './a';\nfunction f(x: Foo) { x.m(); Foo(); }\n"),
    ]);
    assert_eq!(tree.imports("use.ts"), ["./a Foo → a.ts:Foo (path)"]);
    assert_eq!(tree.calls("use.ts"), ["2 x.m → a.ts:Foo.m (member)", "2 Foo → unresolved"]);
}

#[test]
fn what_a_module_exports_itself_goes_before_what_a_star_passes_on() {
    let tree = tree(&[
        ("y.ts", "export function f() {}\nexport function g() {}\n"),
        (
            "m.ts",
            "const pick = make();\nexport const f = make();\nexport { pick as g };\nexport * from './y';\n",
        ),
        ("use.ts", "import { f, g } from './m';\nf();\ng();\n"),
    ]);
    assert_eq!(tree.calls("use.ts"), ["2 f → unresolved", "3 g → unresolved"]);
}

#[test]
fn what_an_import_at_run_time_gives_is_no_variable() {
    let tree = tree(&[
        ("y.js", "export function f() {}\n"),
        ("m.js", "run(async () => {\n  const { f } = await import('./y');\n  f();\n});\n"),
    ]);
    assert_eq!(tree.calls("m.js"), ["1 run → unresolved", "3 f → y.js:f (import)"]);
}
