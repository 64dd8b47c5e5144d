//! `check`.

use serde::Serialize;
use snake_pipe_core::{ConstraintResult, IntegrityScope, Result};

use super::{
    Program,
    arguments::{Format, FromArguments},
    failure::Exit,
    output::{colon_after, grouped, plural, print, print_json},
};

#[derive(Serialize)]
struct Checked {
    backend: String,
    is_clean: bool,
    constraints: Vec<ConstraintResult>,
    seconds: f64,
}

pub(super) async fn run(program: &Program, arguments: FromArguments) -> Result<Exit> {
    let mut checked = Vec::new();
    for backend in program.readers(&arguments.from).await? {
        let result = backend.check_integrity(IntegrityScope::All).await?;
        checked.push(Checked {
            backend: backend.info().address.clone(),
            is_clean: result.is_clean(),
            seconds: result.duration.as_secs_f64(),
            constraints: result.constraints,
        });
        backend.close().await?;
    }
    let is_clean = checked.iter().all(|checked| checked.is_clean);
    match arguments.format {
        Format::Json => print_json(&checked)?,
        Format::Text => print(|out| checked.iter().try_for_each(|checked| tell(checked, out)))?,
    }
    Ok(if is_clean { Exit::Done } else { Exit::Failed })
}

fn tell(checked: &Checked, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let constraints = &checked.constraints;
    let verdict = if checked.is_clean { "clean" } else { "NOT clean" };
    let seconds = checked.seconds;
    let count = constraints.len();
    let (backend, colon) = (&checked.backend, colon_after(&checked.backend));
    writeln!(out, "{backend}{colon} {verdict}, {count} constraint{} in {seconds:.2} s", plural(count))?;
    for constraint in constraints.iter().filter(|constraint| constraint.violations > 0) {
        writeln!(out, "  {}: {} rows", constraint.name, grouped(constraint.violations))?;
        for example in &constraint.examples {
            writeln!(out, "    {example}")?;
        }
    }
    if !checked.is_clean {
        writeln!(
            out,
            "  Load the repository again; if this stays, `snake-pipe repositories remove` it first."
        )?;
    }
    Ok(())
}
