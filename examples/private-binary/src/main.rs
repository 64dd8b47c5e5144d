//! snake-pipe with a backend of one's own: `cargo run -- backends list` shows the kind `toy`.

// The linker drops a crate that nobody names, and with it what it submits to the registry.
use toy_backend as _;

fn main() -> std::process::ExitCode {
    snake_pipe::cli::main(snake_pipe::registry())
}
