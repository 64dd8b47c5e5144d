//! Go trees and what their references mean.

use crate::link::testing::tree;

/// Two modules, packages of the same name in each, tests beside a package, a program left out of the build.
const SHOP: [(&str, &str); 11] = [
    (
        "go.mod",
        "module example.com/shop\n\ngo 1.22\n\nrequire golang.org/x/net v0.1.0\n\nreplace example.com/tools => ./tools\n",
    ),
    (
        "main.go",
        "package main\n\nimport (\n\t\"fmt\"\n\n\tbasket \"example.com/shop/cart\"\n\t\"example.com/shop/missing\"\n\t\"example.com/tools/cart\"\n\t\"golang.org/x/net/html\"\n\t_ \"net/http\"\n)\n\nfunc main() {\n\tc := basket.Cart{}\n\tc.Add(1)\n\tbasket.New()\n\tcart.New()\n\tfmt.Println(len(\"\"))\n\thtml.Parse(nil)\n\thelper()\n\tbasket.total()\n\tmissing.Do()\n}\n",
    ),
    ("helper.go", "package main\n\nfunc helper() {}\n"),
    (
        "cart/cart.go",
        "package cart\n\ntype Base struct{}\n\nfunc (b *Base) Close() {}\n\ntype Cart struct {\n\t*Base\n\titems Items\n}\n\nfunc New() *Cart { return &Cart{} }\nfunc total() int { return 0 }\n",
    ),
    (
        "cart/methods.go",
        "package cart\n\nfunc (c *Cart) Add(n int) {\n\tc.items.Push(n)\n\tc.Close()\n\tc.Missing()\n\ttotal()\n\tvar total func()\n\ttotal()\n}\n",
    ),
    ("cart/items.go", "package cart\n\ntype Items []int\n\nfunc (i *Items) Push(n int) {}\n"),
    ("cart/cart_test.go", "package cart\n\nfunc total2() {}\nfunc TestX() { total2() }\n"),
    ("cart/generate.go", "package main\n\nfunc main() { total() }\n"),
    ("cart/use.go", "package cart\n\nfunc use() { total2() }\n"),
    ("tools/go.mod", "module example.com/tools\n"),
    ("tools/cart/cart.go", "package cart\n\nfunc New() {}\n"),
];

#[test]
fn imports_are_packages_of_the_modules() {
    assert_eq!(
        tree(&SHOP).imports("main.go"),
        [
            "fmt → stdlib",
            "example.com/shop/cart → cart/cart.go (package)",
            "example.com/shop/missing → unresolved",
            "example.com/tools/cart → tools/cart/cart.go (package)",
            "golang.org/x/net/html → external",
            "net/http → stdlib",
        ]
    );
}

#[test]
fn calls_reach_functions_of_packages_and_methods_of_declared_types() {
    let tree = tree(&SHOP);
    assert_eq!(
        tree.calls("main.go"),
        [
            "15 c.Add → cart/methods.go:cart.Cart.Add (member)",
            "16 basket.New → cart/cart.go:cart.New (import)",
            "17 cart.New → tools/cart/cart.go:cart.New (import)",
            "18 fmt.Println → stdlib",
            "18 len → stdlib",
            "19 html.Parse → external",
            "20 helper → helper.go:main.helper (package)",
            "21 basket.total → unresolved",
            "22 missing.Do → unresolved",
        ]
    );
    assert_eq!(
        tree.calls("cart/methods.go"),
        [
            "4 c.items.Push → cart/items.go:cart.Items.Push (member)",
            "5 c.Close → cart/cart.go:cart.Base.Close (inherited)",
            "6 c.Missing → unresolved",
            // A variable of this name is somewhere in the function.
            "7 total → unresolved",
            "9 total → unresolved",
        ]
    );
}

#[test]
fn a_package_sees_neither_its_tests_nor_a_program_beside_it() {
    let tree = tree(&SHOP);
    assert_eq!(tree.calls("cart/use.go"), ["3 total2 → unresolved"]);
    assert_eq!(tree.calls("cart/generate.go"), ["3 total → unresolved"]);
    assert_eq!(tree.calls("cart/cart_test.go"), ["4 total2 → cart/cart_test.go:cart.total2 (scope)"]);
}

#[test]
fn embedded_types_are_bases() {
    let tree = tree(&[
        ("go.mod", "module m\n"),
        (
            "a/a.go",
            "package a\n\nimport (\n\t\"io\"\n\tother \"m/b\"\n)\n\ntype T struct {\n\tother.U\n\tio.Reader\n\tnone.X\n\tV\n}\ntype V struct{}\n",
        ),
        ("b/b.go", "package b\n\ntype U struct{}\ntype V struct{}\n"),
    ]);
    assert_eq!(
        tree.bases("a/a.go"),
        [
            "other.U → b/b.go:b.U (import)",
            "io.Reader → stdlib",
            "none.X → unresolved",
            "V → a/a.go:a.V (scope)"
        ]
    );
}

#[test]
fn variants_for_several_systems_are_ambiguous_from_elsewhere() {
    let tree = tree(&[
        ("go.mod", "module m\n"),
        ("open_linux.go", "package m\n\nfunc open() { close1() }\nfunc close1() {}\n"),
        ("open_windows.go", "package m\n\nfunc open() {}\nfunc close1() {}\n"),
        ("use.go", "package m\n\nfunc use() { open() }\n"),
    ]);
    assert_eq!(tree.calls("use.go"), ["3 open → ambiguous 2"]);
    assert_eq!(tree.calls("open_linux.go"), ["3 close1 → open_linux.go:m.close1 (scope)"]);
}

#[test]
fn a_vendored_package_goes_before_one_from_elsewhere_and_dots_import_all_names() {
    let tree = tree(&[
        ("go.mod", "module m\n"),
        ("vendor/golang.org/x/net/html/doc.go", "package html\n"),
        ("vendor/golang.org/x/net/html/parse.go", "package html\n\nfunc Parse() {}\n"),
        ("use.go", "package m\n\nimport . \"golang.org/x/net/html\"\n\nfunc use() { Parse() }\n"),
    ]);
    assert_eq!(
        tree.imports("use.go"),
        ["golang.org/x/net/html → vendor/golang.org/x/net/html/doc.go (package)"]
    );
    assert_eq!(tree.calls("use.go"), ["5 Parse → vendor/golang.org/x/net/html/parse.go:html.Parse (import)"]);
}
