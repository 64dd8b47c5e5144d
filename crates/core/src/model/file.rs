//! The file itself, and what belongs to no function or class.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Annotation, Base, Call, Class, Dependency, Function, Import, Span, words};
use crate::{
    id::{Digest, FileKey, Hasher},
    json::JsonText,
    language::Language,
    path::SourcePath,
    timestamp::Timestamp,
};

/// All that one source file says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransformedAst {
    /// The file's path; its identity within the repository.
    pub path: SourcePath,
    /// The language, or `unknown`.
    #[serde(default)]
    pub language: Language,
    /// Size in bytes, where known.
    #[serde(default)]
    pub size_bytes: Option<u64>,
    /// Digest of the bytes. Without one, the facts are compared by their own digest.
    #[serde(default)]
    pub content_hash: Option<Digest>,
    /// MD5 of the bytes, as other tools print it.
    #[serde(default)]
    pub hash_md5: Option<Digest>,
    /// When the file was last modified, by its file system.
    #[serde(default)]
    pub last_modified: Option<Timestamp>,
    /// Digest of what the references resolved to; differs when they are to be written again.
    #[serde(default)]
    pub link_hash: Option<Digest>,
    /// The package, module or namespace that the file declares or stands for.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Lines by content, where they were counted.
    #[serde(default)]
    pub lines: Option<LineCounts>,
    /// Test, vendored, generated.
    #[serde(default)]
    pub flags: FileFlags,
    /// Whether the file was understood.
    #[serde(default)]
    pub parse_status: ParseStatus,
    /// Why the file was skipped or failed.
    #[serde(default)]
    pub skip_reason: Option<String>,
    /// The outline or the whole syntax tree, as configured.
    #[serde(default)]
    pub ast_content: Option<JsonText>,
    /// Functions in source order, enclosing before enclosed.
    #[serde(default)]
    pub functions: Vec<Function>,
    /// Classes in source order, enclosing before enclosed.
    #[serde(default)]
    pub classes: Vec<Class>,
    /// Annotations and decorators, in source order.
    #[serde(default)]
    pub annotations: Vec<Annotation>,
    /// Comments in source order.
    #[serde(default)]
    pub comments: Vec<Comment>,
    /// Measures of the whole file, one per name.
    #[serde(default)]
    pub metrics: Vec<Metric>,
    /// What could not be understood or stored as it was, in source order.
    #[serde(default)]
    pub parse_issues: Vec<ParseIssue>,
    /// Imports in source order, one per imported name.
    #[serde(default)]
    pub imports: Vec<Import>,
    /// Base classes and interfaces, by class, then in source order.
    #[serde(default)]
    pub bases: Vec<Base>,
    /// Call sites in source order.
    #[serde(default)]
    pub calls: Vec<Call>,
    /// What the file depends on, derived from imports, bases and calls; one per target and type.
    #[serde(default)]
    pub dependencies: Vec<Dependency>,
    /// What a pipeline author adds: a JSON object.
    #[serde(default)]
    pub metadata: Option<JsonText>,
}

impl TransformedAst {
    /// Facts that say nothing but the path.
    #[must_use]
    pub fn new(path: SourcePath) -> Self {
        Self { path, ..Self::default() }
    }

    /// The file's key within its repository.
    #[must_use]
    pub fn key(&self) -> FileKey {
        self.path.key()
    }

    /// What a manifest compares: the content's hash, or without one the digest of the facts themselves.
    #[must_use]
    pub fn content_identity(&self) -> Digest {
        self.content_hash.unwrap_or_else(|| {
            let mut hasher = Hasher::new();
            let facts = serde_json::to_vec(self).expect("facts hold no map with keys that are not text");
            hasher.update(&facts);
            hasher.finish()
        })
    }

