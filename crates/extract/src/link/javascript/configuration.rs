//! What `tsconfig.json`, `jsconfig.json` and `package.json` say about module specifiers.
//!
//! Sources: the TSConfig reference (<https://www.typescriptlang.org/tsconfig/>: `baseUrl`, `extends`, `paths`,
//! `references`), the documentation of Node.js on packages (<https://nodejs.org/api/packages.html>).

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::link::{
    ConfigurationFile,
    paths::{ancestors, file_name, join, parent},
};

/// A chain of `extends` longer than this is not followed.
const MAX_EXTENDS: usize = 16;

/// Fields of `package.json` that name the module a package stands for, in the order in which they are tried.
const ENTRY_FIELDS: [&str; 6] = ["source", "types", "typings", "module", "main", "browser"];

/// Conditions of `exports` in the order in which they are tried; sources before what is built from them.
const CONDITIONS: [&str; 9] =
    ["source", "development", "types", "import", "module", "default", "require", "node", "browser"];

/// The configuration of module resolution in the whole repository.
#[derive(Debug, Default)]
pub(in crate::link) struct Configuration {
    /// By directory.
    compilers: FxHashMap<String, Compiler>,
    /// By name, then by directory.
    packages: FxHashMap<String, Vec<Package>>,
}

/// `compilerOptions` that concern module specifiers, `extends` worked in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::link) struct Compiler {
    base: Option<String>,
    /// The directory from which the targets of `aliases` are given, unless `base` says otherwise.
    alias_base: String,
    aliases: Vec<(String, Vec<String>)>,
}

/// A `package.json` with a name.
#[derive(Debug)]
pub(in crate::link) struct Package {
    pub(super) directory: String,
    /// Paths of entry files, the most preferred first.
    entries: Vec<String>,
    /// Subpath patterns of `exports` (`./x`, `./x/*`) and their targets.
    subpaths: Vec<(String, Vec<String>)>,
}

impl Configuration {
    pub(in crate::link) fn new(files: &[ConfigurationFile]) -> Self {
        let mut values: BTreeMap<&str, Value> = BTreeMap::new();
        for file in files {
            values.insert(file.path.as_str(), parse(&file.text));
        }
        let mut configuration = Self::default();
        for (path, value) in &values {
            let directory = parent(path);
            match file_name(path) {
                "package.json" => configuration.add_package(directory, value),
                "tsconfig.json" | "jsconfig.json" => {
                    let compiler = compiler_with_references(path, &values);
                    // `tsconfig.json` sorts behind `jsconfig.json` and wins.
                    configuration.compilers.insert(directory.to_owned(), compiler);
                }
                _ => {}
            }
        }
        configuration
    }

    fn add_package(&mut self, directory: &str, value: &Value) {
        let Some(name) = value.get("name").and_then(Value::as_str) else { return };
        let package = Package::new(directory, value);
        self.packages.entry(name.to_owned()).or_default().push(package);
    }

    /// The compiler's options for a file in `directory`: those of the nearest configuration above it.
    pub(in crate::link) fn compiler(&self, directory: &str) -> Option<&Compiler> {
        if self.compilers.is_empty() {
            return None;
        }
        ancestors(directory).find_map(|above| self.compilers.get(above))
    }

    /// The packages of the repository that bear a name.
    pub(in crate::link) fn packages(&self, name: &str) -> &[Package] {
        self.packages.get(name).map_or(&[], Vec::as_slice)
    }
}

impl Compiler {
    /// The paths for which `specifier` stands, the most preferred first, and whether an alias other than `*` matches.
    pub(super) fn candidates(&self, specifier: &str) -> (Vec<String>, bool) {
        let base = self.base.as_ref().unwrap_or(&self.alias_base);
        let best = self
            .aliases
            .iter()
            .filter_map(|(pattern, targets)| Some((pattern, targets, star(pattern, specifier)?)))
            .max_by_key(|(pattern, ..)| (!pattern.contains('*'), pattern.find('*').unwrap_or(pattern.len())));
        let mut paths = Vec::new();
        let mut is_alias = false;
        if let Some((pattern, targets, matched)) = best {
            is_alias = pattern != "*";
            let targets = targets.iter().map(|target| target.replacen('*', matched, 1));
            paths.extend(targets.filter_map(|target| join(base, &target)));
        }
        paths.extend(self.base.as_ref().and_then(|base| join(base, specifier)));
        (paths, is_alias)
    }
}

