//! Kotlin: packages, top-level functions, members.

use crate::link::testing::tree;

const SHOP: [(&str, &str); 7] = [
    (
        "shop/Cart.kt",
        "package com.acme.shop\n\nimport com.acme.tax.Rates\nimport com.acme.tax.rate as taxRate\nimport com.acme.tax.LIMIT\nimport com.acme.tax.Missing\nimport kotlin.math.max\nimport org.ext.Thing\nimport com.acme.util.*\nimport com.acme.old.Legacy\n\nclass Cart(private val rates: Rates) : Base() {\n    private val items: Items = Items()\n    fun total(): Int {\n        items.add(1)\n        this.items.add(2)\n        rates.find()\n        Rates.create()\n        taxRate(1)\n        shared()\n        close()\n        helper()\n        max(1, 2)\n        Thing.go()\n        listOf(1)\n        Registry.register()\n        unknown()\n        Legacy()\n        return 1\n    }\n    companion object {\n        fun shared() = 1\n    }\n}\n",
    ),
    (
        "shop/Base.kt",
        "package com.acme.shop\n\nopen class Base {\n    fun close() {}\n}\n\nclass Items {\n    fun add(n: Int) {}\n}\n",
    ),
    (
        "tax/Rates.kt",
        "package com.acme.tax\n\nconst val LIMIT = 3\n\nclass Rates {\n    fun find() = 1\n    companion object {\n        fun create() = Rates()\n    }\n}\n\nfun rate(x: Int) = x\nfun String.helper() = this\n",
    ),
    (
        "util/Util.kt",
        "package com.acme.util\n\nfun helper() {}\nobject Registry {\n    fun register() {}\n}\n",
    ),
    ("other/Util.kt", "package com.acme.other\n\nfun helper() {}\nfun unknown() {}\n"),
    ("old/Legacy.java", "package com.acme.old;\npublic class Legacy {}\n"),
    (
        "shop/Twins.kt",
        "package com.acme.shop\n\nfun twin(a: Int) = a\nfun twin(a: String) = a\nfun go() {\n    twin(1)\n    \"\".helper()\n}\n",
    ),
];

#[test]
fn imports_are_definitions_of_packages() {
    assert_eq!(
        tree(&SHOP).imports("shop/Cart.kt"),
        [
            "com.acme.tax Rates → tax/Rates.kt:com.acme.tax.Rates (package)",
            "com.acme.tax rate → tax/Rates.kt:com.acme.tax.rate (package)",
            // A property is no row: the file is certain.
            "com.acme.tax LIMIT → tax/Rates.kt (package)",
            "com.acme.tax Missing → unresolved",
            "kotlin.math max → stdlib",
            "org.ext Thing → external",
            "com.acme.util → util/Util.kt (package)",
            "com.acme.old Legacy → old/Legacy.java:com.acme.old.Legacy (package)",
        ]
    );
}

#[test]
fn calls_are_members_functions_of_the_package_and_imported_ones() {
    let tree = tree(&SHOP);
    assert_eq!(
        tree.calls("shop/Cart.kt"),
        [
            "12 Base → shop/Base.kt:com.acme.shop.Base (package)",
            "13 Items → shop/Base.kt:com.acme.shop.Items (package)",
            "15 items.add → shop/Base.kt:com.acme.shop.Items.add (member)",
            "16 this.items.add → shop/Base.kt:com.acme.shop.Items.add (member)",
            "17 rates.find → tax/Rates.kt:com.acme.tax.Rates.find (member)",
            "18 Rates.create → tax/Rates.kt:com.acme.tax.Rates.Companion.create (member)",
            "19 taxRate → tax/Rates.kt:com.acme.tax.rate (import)",
            "20 shared → shop/Cart.kt:com.acme.shop.Cart.Companion.shared (member)",
            "21 close → shop/Base.kt:com.acme.shop.Base.close (inherited)",
            "22 helper → util/Util.kt:com.acme.util.helper (import)",
            "23 max → stdlib",
            "24 Thing.go → external",
            "25 listOf → stdlib",
            "26 Registry.register → util/Util.kt:com.acme.util.Registry.register (member)",
            // Another package has one.
            "27 unknown → unresolved",
            "28 Legacy → old/Legacy.java:com.acme.old.Legacy (import)",
        ]
    );
    assert_eq!(tree.bases("shop/Cart.kt"), ["Base → shop/Base.kt:com.acme.shop.Base (package)"]);
    assert_eq!(tree.calls("shop/Twins.kt"), ["6 twin → ambiguous 2", "7 \"\".helper → unresolved"]);
}

#[test]
fn a_base_that_is_not_known_hides_what_is_outside_the_class() {
    let tree = tree(&[
        (
            "A.kt",
            "package a\n\nclass A : ext.Base() {\n    fun go() {\n        f()\n        g()\n    }\n    fun g() {}\n}\n",
        ),
        ("B.kt", "package a\n\nfun f() {}\nfun g() {}\n"),
    ]);
    assert_eq!(tree.calls("A.kt")[1..], ["5 f → unresolved", "6 g → A.kt:a.A.g (member)"]);
}
