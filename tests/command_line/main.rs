//! The command line from end to end: real sources, real databases, the real program.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on ends")]

mod asking;
mod configuration;
mod control;
mod exit_codes;
mod facts;
mod help;
mod json;
mod keeping;
mod loading;
mod routes;
mod rows;
#[path = "../support/shop.rs"]
mod shop;
#[path = "../support/mod.rs"]
mod support;
