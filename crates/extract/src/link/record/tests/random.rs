//! Random trees in all languages that are linked, and random edits of them.

use super::Repository;

/// Random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        for shift in [13, -7, 17] {
            self.0 ^= if shift > 0 { self.0 << shift } else { self.0 >> -shift };
        }
        (self.0 >> 11) % end
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }
}

const PATHS: &[&str] = &[
    "m0.py",
    "m1.py",
    "p/__init__.py",
    "p/m0.py",
    "p/m1.py",
    "p/q/__init__.py",
    "p/q/m0.py",
    "src/m1.py",
    "m0.ts",
    "m1.ts",
    "ui/m0.ts",
    "ui/m1.tsx",
    "ui/index.ts",
    "web/m0.js",
    "web/m1.js",
    "tsconfig.json",
    "package.json",
    "a/K0.java",
    "a/K1.java",
    "b/K0.java",
    "b/K1.java",
    "x/a/K1.java",
    "m0.c",
    "m1.c",
    "m0.h",
    "m1.h",
    "c/m0.c",
    "c/m1.h",
    "include/m0.h",
    "arch/arm/include/asm/m0.h",
    "arch/x86/include/asm/m0.h",
    "arch/x86/m2.c",
    "go.mod",
    "tools/go.mod",
    "m0.go",
    "m1_test.go",
    "g/m0.go",
    "g/m1.go",
    "tools/g/m1.go",
    "Cargo.toml",
    "r/Cargo.toml",
    "src/lib.rs",
    "src/main.rs",
    "src/m0.rs",
    "src/m0/m1.rs",
    "src/m1/mod.rs",
    "r/src/lib.rs",
    "r/src/m1.rs",
    "k/m0.kt",
    "k/m1.kt",
    "l/m0.kt",
    "s/m0.scala",
    "s/m1.scala",
    "n/m0.cs",
    "n/m1.cs",
    "notes.txt",
    "m0.cpp",
    "m1.cpp",
    "m0.hpp",
    "c/m1.hpp",
];

