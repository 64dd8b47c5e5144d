//! Facts as lines of text, so that tests can compare them with what a person can read.

use std::fmt::Write as _;

use snake_pipe_core::{
    Language,
    model::{Call, Class, Function, Import, Owner, ParameterKind, Span, TransformedAst},
};

use crate::{AstMode, ParseOptions, ParsedFile, parse};

/// Parses with the default options.
pub(crate) fn parse_text(language: Language, source: &str) -> ParsedFile {
    parse(language, source.as_bytes(), &ParseOptions::default())
}

/// Compares all facts of a fixture with the text beside it. With `UPDATE_EXPECT=1` in the environment the text is
/// written anew instead: read it before you commit it.
pub(crate) fn check_fixture(language: Language, source: &str, expected: &str, expected_path: &str) {
    let actual = describe(&parse(
        language,
        source.as_bytes(),
        &ParseOptions { ast: AstMode::None, store_source: false, ..ParseOptions::default() },
    ));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/languages/fixtures")
            .join(expected_path);
        std::fs::write(&path, &actual).unwrap();
        return;
    }
    for (number, (actual, expected)) in actual.lines().zip(expected.lines()).enumerate() {
        assert_eq!(actual, expected, "line {} of {expected_path}; all facts:\n{actual}", number + 1);
    }
    assert_eq!(actual, expected, "{expected_path}; all facts:\n{actual}");
}

/// Every fact in a line.
pub(crate) fn describe(parsed: &ParsedFile) -> String {
    let facts = &parsed.facts;
    let mut text = String::new();
    let lines = facts.lines.unwrap_or_default();
    let mut line = |entry: String| {
        text.push_str(entry.trim_end());
        text.push('\n');
    };
    line(format!("status {} {}", facts.parse_status.as_str(), facts.skip_reason.as_deref().unwrap_or("")));
    line(format!(
        "lines {} = {} code + {} comment + {} blank",
        lines.total, lines.code, lines.comment, lines.blank
    ));
    if let Some(namespace) = &facts.namespace {
        line(format!("namespace {namespace}"));
    }
    facts.functions.iter().for_each(|function| line(describe_function(facts, function)));
    facts.classes.iter().for_each(|class| line(describe_class(facts, class)));
    for base in &facts.bases {
        let class = &facts.classes[base.class as usize].qualified_name;
        line(format!(
            "base of {class}: {} {} ({}) line {}",
            base.kind.as_str(),
            base.name,
            base.text,
            base.line
        ));
    }
    for annotation in &facts.annotations {
        let arguments = annotation.arguments.as_ref().map(|text| format!("({text})")).unwrap_or_default();
        let owner = owner(facts, annotation.owner);
        line(format!("annotation of {owner}: {}{arguments} {}", annotation.name, span(annotation.span)));
    }
    facts.imports.iter().for_each(|import| line(describe_import(import)));
    facts.calls.iter().for_each(|call| line(describe_call(facts, call)));
    for declaration in &parsed.declarations {
        line(format!("declares {}{}", declaration.name, flag(declaration.is_local, " local")));
    }
    for local in &parsed.locals {
        let function = function_name(facts, local.function);
        line(format!("variable {}{} in {function}", local.name, option(": ", &local.type_name)));
    }
    for function in &parsed.unscoped {
        line(format!("no name in its scope: {}", function_name(facts, Some(*function))));
    }
    for export in &parsed.exports {
        line(format!("exports {} as {}", export.local, export.name));
    }
    for comment in &facts.comments {
        line(format!(
            "comment {} {}{}",
            comment.kind.as_str(),
            span(comment.span),
            option(" ", &comment.marker)
        ));
    }
    let metrics = facts.metrics.iter().map(|metric| format!("{}={:.3}", metric.name, metric.value));
    line(format!("metrics {}", metrics.collect::<Vec<_>>().join(" ")));
    for issue in &facts.parse_issues {
        line(format!("issue {} {}: {}", issue.kind.as_str(), span(issue.span), issue.message));
    }
    text
}

