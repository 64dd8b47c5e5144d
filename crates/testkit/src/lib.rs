#![doc = include_str!("../README.md")]

pub mod audit;
pub mod conformance;
pub mod faults;
pub mod fixtures;
#[cfg(unix)]
pub mod postgres;
