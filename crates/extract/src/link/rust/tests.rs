//! Rust trees and what their references mean.

use crate::link::testing::tree;

const WORKSPACE: [(&str, &str); 10] = [
    ("Cargo.toml", "[workspace]\nmembers = [\"shop\", \"tax-rates\"]\n"),
    (
        "shop/Cargo.toml",
        "[package]\nname = \"shop\"\n\n[dependencies]\nserde = \"1\"\nrates = { package = \"tax-rates\", path = \"../tax-rates\" }\n",
    ),
    (
        "shop/src/lib.rs",
        "mod cart;\npub mod total;\npub use cart::Cart;\nuse total as sums;\n\npub fn run() {\n    let c = Cart::new();\n    sums::sum(1);\n    crate::total::sum(2);\n    rates::rate();\n    serde::to();\n    Vec::new();\n    none::sum();\n}\n",
    ),
    (
        "shop/src/cart/mod.rs",
        "pub mod item;\nuse self::item::Item;\nuse super::total::{self, sum};\nuse std::fmt;\nuse crate::total::LIMIT;\n\npub struct Cart { item: Item }\n\nimpl Cart {\n    pub fn new() -> Self { Self::make() }\n    fn make() -> Self { sum(1) }\n    pub fn price(&self) -> u8 {\n        self.item.price();\n        self.missing();\n        self.twice()\n    }\n}\n\npub trait Twice {\n    fn twice(&self) -> u8 { 2 }\n}\nimpl Twice for Cart {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n    fn sum(x: u8) {}\n    fn works() {\n        Cart::new();\n        sum(1);\n        total::sum(1);\n    }\n}\n",
    ),
    (
        "shop/src/cart/item.rs",
        "pub struct Item;\nimpl Item {\n    pub fn price(&self) -> u8 { super::super::total::sum(1) }\n}\n",
    ),
    (
        "shop/src/total.rs",
        "pub const LIMIT: u8 = 1;\npub fn sum(x: u8) -> u8 { helper!(); x }\nmacro_rules! helper { () => {} }\nmod deep;\n",
    ),
    (
        "shop/src/total/deep.rs",
        "use crate::Cart;\nuse super::sum as add;\nuse crate::none::X;\nfn f(c: &Cart, add2: fn(u8)) {\n    c.price();\n    add(1);\n    add2(1);\n    println!(\"{}\", add(2));\n}\n",
    ),
    ("shop/tests/it.rs", "use shop::{Cart, total::sum};\nfn t() { Cart::new(); sum(1); }\n"),
    ("tax-rates/Cargo.toml", "[package]\nname = \"tax-rates\"\n"),
    ("tax-rates/src/lib.rs", "pub fn rate() {}\nimpl Cart { fn rate(&self) {} }\n"),
];

#[test]
fn modules_are_files_and_uses_are_what_they_name() {
    let tree = tree(&WORKSPACE);
    assert_eq!(
        tree.imports("shop/src/lib.rs"),
        [
            "cart → shop/src/cart/mod.rs (path)",
            "total → shop/src/total.rs (path)",
            "cart Cart → shop/src/cart/mod.rs:Cart (path)",
            "total → shop/src/total.rs (path)",
        ]
    );
    assert_eq!(
        tree.imports("shop/src/cart/mod.rs"),
        [
            "item → shop/src/cart/item.rs (path)",
            "self::item Item → shop/src/cart/item.rs:Item (path)",
            "super::total → shop/src/total.rs (path)",
            "super::total sum → shop/src/total.rs:sum (path)",
            "std fmt → stdlib",
            // A constant is no row: the module is certain.
            "crate::total LIMIT → shop/src/total.rs (path)",
            "super → shop/src/cart/mod.rs (path)",
        ]
    );
    assert_eq!(
        tree.imports("shop/src/total/deep.rs"),
        [
            "crate Cart → shop/src/cart/mod.rs:Cart (path)",
            "super sum → shop/src/total.rs:sum (path)",
            "crate::none X → unresolved",
        ]
    );
}

#[test]
fn crates_of_the_workspace_are_known_by_their_manifests() {
    let tree = tree(&WORKSPACE);
    assert_eq!(
        tree.imports("shop/tests/it.rs"),
        ["shop Cart → shop/src/cart/mod.rs:Cart (path)", "shop::total sum → shop/src/total.rs:sum (path)",]
    );
    assert_eq!(
        tree.calls("shop/tests/it.rs"),
        ["2 Cart::new → shop/src/cart/mod.rs:Cart::new (member)", "2 sum → shop/src/total.rs:sum (import)"]
    );
    assert_eq!(
        tree.calls("shop/src/lib.rs"),
        [
            "7 Cart::new → shop/src/cart/mod.rs:Cart::new (member)",
            "8 sums::sum → shop/src/total.rs:sum (path)",
            "9 crate::total::sum → shop/src/total.rs:sum (path)",
            "10 rates::rate → tax-rates/src/lib.rs:rate (path)",
            "11 serde::to → external",
            "12 Vec::new → stdlib",
            "13 none::sum → unresolved",
        ]
    );
}

