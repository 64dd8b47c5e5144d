//! `enrich-pipeline DIRECTORY URL`: loads the directory's code, with the owner of every file, into the database.
//!
//! Owners come from the directory's file `OWNERS`. Afterwards `snake-pipe query` answers, for example in SQLite,
//! `SELECT metadata ->> 'owner' AS owner, count(*) FROM files GROUP BY 1`.

use std::{env, path::Path, process::ExitCode};

use enrich_pipeline::{Owners, connect, load};
use snake_pipe::{
    coordinator::{Outcome, RunSummary},
    core::Result,
    extract::ExtractOptions,
};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [directory, url] = arguments.as_slice() else {
        eprintln!("usage: enrich-pipeline DIRECTORY URL, for example: enrich-pipeline . sqlite:code.db");
        return ExitCode::from(2);
    };
    match run(Path::new(directory), url).await {
        Ok(summary) => report(&summary),
        Err(error) => {
            let help = error.help().map(|help| format!("\n  {help}")).unwrap_or_default();
            eprintln!("error: {error}{help}");
            ExitCode::FAILURE
        }
    }
}

async fn run(directory: &Path, url: &str) -> Result<RunSummary> {
    let owners = Owners::read(&directory.join("OWNERS"))?;
    let backend = connect(url).await?;
    load(directory, ExtractOptions::default(), owners, backend).await
}

fn report(summary: &RunSummary) -> ExitCode {
    println!("{} files of {} received", summary.files_received, summary.repository.name);
    for lane in &summary.lanes {
        println!(
            "{}: {:?}, {} files, {} rows written",
            lane.address, lane.status, lane.files_written, lane.rows
        );
        if let Some(error) = &lane.error {
            println!("  {}", error.message);
        }
    }
    match summary.outcome {
        Outcome::Success => ExitCode::SUCCESS,
        Outcome::PartlyFailed | Outcome::Failed | Outcome::Cancelled => ExitCode::FAILURE,
    }
}
