//! The parse engine: source bytes to facts, in one iterative pass over the syntax tree, driven by the tables of the
//! languages.
//!
//! The engine knows no language: what a node kind means is a [`Role`] in the language's table, and what only the
//! language knows is a rule of its own. `languages/README.md` says how to write one.

mod comments;
mod content;
mod counts;
mod ends;
mod facts;
mod flow;
mod issues;
mod late;
mod lines;
mod locals;
mod metrics;
mod recursion;
mod roles;
mod scopes;
mod surface;
mod symbols;
mod text;
mod walk;
mod words;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::{
    cell::RefCell,
    ops::ControlFlow,
    sync::{LazyLock, OnceLock},
};

pub(crate) use comments::{CommentForm, c_like_form};
pub(crate) use counts::{Count, Counting, Definitions, is_word};
pub(crate) use facts::CallSite;
pub(crate) use locals::LocalForm;
pub(crate) use roles::{Bytes, FieldName, Flow, KindName, Role, names};
pub(crate) use scopes::{ClassDraft, FunctionDraft, Scope};
use snake_pipe_core::{
    Language,
    model::{IssueKind, ParseStatus, Span, TransformedAst},
};
pub(crate) use surface::Surface;
pub use symbols::assign_symbols;
pub(crate) use text::Limit;
use tree_sitter::{ParseOptions as TreeOptions, Parser, Tree};
pub(crate) use walk::Walk;

use self::{issues::issue, lines::Lines, roles::Table};
use crate::{
    languages::{LANGUAGES, LanguageRules},
    parsed::{AstMode, ParseOptions, ParsedFile},
};

/// The parser's work is bounded by its own progress checks, not by a clock, so that the same bytes always give the same
/// facts: some for every file, and some for every byte. Ordinary code takes one check for some hundred bytes.
const BASE_CHECKS: usize = 100_000;
const CHECKS_PER_BYTE: usize = 1;

/// What a tree takes in memory for each byte of source at most: `;;;` and its like come to this.
const WORST_TREE_BYTES: u64 = 300;
/// What a tree grows by from one check to the next, in bytes: a check is made every hundred steps, and a step, which takes
/// a token or closes a node, costs about fifty bytes in tables of numbers, and a hundred in `;` and `a` on lines of their own.
/// What tables come to counts: they are what real files of this size hold.
const TREE_BYTES_PER_CHECK: u64 = 5_000;

/// Parses one file: a pure function of language, bytes and options.
///
/// The path, the content's hashes and what follows from the path are not filled; references are unresolved. Whatever
/// the bytes are, the result says so in its status and issues; nothing panics. A file of no known language has its
/// size and lines alone, and the status `skipped`.
#[must_use]
pub fn parse(language: Language, source: &[u8], options: &ParseOptions) -> ParsedFile {
    let size_bytes = Some(source.len() as u64);
    let known = TransformedAst { language, size_bytes, ..TransformedAst::default() };
    if source.starts_with(&[0xff, 0xfe]) || source.starts_with(&[0xfe, 0xff]) {
        return failed(known, IssueKind::InvalidUtf8, "the file is UTF-16; snake-pipe reads UTF-8");
    }
    let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    if u32::try_from(source.len()).is_err() {
        return failed(
            known,
            IssueKind::OverLimit,
            "the file is over 4 GiB, more than tree-sitter can parse",
        );
    }
    let Some(number) = LANGUAGES.iter().position(|rules| rules.language == language) else {
        let reason = match language {
            Language::Unknown => "no known language".to_owned(),
            _ => format!("support for {language} was left out when this program was built"),
        };
        let lines = Some(Lines::count(source, &[], &[]).counts);
        let parse_status = ParseStatus::Skipped;
        let facts = TransformedAst { lines, parse_status, skip_reason: Some(reason), ..known };
        return ParsedFile { facts, ..ParsedFile::default() };
    };
    let checks = most_checks(source.len(), options.max_tree_bytes);
    match best_tree(number, source, checks) {
        Some((tree, table)) => {
            let parsed = extract(LANGUAGES[number], table, &tree, source, options);
            let facts = TransformedAst { language, size_bytes, ..parsed.facts };
            ParsedFile { facts, ..parsed }
        }
        None => {
            let lines = Some(Lines::count(source, &[], &[]).counts);
            let known = TransformedAst { lines, ..known };
            failed(known, IssueKind::OverLimit, &over_limit(checks, options.max_tree_bytes))
        }
    }
}

/// How many of its own checks the parser may make. A file whose tree may not fit the memory has so many as trees have that fit.
#[derive(Clone, Copy)]
struct MostChecks {
    checks: usize,
    is_for_memory: bool,
}

fn most_checks(source_bytes: usize, max_tree_bytes: u64) -> MostChecks {
    let checks = BASE_CHECKS + source_bytes * CHECKS_PER_BYTE;
    if (source_bytes as u64).saturating_mul(WORST_TREE_BYTES) <= max_tree_bytes {
        return MostChecks { checks, is_for_memory: false };
    }
    let fitting = usize::try_from(max_tree_bytes / TREE_BYTES_PER_CHECK).unwrap_or(usize::MAX);
    MostChecks { checks: checks.min(fitting), is_for_memory: fitting < checks }
}

fn over_limit(checks: MostChecks, max_tree_bytes: u64) -> String {
    match checks.is_for_memory {
        true => format!(
            "the syntax tree would take more than {max_tree_bytes} bytes of memory; extract.max_tree_bytes raises the limit"
        ),
        false => "parsing took more steps than a file of this size may take".to_owned(),
    }
}