#[test]
fn methods_are_those_of_the_type_and_of_its_traits() {
    let tree = tree(&WORKSPACE);
    assert_eq!(
        tree.calls("shop/src/cart/mod.rs"),
        [
            "10 Self::make → shop/src/cart/mod.rs:Cart::make (member)",
            "11 sum → shop/src/total.rs:sum (import)",
            "13 self.item.price → shop/src/cart/item.rs:Item::price (member)",
            "14 self.missing → unresolved",
            "15 self.twice → shop/src/cart/mod.rs:Twice::twice (inherited)",
            "29 Cart::new → shop/src/cart/mod.rs:Cart::new (member)",
            "30 sum → shop/src/cart/mod.rs:tests::sum (scope)",
            "31 total::sum → shop/src/total.rs:sum (path)",
        ]
    );
    assert_eq!(tree.bases("shop/src/cart/mod.rs"), ["Twice → shop/src/cart/mod.rs:Twice (scope)"]);
    assert_eq!(
        tree.calls("shop/src/total/deep.rs"),
        [
            "5 c.price → shop/src/cart/mod.rs:Cart::price (member)",
            "6 add → shop/src/total.rs:sum (import)",
            "7 add2 → unresolved",
            "8 println → stdlib",
            "8 add → shop/src/total.rs:sum (import)",
        ]
    );
    assert_eq!(tree.calls("shop/src/total.rs"), ["2 helper → shop/src/total.rs:helper (scope)"]);
    assert_eq!(
        tree.calls("shop/src/cart/item.rs"),
        ["3 super::super::total::sum → shop/src/total.rs:sum (path)"]
    );
}

#[test]
fn a_module_inside_a_file_sees_only_what_it_imports() {
    let tree = tree(&[(
        "lib.rs",
        "fn f() {}\nmod m {\n    fn i() { f(); super::f(); j() }\n    fn j() {}\n    mod n { use super::j as k; fn l() { k(); self::o(); } fn o() {} }\n}\nfn k() { j(); m::j() }\n",
    )]);
    assert_eq!(
        tree.calls("lib.rs"),
        [
            "3 f → unresolved",
            "3 super::f → lib.rs:f (path)",
            "3 j → lib.rs:m::j (scope)",
            "5 k → lib.rs:m::j (import)",
            "5 self::o → lib.rs:m::n::o (path)",
            "7 j → unresolved",
            "7 m::j → lib.rs:m::j (path)",
        ]
    );
}

#[test]
fn globs_that_disagree_and_imports_in_circles_have_no_single_target() {
    let tree = tree(&[
        ("src/lib.rs", "mod a;\nmod b;\nuse a::*;\nuse b::*;\nfn t() { f(); g(); round() }\n"),
        ("src/a.rs", "pub fn f() {}\npub fn g() {}\npub use crate::b::round;\n"),
        ("src/b.rs", "pub fn f() {}\npub use crate::a::round;\n"),
    ]);
    assert_eq!(
        tree.calls("src/lib.rs"),
        ["5 f → ambiguous 2", "5 g → src/a.rs:g (import)", "5 round → unresolved"]
    );
}

/// As in `web-sys`: hundreds of modules, each with a glob of all the others. Without a note of the modules that were asked, each was
/// asked for each name by way of each of the others, which took minutes.
#[test]
fn what_globs_bring_in_circles_is_one() {
    const MODULES: usize = 200;
    let top: String = (0..MODULES).map(|at| format!("mod m{at};\npub use m{at}::*;\n")).collect();
    let mut files = vec![("src/lib.rs".to_owned(), top)];
    files.extend((0..MODULES).map(|at| {
        let called = (at + 7) % MODULES;
        (format!("src/m{at}.rs"), format!("use super::*;\npub fn f{at}() {{ f{called}() }}\n"))
    }));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let tree = tree(&files);
    assert_eq!(tree.calls("src/m0.rs"), ["2 f7 → src/m7.rs:f7 (import)"]);
    assert_eq!(tree.calls("src/m199.rs"), ["2 f6 → src/m6.rs:f6 (import)"]);
}

#[test]
fn a_file_that_two_crates_share_is_ambiguous_where_they_differ() {
    let tree = tree(&[
        ("src/lib.rs", "mod common;\nfn start() {}\n"),
        ("src/main.rs", "mod common;\nfn start() {}\n"),
        ("src/common.rs", "fn f() { crate::start() }\n"),
    ]);
    assert_eq!(tree.calls("src/common.rs"), ["1 crate::start → ambiguous 2"]);
}

#[test]
fn an_import_inside_a_function_holds_there_alone() {
    let tree = tree(&[
        ("src/lib.rs", "mod a;\nfn t() {\n    use crate::a::f;\n    f()\n}\nfn u() { f() }\n"),
        ("src/a.rs", "pub fn f() {}\npub enum E { Some2(u8) }\npub fn g() { E::Some2(1); }\n"),
    ]);
    assert_eq!(tree.calls("src/lib.rs"), ["4 f → src/a.rs:f (import)", "6 f → unresolved"]);
    assert_eq!(tree.calls("src/a.rs"), ["3 E::Some2 → src/a.rs:E (member)"]);
}
