//! Measures of a whole file.

use snake_pipe_core::model::{Function, LineCounts, Metric, MetricType, TransformedAst};

/// The metrics of a file, in the order of their names. A metric without a value (the mean of no functions) is left out.
///
/// Sums and maxima go over the functions of the file; code outside functions is not counted.
pub(super) fn of_file(facts: &TransformedAst, lines: LineCounts) -> Vec<Metric> {
    let functions = &facts.functions;
    // The `sum` of no `f64` is -0.0.
    let sum = |value: fn(&Function) -> Option<u32>| {
        functions.iter().filter_map(value).map(f64::from).fold(0.0, |sum, value| sum + value)
    };
    let max = |value: fn(&Function) -> Option<u32>| {
        f64::from(functions.iter().filter_map(value).max().unwrap_or(0))
    };
    let count = |name: &str, value: f64| metric(name, value, MetricType::Count);
    let score = |name: &str, value: f64| metric(name, value, MetricType::Score);
    let ratio = |name: &str, part: f64, whole: u32| {
        (whole > 0).then(|| metric(name, part / f64::from(whole), MetricType::Ratio))
    };
    let function_count = functions.len() as u32;
    [
        Some(count("class_count", facts.classes.len() as f64)),
        Some(score("cognitive_complexity_total", sum(|function| function.cognitive_complexity))),
        ratio("comment_ratio", f64::from(lines.comment), lines.comment + lines.code),
        Some(score("cyclomatic_complexity_max", max(|function| function.complexity))),
        Some(score("cyclomatic_complexity_total", sum(|function| function.complexity))),
        Some(count("function_count", f64::from(function_count))),
        Some(count("max_nesting", max(|function| function.max_nesting))),
        ratio("mean_function_lines", sum(|function| Some(length(function))), function_count),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn length(function: &Function) -> u32 {
    function.span.line_end - function.span.line_start + 1
}

fn metric(name: &str, value: f64, metric_type: MetricType) -> Metric {
    Metric { name: name.to_owned(), value, metric_type }
}
