//! The report: docs/accuracy.md, one section a language.

use std::fs;

use super::{Measured, judges::Judge};
use crate::{Result, shell};

const FILE: &str = "docs/accuracy.md";

/// The figures as a table of Markdown.
pub(crate) fn table(judge: &'static Judge, measured: &Measured) -> String {
    let comparison = &measured.comparison;
    let mut text = format!(
        "Judge: {} ({}). Corpus: {}: {} files that both read; the extractor reports errors in {} of them. \
         {} files the judge cannot read; {} it reads have no facts of ours. {} of our facts lie where the judge's \
         places are wrong and are not compared.\n\n",
        judge.name,
        measured.version,
        judge.of_facts().corpus_name,
        comparison.files,
        comparison.partial,
        measured.unread_by_judge,
        measured.missing,
        comparison.blind,
    );
    for note in &measured.notes {
        text.push_str(&format!("Measured with {note}.\n\n"));
    }
    text.push_str("| fact | right | false | missed | precision | recall |\n|---|--:|--:|--:|--:|--:|\n");
    for (row, tally) in &comparison.rows {
        let mark = |share: f64| if share < judge.goal { " ✗" } else { "" };
        let (precision, recall) = (tally.precision(), tally.recall());
        text.push_str(&format!(
            "| {row} | {} | {} | {} | {precision:.5}{} | {recall:.5}{} |\n",
            tally.right,
            tally.false_positives,
            tally.false_negatives,
            mark(precision),
            mark(recall),
        ));
    }
    let unknown: Vec<String> =
        comparison.unknown.iter().map(|(row, count)| format!("{row} of {count}")).collect();
    if !unknown.is_empty() {
        text.push_str(&format!("\nNot compared, as the judge does not know it: {}.\n", unknown.join(", ")));
    }
    text
}

/// Puts the figures between the language's marks in the report.
pub(crate) fn write(judge: &'static Judge, measured: &Measured) -> Result {
    replace(judge.language, "accuracy", &table(judge, measured))
}

/// Puts figures between the marks of a name, which say the command that writes them.
pub(crate) fn replace(name: &str, command: &str, figures: &str) -> Result {
    let path = shell::root().join(FILE);
    let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {FILE}: {error}"))?;
    let text = replaced(&text, name, command, figures)?;
    fs::write(&path, text).map_err(|error| format!("cannot write {FILE}: {error}"))
}

fn replaced(text: &str, language: &str, command: &str, figures: &str) -> Result<String> {
    let begin = format!("<!-- {language}: written by `cargo xtask {command} {language}` -->\n");
    let end = format!("<!-- end of {language} -->");
    let places = text.find(&begin).zip(text.find(&end));
    let (start, stop) =
        places.ok_or_else(|| format!("{FILE} has no place for {language}: `{}`", begin.trim_end()))?;
    Ok(format!("{}{begin}\n{figures}\n{}", &text[..start], &text[stop..]))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn figures_stand_between_the_marks_of_their_language() {
        let text = "A\n<!-- go: written by `cargo xtask accuracy go` -->\nold\n<!-- end of go -->\nB\n";
        let expected =
            "A\n<!-- go: written by `cargo xtask accuracy go` -->\n\nnew\n\n<!-- end of go -->\nB\n";
        assert_eq!(replaced(text, "go", "accuracy", "new\n").unwrap(), expected);
        assert!(replaced(text, "rust", "accuracy", "new\n").is_err());
    }
}