fn describe_function(facts: &TransformedAst, function: &Function) -> String {
    let Function { kind, qualified_name, ordinal, .. } = function;
    let mut text = format!("{} {qualified_name}", kind.as_str());
    let mut push = |entry: String| text.push_str(&entry);
    if *ordinal > 0 {
        push(format!("#{ordinal}"));
    }
    if !qualified_name.ends_with(&function.name) {
        push(format!(" name={}", function.name));
    }
    push(format!(" {} {}", span(function.span), function.visibility.as_str()));
    if let Some(class) = function.class {
        push(format!(" class={}", facts.classes[class as usize].qualified_name));
    }
    if let Some(parent) = function.parent {
        push(format!(" parent={}", facts.functions[parent as usize].qualified_name));
    }
    push(modifiers(&function.modifiers));
    push(flag(function.is_abstract, " abstract").to_owned());
    push(flag(function.is_static, " static").to_owned());
    push(flag(function.is_async, " async").to_owned());
    push(flag(function.is_test, " test").to_owned());
    push(flag(function.is_exported, " exported").to_owned());
    push(flag(function.is_entry_point, " entry_point").to_owned());
    push(flag(function.is_override, " override").to_owned());
    let measures = [
        ("cyclomatic", function.complexity),
        ("cognitive", function.cognitive_complexity),
        ("nesting", function.max_nesting),
        ("code", function.code_lines),
    ];
    for (name, value) in measures {
        push(value.map(|value| format!(" {name}={value}")).unwrap_or_default());
    }
    push(format!("\n  signature {}", function.signature.as_deref().unwrap_or("")));
    for parameter in &function.parameters {
        let kind = match parameter.kind {
            ParameterKind::Ordinary => String::new(),
            kind => format!(" {}", kind.as_str()),
        };
        let (type_name, default) =
            (option(": ", &parameter.type_name), option(" = ", &parameter.default_value));
        push(format!("\n  parameter {}{type_name}{default}{kind}", parameter.name));
    }
    push(option("\n  returns ", &function.return_type));
    push(function.doc_string.as_ref().map(|text| format!("\n  doc {text:?}")).unwrap_or_default());
    text
}

fn describe_class(facts: &TransformedAst, class: &Class) -> String {
    let mut text = format!("{} {}", class.kind.as_str(), class.qualified_name);
    let mut push = |entry: String| text.push_str(&entry);
    if class.ordinal > 0 {
        push(format!("#{}", class.ordinal));
    }
    push(class.type_parameters.as_ref().map(|text| format!(" <{text}>")).unwrap_or_default());
    push(format!(" {} {}", span(class.span), class.visibility.as_str()));
    push(option(" namespace=", &class.namespace));
    if let Some(outer) = class.outer {
        push(format!(" outer={}", facts.classes[outer as usize].qualified_name));
    }
    if let Some(function) = class.function {
        push(format!(" function={}", facts.functions[function as usize].qualified_name));
    }
    push(modifiers(&class.modifiers));
    push(flag(class.is_abstract, " abstract").to_owned());
    push(flag(class.is_final, " final").to_owned());
    push(flag(class.is_static, " static").to_owned());
    push(flag(class.is_exported, " exported").to_owned());
    push(class.doc_string.as_ref().map(|text| format!("\n  doc {text:?}")).unwrap_or_default());
    for field in &class.fields {
        let (type_name, default) = (option(": ", &field.type_name), option(" = ", &field.default_value));
        let flags = format!("{}{}", flag(field.is_static, " static"), flag(field.is_final, " final"));
        let modifiers = modifiers(&field.modifiers);
        let visibility = field.visibility.as_str();
        push(format!(
            "\n  field {}{type_name}{default} {visibility}{modifiers}{flags} line {}",
            field.name, field.line
        ));
    }
    text
}

fn describe_import(import: &Import) -> String {
    let mut text = format!("import {} {}", import.kind.as_str(), import.module);
    let flags = [
        (import.is_relative, " relative"),
        (import.is_type_only, " type_only"),
        (import.is_system, " system"),
    ];
    let flags: String = flags.into_iter().map(|(is_set, name)| flag(is_set, name)).collect();
    let (name, alias) = (option(" name=", &import.name), option(" alias=", &import.alias));
    let _ = write!(text, "{name}{alias}{flags} {}:{} `{}`", import.line, import.column, import.raw);
    text
}

fn describe_call(facts: &TransformedAst, call: &Call) -> String {
    let text = call.text.as_ref().map(|text| format!(" `{text}`")).unwrap_or_default();
    let function = function_name(facts, call.function);
    let place = format!("{}:{}", call.line, call.column);
    format!(
        "call {} {}{text} arguments={} {place} in {function}",
        call.kind.as_str(),
        call.name,
        call.argument_count
    )
}

fn owner(facts: &TransformedAst, owner: Owner) -> String {
    match owner {
        Owner::File => "the file".to_owned(),
        Owner::Function(index) => facts.functions[index as usize].qualified_name.clone(),
        Owner::Class(index) => facts.classes[index as usize].qualified_name.clone(),
    }
}

fn function_name(facts: &TransformedAst, function: Option<u32>) -> &str {
    function.map_or("the file", |index| &facts.functions[index as usize].qualified_name)
}

fn modifiers(modifiers: &[String]) -> String {
    if modifiers.is_empty() { String::new() } else { format!(" [{}]", modifiers.join(" ")) }
}

fn option(prefix: &str, text: &Option<String>) -> String {
    text.as_ref().map(|text| format!("{prefix}{text}")).unwrap_or_default()
}

fn flag(is_set: bool, name: &'static str) -> &'static str {
    if is_set { name } else { "" }
}

fn span(span: Span) -> String {
    format!("{}:{}-{}:{}", span.line_start, span.column_start, span.line_end, span.column_end)
}
