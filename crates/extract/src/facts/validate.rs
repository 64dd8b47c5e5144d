//! What facts must be beyond what their types say. A backend may rely on all of it.

use rustc_hash::FxHashSet;
use snake_pipe_core::{
    JsonText, SourcePath, dependencies_of,
    model::{
        Class, Dependency, Function, Metric, Origin, Owner, Resolution, ResolutionStatus, Span,
        TransformedAst,
    },
};

use super::{Flaw, numbers};
use crate::assign_symbols;

/// The facts with what may be left out filled in, if they are sound.
pub(super) fn completed(mut facts: TransformedAst) -> Result<TransformedAst, Flaw> {
    if let Some(message) = path_flaw(&facts.path) {
        return Err(Flaw::of("path", message));
    }
    check_file(&facts)?;
    numbers::check(&facts)?;
    functions(&mut facts)?;
    classes(&mut facts)?;
    sites(&mut facts)?;
    belongings(&facts)?;
    assign_symbols(&mut facts);
    symbols(&facts)?;
    if facts.dependencies.is_empty() {
        facts.dependencies = dependencies_of(facts.key(), &facts.imports, &facts.bases, &facts.calls);
    }
    dependencies(&facts.dependencies)?;
    Ok(facts)
}

/// Why this cannot be a file's path within its repository.
pub(super) fn path_flaw(path: &SourcePath) -> Option<&'static str> {
    let bytes = path.as_bytes();
    let mut parts = bytes.split(|byte| *byte == b'/');
    if bytes.is_empty() {
        Some("is empty")
    } else if bytes.starts_with(b"/") {
        Some("is absolute; paths are relative to the repository's root")
    } else if bytes.contains(&0) {
        Some("holds a NUL byte")
    } else if parts.any(|part| matches!(part, b"" | b"." | b"..")) {
        Some("holds an empty part, `.` or `..`")
    } else {
        None
    }
}

fn check_file(facts: &TransformedAst) -> Result<(), Flaw> {
    if let Some(lines) = facts.lines {
        let sum = u64::from(lines.code) + u64::from(lines.comment) + u64::from(lines.blank);
        if sum != u64::from(lines.total) {
            return Err(Flaw::of("lines", "`code`, `comment` and `blank` do not add up to `total`"));
        }
    }
    object("metadata", facts.metadata.as_ref())?;
    let mut names = FxHashSet::default();
    for (index, Metric { name, value, .. }) in facts.metrics.iter().enumerate() {
        let field = |part| format!("metrics[{index}].{part}");
        required(|| field("name"), name)?;
        if !value.is_finite() {
            return Err(Flaw::of(field("value"), "is not finite"));
        }
        if !names.insert(name) {
            return Err(Flaw::of(field("name"), format!("`{name}` is given twice; one metric a name")));
        }
    }
    Ok(())
}

fn functions(facts: &mut TransformedAst) -> Result<(), Flaw> {
    let classes = facts.classes.len();
    for (index, function) in facts.functions.iter_mut().enumerate() {
        let Function { name, qualified_name, class, parent, span: place, metadata, .. } = function;
        let field = |part: &str| format!("functions[{index}].{part}");
        required(|| field("name"), name)?;
        if qualified_name.is_empty() {
            qualified_name.clone_from(name);
        }
        below(|| field("class"), *class, classes, "classes")?;
        before(|| field("parent"), *parent, index)?;
        span(|| field("span"), *place)?;
        object(&field("metadata"), metadata.as_ref())?;
    }
    Ok(())
}

fn classes(facts: &mut TransformedAst) -> Result<(), Flaw> {
    let functions = facts.functions.len();
    for (index, class) in facts.classes.iter_mut().enumerate() {
        let Class { name, qualified_name, outer, function, span: place, metadata, fields, .. } = class;
        let field = |part: &str| format!("classes[{index}].{part}");
        required(|| field("name"), name)?;
        if qualified_name.is_empty() {
            qualified_name.clone_from(name);
        }
        before(|| field("outer"), *outer, index)?;
        below(|| field("function"), *function, functions, "functions")?;
        span(|| field("span"), *place)?;
        object(&field("metadata"), metadata.as_ref())?;
        for (number, member) in fields.iter().enumerate() {
            required(|| field(&format!("fields[{number}].name")), &member.name)?;
        }
    }
    Ok(())
}

/// Imports, bases and calls.
fn sites(facts: &mut TransformedAst) -> Result<(), Flaw> {
    for (index, import) in facts.imports.iter_mut().enumerate() {
        if import.module.is_empty() && import.name.is_none() {
            return Err(Flaw::of(format!("imports[{index}].module"), "is empty, and so is `name`"));
        }
        resolution(|| format!("imports[{index}].resolution"), &mut import.resolution)?;
    }
    for (index, base) in facts.bases.iter_mut().enumerate() {
        below(|| format!("bases[{index}].class"), Some(base.class), facts.classes.len(), "classes")?;
        if base.name.is_empty() {
            base.name.clone_from(&base.text);
        }
        required(|| format!("bases[{index}].name"), &base.name)?;
        resolution(|| format!("bases[{index}].resolution"), &mut base.resolution)?;
    }
    for (index, call) in facts.calls.iter_mut().enumerate() {
        required(|| format!("calls[{index}].name"), &call.name)?;
        below(|| format!("calls[{index}].function"), call.function, facts.functions.len(), "functions")?;
        resolution(|| format!("calls[{index}].resolution"), &mut call.resolution)?;
    }
    Ok(())
}

