//! Figures beside their limits.

use std::{fmt, time::Duration};

use comfy_table::{LineStyle, Table, TableStyle};

/// One line, below the header.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// What a figure has to keep.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    /// So many a minute at least.
    PerMinute(f64),
    /// Less than so many milliseconds.
    Milliseconds(f64),
    /// Less than so many MiB.
    Mebibytes(f64),
}

impl Limit {
    fn holds_for(self, measured: f64) -> bool {
        match self {
            Self::PerMinute(least) => measured >= least,
            Self::Milliseconds(most) | Self::Mebibytes(most) => measured < most,
        }
    }

    fn shown(self, number: f64) -> String {
        match self {
            Self::PerMinute(_) => format!("{number:.0}/min"),
            Self::Milliseconds(_) => format!("{number:.2} ms"),
            Self::Mebibytes(_) => format!("{number:.0} MiB"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PerMinute(number) => write!(f, "≥ {}", self.shown(*number)),
            Self::Milliseconds(number) | Self::Mebibytes(number) => write!(f, "< {}", self.shown(*number)),
        }
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

    /// Adds how many a minute these were.
    pub(crate) fn add_rate(&mut self, figure: impl Into<String>, count: u64, elapsed: Duration, least: f64) {
        self.add(figure, count as f64 / elapsed.as_secs_f64() * 60.0, Limit::PerMinute(least));
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
        self.add(format!("{figure}, {percent}th percentile"), time, Limit::Milliseconds(most_ms));
    }

    /// How many figures do not keep their limits.
    pub(crate) fn failures(&self) -> usize {
        self.figures.iter().filter(|(_, measured, limit)| !limit.holds_for(*measured)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(STYLE).set_header(["figure", "measured", "limit", "pass"]);
        for (figure, measured, limit) in &self.figures {
            let pass = if limit.holds_for(*measured) { "yes" } else { "NO" };
            table.add_row([figure, &limit.shown(*measured), &limit.to_string(), pass]);
        }
        let kept = self.figures.len() - self.failures();
        write!(f, "{table}\n{kept} of {} figures keep their limits", self.figures.len())
    }
}
