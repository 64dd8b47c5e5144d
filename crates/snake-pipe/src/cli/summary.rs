//! What a load did, counted while the facts pass by.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;
use snake_pipe_core::{
    Language, Value,
    model::{Import, ParseStatus, ResolutionStatus, TransformedAst},
};

use super::{
    output::{grouped, plural},
    table::table_of,
};

/// Counts over the facts that passed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) files: u64,
    /// Of the files that were parsed: what was skipped says nothing about speed.
    pub(super) bytes: u64,
    pub(super) functions: u64,
    pub(super) classes: u64,
    pub(super) imports: u64,
    pub(super) imports_resolved: u64,
    pub(super) calls: u64,
    pub(super) calls_resolved: u64,
    pub(super) dependencies: u64,
    pub(super) parse_issues: u64,
    /// By language.
    pub(super) languages: BTreeMap<Language, LanguageCounts>,
    /// Files that were not parsed, by reason.
    pub(super) skipped: BTreeMap<String, u64>,
}

/// Counts over one language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct LanguageCounts {
    pub(super) files: u64,
    pub(super) lines: u64,
    pub(super) functions: u64,
    pub(super) classes: u64,
}

impl Counts {
    fn add(&mut self, facts: &TransformedAst) {
        let (functions, classes) = (facts.functions.len() as u64, facts.classes.len() as u64);
        self.files += 1;
        self.functions += functions;
        self.classes += classes;
        self.imports += facts.imports.len() as u64;
        let is_resolved = |import: &&Import| import.resolution.status == ResolutionStatus::Resolved;
        self.imports_resolved += facts.imports.iter().filter(is_resolved).count() as u64;
        self.calls += facts.calls.len() as u64;
        self.calls_resolved +=
            facts.calls.iter().filter(|call| call.resolution.status == ResolutionStatus::Resolved).count()
                as u64;
        self.dependencies += facts.dependencies.len() as u64;
        self.parse_issues += facts.parse_issues.len() as u64;
        let language = self.languages.entry(facts.language).or_default();
        language.files += 1;
        language.lines += facts.lines.map_or(0, |lines| u64::from(lines.total));
        language.functions += functions;
        language.classes += classes;
        let is_read = !matches!(facts.parse_status, ParseStatus::Skipped | ParseStatus::Failed);
        if is_read {
            self.bytes = self.bytes.saturating_add(facts.size_bytes.unwrap_or(0));
        } else {
            let reason = facts.skip_reason.as_deref().unwrap_or("no reason given");
            // A refused record names its line; grouping wants the kind of reason only.
            let reason =
                if reason.starts_with("line ") || reason.starts_with("object ") { "refused" } else { reason };
            *self.skipped.entry(reason.to_owned()).or_default() += 1;
        }
    }

    /// The counts as a person reads them.
    pub(super) fn text(&self) -> String {
        let columns = ["language", "files", "lines", "functions", "classes"].map(str::to_owned);
        let mut languages: Vec<_> = self.languages.iter().collect();
        languages.sort_by_key(|(language, counts)| (std::cmp::Reverse(counts.files), **language));
        let row = |name: &str, files: u64, lines: u64, functions: u64, classes: u64| {
            let numbers = [files, lines, functions, classes].map(|number| Value::Text(grouped(number)));
            std::iter::once(Value::Text(name.to_owned())).chain(numbers).collect::<Vec<_>>()
        };
        let mut rows: Vec<_> = languages
            .iter()
            .map(|(language, c)| row(language.as_str(), c.files, c.lines, c.functions, c.classes))
            .collect();
        if rows.len() > 1 {
            let lines = self.languages.values().map(|counts| counts.lines).sum();
            rows.push(row("total", self.files, lines, self.functions, self.classes));
        }
        let mut table = table_of(&columns, &rows);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
        let mut text = format!(
            "{table}\n{} dependencies; {} imports, {} resolved in the repository; {} calls, {} resolved; {} parse issue{}\n",
            grouped(self.dependencies),
            grouped(self.imports),
            percent(self.imports_resolved, self.imports),
            grouped(self.calls),
            percent(self.calls_resolved, self.calls),
            grouped(self.parse_issues),
            plural(self.parse_issues as usize),
        );
        if !self.skipped.is_empty() {
            let skipped: Vec<_> =
                self.skipped.iter().map(|(reason, count)| format!("{} {reason}", grouped(*count))).collect();
            text.push_str(&format!(
                "not parsed: {} (see `snake-pipe query parse-coverage`)\n",
                skipped.join(", ")
            ));
        }
        text
    }
}

fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "none".to_owned(),
        whole => format!("{:.0} %", part as f64 * 100.0 / whole as f64),
    }
}

/// Counts that a stream adds to while somebody else waits.
#[derive(Debug, Default)]
pub(super) struct SharedCounts(Mutex<Counts>);

impl SharedCounts {
    pub(super) fn add(&self, facts: &TransformedAst) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(facts);
    }

    pub(super) fn get(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_by_language_and_by_reason() {
        let mut counts = Counts::default();
        counts.add(&TransformedAst {
            language: Language::Go,
            size_bytes: Some(5),
            ..TransformedAst::default()
        });
        counts.add(&TransformedAst {
            parse_status: ParseStatus::Skipped,
            skip_reason: Some("binary file".into()),
            size_bytes: Some(1_000_000),
            ..TransformedAst::default()
        });
        assert_eq!((counts.files, counts.bytes, counts.languages.len()), (2, 5, 2));
        // A producer may say what it likes.
        counts.add(&TransformedAst { size_bytes: Some(u64::MAX), ..TransformedAst::default() });
        assert_eq!(counts.bytes, u64::MAX);
        assert_eq!(counts.skipped, BTreeMap::from([("binary file".to_owned(), 1)]));
        assert!(counts.text().contains("1 binary file"));
    }
}
