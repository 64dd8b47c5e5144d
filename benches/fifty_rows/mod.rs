//! A made-up repository whose files have fifty rows each, and changes of them.

use snake_pipe_core::{
    Language, SourcePath, dependencies_of,
    id::{Digest, SymbolKey},
    model::{
        Call, Class, ClassKind, Comment, Entity, Field, Function, Import, Metric, Origin, Parameter,
        Resolution, Span, Target, TransformedAst,
    },
};

/// How many rows a file has.
pub(crate) const ROWS: u64 = 50;
const FUNCTIONS: usize = 4;
const PARAMETERS: usize = 2;
const FIELDS: usize = 4;
const CALLS: usize = 18;
const IMPORTS: usize = 3;
const COMMENTS: usize = 4;
const METRICS: usize = 3;
/// The calls that an edit of a tenth changes, beside the file and one function.
const EDITED_CALLS: usize = 3;

/// How often the files were edited.
#[derive(Clone, Copy, Default)]
pub(crate) struct Version {
    /// Edits after which every row differs.
    pub(crate) whole: u32,
    /// Edits after which a tenth of the rows differs: those of the file, of a function and of three calls.
    pub(crate) tenth: u32,
}

fn path(number: usize) -> SourcePath {
    format!("services/part{}/module{number}.py", number % 97).as_str().into()
}

fn function_name(file: usize, index: usize) -> String {
    format!("operation_{file}_{index}")
}

fn symbol(file: usize, index: usize) -> SymbolKey {
    SymbolKey::of("function", &function_name(file, index), 0)
}

/// The file of this number in a repository of so many.
pub(crate) fn file(number: usize, files: usize, version: Version) -> TransformedAst {
    let Version { whole, tenth } = version;
    let span = |line: u32| Span {
        line_start: line + whole,
        line_end: line + whole + 9,
        column_start: 1,
        column_end: 2,
    };
    let other = (number * 7 + 1) % files;
    let resolved = |entity| Resolution::resolved(Target { file: path(other).key(), entity }, Origin::Import);
    let functions = (0..FUNCTIONS).map(|index| Function {
        name: function_name(number, index),
        qualified_name: function_name(number, index),
        symbol: symbol(number, index),
        span: span(index as u32 * 20 + 30),
        signature: Some(format!("def {}(first, second)", function_name(number, index))),
        parameters: (0..PARAMETERS)
            .map(|index| Parameter {
                name: format!("argument{index}"),
                type_name: Some(format!("Request{whole}")),
                ..Parameter::default()
            })
            .collect(),
        complexity: Some(index as u32 + 1 + whole + if index == 0 { tenth } else { 0 }),
        ..Function::default()
    });
    let class = format!("State{number}");
    let fields = (0..FIELDS).map(|index| Field {
        name: format!("field{index}"),
        type_name: Some(format!("Value{whole}")),
        ..Field::default()
    });
    let calls = (0..CALLS).map(|index| Call {
        function: Some((index % FUNCTIONS) as u32),
        name: if index % 3 == 0 {
            function_name(other, index % FUNCTIONS)
        } else {
            format!("helper_{index}")
        },
        argument_count: 2,
        line: index as u32 * 3 + 31 + whole,
        column: 9 + if index < EDITED_CALLS { tenth } else { 0 },
        resolution: match index % 3 {
            0 => resolved(Entity::Function(symbol(other, index % FUNCTIONS))),
            _ => Resolution::default(),
        },
        ..Call::default()
    });
    let imports = (0..IMPORTS).map(|index| Import {
        raw: format!("import module{index}"),
        module: if index == 0 { format!("module{other}") } else { format!("module_{index}") },
        line: index as u32 + 1 + whole,
        resolution: if index == 0 { resolved(Entity::File) } else { Resolution::default() },
        ..Import::default()
    });
    let comment = |index| Comment { span: span(index as u32 * 5 + 8), ..Comment::default() };
    let metric = |index| Metric {
        name: format!("metric_{index}"),
        value: f64::from(whole) + 0.5,
        ..Metric::default()
    };
    let mut facts = TransformedAst {
        content_hash: Some(Digest::of(format!("{number} {whole} {tenth}").as_bytes())),
        link_hash: Some(Digest::of(&number.to_le_bytes())),
        language: Language::Python,
        size_bytes: Some(3_000),
        functions: functions.collect(),
        classes: vec![Class {
            kind: ClassKind::Class,
            symbol: SymbolKey::of("class", &class, 0),
            qualified_name: class.clone(),
            name: class,
            span: span(120),
            fields: fields.collect(),
            ..Class::default()
        }],
        calls: calls.collect(),
        imports: imports.collect(),
        comments: (0..COMMENTS).map(comment).collect(),
        metrics: (0..METRICS).map(metric).collect(),
        ..TransformedAst::new(path(number))
    };
    facts.dependencies = dependencies_of(facts.key(), &facts.imports, &facts.bases, &facts.calls);
    facts
}
