//! The judges of numbers: tools that measure functions, and `tokei` for lines.

use std::{path::Path, process::Command};

use super::{
    corpora::{self, Source},
    judges::{Judge, programs, python_program},
};
use crate::Result;

/// The share of functions and of files on which a tool and ours have to say the same.
const GOAL: f64 = 0.999;

const TOOLS_NAME: &str = "mccabe 0.7.0, radon 6.0.1, lizard 1.17.10, cognitive_complexity 1.3.0, complexipy 8.3.0";

/// The tools that measure functions.
const TOOLS: [&str; 5] = [
    "mccabe==0.7.0",
    "radon==6.0.1",
    "lizard==1.17.10",
    "cognitive_complexity==1.3.0",
    "complexipy==8.3.0",
];

/// What measures lines.
const TOKEI: &str = "15.0.0";