/// Lines from which files are put together; `?` is 0, 1 or 2.
fn lines(path: &str) -> &'static [&'static str] {
    match path.rsplit('.').next() {
        Some("py") => &[
            "from m? import f?",
            "from .m? import f? as f?",
            "from p.m? import K?",
            "from . import m?",
            "import p.m?",
            "from p import *",
            "from .m? import *",
            "from p.q.m? import K?, f?",
            "import p.q.m? as m?",
            "class K?(K?):\n    def f?(self):\n        self.f?()\n        super().f?()",
            "class K?: pass",
            "def f?():\n    f?()\n    m?.f?()\n    K?().f?()\n    p.m?.f?()",
            "def f?(x: K?):\n    x.f?()",
            "x? = K?()",
            "f?()",
            "class K?(m?.K?):\n    def f?(self): self.x.f?()",
        ],
        Some("ts" | "tsx" | "js") => &[
            "import { f? as f? } from './m?'",
            "import { K? } from '@app/m?'",
            "export * from './m?'",
            "export { f? } from '../m?'",
            "import * as m? from './m?'",
            "import m? from 'ui'",
            "export class K? extends K? { f?() { this.f?(); super.f?() } }",
            "export class K? { x: K?; f?() { this.x.f?() } }",
            "export function f?() { f?(); m?.f?(); new K?() }",
            "export default f?",
            "import { f? } from '../ui'",
            "function g(x: K?) { x.f?() }",
            "export { f? as f? }",
        ],
        Some("java") => &[
            "package a;",
            "package b;",
            "import b.K?;",
            "import a.*;",
            "import static b.K?.f?;",
            "import static a.K?.*;",
            "class K? extends K? { K? x; void f?() { f?(); x.f?(); K?.f?(); new K?(1); super.f?(); } }",
            "class K? { static void f?() {} K?(int a) {} class K? {} }",
            "interface K? { void f?(); }",
        ],
        Some("cpp" | "hpp") => &[
            "#include \"m?.hpp\"",
            "#include \"m?.h\"",
            "using namespace n?;",
            "using n?::K?;",
            "namespace n? { int f?() { return f?(); } class K? : public K? { void f?() { f?(); this->f?(); } }; }",
            "namespace n? { int f?(); class K? { void f?(); K? x; }; }",
            "void K?::f?() { f?(); x.f?(); n?::f?(); }",
            "int g(K? x) { x.f?(); return f?() + n?::f?(); }",
            "class K? : n?::K? { int f?(); };",
            "class K? { public: virtual int f?() { return 0; } };\nclass K? : public K? { int f?() { return 1; } };",
        ],
        Some("kt") => &[
            "package a",
            "package b",
            "import a.K?",
            "import b.f?",
            "import a.*",
            "import b.K? as K?",
            "open class K? : K?() {\n    val x: K? = K?()\n    fun f?() {\n        f?()\n        x.f?()\n        super.f?()\n    }\n}",
            "fun f?() {\n    f?()\n    K?().f?()\n    K?.f?()\n    a.f?()\n}",
            "object K? {\n    fun f?() = 1\n}",
            "fun g(x: K?) { x.f?() }",
        ],
        Some("scala") => &[
            "package a",
            "package b",
            "import a.K?",
            "import a._",
            "import b.{K? => K?, _}",
            "class K? extends K? { val x: K? = null; def f?() = { f?(); x.f?() } }",
            "object K? { def f?() = { import a.K?; new K?(); K?.f?() } }",
            "trait K? { def f?(): Int }",
        ],
        Some("cs") => &[
            "using A;",
            "using B;",
            "using static A.K?;",
            "using K? = A.K?;",
            "namespace A { class K? : K? { K? x; void f?() { f?(); x.f?(); base.f?(); new K?(); } } }",
            "namespace B { partial class K? { static void f?() { K?.f?(); A.K?.f?(); } } }",
            "partial class K? { void f?() {} }",
            "namespace A { interface K? { void f?(); } }",
            "namespace B { class K? : A.K? { public void f?() {} } }",
        ],
        Some("mod") => {
            &["module m", "module m/tools", "replace m/tools => ./tools", "replace m/tools => ./g"]
        }
        Some("toml") => &[
            "[package]\nname = \"r?\"",
            "[package]\nname = \"r?\"\n[dependencies]\nr? = { package = \"r?\" }",
            "[package]\nname = \"r?\"\n[lib]\npath = \"src/m?.rs\"",
        ],
        Some("c" | "h") => &[
            "#include \"m?.h\"",
            "#include <m?.h>",
            "#include <asm/m?.h>",
            "#include \"c/m?.h\"",
            "int f?(void);",
            "int f?(void) { return f?(); }",
            "static int f?(int x) { return f?() + f?(); }",
            "#define f?(x) f?(x)",
            "#include <string.h>",
            "int g(void) { memcpy(0, 0, 0); f?(); return f?(); }",
        ],
        Some("go") => &[
            "package g",
            "package m",
            "import \"m/g\"",
            "import x \"m/tools/g\"",
            "import . \"m/g\"",
            "func f?() { f?(); g.F?(); x.F?() }",
            "func F?() { f?() }",
            "type K? struct { K?; x K? }",
            "type K? struct { *g.K? }",
            "func (k *K?) f?() { k.f?(); k.x.f?() }",
            "func h(k g.K?) { k.F?(); f?() }",
            "func (k K?) F?() {}",
        ],
        Some("rs") => &[
            "fn f?() { f?(); m?::f?(); K?::f?() }",
            "mod m? { use super::*; fn f?() { f?(); super::f?() } }",
            "mod m?;",
            "use crate::m?::f?;",
            "use super::K?;",
            "use r?::f?;",
            "pub use self::m?::*;",
            "use crate::m?::{self, K?};",
            "struct K? { x: K? }",
            "impl K? { fn f?(&self) { self.f?(); self.x.f?(); Self::f?(); r?::f?() } }",
            "trait T? { fn f?(&self) { self.f?() } }",
            "impl T? for K? {}",
            "fn g(k: &K?) { use crate::m?::f?; k.f?(); f?() }",
        ],
        Some("json") => &[
            r#"{"compilerOptions": {"paths": {"@app/*": ["ui/*"]}}}"#,
            r#"{"compilerOptions": {"paths": {"@app/*": ["*"]}}}"#,
            r#"{"name": "ui", "main": "ui/m?.ts"}"#,
            "{}",
        ],
        _ => &["?"],
    }
}

fn text(path: &str, random: &mut Random) -> String {
    let count = if path.ends_with("json") || path.ends_with("toml") { 1 } else { random.below(7) };
    let mut text = String::new();
    for _ in 0..count {
        for part in random.one_of(lines(path)).split_inclusive('?') {
            match part.strip_suffix('?') {
                Some(part) => text.push_str(&format!("{part}{}", random.below(3))),
                None => text.push_str(part),
            }
        }
        text.push('\n');
    }
    text
}

fn edit(repository: &mut Repository, random: &mut Random) {
    let path = random.one_of(PATHS);
    match random.below(8) {
        0 => drop(repository.files.remove(path)),
        1 => {
            let to = random.one_of(PATHS);
            if let Some(text) = repository.files.remove(path) {
                repository.write(to, &text);
            }
        }
        2 => {
            let directories =
                ["p/", "p/q/", "ui/", "a/", "c/", "web/", "x/", "include/", "g/", "src/", "k/", "n/"];
            repository.rename(random.one_of(&directories), random.one_of(&directories));
        }
        _ => repository.write(path, &text(path, random)),
    }
}

#[test]
fn after_any_edits_the_link_hashes_are_those_of_linking_everything() {
    let (mut kept, mut all) = (0, 0);
    for seed in 1..=25 {
        let mut random = Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut repository = Repository::new(&[]);
        for path in PATHS {
            if random.below(3) > 0 {
                repository.write(path, &text(path, &mut random));
            }
        }
        for step in 0..12 {
            for _ in 0..=random.below(3) {
                edit(&mut repository, &mut random);
            }
            repository.step = format!("step {step} of seed {seed}");
            // Records are of this time or of an earlier one.
            let anew = repository.linked_anew(random.below(2) == 0).len();
            (kept, all) = (kept + repository.files.len() - anew, all + repository.files.len());
        }
    }
    assert!(kept * 3 > all, "{kept} of {all} files were not linked anew: the test says little");
}
