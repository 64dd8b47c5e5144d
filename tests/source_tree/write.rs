//! Code that defines, imports, inherits and calls, in every language of the tree.

use std::collections::BTreeSet;

use rand::{Rng as _, rngs::StdRng};

use super::{NAMES, NUMBERS};

/// What a file of code holds. References are to names, wherever or whether they are defined.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    functions: Vec<u32>,
    /// Name and base.
    classes: Vec<(u32, u32)>,
    uses: Vec<Use>,
    /// A number in every body.
    salt: u32,
    /// Lines before everything else.
    offset: u32,
}

/// A name that is taken from a file.
#[derive(Clone, Copy, Debug)]
struct Use {
    /// How it is taken, by number, modulo what the language knows.
    form: u32,
    file: u32,
    name: u32,
}

impl Use {
    fn random(random: &mut StdRng) -> Self {
        let file = random.random_range(0..NUMBERS);
        Self { form: random.random_range(0..840), file, name: name_in(file, random) }
    }
}

/// A name that the files of this number most often define, and others seldom.
fn name_in(file: u32, random: &mut StdRng) -> u32 {
    if random.random_bool(0.9) { 2 * file + random.random_range(0..2) } else { random.random_range(0..NAMES) }
}

/// Up to so many names, each once.
fn distinct(most: u32, random: &mut StdRng, name: impl Fn(&mut StdRng) -> u32) -> Vec<u32> {
    let names: BTreeSet<_> = (0..most).map(|_| name(random)).collect();
    names.into_iter().collect()
}

impl Module {
    /// What a file of this number may hold.
    pub(crate) fn random(random: &mut StdRng, number: u32) -> Self {
        let functions = distinct(3, random, |random| name_in(number, random));
        let classes = distinct(2, random, |random| name_in(number, random))
            .into_iter()
            .map(|name| (name, random.random_range(0..NAMES)))
            .collect();
        let uses = (0..random.random_range(1..=4)).map(|_| Use::random(random)).collect();
        Self { functions, classes, uses, salt: random.random_range(0..10), offset: 0 }
    }

