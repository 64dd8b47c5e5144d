//! The module's documentation.
#![allow(dead_code)]

extern crate alloc as memory;
use std::collections::HashMap;
use std::{self, fmt::{self as format, Display}, io::*};
pub use crate::shop::Cart as Basket;
pub(crate) use self::inner::*;
pub use serde_json;
use super::super::up;
use serde;
mod other;

/// Limits.
pub const LIMIT: u32 = 10;
static mut COUNT: usize = 0;
type Pairs<T> = Vec<(T, T)>;

/// A shape.
#[derive(Debug, Clone)]
#[doc = "attribute"]
pub struct Shape<'a, T: Display = u8>
where
    T: Clone,
{
    /// the name
    pub name: &'a str,
    #[serde(default)]
    pub(crate) values: Vec<T>,
    count: usize,
}

struct Pair(pub u8, #[serde(skip)] String);
struct Unit;

union Bits {
    int: u32,
    float: f32,
}

#[derive(Default)]
// a comment between
/// Documented behind its attribute.
pub(crate) enum Colour {
    #[default]
    Red,
    Mixed(u8, u8),
    Named { name: String },
    Last = 7,
}

pub unsafe trait Area: Display + for<'a> Fn(&'a u8) + 'static + ?Sized + base::Figure<u8> {
    type Output;
    const SIDES: u32 = 0;

    fn area(&self) -> f64;
    fn twice(self: Box<Self>) -> f64 {
        self.area() * 2.0
    }
}

impl<'a, T> Shape<'a, T> {
    const ZERO: u8 = 0;

    /// Makes one.
    #[must_use]
    pub fn new(name: &'a str, (x, y): (u8, u8), mut z: u8) -> Self {
        Self { name, values: Vec::<T>::with_capacity(3), count: COUNT }
    }

    fn branches(&mut self, a: i32) -> Option<i32> {
        if a > 0 && a < 9 || a == -1 {
            for (i, Pair(first, _)) in self.items() {
                while let Some(next) = first.next() && i > 0 {
                    continue;
                }
            }
        } else if let Ok(b) = check(a) {
            return Some(b?);
        } else {
            return None;
        }
        let Some(c) = self.get() else { return None };
        'outer: loop {
            break 'outer;
        }
        match a {
            0 | 1 => 1,
            LIMIT => 2,
            n @ 2..=9 if n > 3 => 3,
            _ if c => 4,
            _ => 5,
        }
    }

    pub(super) async unsafe extern "C" fn raw(_: *const u8) {
        fn helper() {}
        helper();
    }
}

unsafe impl<T> Area for &Shape<'_, T> {
    type Output = f64;
    fn area(&self) -> f64 { 0.0 }
}

impl !Send for Colour {}

impl format::Display for Colour {
    fn fmt(&self, f: &mut format::Formatter<'_>) -> format::Result {
        f.write_str("x")
    }
}

pub mod inner {
    pub struct Deep;
    impl Deep {
        pub fn method(self) {}
    }
    pub fn function() {}
}

extern "C" {
    fn printf(format: *const u8, ...) -> i32;
}

/// Doubles.
#[macro_export]
macro_rules! double {
    ($x:expr) => { helper($x) }; // TODO comment
}

fn calls(items: &[u8]) {
    let add = |a: u8, _| a + 1;
    let unit = Unit {};
    let typed: Vec<u8> = Vec::new();
    let later = async move |x| -> u8 { x };
    items.iter().map(|item| item + 1).collect::<Vec<_>>();
    inner::function();
    <Shape as Area>::twice(unit);
    (add)(1, 2);
    (self.callback)(3);
    pair.0(4);
    Pair(1, String::from("x"));
    Colour::Mixed(1, 2);
    println!("{} {}", add(1, 2), items.first()?.get(3).unwrap());
    std::assert_eq!(Shape::new("a", b, c), crate::make!(skipped(1)), "{}", vec![deep(1),],);
    unknown!(never(1));
    double!();
    tokio::spawn(async { work().await });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn works() {}

    #[test]
    #[should_panic(expected = "x")]
    fn panics() {}
}

impl PartialEq for dyn base::Area + Send {
    fn eq(&self, other: &Self) -> bool { true }
}

#[path = r"raw"]
#[doc = include_str!("README.md")]
fn tokens(value: u8) {
    #![deny(warnings)]
    let flag = |mut x| x;
    match value {
        #![allow(unused)]
        _ => {}
    }
    assert!(core::str::from_utf8(b).is_ok(), "{}", make!(a).first().await.second());
    assert_eq!(<u8 as Default>::default(), Vec::<u8>::with(1), list.iter().collect::<Map<A, B>>(2));
    println!("{}", fold(0, |a, b| a + b));
}

use ::serde_json as json;
