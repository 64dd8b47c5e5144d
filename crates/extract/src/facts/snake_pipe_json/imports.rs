//! Imports, which the producer gives as the text of their statements.

use snake_pipe_core::model::{Import, ImportKind, Origin, Resolution};

/// `import a.b.C;`, `import a.b.*;`, `import static a.b.C.d;`, with comments before and within.
pub(super) fn import(statement: &str) -> Import {
    let raw = without_comments(statement).split_whitespace().collect::<Vec<_>>().join(" ");
    let what = raw.strip_prefix("import ").unwrap_or(&raw).trim_end_matches(';').trim();
    let what = what.strip_prefix("static ").unwrap_or(what);
    // A comment between two parts of a name leaves a space behind, and so may be written.
    let what = what.replace(' ', "");
    let (kind, module, name) = match what.rsplit_once('.') {
        Some((module, "*")) => (ImportKind::Wildcard, module, None),
        Some((module, name)) => (ImportKind::Name, module, Some(name.to_owned())),
        None => (ImportKind::Module, what.as_str(), None),
    };
    // The packages of `java.` are the platform's alone (Java Language Specification, section 6.1).
    let resolution = match module.starts_with("java.") {
        true => Resolution::stdlib(Origin::StdlibList),
        false => Resolution::default(),
    };
    Import { kind, module: module.to_owned(), name, raw, resolution, ..Import::default() }
}

/// The text with a space for each comment (Java Language Specification, section 3.7). An import has no quotation marks in
/// which the signs of a comment could stand.
fn without_comments(statement: &str) -> String {
    let mut kept = String::with_capacity(statement.len());
    let mut rest = statement;
    while let Some(start) = rest.find("/*").into_iter().chain(rest.find("//")).min() {
        kept.push_str(&rest[..start]);
        kept.push(' ');
        let comment = &rest[start..];
        let end = match comment.starts_with("/*") {
            true => comment[2..].find("*/").map(|end| end + 4),
            false => comment.find(['\n', '\r']),
        };
        rest = &comment[end.unwrap_or(comment.len())..];
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_no_part_of_an_import() {
        for statement in [
            "// of the till\nimport a.b.C;",
            "// one\r\n// two /* not open\r\nimport a.b.C;",
            "/* Copyright // Example */ import a.b.C; // why",
            "/**/import /* x */ a . b /* y\n*/ .C;",
        ] {
            let import = import(statement);
            assert_eq!(
                (import.kind, import.module.as_str(), import.name.as_deref()),
                (ImportKind::Name, "a.b", Some("C")),
                "{statement}"
            );
        }
        assert_eq!(import("// of the till\nimport a.b.C;").raw, "import a.b.C;");
        assert_eq!(import("import static a.b.C./* all */*;").module, "a.b.C");
        assert_eq!(import("import a.b.C; /* not closed").raw, "import a.b.C;");
    }
}