fn failed(known: TransformedAst, kind: IssueKind, reason: &str) -> ParsedFile {
    let facts = TransformedAst {
        parse_status: ParseStatus::Failed,
        skip_reason: Some(reason.to_owned()),
        parse_issues: vec![issue(kind, reason.to_owned(), Span::default())],
        ..known
    };
    ParsedFile { facts, ..ParsedFile::default() }
}

/// Makes facts of a tree.
fn extract(
    rules: &'static LanguageRules,
    table: &'static Table,
    tree: &Tree,
    source: &[u8],
    options: &ParseOptions,
) -> ParsedFile {
    let root = tree.root_node();
    let mut walk = Walk::new(source, root, table, rules, options);
    walk.run(root);
    let lines = Lines::count(source, &walk.comments.ranges, &walk.texts);
    walk.settle(&lines);
    (rules.finish)(&mut walk);
    walk.settle_surface();
    walk.find_errors(root);
    walk.report_cuts();
    walk.report_bytes();
    words::measure(&mut walk.facts, source, &walk.comments.ranges);
    let content = match options.ast {
        AstMode::None => None,
        AstMode::Outline => Some(walk.outline()),
        AstMode::Full => Some(walk.full_tree(root)),
    };
    let import_places = walk.settled_import_places();
    let Walk { mut facts, declarations, locals, exports, unscoped, .. } = walk;
    facts.metrics = metrics::of_file(&facts, lines.counts);
    facts.lines = Some(lines.counts);
    facts.ast_content = content;
    facts.parse_status = if root.has_error() { ParseStatus::Partial } else { ParseStatus::Parsed };
    assign_symbols(&mut facts);
    // Issues of the file as a whole have no line and stand last.
    facts.parse_issues.sort_by_key(|issue| (!issue.span.is_known(), issue.span));
    ParsedFile { facts, declarations, locals, exports, unscoped, import_places }
}

/// The tables of every grammar of every language, each built when it is first needed.
static TABLES: LazyLock<Vec<Vec<OnceLock<Table>>>> = LazyLock::new(|| {
    LANGUAGES.iter().map(|rules| rules.grammars.iter().map(|_| OnceLock::new()).collect()).collect()
});

fn table(number: usize, variant: usize) -> &'static Table {
    let rules = LANGUAGES[number];
    TABLES[number][variant].get_or_init(|| Table::new(rules, (rules.grammars[variant])()))
}

/// The tree by the grammar that the language prefers for this source, in what [`LanguageRules::prepare`] makes of it; where that finds errors, by the one of its
/// grammars that finds the fewest, in the source or in what [`LanguageRules::mend`] makes of it. None where parsing takes
/// too many steps.
fn best_tree(number: usize, source: &[u8], checks: MostChecks) -> Option<(Tree, &'static Table)> {
    let rules = LANGUAGES[number];
    let prepared = (rules.prepare)(source);
    let source = prepared.as_deref().unwrap_or(source);
    let preferred = (rules.prefer)(source);
    let mut best = (tree(number, preferred, source, checks)?, table(number, preferred));
    if !best.0.root_node().has_error() {
        return Some(best);
    }
    let mut fewest = error_bytes(&best.0).max(1);
    let others = (0..rules.grammars.len()).filter(|variant| *variant != preferred);
    let mut attempts: Vec<(usize, &[u8])> = others.map(|variant| (variant, source)).collect();
    let mended = (rules.mend)(source);
    if let Some(mended) = &mended {
        attempts.extend((0..rules.grammars.len()).map(|variant| (variant, mended.as_slice())));
    }
    for (variant, source) in attempts {
        if fewest == 0 {
            break;
        }
        let Some(other) = tree(number, variant, source, checks) else { continue };
        // A grammar may hide the token that is missing.
        let errors = if other.root_node().has_error() { error_bytes(&other).max(1) } else { 0 };
        if errors < fewest {
            (best, fewest) = ((other, table(number, variant)), errors);
        }
    }
    Some(best)
}

/// How many bytes a tree does not understand; a missing token counts for one.
fn error_bytes(tree: &Tree) -> usize {
    let mut bytes = 0;
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let is_error = node.is_error() || node.is_missing();
        if is_error {
            bytes += node.byte_range().len().max(1);
        }
        if !is_error && node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return bytes;
            }
        }
    }
}

thread_local! {
    /// A thread's parsers, by language and grammar.
    static PARSERS: RefCell<Vec<Vec<Option<Parser>>>> = const { RefCell::new(Vec::new()) };
}

/// Parses with a grammar; none where that takes too many steps.
fn tree(number: usize, variant: usize, source: &[u8], checks: MostChecks) -> Option<Tree> {
    PARSERS.with_borrow_mut(|parsers| {
        if parsers.is_empty() {
            *parsers = LANGUAGES.iter().map(|rules| rules.grammars.iter().map(|_| None).collect()).collect();
        }
        let parser = parsers[number][variant].get_or_insert_with(|| {
            let mut parser = Parser::new();
            let grammar = &table(number, variant).grammar;
            parser.set_language(grammar).expect("the grammars are built for this version of tree-sitter");
            parser
        });
        let MostChecks { mut checks, .. } = checks;
        let mut progress = |_: &_| {
            checks = checks.saturating_sub(1);
            if checks > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let mut read = |offset: usize, _| source.get(offset..).unwrap_or_default();
        let options = TreeOptions::new().progress_callback(&mut progress);
        let tree = parser.parse_with_options(&mut read, None, Some(options));
        if tree.is_none() {
            // A parser that was interrupted would resume with the next file.
            parser.reset();
        }
        tree
    })
}
