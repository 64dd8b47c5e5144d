//! A made-up repository with the proportions of the Linux kernel: as many functions, calls and comments to a file.

use snake_pipe_core::{
    Language, SourcePath, dependencies_of,
    id::{Digest, FileKey, SymbolKey},
    model::{
        Call, Class, ClassKind, Comment, Entity, Field, Function, Import, Metric, Origin, Parameter,
        Resolution, Span, Target, TransformedAst,
    },
};

const FUNCTIONS: usize = 12;
const PARAMETERS: usize = 2;
const CALLS: usize = 82;
const IMPORTS: usize = 6;
const CLASSES: usize = 2;
const FIELDS: usize = 6;
const COMMENTS: usize = 20;
const METRICS: usize = 6;

fn path(number: usize) -> SourcePath {
    format!("drivers/part{}/device{number}.c", number % 97).as_str().into()
}

/// The same number for the same two, and any other for others.
fn mix(one: usize, two: usize) -> usize {
    (one.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ two.wrapping_mul(0xc2b2_ae3d_27d4_eb4f)) >> 17
}

fn function_name(file: usize, index: usize) -> String {
    format!("device_{file}_operation_{index}")
}

fn symbol(file: usize, index: usize) -> SymbolKey {
    SymbolKey::of("function", &function_name(file, index), 0)
}

/// The file of this number in a repository of so many, in this version: another version has all lines shifted.
pub(crate) fn file(number: usize, files: usize, version: usize) -> TransformedAst {
    let key = |number: usize| -> FileKey { path(number).key() };
    let resolved =
        |file: usize, entity| Resolution::resolved(Target { file: key(file), entity }, Origin::Include);
    let mut facts = TransformedAst {
        content_hash: Some(Digest::of(format!("{number} {version}").as_bytes())),
        link_hash: Some(Digest::of(&number.to_le_bytes())),
        language: Language::C,
        size_bytes: Some(21_000),
        ..TransformedAst::new(path(number))
    };
    for index in 0..FUNCTIONS {
        let line = (index * 40 + 1 + version) as u32;
        facts.functions.push(Function {
            name: function_name(number, index),
            qualified_name: function_name(number, index),
            symbol: symbol(number, index),
            span: Span { line_start: line, line_end: line + 30, column_start: 1, column_end: 2 },
            signature: Some(format!(
                "static int {}(struct device *device, u32 flags)",
                function_name(number, index)
            )),
            return_type: Some("int".into()),
            parameters: (0..PARAMETERS)
                .map(|index| Parameter {
                    name: format!("argument{index}"),
                    type_name: Some("struct device *".into()),
                    ..Parameter::default()
                })
                .collect(),
            complexity: Some((mix(number, index) % 20 + 1) as u32),
            ..Function::default()
        });
    }
    for index in 0..CLASSES {
        let name = format!("device_{number}_state_{index}");
        facts.classes.push(Class {
            kind: ClassKind::Struct,
            symbol: SymbolKey::of("struct", &name, 0),
            qualified_name: name.clone(),
            name,
            fields: (0..FIELDS)
                .map(|index| Field {
                    name: format!("field{index}"),
                    type_name: Some("u32".into()),
                    ..Field::default()
                })
                .collect(),
            ..Class::default()
        });
    }
    for index in 0..CALLS {
        let (file, callee) = (mix(number, index) % files, mix(index, number) % FUNCTIONS);
        let is_resolved = index % 3 == 0;
        facts.calls.push(Call {
            function: Some((index % FUNCTIONS) as u32),
            name: if is_resolved {
                function_name(file, callee)
            } else {
                format!("helper_{}", mix(number, index) % 9_000)
            },
            argument_count: 2,
            line: (index * 5 + version) as u32 + 1,
            column: 9,
            resolution: match is_resolved {
                true => resolved(file, Entity::Function(symbol(file, callee))),
                false => Resolution::default(),
            },
            ..Call::default()
        });
    }
    for index in 0..IMPORTS {
        let file = mix(number, index + 7) % files;
        facts.imports.push(Import {
            raw: format!("#include <linux/header{file}.h>"),
            module: format!("linux/header{file}.h"),
            line: index as u32 + 1,
            resolution: if index % 2 == 0 { resolved(file, Entity::File) } else { Resolution::default() },
            ..Import::default()
        });
    }
    facts.comments =
        vec![
            Comment { span: Span { line_start: 3, line_end: 4, ..Span::default() }, ..Comment::default() };
            COMMENTS
        ];
    facts.metrics = (0..METRICS)
        .map(|index| Metric { name: format!("metric_{index}"), value: 1.5, ..Metric::default() })
        .collect();
    facts.dependencies = dependencies_of(facts.key(), &facts.imports, &facts.bases, &facts.calls);
    facts
}