impl Package {
    fn new(directory: &str, value: &Value) -> Self {
        let at = |path: &str| join(directory, path);
        let mut entries: Vec<String> = Vec::new();
        let mut subpaths = Vec::new();
        match value.get("exports") {
            Some(Value::Object(exports)) if exports.keys().any(|key| key.starts_with('.')) => {
                for (subpath, target) in exports {
                    let targets: Vec<String> =
                        targets(target).iter().filter_map(|target| at(target)).collect();
                    match subpath.as_str() {
                        "." => entries.extend(targets),
                        _ => subpaths.push((subpath.clone(), targets)),
                    }
                }
            }
            Some(exports) => entries.extend(targets(exports).iter().filter_map(|target| at(target))),
            None => {}
        }
        let fields = ENTRY_FIELDS.iter().filter_map(|field| value.get(field)?.as_str());
        entries.extend(fields.filter_map(at));
        entries.extend(["src/index", "index", "src", "lib/index"].into_iter().filter_map(at));
        Self { directory: directory.to_owned(), entries, subpaths }
    }

    /// The paths for which the package, or with `subpath` something inside, stands.
    pub(super) fn candidates(&self, subpath: &str) -> Vec<String> {
        if subpath.is_empty() {
            return self.entries.clone();
        }
        let dotted = format!("./{subpath}");
        let mut paths: Vec<String> = Vec::new();
        for (pattern, targets) in &self.subpaths {
            if let Some(matched) = star(pattern, &dotted) {
                paths.extend(targets.iter().map(|target| target.replacen('*', matched, 1)));
            }
        }
        paths.extend(
            [subpath.to_owned(), format!("src/{subpath}")].iter().filter_map(|p| join(&self.directory, p)),
        );
        paths
    }
}

/// What the star of a pattern stands for in `text`; the empty text where there is no star and they are equal.
fn star<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    match pattern.split_once('*') {
        None => (pattern == text).then_some(""),
        Some((before, after)) => text.strip_prefix(before)?.strip_suffix(after),
    }
}