/// Annotations, comments and issues.
fn belongings(facts: &TransformedAst) -> Result<(), Flaw> {
    for (index, annotation) in facts.annotations.iter().enumerate() {
        let field = |part: &str| format!("annotations[{index}].{part}");
        required(|| field("name"), &annotation.name)?;
        span(|| field("span"), annotation.span)?;
        match annotation.owner {
            Owner::File => {}
            Owner::Function(at) => {
                below(|| field("owner.function"), Some(at), facts.functions.len(), "functions")?;
            }
            Owner::Class(at) => below(|| field("owner.class"), Some(at), facts.classes.len(), "classes")?,
        }
    }
    for (index, comment) in facts.comments.iter().enumerate() {
        span(|| format!("comments[{index}].span"), comment.span)?;
    }
    for (index, issue) in facts.parse_issues.iter().enumerate() {
        span(|| format!("parse_issues[{index}].span"), issue.span)?;
    }
    Ok(())
}

/// No two symbols may merge silently: an id keeps all but the highest two bits of a key.
fn symbols(facts: &TransformedAst) -> Result<(), Flaw> {
    let mut seen = FxHashSet::default();
    let functions = facts.functions.iter().map(|function| ("functions", function.symbol));
    let classes = facts.classes.iter().map(|class| ("classes", class.symbol));
    for (index, (list, symbol)) in functions.enumerate().chain(classes.enumerate()) {
        if !seen.insert(symbol.0 & !(0b11 << 62)) {
            let message = format!("{symbol} is another symbol's key; leave it out to have it derived");
            return Err(Flaw::of(format!("{list}[{index}].symbol"), message));
        }
    }
    Ok(())
}

fn dependencies(dependencies: &[Dependency]) -> Result<(), Flaw> {
    let mut seen = FxHashSet::default();
    for (index, dependency) in dependencies.iter().enumerate() {
        let field = |part| format!("dependencies[{index}].{part}");
        if !(0.0..=1.0).contains(&dependency.strength) {
            return Err(Flaw::of(field("strength"), "is not between 0 and 1"));
        }
        if dependency.target.is_some() != (dependency.status == ResolutionStatus::Resolved) {
            return Err(Flaw::of(field("target"), "is to be there exactly when `status` is `resolved`"));
        }
        if dependency.target.is_none() && dependency.module.as_ref().is_none_or(String::is_empty) {
            return Err(Flaw::of(field("module"), "is missing, and there is no `target`"));
        }
        // A target that is a file of the repository is the same whatever it is called.
        let module = dependency.module.as_ref().filter(|_| dependency.target.is_none());
        if !seen.insert((dependency.dependency_type, dependency.target, module)) {
            return Err(Flaw::of(field("target"), "is given twice with the same type"));
        }
    }
    Ok(())
}

/// Fills in what a resolution implies, and checks that its parts agree.
fn resolution(field: impl Fn() -> String, resolution: &mut Resolution) -> Result<(), Flaw> {
    let Resolution { status, origin, target, candidates } = resolution;
    if target.is_some() != (*status == ResolutionStatus::Resolved) {
        return Err(Flaw::of(field() + ".target", "is to be there exactly when `status` is `resolved`"));
    }
    let (least, is_sound) = match status {
        ResolutionStatus::Resolved => (1, *candidates <= 1),
        ResolutionStatus::Ambiguous => (2, *candidates != 1),
        ResolutionStatus::Unresolved | ResolutionStatus::External | ResolutionStatus::Stdlib => {
            (0, *candidates == 0)
        }
    };
    if !is_sound {
        let message = "is 1 for `resolved`, 2 or more for `ambiguous`, and else 0";
        return Err(Flaw::of(field() + ".candidates", message));
    }
    *candidates = (*candidates).max(least);
    if *origin == Origin::None && *status != ResolutionStatus::Unresolved {
        *origin = Origin::Producer;
    }
    Ok(())
}

fn required(field: impl Fn() -> String, text: &str) -> Result<(), Flaw> {
    if text.is_empty() { Err(Flaw::of(field(), "is empty")) } else { Ok(()) }
}

fn below(field: impl Fn() -> String, index: Option<u32>, length: usize, list: &str) -> Result<(), Flaw> {
    match index {
        Some(index) if index as usize >= length => {
            Err(Flaw::of(field(), format!("{index} is no index into `{list}`, which holds {length}")))
        }
        _ => Ok(()),
    }
}

fn before(field: impl Fn() -> String, index: Option<u32>, own: usize) -> Result<(), Flaw> {
    match index {
        Some(index) if index as usize >= own => {
            Err(Flaw::of(field(), format!("{index} is not before {own}; what encloses stands first")))
        }
        _ => Ok(()),
    }
}

