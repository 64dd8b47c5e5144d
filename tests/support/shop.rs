//! A small source tree in four languages, whose files import each other.

use super::support::Place;

/// The tree, by path below the folder.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("shop/pkg/__init__.py", ""),
    (
        "shop/pkg/model.py",
        r#""""What a shop sells."""
import json


class Item:
    """One thing."""

    def price(self):
        return 1
"#,
    ),
    (
        "shop/pkg/service.py",
        "from pkg.model import Item


def total(items):
    # TODO: taxes
    amount = 0
    for item in items:
        if item.price() > 0:
            amount += item.price()
    return amount


def main():
    return total([Item()])
",
    ),
    (
        "shop/web/api.ts",
        r#"import { format } from "./format";

export function show(amount: number): string {
  return format(amount);
}
"#,
    ),
    (
        "shop/web/format.ts",
        r#"export function format(amount: number): string {
  return amount > 0 ? "+" + amount : String(amount);
}
"#,
    ),
    (
        "shop/java/app/Base.java",
        "package app;

abstract class Base {
    int twice(int a) { return 2 * a; }
}
",
    ),
    (
        "shop/java/app/Shop.java",
        "package app;

public class Shop extends Base {
    int total(int a) { return twice(a); }
}
",
    ),
    ("shop/native/sum.h", "int sum(int a, int b);\n"),
    (
        "shop/native/sum.c",
        r#"#include "sum.h"
#include <stdio.h>

int sum(int a, int b) { return a + b; }
"#,
    ),
];

/// A folder with the tree in it.
pub(crate) fn place() -> Place {
    let place = Place::new();
    for (path, content) in FILES {
        place.write(path, content);
    }
    place
}

/// A folder with the tree, loaded into `sqlite:code.db`.
pub(crate) fn loaded() -> Place {
    let place = place();
    place.run(&["load", "shop", "--to", "sqlite:code.db"]).exits(0);
    place
}
