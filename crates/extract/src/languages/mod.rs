//! The languages: one file each, gathered in one table. `README.md` beside this file says how to add one.

#[cfg(feature = "c")]
mod c;
#[cfg(any(feature = "c", feature = "cpp"))]
mod c_family;
#[cfg(feature = "cpp")]
mod cpp;
#[cfg(feature = "csharp")]
mod csharp;
#[cfg(any(feature = "javascript", feature = "typescript"))]
mod ecmascript;
#[cfg(feature = "go")]
mod go;
#[cfg(feature = "java")]
mod java;
#[cfg(feature = "javascript")]
mod javascript;
#[cfg(any(feature = "java", feature = "kotlin", feature = "scala"))]
mod jvm;
#[cfg(feature = "kotlin")]
mod kotlin;
#[cfg(feature = "python")]
mod python;
#[cfg(feature = "rust")]
mod rust;
#[cfg(feature = "scala")]
mod scala;
#[cfg(feature = "typescript")]
mod typescript;

use snake_pipe_core::{Language, SourcePath};
use tree_sitter::Language as Grammar;

use crate::engine::{CommentForm, Counting, Role, Surface, Walk, c_like_form};

/// Every language that this build supports.
pub(crate) static LANGUAGES: &[&LanguageRules] = &[
    #[cfg(feature = "c")]
    &c::RULES,
    #[cfg(feature = "cpp")]
    &cpp::RULES,
    #[cfg(feature = "csharp")]
    &csharp::RULES,
    #[cfg(feature = "go")]
    &go::RULES,
    #[cfg(feature = "java")]
    &java::RULES,
    #[cfg(feature = "javascript")]
    &javascript::RULES,
    #[cfg(feature = "kotlin")]
    &kotlin::RULES,
    #[cfg(feature = "python")]
    &python::RULES,
    #[cfg(feature = "rust")]
    &rust::RULES,
    #[cfg(feature = "scala")]
    &scala::RULES,
    #[cfg(feature = "typescript")]
    &typescript::RULES,
];

/// Whether the first bytes of a file are of a language.
pub(crate) type Claims = fn(&[u8]) -> bool;

/// All that the engine knows about a language.
pub(crate) struct LanguageRules {
    /// The language as it is stored.
    pub(crate) language: Language,
    /// File name extensions without the dot. Compared as written, then in lower case.
    pub(crate) extensions: &'static [&'static str],
    /// Extensions that several languages use, each with a look at the first bytes. Asked before plain extensions.
    pub(crate) shared_extensions: &'static [(&'static str, Claims)],
    /// Whole names of files.
    pub(crate) file_names: &'static [&'static str],
    /// Names of programs in a first line such as `#!/usr/bin/env python3`, without version digits.
    pub(crate) interpreters: &'static [&'static str],
    /// The grammars: one, or several for dialects that only the content tells apart.
    pub(crate) grammars: &'static [fn() -> Grammar],
    /// Which of the grammars to try first. The others are tried where it finds errors.
    pub(crate) prefer: fn(&[u8]) -> usize,
    /// A copy of a source in which what the grammars misread without noticing it is replaced by as many bytes of what they read
    /// rightly; none where there is nothing to replace. Asked of every file, so it must be fast; texts are taken from the
    /// source itself.
    pub(crate) prepare: fn(&[u8]) -> Option<Vec<u8>>,
    /// A copy of a source in which what the grammars do not know is replaced by as many bytes of what they know; none where
    /// there is nothing to replace. Asked only where they find errors; texts are taken from the source itself.
    pub(crate) mend: fn(&[u8]) -> Option<Vec<u8>>,
    /// The node kinds and fields that the rules ask for, from [`names!`](crate::engine::names).
    pub(crate) kinds: &'static [&'static str],
    /// See `kinds`.
    pub(crate) fields: &'static [&'static str],
    /// What named nodes mean. Kinds that are not listed mean nothing, but their children are visited.
    pub(crate) nodes: &'static [(&'static str, Role)],
    /// What anonymous nodes (keywords, operators) mean.
    pub(crate) tokens: &'static [(&'static str, Role)],
    /// What nodes count by the definitions of other tools.
    pub(crate) counting: &'static Counting,
    /// Who sees and who calls its definitions from outside.
    pub(crate) surface: &'static Surface,
    /// Kinds of nodes that are strings and may reach over several lines.
    pub(crate) texts: &'static [&'static str],
    /// Kinds of nodes that stand around a definition and begin where it begins for a reader: `export`, decorators.
    pub(crate) wrappers: &'static [&'static str],
    /// What stands between the parts of a qualified name.
    pub(crate) separator: &'static str,
    /// The form of a comment, from its text.
    pub(crate) comment_form: fn(&[u8]) -> CommentForm,
    /// Every comment directly before a definition documents it, not only those with special marks.
    pub(crate) any_comment_documents: bool,
    /// A bare call of a class of the file (`X()`) makes an object.
    pub(crate) calls_construct: bool,
    /// A bare call in a method may be one of another method of the class.
    pub(crate) bare_calls_reach_members: bool,
    /// The name of a function or class is a variable like others: what is bound to it later takes its place.
    pub(crate) rebinds_definitions: bool,
    /// What is to be done when the whole file was seen.
    pub(crate) finish: for<'t> fn(&mut Walk<'t>),
}

