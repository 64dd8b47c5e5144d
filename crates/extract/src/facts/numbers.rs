//! Numbers that the tables cannot hold are refused: what a producer said is stored as it is or not at all.

use snake_pipe_core::model::{Resolution, Span, TransformedAst};

use super::Flaw;

/// The greatest number of an `integer` column, which is where counts, lines and columns go.
pub(super) const GREATEST_INTEGER: u32 = i32::MAX as u32;
/// The greatest size: all of JSON's readers tell it from its neighbours, and a thousand of them can be added up in a `bigint`.
pub(super) const GREATEST_SIZE: u64 = (1 << 53) - 1;

/// Checks every number of the facts that a table stores as it is given.
pub(super) fn check(facts: &TransformedAst) -> Result<(), Flaw> {
    if let Some(size) = facts.size_bytes.filter(|size| *size > GREATEST_SIZE) {
        return Err(too_great("size_bytes", size, GREATEST_SIZE));
    }
    if let Some(lines) = facts.lines {
        // The other counts are parts of this one.
        fits(|| "lines.total".to_owned(), lines.total)?;
    }
    functions(facts)?;
    for (index, class) in facts.classes.iter().enumerate() {
        let field = |part: &str| format!("classes[{index}].{part}");
        fits(|| field("ordinal"), class.ordinal)?;
        span(|| field("span"), class.span)?;
        for (number, member) in class.fields.iter().enumerate() {
            fits(|| field(&format!("fields[{number}].line")), member.line)?;
        }
    }
    references(facts)?;
    for (index, annotation) in facts.annotations.iter().enumerate() {
        span(|| format!("annotations[{index}].span"), annotation.span)?;
    }
    for (index, comment) in facts.comments.iter().enumerate() {
        span(|| format!("comments[{index}].span"), comment.span)?;
    }
    for (index, issue) in facts.parse_issues.iter().enumerate() {
        span(|| format!("parse_issues[{index}].span"), issue.span)?;
    }
    Ok(())
}

fn functions(facts: &TransformedAst) -> Result<(), Flaw> {
    for (index, function) in facts.functions.iter().enumerate() {
        let field = |part: &str| format!("functions[{index}].{part}");
        fits(|| field("ordinal"), function.ordinal)?;
        for (part, value) in [
            ("complexity", function.complexity),
            ("complexity_mccabe", function.complexity_mccabe),
            ("complexity_radon", function.complexity_radon),
            ("complexity_lizard", function.complexity_lizard),
            ("cognitive_complexity", function.cognitive_complexity),
            ("max_nesting", function.max_nesting),
            ("code_lines", function.code_lines),
            ("name_mentions", function.name_mentions),
        ] {
            fits(|| field(part), value.unwrap_or(0))?;
        }
        if function.body_shape.is_some_and(|shape| shape >> 53 != 0) {
            return Err(Flaw::of(field("body_shape"), "is not below 2^53".to_owned()));
        }
        span(|| field("span"), function.span)?;
    }
    // The row of the file holds their sum.
    let sum: u64 = facts.functions.iter().filter_map(|function| function.complexity).map(u64::from).sum();
    match sum > u64::from(GREATEST_INTEGER) {
        true => Err(Flaw::of(
            "functions",
            format!("the sum of `complexity` is {sum}; a file has at most {GREATEST_INTEGER}"),
        )),
        false => Ok(()),
    }
}

/// Imports, bases, calls and dependencies.
fn references(facts: &TransformedAst) -> Result<(), Flaw> {
    for (index, import) in facts.imports.iter().enumerate() {
        let field = |part: &str| format!("imports[{index}].{part}");
        fits(|| field("line"), import.line)?;
        fits(|| field("column"), import.column)?;
        candidates(|| field("resolution.candidates"), import.resolution)?;
    }
    for (index, base) in facts.bases.iter().enumerate() {
        fits(|| format!("bases[{index}].line"), base.line)?;
        candidates(|| format!("bases[{index}].resolution.candidates"), base.resolution)?;
    }
    for (index, call) in facts.calls.iter().enumerate() {
        let field = |part: &str| format!("calls[{index}].{part}");
        fits(|| field("argument_count"), call.argument_count)?;
        fits(|| field("line"), call.line)?;
        fits(|| field("column"), call.column)?;
        candidates(|| field("resolution.candidates"), call.resolution)?;
    }
    for (index, dependency) in facts.dependencies.iter().enumerate() {
        fits(|| format!("dependencies[{index}].count"), dependency.count)?;
        fits(|| format!("dependencies[{index}].line"), dependency.line)?;
    }
    Ok(())
}

fn span(field: impl Fn() -> String, span: Span) -> Result<(), Flaw> {
    let Span { line_start, line_end, column_start, column_end } = span;
    fits(|| field() + ".line_start", line_start)?;
    fits(|| field() + ".line_end", line_end)?;
    fits(|| field() + ".column_start", column_start)?;
    fits(|| field() + ".column_end", column_end)
}

fn candidates(field: impl Fn() -> String, resolution: Resolution) -> Result<(), Flaw> {
    fits(field, resolution.candidates)
}

fn fits(field: impl Fn() -> String, value: u32) -> Result<(), Flaw> {
    match value > GREATEST_INTEGER {
        true => Err(too_great(field(), value.into(), GREATEST_INTEGER.into())),
        false => Ok(()),
    }
}

fn too_great(field: impl Into<String>, value: u64, greatest: u64) -> Flaw {
    Flaw::of(field, format!("is {value}; the greatest value that can be stored is {greatest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaw(rest: &str) -> String {
        let facts = serde_json::from_str(&format!(r#"{{"path":"a",{rest}}}"#)).unwrap();
        let flaw = check(&facts).unwrap_err();
        format!("{} {}", flaw.field.unwrap_or_default(), flaw.message)
    }

    #[test]
    fn what_a_column_cannot_hold_is_refused_with_the_greatest_value_that_it_can() {
        assert_eq!(
            flaw(r#""size_bytes":9007199254740992"#),
            "size_bytes is 9007199254740992; the greatest value that can be stored is 9007199254740991"
        );
        for (rest, field) in [
            (r#""functions":[{"name":"f","complexity":3000000000}]"#, "functions[0].complexity"),
            (r#""classes":[{"name":"C","span":{"line_end":3000000000}}]"#, "classes[0].span.line_end"),
            (r#""lines":{"total":3000000000,"code":3000000000}"#, "lines.total"),
            (r#""calls":[{"name":"f","column":3000000000}]"#, "calls[0].column"),
            (r#""dependencies":[{"module":"m","count":3000000000}]"#, "dependencies[0].count"),
        ] {
            let message = "is 3000000000; the greatest value that can be stored is 2147483647";
            assert_eq!(flaw(rest), format!("{field} {message}"));
        }
    }

    #[test]
    fn the_sum_over_a_file_is_stored_too() {
        let rest = r#""functions":[{"name":"f","complexity":2147483647},{"name":"g","complexity":1}]"#;
        assert_eq!(
            flaw(rest),
            "functions the sum of `complexity` is 2147483648; a file has at most 2147483647"
        );
    }

    #[test]
    fn the_greatest_values_are_sound() {
        let json = r#"{"path":"a","size_bytes":9007199254740991,"functions":[{"name":"f","complexity":2147483647}]}"#;
        assert!(check(&serde_json::from_str(json).unwrap()).is_ok());
    }
}
