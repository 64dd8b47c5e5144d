//! How long the questions take on a database that is there: `cargo xtask queries URL`.
//!
//! Every named query and what people look up, warm, through the public contract: any backend that answers SQL will do, and only
//! reading rights are needed. Exits non-zero when a figure misses its limit.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what this program is for")]

#[expect(dead_code, reason = "other programs judge more than times")]
mod judgement;
mod questions;

use std::process::ExitCode;

use judgement::Report;
use snake_pipe_core::{Error, ErrorKind, Result};

/// Before a question is measured it is asked so often.
const WARM_UPS: usize = 2;

#[tokio::main]
async fn main() -> ExitCode {
    match measure().await {
        Ok(report) => {
            println!("{report}");
            if report.failures() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Result<Report> {
    let url = std::env::var("SNAKE_PIPE_QUERIES_URL").map_err(|_| {
        Error::new(ErrorKind::Configuration, "no database is named")
            .with_help("run `cargo xtask queries URL`, which sets SNAKE_PIPE_QUERIES_URL")
    })?;
    let backend = snake_pipe::registry()?.build(&url, None, [])?;
    backend.connect().await?;
    for held in backend.repositories().await? {
        let files = backend.manifest(held.id).await?.files.len();
        println!("{}: {files} files", held.repository.name);
    }
    let mut report = Report::default();
    questions::measure(&mut report, backend.as_ref(), WARM_UPS).await?;
    backend.close().await?;
    Ok(report)
}