impl LanguageRules {
    /// A language without files, grammar or roles, for `..LanguageRules::NONE` in a language's declaration.
    pub(crate) const NONE: Self = Self {
        language: Language::Unknown,
        extensions: &[],
        shared_extensions: &[],
        file_names: &[],
        interpreters: &[],
        grammars: &[],
        prefer: |_| 0,
        prepare: |_| None,
        mend: |_| None,
        kinds: &[],
        fields: &[],
        nodes: &[],
        tokens: &[],
        counting: &Counting::NONE,
        surface: &Surface::NONE,
        texts: &[],
        wrappers: &[],
        separator: ".",
        comment_form: c_like_form,
        any_comment_documents: false,
        calls_construct: false,
        bare_calls_reach_members: false,
        rebinds_definitions: false,
        finish: |_| {},
    };
}

/// The language of a file, from its name and its first bytes (a few thousand are enough): by whole name, extension,
/// then the interpreter that the first line names. `.h` is C unless its content is C++.
#[must_use]
pub fn language_of(path: &SourcePath, head: &[u8]) -> Language {
    let name = path.file_name();
    let extension = path.extension().unwrap_or("");
    let lower = extension.to_ascii_lowercase();
    find(|rules| rules.file_names.contains(&name))
        .or_else(|| {
            find(|rules| {
                rules.shared_extensions.iter().any(|(shared, claims)| *shared == lower && claims(head))
            })
        })
        .or_else(|| find(|rules| rules.extensions.contains(&extension)))
        .or_else(|| find(|rules| rules.extensions.contains(&lower.as_str())))
        .or_else(|| {
            let interpreter = interpreter(head)?;
            find(|rules| rules.interpreters.contains(&interpreter))
        })
        .unwrap_or_default()
}

/// Who sees and who calls definitions of a language from outside; none where this build does not know it.
pub(crate) fn surface_of(language: Language) -> Option<&'static Surface> {
    LANGUAGES.iter().find(|rules| rules.language == language).map(|rules| rules.surface)
}

fn find(fits: impl Fn(&LanguageRules) -> bool) -> Option<Language> {
    LANGUAGES.iter().find(|rules| fits(rules)).map(|rules| rules.language)
}

/// The program of a first line such as `#!/usr/bin/env -S python3.11 -u`, without version.
fn interpreter(head: &[u8]) -> Option<&str> {
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let mut words = str::from_utf8(line).ok()?.split_ascii_whitespace();
    let mut program = words.next()?.rsplit('/').next()?;
    if program == "env" {
        program = words.find(|word| !word.starts_with('-') && !word.contains('='))?.rsplit('/').next()?;
    }
    Some(program.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.'))
}

#[cfg(test)]
mod tests;