/// The texts in a value of `exports`, whatever the conditions.
fn targets(value: &Value) -> Vec<&str> {
    match value {
        Value::String(target) => vec![target],
        Value::Object(conditions) => {
            CONDITIONS.iter().filter_map(|condition| conditions.get(*condition)).flat_map(targets).collect()
        }
        Value::Array(choices) => choices.iter().flat_map(targets).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The options at `path`; where it has none of its own but refers to other projects, those of the first with aliases.
fn compiler_with_references(path: &str, values: &BTreeMap<&str, Value>) -> Compiler {
    let compiler = compiler_at(path, values, MAX_EXTENDS);
    let references = values.get(path).and_then(|value| value.get("references")?.as_array());
    let Some(references) = references.filter(|_| compiler == Compiler::default()) else { return compiler };
    references
        .iter()
        .filter_map(|reference| reference.get("path")?.as_str())
        .filter_map(|reference| configuration_path(parent(path), reference, values))
        .map(|path| compiler_at(&path, values, MAX_EXTENDS))
        .find(|compiler| !compiler.aliases.is_empty())
        .unwrap_or(compiler)
}

fn compiler_at(path: &str, values: &BTreeMap<&str, Value>, depth: usize) -> Compiler {
    let mut compiler = Compiler::default();
    let Some(value) = values.get(path).filter(|_| depth > 0) else { return compiler };
    let directory = parent(path);
    let extends = match value.get("extends") {
        Some(Value::String(base)) => vec![base.as_str()],
        Some(Value::Array(bases)) => bases.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    for base in extends.into_iter().filter(|base| base.starts_with('.')) {
        if let Some(base) = configuration_path(directory, base, values) {
            let base = compiler_at(&base, values, depth - 1);
            compiler.base = base.base.or(compiler.base);
            if !base.aliases.is_empty() {
                (compiler.aliases, compiler.alias_base) = (base.aliases, base.alias_base);
            }
        }
    }
    let options = value.get("compilerOptions");
    if let Some(base) = options.and_then(|options| options.get("baseUrl")?.as_str()) {
        compiler.base = join(directory, base);
    }
    if let Some(aliases) = options.and_then(|options| options.get("paths")?.as_object()) {
        let texts = |value: &Value| {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        compiler.aliases = aliases.iter().map(|(pattern, value)| (pattern.clone(), texts(value))).collect();
        compiler.alias_base = directory.to_owned();
    }
    compiler
}

/// The configuration file that `extends` or `references` names: a file, with or without its ending, or a directory.
fn configuration_path(directory: &str, name: &str, values: &BTreeMap<&str, Value>) -> Option<String> {
    let path = join(directory, name)?;
    let inside = join(&path, "tsconfig.json")?;
    [path.clone(), format!("{path}.json"), inside].into_iter().find(|path| values.contains_key(path.as_str()))
}

/// Reads JSON with comments and trailing commas. What is not even that is null.
fn parse(text: &str) -> Value {
    serde_json::from_str(&strict(text.trim_start_matches('\u{feff}'))).unwrap_or_default()
}

/// The text without comments and without commas before a closing bracket.
fn strict(text: &str) -> String {
    let mut strict = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => string_length(rest),
            '/' if rest.starts_with("//") => {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
                continue;
            }
            '}' | ']' => {
                let kept = strict.trim_end();
                let kept = kept.strip_suffix(',').unwrap_or(kept).len();
                strict.truncate(kept);
                1
            }
            c => c.len_utf8(),
        };
        strict.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    strict
}

/// The length of the string literal with which `text` begins.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(files: &[(&str, &str)]) -> Configuration {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| ConfigurationFile { path: (*path).into(), text: (*text).to_owned() })
            .collect();
        Configuration::new(&files)
    }

    #[test]
    fn comments_and_trailing_commas_are_read_over() {
        let text = r#"{ // a comment
            "a": "http://x, ]", /* another, */ "b": [1, 2,],
        }"#;
        assert_eq!(parse(text), serde_json::json!({ "a": "http://x, ]", "b": [1, 2] }));
        assert_eq!(parse("no JSON"), Value::Null);
    }

    #[test]
    fn the_nearest_configuration_and_what_it_extends_count() {
        let configuration = configuration(&[
            (
                "tsconfig.base.json",
                r#"{ "compilerOptions": { "paths": { "@/*": ["src/*"], "@/x": ["y"] } } }"#,
            ),
            ("app/tsconfig.json", r#"{ "extends": "../tsconfig.base" }"#),
            ("lib/tsconfig.json", r#"{ "compilerOptions": { "baseUrl": "code" } }"#),
        ]);
        let candidates =
            |directory, specifier| configuration.compiler(directory).unwrap().candidates(specifier);
        assert_eq!(candidates("app/deep", "@/a/b"), (vec!["src/a/b".to_owned()], true));
        assert_eq!(candidates("app", "@/x"), (vec!["y".to_owned()], true));
        assert_eq!(candidates("lib", "a/b"), (vec!["lib/code/a/b".to_owned()], false));
        assert!(configuration.compiler("elsewhere").is_none());
    }

    #[test]
    fn a_configuration_that_only_refers_to_others_takes_their_aliases() {
        let configuration = configuration(&[
            ("tsconfig.json", r#"{ "files": [], "references": [{ "path": "./tsconfig.app.json" }] }"#),
            ("tsconfig.app.json", r#"{ "compilerOptions": { "paths": { "~/*": ["./src/*"] } } }"#),
        ]);
        let (paths, _) = configuration.compiler("src").unwrap().candidates("~/a");
        assert_eq!(paths, ["src/a"]);
    }

    #[test]
    fn a_package_offers_its_entries_and_subpaths() {
        let configuration = configuration(&[(
            "packages/a/package.json",
            r#"{ "name": "@o/a", "main": "./dist/a.js",
                 "exports": { ".": { "import": "./src/main.ts" }, "./x/*": "./src/x/*.ts" } }"#,
        )]);
        let package = &configuration.packages("@o/a")[0];
        assert_eq!(package.candidates("")[..2], ["packages/a/src/main.ts", "packages/a/dist/a.js"]);
        assert_eq!(package.candidates("x/y")[0], "packages/a/src/x/y.ts");
    }
}
