//! The binary: the command line over the plugins that are linked in.

use std::process::ExitCode;

fn main() -> ExitCode {
    snake_pipe::cli::main(snake_pipe::registry())
}
