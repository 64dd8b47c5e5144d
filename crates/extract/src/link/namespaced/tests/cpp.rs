//! C++: namespaces and members, as far as an include reaches them.

use crate::link::testing::tree;

const SHOP: [(&str, &str); 6] = [
    (
        "cart.hpp",
        "#pragma once\n#include \"base.hpp\"\nnamespace shop {\nclass Items { public: void add(int n); };\nclass Cart : public Base {\n public:\n  Cart(int n);\n  int total();\n  static Cart make();\n  Items items;\n};\nint rate(int x);\nnamespace detail { inline int helper() { return 1; } }\n}\n",
    ),
    (
        "base.hpp",
        "#pragma once\nnamespace shop {\nclass Base { public: void close() {} };\n}\nint global(int x);\n",
    ),
    (
        "cart.cpp",
        "#include \"cart.hpp\"\n#include \"api.h\"\n#include <string.h>\nnamespace shop {\nnamespace { int hidden() { return 1; } }\nvoid Items::add(int n) {}\nCart::Cart(int n) {}\nint Cart::total() {\n  items.add(1);\n  this->items.add(2);\n  close();\n  rate(1);\n  detail::helper();\n  hidden();\n  global(1);\n  c_api();\n  strlen(\"\");\n  far();\n  std::move(1);\n  return 0;\n}\nint rate(int x) { return x; }\n}\nint global(int x) { return x; }\n",
    ),
    (
        "use.cpp",
        "#include \"cart.hpp\"\nusing namespace shop;\nusing shop::detail::helper;\nint main() {\n  Cart c(1);\n  c.total();\n  Cart *p = new Cart(2);\n  p->close();\n  shop::rate(1);\n  rate(2);\n  helper();\n  far();\n  return 0;\n}\n",
    ),
    ("far.cpp", "namespace shop { int far() { return 1; } }\nint far() { return 1; }\n"),
    ("api.h", "int c_api(void);\nstatic int c_api_impl(void) { return 1; }\n"),
];

#[test]
fn calls_reach_what_is_included_and_what_an_included_file_declares() {
    let tree = tree(&SHOP);
    assert_eq!(
        tree.calls("cart.cpp"),
        [
            "9 items.add → cart.cpp:shop::Items::add (member)",
            "10 this->items.add → cart.cpp:shop::Items::add (member)",
            "11 close → base.hpp:shop::Base::close (inherited)",
            "12 rate → cart.cpp:shop::rate (scope)",
            "13 detail::helper → cart.hpp:shop::detail::helper (package)",
            "14 hidden → cart.cpp:shop::(anonymous namespace)::hidden (scope)",
            "15 global → cart.cpp:global (scope)",
            "16 c_api → unresolved",
            "17 strlen → stdlib",
            "18 far → unresolved",
            "19 std::move → stdlib",
        ]
    );
    assert_eq!(tree.bases("cart.hpp"), ["Base → base.hpp:shop::Base (package)"]);
}

#[test]
fn names_of_other_namespaces_need_a_using_or_a_path() {
    let tree = tree(&SHOP);
    assert_eq!(
        tree.calls("use.cpp"),
        [
            "5 Cart → cart.cpp:shop::Cart::Cart (import)",
            "6 c.total → cart.cpp:shop::Cart::total (member)",
            "7 Cart → cart.cpp:shop::Cart::Cart (import)",
            "8 p->close → base.hpp:shop::Base::close (inherited)",
            "9 shop::rate → cart.cpp:shop::rate (package)",
            "10 rate → cart.cpp:shop::rate (import)",
            "11 helper → cart.hpp:shop::detail::helper (import)",
            // No include reaches it.
            "12 far → unresolved",
        ]
    );
    assert_eq!(
        tree.imports("use.cpp"),
        [
            "cart.hpp → cart.hpp (path)",
            "shop → ambiguous 4",
            "shop::detail helper → cart.hpp:shop::detail::helper (package)",
        ]
    );
}
