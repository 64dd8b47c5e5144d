//! Two small histories, for every run of the tests.

use std::{fs, path::Path};

use crate::commits::git;

/// A commit: what it is, the files that it writes, and those that it moves or removes; an empty name stands for nowhere.
type Commit =
    (&'static str, &'static [(&'static str, &'static str)], &'static [(&'static str, &'static str)]);

const COMMITS: &[Commit] = &[
    (
        "a caller and its callees",
        &[
            ("app/__init__.py", ""),
            (
                "app/main.py",
                "from .model import Shop, total\n\n\ndef run(shop: Shop):\n    return total(shop.prices())\n",
            ),
            (
                "app/model.py",
                "class Shop:\n    def prices(self):\n        return [1]\n\n\ndef total(prices):\n    return sum(prices)\n",
            ),
            ("web/index.ts", "import { show } from './view'\n\nexport function start() { return show(1) }\n"),
            ("web/view.ts", "export function show(n: number) { return n }\n"),
            ("c/main.c", "#include \"list.h\"\nint main(void) { return length(0); }\n"),
            ("c/list.h", "static int length(int n) { return n; }\n"),
        ],
        &[],
    ),
    (
        "only the callees change",
        &[
            (
                "app/model.py",
                "class Shop:\n    def prices(self):\n        return [1]\n\n\ndef amount(prices):\n    return sum(prices)\n",
            ),
            ("web/view.ts", "export function display(n: number) { return n }\n"),
            ("c/list.h", "static int size(int n) { return n; }\n"),
        ],
        &[],
    ),
    (
        "the callees are as they were, one line down",
        &[
            (
                "app/model.py",
                "\nclass Shop:\n    def prices(self):\n        return [1]\n\n\ndef total(prices):\n    return sum(prices)\n",
            ),
            ("web/view.ts", "\nexport function show(n: number) { return n }\n"),
            ("c/list.h", "\nstatic int length(int n) { return n; }\n"),
        ],
        &[],
    ),
    ("a folder moves", &[], &[("app", "shop/app"), ("c/list.h", "c/inc/list.h")]),
    ("files go, one of them a callee", &[], &[("web/view.ts", ""), ("shop/app/__init__.py", "")]),
    (
        "a module becomes a package",
        &[
            ("app/model/__init__.py", "from .prices import total\n\n\nclass Shop:\n    pass\n"),
            ("app/model/prices.py", "def total(prices):\n    return 0\n"),
        ],
        &[("shop/app/main.py", "app/main.py"), ("shop/app/model.py", "")],
    ),
];

/// Commits [`COMMITS`] in this folder.
pub(crate) fn repository(folder: &Path) {
    git(folder, &["init", "--quiet"]);
    for (message, writes, moves) in COMMITS {
        for (from, to) in *moves {
            if to.is_empty() {
                fs::remove_file(folder.join(from)).unwrap();
            } else {
                fs::create_dir_all(folder.join(to).parent().unwrap()).unwrap();
                fs::rename(folder.join(from), folder.join(to)).unwrap();
            }
        }
        write(folder, writes);
        git(folder, &["add", "--all"]);
        git(folder, &["commit", "--quiet", "--message", message]);
    }
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Each release: its folder and its files.
const RELEASES: &[(&str, &[(&str, &str)])] = &[
    (
        "0001-lib-1.0",
        &[("lib.py", "def echo(text):\n    return text\n\n\ndef secho(text):\n    return echo(text)\n")],
    ),
    (
        "0002-app-1.0",
        &[
            ("app/__init__.py", "from .cli import main\n"),
            (
                "app/cli.py",
                "import lib\nfrom lib import secho\n\n\ndef main():\n    lib.echo('a')\n    secho('b')\n",
            ),
        ],
    ),
    (
        "0003-lib-2.0",
        &[
            ("lib/__init__.py", "from .core import echo, secho\n"),
            (
                "lib/core.py",
                "def echo(text):\n    return text\n\n\ndef secho(text, **styles):\n    return echo(text)\n",
            ),
        ],
    ),
    (
        "0004-app-1.1",
        &[("app.py", "from lib.core import echo\n\n\ndef main():\n    echo('a')\n\n\nmain()\n")],
    ),
];

/// Writes [`RELEASES`] into this folder.
pub(crate) fn releases(folder: &Path) {
    for (name, files) in RELEASES {
        fs::create_dir(folder.join(name)).unwrap();
        write(&folder.join(name), files);
    }
}
