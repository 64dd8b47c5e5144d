//! What holds in every language: purity, order, link hashes, dependencies.

use proptest::prelude::*;
use snake_pipe_core::{
    id::FileKey,
    model::{DependencyType, ResolutionStatus},
};

use super::testing::{link, sources, tree};

const MIXED: [(&str, &str); 6] = [
    ("a/__init__.py", "from .m import f\nfrom .n import *\n"),
    (
        "a/m.py",
        "import os\nfrom a import n\ndef f():\n    n.g()\n    len([])\nclass B(n.A):\n    def h(self): self.k()\n",
    ),
    ("a/n.py", "def g(): pass\nclass A:\n    def k(self): pass\n"),
    ("app.py", "from a import f, g, none\nimport requests\nf()\ng()\nrequests.get()\n"),
    ("twins.py", "if x:\n    def t(): pass\nelse:\n    def t(): pass\nt()\n"),
    ("README.md", "# Nothing to link\n"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn neither_the_order_of_files_nor_the_number_of_threads_changes_anything(
        order in Just((0..MIXED.len()).collect::<Vec<_>>()).prop_shuffle(),
        threads in 1_usize..5,
    ) {
        let sources = sources(&MIXED);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let expected = link(&sources, &[0, 1, 2, 3, 4, 5]);
        prop_assert_eq!(pool.install(|| link(&sources, &order)), expected);
    }
}

#[test]
fn a_link_hash_changes_when_another_file_does() {
    let hash = |definition: &str| {
        let tree = tree(&[("lib.py", definition), ("app.py", "from lib import f\nf()\n")]);
        tree.of("app.py").link_hash
    };
    assert_eq!(hash("def f(): pass\n"), hash("def f(x):\n    return x\n"));
    assert_ne!(hash("def f(): pass\n"), hash("def g(): pass\n"));
}

#[test]
fn dependencies_follow_from_imports_bases_and_calls() {
    let tree = tree(&[
        ("lib.py", "class A:\n    def m(self): pass\ndef f(): pass\n"),
        (
            "app.py",
            "import os\nfrom lib import A, f\nclass B(A):\n    def go(self):\n        self.m()\n        f()\n        f()\n        x()\n",
        ),
    ]);
    let edges: Vec<_> = tree
        .of("app.py")
        .dependencies
        .iter()
        .map(|edge| {
            (edge.dependency_type, edge.target, edge.module.as_deref(), edge.status, edge.count, edge.line)
        })
        .collect();
    let lib = Some(FileKey::of(b"lib.py"));
    assert_eq!(
        edges,
        [
            (DependencyType::Import, None, Some("os"), ResolutionStatus::Stdlib, 1, 1),
            (DependencyType::Import, lib, None, ResolutionStatus::Resolved, 2, 2),
            (DependencyType::Inheritance, lib, None, ResolutionStatus::Resolved, 1, 3),
            (DependencyType::FunctionCall, lib, None, ResolutionStatus::Resolved, 2, 6),
            (DependencyType::MethodCall, lib, None, ResolutionStatus::Resolved, 1, 5),
        ]
    );
}

#[test]
fn a_repository_without_files_links() {
    assert_eq!(link(&[], &[]), []);
}
