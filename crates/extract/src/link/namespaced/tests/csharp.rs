//! C#: namespaces, `using`, partial classes, overloads.

use crate::link::testing::tree;

const SHOP: [(&str, &str); 5] = [
    (
        "Cart.cs",
        "using System;\nusing Acme.Tax;\nusing static Acme.Util.Helpers;\nusing Old = Acme.Legacy.Rates;\nusing Newtonsoft.Json;\nusing Acme.Missing;\n\nnamespace Acme.Shop\n{\n    public class Cart : Base, INamed\n    {\n        private Items items = new Items();\n        public Rates Rates { get; set; }\n\n        public int Total(Old old)\n        {\n            items.Add(1);\n            this.items.Add(1);\n            Rates.Find();\n            old.Find();\n            Close();\n            Help();\n            Rates.Create(1, 2, 3);\n            new Rates(1);\n            new Rates();\n            Console.WriteLine(1);\n            Acme.Tax.Rates.Create(1);\n            Part();\n            Elsewhere();\n            return 1;\n        }\n    }\n}\n",
    ),
    (
        "Base.cs",
        "namespace Acme.Shop;\n\npublic class Base { protected void Close() {} }\npublic interface INamed {}\npublic class Items { public void Add(int n) {} }\n",
    ),
    (
        "Rates.cs",
        "namespace Acme.Tax\n{\n    public partial class Rates { public Rates(int x) {} public void Find() {} }\n}\nnamespace Acme.Legacy\n{\n    public class Rates { public void Find() {} }\n}\n",
    ),
    (
        "Rates.Create.cs",
        "namespace Acme.Tax { public partial class Rates { public static void Create(int n) {} } }\n",
    ),
    (
        "Helpers.cs",
        "namespace Acme.Util { public static class Helpers { public static void Help() {} } }\nnamespace Acme.Other { public class O { public static void Elsewhere() {} } }\n",
    ),
];

#[test]
fn usings_are_files_of_namespaces_types_and_aliases() {
    assert_eq!(
        tree(&SHOP).imports("Cart.cs"),
        [
            "System → stdlib",
            // The namespace is one of two files.
            "Acme.Tax → ambiguous 2",
            "Acme.Util.Helpers → Helpers.cs:Acme.Util.Helpers (package)",
            "Acme.Legacy.Rates → Rates.cs:Acme.Legacy.Rates (package)",
            "Newtonsoft.Json → external",
            "Acme.Missing → external",
        ]
    );
}

#[test]
fn calls_are_members_by_declared_types_and_constructors_by_what_they_take() {
    let tree = tree(&SHOP);
    assert_eq!(
        tree.calls("Cart.cs"),
        [
            "12 Items → Base.cs:Acme.Shop.Items (package)",
            "17 items.Add → Base.cs:Acme.Shop.Items.Add (member)",
            "18 this.items.Add → Base.cs:Acme.Shop.Items.Add (member)",
            "19 Rates.Find → Rates.cs:Acme.Tax.Rates.Find (member)",
            "20 old.Find → Rates.cs:Acme.Legacy.Rates.Find (member)",
            "21 Close → Base.cs:Acme.Shop.Base.Close (inherited)",
            "22 Help → Helpers.cs:Acme.Util.Helpers.Help (import)",
            "23 Rates.Create → unresolved",
            "24 Rates → Rates.cs:Acme.Tax.Rates.Rates (import)",
            "25 Rates → Rates.cs:Acme.Tax.Rates.Rates (import)",
            "26 Console.WriteLine → unresolved",
            "27 Acme.Tax.Rates.Create → Rates.Create.cs:Acme.Tax.Rates.Create (member)",
            "28 Part → unresolved",
            "29 Elsewhere → unresolved",
        ]
    );
    assert_eq!(
        tree.bases("Cart.cs"),
        ["Base → Base.cs:Acme.Shop.Base (package)", "INamed → Base.cs:Acme.Shop.INamed (package)"]
    );
}