    /// A file of which nothing but its name, size and hash is kept, with the reason as a parse issue.
    #[must_use]
    pub fn refused(&self, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            path: self.path.clone(),
            language: self.language,
            size_bytes: self.size_bytes,
            last_modified: self.last_modified,
            flags: self.flags,
            parse_status: ParseStatus::Failed,
            skip_reason: Some(reason.clone()),
            parse_issues: vec![ParseIssue {
                kind: IssueKind::Refused,
                message: reason,
                ..ParseIssue::default()
            }],
            ..Self::default()
        }
    }

    /// A rough size in memory, in bytes: what a batch's budget counts.
    #[must_use]
    pub fn approximate_bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        size_of::<Self>()
            + self.path.as_bytes().len()
            + self.ast_content.as_ref().map_or(0, |json| json.as_str().len())
            + self
                .functions
                .iter()
                .map(|f| {
                    size_of::<Function>()
                        + f.name.len()
                        + f.qualified_name.len()
                        + text(&f.signature)
                        + text(&f.doc_string)
                        + text(&f.source_code)
                        + f.parameters.len() * 96
                })
                .sum::<usize>()
            + self
                .classes
                .iter()
                .map(|c| {
                    size_of::<Class>()
                        + 2 * c.qualified_name.len()
                        + text(&c.doc_string)
                        + c.fields.len() * 128
                })
                .sum::<usize>()
            + self.comments.iter().map(|c| size_of::<Comment>() + text(&c.text)).sum::<usize>()
            + self.imports.iter().map(|i| size_of::<Import>() + i.raw.len() + i.module.len()).sum::<usize>()
            + self.calls.iter().map(|c| size_of::<Call>() + c.name.len() + text(&c.text)).sum::<usize>()
            + self.dependencies.len() * (size_of::<Dependency>() + 16)
            + (self.annotations.len() + self.metrics.len() + self.parse_issues.len() + self.bases.len()) * 128
    }
}

/// Lines by content; `code + comment + blank = total`. A line that holds code and a comment is code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LineCounts {
    /// All lines.
    pub total: u32,
    /// Lines with code on them.
    pub code: u32,
    /// Lines with nothing but comment.
    pub comment: u32,
    /// Lines with nothing but white space.
    pub blank: u32,
}

/// What a file is, by the written rules of discovery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FileFlags {
    /// Holds tests.
    pub is_test: bool,
    /// Comes from somebody else and was copied in.
    pub is_vendored: bool,
    /// Was written by a program.
    pub is_generated: bool,
}

words! {
    /// Whether a file was understood.
    ParseStatus {
        /// Wholly.
        #[default]
        Parsed = "parsed",
        /// With errors inside: the facts around them are there, each error is a parse issue.
        Partial = "partial",
        /// Not read for its structure, by a rule that `skip_reason` names.
        Skipped = "skipped",
        /// Not understood at all, or refused by a backend: `skip_reason` says why.
        Failed = "failed",
    }
}

words! {
    /// The form of a comment.
    CommentKind {
        /// To the end of the line; neighbouring ones count singly.
        #[default]
        Line = "line",
        /// Between marks.
        Block = "block",
        /// Documents what follows or encloses it, by the language's convention.
        Doc = "doc",
    }
}

/// A comment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Comment {
    /// Its form.
    pub kind: CommentKind,
    /// Where it stands.
    pub span: Span,
    /// `TODO`, `FIXME`, `XXX` or `HACK`, the first that it holds as a word.
    pub marker: Option<String>,
    /// Its text with the marks; kept on request only.
    pub text: Option<String>,
}

words! {
    /// How a metric is to be read.
    MetricType {
        /// A number of things.
        #[default]
        Count = "count",
        /// A share between 0 and 1, or a quotient.
        Ratio = "ratio",
        /// A score by a published definition.
        Score = "score",
    }
}

/// A measure of a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metric {
    /// The name of the definition, such as `cyclomatic_complexity_total`.
    pub name: String,
    /// The value; finite. -0.0 is stored as 0.0.
    pub value: f64,
    /// How to read it.
    #[serde(rename = "type")]
    pub metric_type: MetricType,
}

words! {
    /// What is wrong with a piece of a file.
    IssueKind {
        /// The parser found no rule for these bytes.
        #[default]
        SyntaxError = "syntax_error",
        /// The parser supposed something that is not there.
        MissingToken = "missing_token",
        /// Bytes that are not UTF-8 were replaced.
        InvalidUtf8 = "invalid_utf8",
        /// NUL bytes were removed from stored text.
        NulByte = "nul_byte",
        /// A text, list or depth over its limit was cut.
        Truncated = "truncated",
        /// The file could not be read.
        Unreadable = "unreadable",
        /// The file is over the size or time limit.
        OverLimit = "over_limit",
        /// A line of facts from elsewhere, or the file's rows, were refused.
        Refused = "refused",
        /// Two symbols of the file got the same key; the later one was given another.
        KeyCollision = "key_collision",
    }
}

/// A piece of a file that could not be understood or stored as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ParseIssue {
    /// What is wrong.
    pub kind: IssueKind,
    /// In words.
    pub message: String,
    /// Where, if known.
    pub span: Span,
}
