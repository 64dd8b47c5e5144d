//! Metrics that follow from the file's own rows.

/// The condition that breaks a row `r` of `metrics`. Sums and maxima of what no function has say nothing.
pub(super) fn broken(repository: &str) -> String {
    let own = |value: &str, table: &str| {
        format!(
            "(SELECT {value} FROM {table} c WHERE c.file_id = r.file_id AND c.repository_id = {repository})"
        )
    };
    let cases = [
        ("class_count", own("c.class_count", "files")),
        ("function_count", own("c.function_count", "files")),
        ("cognitive_complexity_total", own("sum(c.cognitive_complexity)", "functions")),
        ("cyclomatic_complexity_max", own("max(c.complexity)", "functions")),
        ("cyclomatic_complexity_total", own("sum(c.complexity)", "functions")),
        ("max_nesting", own("max(c.max_nesting)", "functions")),
    ]
    .map(|(name, value)| format!("WHEN '{name}' THEN {value}"));
    format!("r.metric_value <> CASE r.metric_name {} END", cases.join(" "))
}
