//! Scala: packages, objects, imports with selectors and wildcards.

use crate::link::testing::tree;

const SHOP: [(&str, &str); 4] = [
    (
        "shop/Cart.scala",
        "package com.acme.shop\n\nimport com.acme.tax.{Rates => TaxRates, Other}\nimport com.acme.util._\nimport tax.Local\nimport scala.collection.mutable\nimport org.ext.Thing\n\nclass Cart(rates: TaxRates) extends Base with Named {\n  val items: Items = new Items()\n  def total(): Int = {\n    items.add(1)\n    close()\n    helper()\n    Registry.register()\n    new TaxRates()\n    new Local()\n    println(\"\")\n    title()\n    1\n  }\n  def scoped(): Unit = {\n    import com.acme.other.Deep.dive\n    dive()\n  }\n  def outside(): Unit = dive()\n}\n",
    ),
    (
        "shop/Base.scala",
        "package com.acme.shop\n\nclass Base { def close(): Unit = {} }\ntrait Named { def title(): String = \"\" }\nclass Items { def add(n: Int): Unit = {} }\nobject helper { def apply() = 1 }\n",
    ),
    ("tax/Rates.scala", "package com.acme.tax\n\nclass Rates\nclass Other\n"),
    (
        "util/Util.scala",
        "package com.acme\n\npackage shop.tax { class Local }\n\npackage util { object Registry { def register(): Unit = {} } }\n\npackage other { object Deep { def dive(): Unit = {} } }\n",
    ),
];

#[test]
fn imports_are_absolute_or_begin_in_a_package_around() {
    assert_eq!(
        tree(&SHOP).imports("shop/Cart.scala"),
        [
            "com.acme.tax Rates → tax/Rates.scala:com.acme.tax.Rates (package)",
            "com.acme.tax Other → tax/Rates.scala:com.acme.tax.Other (package)",
            "com.acme.util → unresolved",
            "tax Local → util/Util.scala:com.acme.shop.tax.Local (package)",
            "scala.collection mutable → stdlib",
            "org.ext Thing → external",
            "com.acme.other.Deep dive → util/Util.scala:com.acme.other.Deep.dive (package)",
        ]
    );
}

#[test]
fn calls_are_members_and_what_imports_bring_where_they_stand() {
    let tree = tree(&SHOP);
    assert_eq!(
        tree.calls("shop/Cart.scala"),
        [
            "10 Items → shop/Base.scala:com.acme.shop.Items (package)",
            "12 items.add → shop/Base.scala:com.acme.shop.Items.add (member)",
            "13 close → shop/Base.scala:com.acme.shop.Base.close (inherited)",
            "14 helper → shop/Base.scala:com.acme.shop.helper (package)",
            "15 Registry.register → util/Util.scala:com.acme.util.Registry.register (member)",
            "16 TaxRates → tax/Rates.scala:com.acme.tax.Rates (import)",
            "17 Local → util/Util.scala:com.acme.shop.tax.Local (import)",
            "18 println → stdlib",
            "19 title → shop/Base.scala:com.acme.shop.Named.title (inherited)",
            "24 dive → util/Util.scala:com.acme.other.Deep.dive (import)",
            "26 dive → unresolved",
        ]
    );
    assert_eq!(
        tree.bases("shop/Cart.scala"),
        [
            "Base → shop/Base.scala:com.acme.shop.Base (package)",
            "Named → shop/Base.scala:com.acme.shop.Named (package)",
        ]
    );
}