    /// Changes one thing, and says what.
    pub(crate) fn change(&mut self, random: &mut StdRng) -> &'static str {
        let name = random.random_range(0..NAMES);
        match random.random_range(0..6) {
            0 => match self.functions.first_mut() {
                Some(function) => *function = name,
                None => self.functions.push(name),
            },
            1 => match self.classes.first_mut() {
                Some((class, _)) => *class = name,
                None => self.classes.push((name, name)),
            },
            2 => match self.classes.last_mut() {
                Some((_, base)) => *base = name,
                None => self.classes.push((0, name)),
            },
            3 => {
                self.uses.pop();
                self.uses.insert(0, Use::random(random));
                return "change what is used";
            }
            4 => {
                self.offset += 1;
                return "insert a line";
            }
            _ => {
                self.salt = (self.salt + 1) % 10;
                return "change a body";
            }
        }
        "rename"
    }

    /// The code for a file at this path.
    pub(crate) fn text(&self, path: &str) -> String {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let place = directory.rsplit('/').next().unwrap_or_default();
        let blank = "\n".repeat(self.offset as usize);
        let code = match extension {
            "py" => self.python(),
            "ts" | "tsx" | "js" => self.typescript(extension == "js"),
            "java" => self.java(place, stem),
            "h" => self.header(),
            "go" => self.go(place),
            "rs" => self.rust(),
            "cs" => self.csharp(stem),
            "kt" => self.kotlin(place),
            _ => self.c(extension == "cpp"),
        };
        blank + &code
    }

    /// The sum of all calls, each as `spell` has it, and of a call without any import.
    fn sum(&self, spell: impl Fn(&Use) -> String) -> String {
        let calls: Vec<_> = self.uses.iter().map(spell).collect();
        [vec![self.salt.to_string()], calls, vec![format!("f{}(x)", self.salt % NAMES)]].concat().join(" + ")
    }

    fn python(&self) -> String {
        let mut text = String::new();
        for Use { form, file, name } in &self.uses {
            text += &match form % 8 {
                0 => format!("from pkg.m{file} import f{name}\n"),
                1 => format!("from .m{file} import f{name} as g{name}\n"),
                2 => format!("import lib.m{file}\n"),
                3 => format!("from pkg import m{file}\n"),
                4 => format!("from pkg.sub.m{file} import *\n"),
                5 => format!("from ..m{file} import K{name}\n"),
                6 => format!("from pkg import f{name}\n"),
                _ => format!("import m{file}\n"),
            };
        }
        let sum = self.sum(|Use { form, file, name }| match form % 8 {
            1 => format!("g{name}(x)"),
            2 => format!("lib.m{file}.f{name}(x)"),
            3 | 7 => format!("m{file}.f{name}(x)"),
            5 => format!("K{name}().f{name}(x)"),
            _ => format!("f{name}(x)"),
        });
        for (class, base) in &self.classes {
            text += &format!(
                "\nclass K{class}(K{base}):\n    def f{class}(self, x):\n        return self.f{base}(x) + {sum}\n"
            );
            text += &format!("    def o{}(self):\n        return 0\n", self.method(*class, *base));
        }
        for function in &self.functions {
            text += &format!("\ndef f{function}(x):\n    return {sum}\n");
        }
        text
    }

    /// One of two names, so that some methods override what a base has.
    fn method(&self, class: u32, base: u32) -> u32 {
        (class + base + self.salt) % 2
    }

    fn typescript(&self, is_plain: bool) -> String {
        let mut text = String::new();
        for Use { form, file, name } in &self.uses {
            text += &match form % 8 {
                0 => format!("import {{ f{name} }} from './m{file}';\n"),
                1 => format!("import * as m{file} from '../m{file}';\n"),
                2 => format!("import {{ K{name} }} from '@app/m{file}';\n"),
                3 => format!("import d{file} from '@lib/m{file}';\n"),
                4 => format!("export * from './m{file}';\n"),
                5 => format!("import {{ f{name} as g{name} }} from './ui/m{file}.js';\n"),
                6 => format!("export {{ f{name} }} from '../src/m{file}';\n"),
                _ => format!("const {{ f{name} }} = require('m{file}');\n"),
            };
        }
        let sum = self.sum(|Use { form, file, name }| match form % 8 {
            1 => format!("m{file}.f{name}(x)"),
            2 => format!("new K{name}().f{name}(x)"),
            3 => format!("d{file}(x)"),
            5 => format!("g{name}(x)"),
            _ => format!("f{name}(x)"),
        });
        let number = if is_plain { "" } else { ": number" };
        for (class, base) in &self.classes {
            text += &format!(
                "\nexport class K{class} extends K{base} {{\n  f{class}(x{number}) {{ return this.f{base}(x) + {sum}; }}\n"
            );
            text += &format!("  o{}() {{ return 0; }}\n}}\n", self.method(*class, *base));
        }
        for (index, function) in self.functions.iter().enumerate() {
            let default = if index == 0 { "default " } else { "" };
            text += &format!("\nexport {default}function f{function}(x{number}) {{ return {sum}; }}\n");
        }
        text
    }

    fn java(&self, package: &str, class: &str) -> String {
        let mut text = format!("package com.{package};\n\n");
        for Use { form, file, name } in &self.uses {
            text += &match form % 4 {
                0 => format!("import com.a.K{file};\n"),
                1 => format!("import static com.b.K{file}.f{name};\n"),
                2 => "import com.b.*;\n".to_owned(),
                _ => format!("import com.a.K{file}.Inner{name};\n"),
            };
        }
        let sum = self.sum(|Use { form, file, name }| match form % 4 {
            0 => format!("K{file}.f{name}(x)"),
            1 => format!("f{name}(x)"),
            2 => format!("new K{file}().f{name}(x)"),
            _ => format!("new Inner{name}().f{name}(x)"),
        });
        let base = self.classes.first().map(|(_, base)| format!(" extends K{base}")).unwrap_or_default();
        text += &format!("\npublic class {class}{base} {{\n");
        for (inner, base) in &self.classes {
            text += &format!(
                "  static class Inner{inner} extends K{base} {{ int f{inner}(int x) {{ return x; }} }}\n"
            );
        }
        for function in &self.functions {
            text += &format!("  static int f{function}(int x) {{ return {sum}; }}\n");
        }
        text + "}\n"
    }

    fn includes(&self) -> String {
        let include = |Use { form, file, .. }: &Use| match form % 5 {
            0 | 1 => format!("#include \"m{file}.h\"\n"),
            2 => format!("#include \"inc/m{file}.h\"\n"),
            3 => "#include <stdio.h>\n".to_owned(),
            _ => format!("#include \"../c/m{file}.h\"\n"),
        };
        self.uses.iter().map(include).collect()
    }

    fn header(&self) -> String {
        let mut text = "#pragma once\n".to_owned() + &self.includes();
        for (class, base) in &self.classes {
            text += &format!(
                "#define M{class}(x) f{base}(x)\nstruct K{class} {{ struct K{base} *next; int n; }};\n"
            );
        }
        for function in &self.functions {
            text += &format!(
                "int f{function}(int x);\nstatic inline int h{function}(int x) {{ return f{function}(x); }}\n"
            );
        }
        text
    }

    fn c(&self, is_cpp: bool) -> String {
        let mut text = self.includes();
        let sum = self.sum(|Use { form, name, .. }| match form % 3 {
            0 => format!("M{name}(x)"),
            1 => format!("h{name}(x)"),
            _ => format!("f{name}(x)"),
        });
        for (class, base) in self.classes.iter().filter(|_| is_cpp) {
            text += &format!(
                "class K{class} : public K{base} {{ public: int f{class}(int x) {{ return {sum}; }} }};\n"
            );
        }
        for function in &self.functions {
            let linkage = if self.salt % 2 == 1 { "static " } else { "" };
            text += &format!("{linkage}int f{function}(int x) {{ return {sum}; }}\n");
        }
        text
    }

    fn go(&self, package: &str) -> String {
        let mut text = format!("package {package}\n\n");
        for Use { form, .. } in &self.uses {
            text += match form % 3 {
                0 => "import \"example.org/app/b\"\n",
                1 => "import other \"example.org/app/a\"\n",
                _ => "import \"fmt\"\n",
            };
        }
        let sum = self.sum(|Use { form, name, .. }| match form % 3 {
            0 => format!("b.F{name}(x)"),
            1 => format!("other.F{name}(x)"),
            _ => format!("F{name}(x)"),
        });
        for (class, base) in &self.classes {
            text += &format!(
                "\ntype K{class} struct {{ K{base} }}\n\nfunc (k *K{class}) F{class}(x int) int {{ return k.F{base}(x) }}\n"
            );
        }
        for function in &self.functions {
            text += &format!("\nfunc F{function}(x int) int {{ return {sum} }}\n");
        }
        text
    }

    fn rust(&self) -> String {
        let mut text = String::new();
        for Use { form, file, name } in &self.uses {
            text += &match form % 6 {
                0 => format!("use crate::m{file}::f{name};\n"),
                1 => format!("use super::m{file}::*;\n"),
                2 => format!("use crate::x::m{file}::K{name};\n"),
                3 => format!("pub mod m{file};\n"),
                4 => format!("pub use crate::x::m{file}::f{name};\n"),
                _ => "use app::m1;\n".to_owned(),
            };
        }
        let sum = self.sum(|Use { form, file, name }| match form % 6 {
            2 => format!("K{name}.f{name}(x)"),
            3 => format!("crate::m{file}::f{name}(x)"),
            5 => format!("m1::f{name}(x)"),
            _ => format!("f{name}(x)"),
        });
        for (class, base) in &self.classes {
            text += &format!(
                "\npub struct K{class};\nimpl T{base} for K{class} {{}}\nimpl K{class} {{\n    pub fn f{class}(&self, x: i32) -> i32 {{ self.f{base}(x) }}\n}}\n"
            );
        }
        for function in &self.functions {
            text += &format!("\npub fn f{function}(x: i32) -> i32 {{ {sum} }}\n");
        }
        text
    }

    fn csharp(&self, class: &str) -> String {
        let mut text = String::new();
        for Use { form, file, name } in &self.uses {
            text += &match form % 3 {
                0 => format!("using A{file};\n"),
                1 => format!("using static A{file}.K{name};\n"),
                _ => "using System;\n".to_owned(),
            };
        }
        let sum = self.sum(|Use { form, file, name }| match form % 3 {
            0 => format!("K{file}.f{name}(x)"),
            1 => format!("f{name}(x)"),
            _ => format!("new K{file}().f{name}(x)"),
        });
        let base = self.classes.first().map(|(_, base)| format!(" : K{base}")).unwrap_or_default();
        text += &format!(
            "namespace A{} {{\n  public class {class}{base} {{\n",
            self.functions.first().unwrap_or(&0)
        );
        for function in &self.functions {
            text += &format!("    public static int f{function}(int x) {{ return {sum}; }}\n");
        }
        text + "  }\n}\n"
    }

    fn kotlin(&self, package: &str) -> String {
        let mut text = format!("package {package}\n\n");
        for Use { form, name, .. } in &self.uses {
            text += &match form % 3 {
                0 => format!("import b.f{name}\n"),
                1 => "import a.*\n".to_owned(),
                _ => format!("import b.K{name}\n"),
            };
        }
        let sum = self.sum(|Use { form, name, .. }| match form % 3 {
            2 => format!("K{name}().f{name}(x)"),
            _ => format!("f{name}(x)"),
        });
        for (class, base) in &self.classes {
            text += &format!(
                "\nopen class K{class} : K{base}() {{\n    fun f{class}(x: Int): Int = f{base}(x)\n}}\n"
            );
        }
        for function in &self.functions {
            text += &format!("\nfun f{function}(x: Int): Int = {sum}\n");
        }
        text
    }
}
