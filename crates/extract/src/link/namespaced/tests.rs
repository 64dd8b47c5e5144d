//! Trees of C++, C#, Kotlin and Scala, and what their references mean.

mod cpp;
mod csharp;
mod kotlin;
mod scala;