fn span(field: impl Fn() -> String, span: Span) -> Result<(), Flaw> {
    let (start, end) = ((span.line_start, span.column_start), (span.line_end, span.column_end));
    let is_unknown = span.line_start == 0 && span.line_end == 0;
    if start > end || (span.line_start == 0) != is_unknown {
        return Err(Flaw::of(field(), "ends before it starts"));
    }
    Ok(())
}

fn object(field: &str, json: Option<&JsonText>) -> Result<(), Flaw> {
    match json {
        Some(json) if !json.as_str().trim_start().starts_with('{') => {
            Err(Flaw::of(field, "is not a JSON object"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<TransformedAst, String> {
        let facts = serde_json::from_str(json).unwrap();
        completed(facts).map_err(|flaw| format!("{} {}", flaw.field.unwrap_or_default(), flaw.message))
    }

    fn flaw(rest: &str) -> String {
        check(&format!(r#"{{"path":"a",{rest}}}"#)).unwrap_err()
    }

    #[test]
    fn paths_are_relative_and_plain() {
        for path in ["", "/a", "a/../b", "./a", "a//b", "a/", ".."] {
            assert!(path_flaw(&path.into()).is_some(), "{path}");
        }
        for path in ["a", "a/b.c", ".github/x", "a b\n", "..a"] {
            assert_eq!(path_flaw(&path.into()), None, "{path}");
        }
    }

    #[test]
    fn indices_are_in_range() {
        assert_eq!(
            flaw(r#""functions":[{"name":"f","class":0}]"#),
            "functions[0].class 0 is no index into `classes`, which holds 0"
        );
        assert_eq!(
            flaw(r#""functions":[{"name":"f","parent":0}]"#),
            "functions[0].parent 0 is not before 0; what encloses stands first"
        );
        assert!(flaw(r#""classes":[{"name":"A","outer":1},{"name":"B"}]"#).starts_with("classes[0].outer"));
        assert!(flaw(r#""calls":[{"name":"f","function":3}]"#).starts_with("calls[0].function"));
        assert!(flaw(r#""bases":[{"name":"B","class":0}]"#).starts_with("bases[0].class"));
        assert!(
            flaw(r#""annotations":[{"name":"x","owner":{"class":0}}]"#).starts_with("annotations[0].owner")
        );
    }

    #[test]
    fn a_target_is_there_exactly_when_resolved() {
        let message = "calls[0].resolution.target is to be there exactly when `status` is `resolved`";
        assert_eq!(flaw(r#""calls":[{"name":"f","resolution":{"status":"resolved"}}]"#), message);
        let target = r#"{"file":"0000000000000001"}"#;
        assert_eq!(flaw(&format!(r#""calls":[{{"name":"f","resolution":{{"target":{target}}}}}]"#)), message);
    }

    #[test]
    fn what_a_producer_resolved_says_so() {
        let json = r#"{"path":"a","calls":[{"name":"f","resolution":
            {"status":"resolved","target":{"file":"0000000000000001"}}}]}"#;
        let facts = check(json).unwrap();
        let resolution = facts.calls[0].resolution;
        assert_eq!((resolution.origin, resolution.candidates), (Origin::Producer, 1));
        assert_eq!(facts.dependencies.len(), 1);
    }

    #[test]
    fn strengths_are_shares() {
        for strength in ["1.5", "-0.1"] {
            let rest = format!(r#""dependencies":[{{"module":"m","strength":{strength}}}]"#);
            assert_eq!(flaw(&rest), "dependencies[0].strength is not between 0 and 1");
        }
    }

    #[test]
    fn spans_do_not_end_before_they_start() {
        let rest = r#""functions":[{"name":"f","span":{"line_start":3,"line_end":2}}]"#;
        assert_eq!(flaw(rest), "functions[0].span ends before it starts");
        check(r#"{"path":"a","functions":[{"name":"f"}]}"#).unwrap();
    }

    #[test]
    fn two_symbols_never_share_a_key() {
        let rest = r#""functions":[{"name":"f","symbol":"0000000000000001"},
                      {"name":"g","symbol":"c000000000000001"}]"#;
        assert!(flaw(rest).starts_with("functions[1].symbol"));
    }

    #[test]
    fn left_out_symbols_and_names_are_filled_in() {
        let facts = check(r#"{"path":"a","functions":[{"name":"f"},{"name":"f"}]}"#).unwrap();
        let [one, two] = &facts.functions[..] else { panic!("two functions") };
        assert_eq!((one.qualified_name.as_str(), one.ordinal, two.ordinal), ("f", 0, 1));
        assert_ne!(one.symbol, two.symbol);
    }

    #[test]
    fn line_counts_add_up_and_metadata_is_an_object() {
        assert!(flaw(r#""lines":{"total":3,"code":1}"#).starts_with("lines"));
        assert_eq!(flaw(r#""metadata":[1]"#), "metadata is not a JSON object");
    }
}
