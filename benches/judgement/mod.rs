//! Figures beside their limits.

use std::{fmt, time::Duration};

use comfy_table::{ContentArrangement, Table, presets::ASCII_MARKDOWN};

/// What a figure has to keep.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    number: f64,
    is_least: bool,
    /// Behind each number, with the space before it where one belongs there.
    unit: &'static str,
}

impl Limit {
    /// So many at least.
    pub(crate) const fn at_least(number: f64, unit: &'static str) -> Self {
        Self { number, is_least: true, unit }
    }

    /// Less than so many.
    pub(crate) const fn below(number: f64, unit: &'static str) -> Self {
        Self { number, is_least: false, unit }
    }

    /// Less than so many milliseconds.
    pub(crate) const fn milliseconds(number: f64) -> Self {
        Self::below(number, " ms")
    }

    fn holds_for(self, measured: f64) -> bool {
        if self.is_least { measured >= self.number } else { measured < self.number }
    }

    fn shown(self, number: f64) -> String {
        let decimals = if number.abs() < 100.0 { 2 } else { 0 };
        format!("{number:.decimals$}{}", self.unit)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_least { '≥' } else { '<' };
        write!(f, "{sign} {}{}", self.number, self.unit)
    }
}

/// The figures judged so far, in order.
#[derive(Default)]
pub(crate) struct Report {
    figures: Vec<(String, f64, Limit)>,
}

impl Report {
    pub(crate) fn add(&mut self, figure: impl Into<String>, measured: f64, limit: Limit) {
        self.figures.push((figure.into(), measured, limit));
    }

    /// Adds the percentile of these times, by the nearest rank: one that was really measured.
    pub(crate) fn add_percentile(
        &mut self,
        figure: impl fmt::Display,
        percent: usize,
        mut times: Vec<Duration>,
        most_ms: f64,
    ) {
        times.sort_unstable();
        let rank = (times.len() * percent).div_ceil(100).max(1);
        let time = times.get(rank - 1).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
        self.add(format!("{figure}, {percent}th percentile"), time, Limit::milliseconds(most_ms));
    }

    /// How many figures do not keep their limits.
    pub(crate) fn failures(&self) -> usize {
        self.figures.iter().filter(|(_, measured, limit)| !limit.holds_for(*measured)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        // As docs/benchmarks.md takes it, whatever the width of the terminal.
        table.load_style(ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["figure", "measured", "limit", "pass"]);
        for (figure, measured, limit) in &self.figures {
            let pass = if limit.holds_for(*measured) { "yes" } else { "NO" };
            table.add_row([figure, &limit.shown(*measured), &limit.to_string(), pass]);
        }
        let kept = self.figures.len() - self.failures();
        write!(f, "{table}\n{kept} of {} figures keep their limits", self.figures.len())
    }
}
