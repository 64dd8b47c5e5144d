//! From the producer's objects to facts.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value};
use snake_pipe_core::{
    JsonText, Language, SourcePath,
    id::FileKey,
    model::{
        Annotation, Base, BaseKind, Call, CallKind, Class, ClassKind, Entity, Field, Function, FunctionKind,
        Origin, Owner, Parameter, Resolution, ResolutionStatus, Target, TransformedAst, Visibility,
    },
};

use super::{
    SnakePipeJsonOptions,
    imports::import,
    methods::Methods,
    model::{JavaCall, JavaClass, JavaField, JavaFile, JavaMethod},
};
use crate::{assign_symbols, discover::path_flags, facts::Flaw, language_of, languages::surface_of};

/// The model's limit for the text of a callee.
const MAX_CALLEE_BYTES: usize = 200;

/// Annotations that make a method a test (JUnit 4 and 5, TestNG).
const TEST_ANNOTATIONS: [&str; 4] = ["Test", "ParameterizedTest", "RepeatedTest", "TestFactory"];

/// The facts of the file.
pub(super) fn facts(
    mut file: JavaFile,
    path: SourcePath,
    options: &SnakePipeJsonOptions,
) -> Result<TransformedAst, Flaw> {
    for class in &mut file.classes {
        class.qualified_name.get_or_insert_with(|| class.name.clone());
    }
    // What encloses stands first; otherwise the order stays.
    let names: Vec<String> = file.classes.iter().filter_map(|class| class.qualified_name.clone()).collect();
    let depth = |class: &JavaClass| {
        let name = class.qualified_name.as_deref().unwrap_or_default();
        names.iter().filter(|outer| is_within(name, outer)).count()
    };
    file.classes.sort_by_cached_key(depth);
    let mut conversion = Conversion {
        facts: TransformedAst {
            language: language(&path),
            flags: path_flags(path.as_str()),
            path,
            ..TransformedAst::default()
        },
        pending: Vec::new(),
        methods: Methods::default(),
        store_source: options.store_source,
    };
    conversion.facts.imports = file.imports.iter().map(|statement| import(statement)).collect();
    for class in file.classes {
        conversion.class(class);
    }
    assign_symbols(&mut conversion.facts);
    conversion.resolve_calls();
    let mut facts = conversion.facts;
    if let Some(surface) = surface_of(facts.language) {
        surface.settle(&mut facts, None, &FxHashSet::default());
    }
    Ok(facts)
}

/// By the file's name; a Java file is one even where this build has no grammar for it.
fn language(path: &SourcePath) -> Language {
    if path.extension() == Some("java") { Language::Java } else { language_of(path, b"") }
}

fn is_within(name: &str, outer: &str) -> bool {
    name.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

struct Conversion {
    facts: TransformedAst,
    /// For each call, the method that the producer resolved it to.
    pending: Vec<Option<String>>,
    methods: Methods,
    store_source: bool,
}

impl Conversion {
    fn class(&mut self, class: JavaClass) {
        let index = self.facts.classes.len() as u32;
        let qualified_name = class.qualified_name.unwrap_or_default();
        let outer = self.enclosing(&qualified_name);
        let namespace = match outer {
            Some(outer) => self.facts.classes[outer as usize].namespace.clone(),
            None => qualified_name.rsplit_once('.').map(|(package, _)| package.to_owned()),
        };
        if self.facts.namespace.is_none() {
            self.facts.namespace.clone_from(&namespace);
        }
        self.bases(index, BaseKind::Extends, &class.extends_list);
        self.bases(index, BaseKind::Implements, &class.implements_list);
        self.annotations(Owner::Class(index), &class.annotations);
        self.facts.classes.push(Class {
            kind: if class.is_interface { ClassKind::Interface } else { ClassKind::Class },
            name: class.name,
            qualified_name: qualified_name.clone(),
            namespace,
            outer,
            type_parameters: (!class.type_parameters.is_empty()).then(|| class.type_parameters.join(", ")),
            fields: class.fields.into_iter().map(field).collect(),
            doc_string: class.comment.as_deref().and_then(doc_string),
            visibility: visibility(None, &class.modifiers),
            modifiers: class.modifiers,
            is_abstract: class.is_abstract || class.is_interface,
            is_final: class.is_final,
            is_static: class.is_static,
            metadata: class.is_inner.then(|| JsonText::from_value(&serde_json::json!({ "is_inner": true }))),
            ..Class::default()
        });
        for constructor in class.constructors {
            self.method(index, FunctionKind::Constructor, &qualified_name, constructor);
        }
        for method in class.methods {
            self.method(index, FunctionKind::Method, &qualified_name, method);
        }
    }

    /// The innermost class so far that encloses one of this name.
    fn enclosing(&self, name: &str) -> Option<u32> {
        let classes = self.facts.classes.iter().enumerate();
        classes
            .filter(|(_, outer)| is_within(name, &outer.qualified_name))
            .max_by_key(|(_, outer)| outer.qualified_name.len())
            .map(|(index, _)| index as u32)
    }

    fn bases(&mut self, class: u32, kind: BaseKind, bases: &[String]) {
        self.facts.bases.extend(bases.iter().map(|text| Base {
            class,
            kind,
            text: text.clone(),
            name: text.split('<').next().unwrap_or(text).trim().to_owned(),
            ..Base::default()
        }));
    }

    fn annotations(&mut self, owner: Owner, annotations: &[String]) {
        self.facts.annotations.extend(annotations.iter().map(|text| annotation(owner, text)));
    }

    fn method(&mut self, class: u32, kind: FunctionKind, class_name: &str, method: JavaMethod) {
        let index = self.facts.functions.len() as u32;
        let metadata = metadata(&method);
        self.methods.add(index, class_name, &method);
        let names: Vec<_> =
            method.annotations.iter().map(|text| annotation(Owner::File, text).name).collect();
        self.annotations(Owner::Function(index), &method.annotations);
        for call in method.method_calls {
            self.call(index, call);
        }
        self.facts.functions.push(Function {
            kind,
            qualified_name: method.qualified_name.unwrap_or_else(|| format!("{class_name}.{}", method.name)),
            name: method.name,
            class: Some(class),
            signature: method.signature,
            parameters: parameters(method.parameters, method.parameter_types),
            return_type: method.return_type,
            doc_string: method.comment.as_deref().and_then(doc_string),
            visibility: visibility(method.visibility.as_deref(), &method.modifiers),
            modifiers: method.modifiers,
            is_abstract: method.is_abstract,
            is_static: method.is_static,
            is_test: names.iter().any(|name| TEST_ANNOTATIONS.contains(&name.as_str())),
            complexity: method.cyclomatic_complexity,
            code_lines: method.code_lines,
            source_code: method.body.filter(|_| self.store_source),
            metadata,
            ..Function::default()
        });
    }

    fn call(&mut self, function: u32, call: JavaCall) {
        let callee = call.source_code.as_deref().map(|source| callee(source, &call.arguments));
        let kind = match &callee {
            Some(callee) if callee.contains('.') => CallKind::Method,
            Some(_) | None => CallKind::Function,
        };
        self.pending.push(call.resolved_method);
        self.facts.calls.push(Call {
            kind,
            function: Some(function),
            text: callee.filter(|callee| *callee != call.method_name),
            name: call.method_name,
            argument_count: call.arguments.len() as u32,
            ..Call::default()
        });
    }

    /// The producer says which method a call goes to. One of this file has a key; where one of another file is, nobody
    /// knows.
    fn resolve_calls(&mut self) {
        let file: FileKey = self.facts.key();
        for (call, resolved) in self.facts.calls.iter_mut().zip(&self.pending) {
            let Some(resolved) = resolved else { continue };
            if let Some(index) = self.methods.get(resolved) {
                let symbol = self.facts.functions[index as usize].symbol;
                let target = Target { file, entity: Entity::Function(symbol) };
                call.resolution = Resolution::resolved(target, Origin::Producer);
            } else if resolved.starts_with("java.") {
                call.resolution = Resolution::stdlib(Origin::Producer);
            } else {
                debug_assert_eq!(call.resolution.status, ResolutionStatus::Unresolved);
            }
        }
    }
}

fn field(field: JavaField) -> Field {
    Field {
        name: field.name,
        type_name: field.declared_type,
        visibility: visibility(field.visibility.as_deref(), &field.modifiers),
        modifiers: field.modifiers,
        is_static: field.is_static,
        is_final: field.is_final,
        ..Field::default()
    }
}

/// Names and types are lists beside each other; what one of them lacks stays unknown.
fn parameters(names: Vec<String>, types: Vec<String>) -> Vec<Parameter> {
    let length = names.len().max(types.len());
    let (mut names, mut types) = (names.into_iter(), types.into_iter());
    let next = |_| Parameter {
        name: names.next().unwrap_or_default(),
        type_name: types.next(),
        ..Parameter::default()
    };
    (0..length).map(next).collect()
}

/// `PACKAGE` is what Java grants where nothing is written.
fn visibility(given: Option<&str>, modifiers: &[String]) -> Visibility {
    let has = |word: &str| modifiers.iter().any(|modifier| modifier == word);
    match given.map(str::to_ascii_lowercase).as_deref() {
        Some("public") => Visibility::Public,
        Some("protected") => Visibility::Protected,
        Some("private") => Visibility::Private,
        Some("package") => Visibility::Internal,
        _ if has("public") => Visibility::Public,
        _ if has("protected") => Visibility::Protected,
        _ if has("private") => Visibility::Private,
        _ => Visibility::Internal,
    }
}

/// A comment's text without the asterisks at the start of its lines. `No comment` says that there is none.
fn doc_string(comment: &str) -> Option<String> {
    let lines: Vec<&str> = comment.lines().map(|line| line.trim().trim_start_matches('*').trim()).collect();
    let text = lines.join("\n").trim().to_owned();
    (!text.is_empty() && text != "No comment").then_some(text)
}

/// `@Name(arguments)`.
fn annotation(owner: Owner, text: &str) -> Annotation {
    let text = text.trim().trim_start_matches('@');
    let (name, arguments) = match text.split_once('(') {
        Some((name, rest)) => (name, Some(rest.strip_suffix(')').unwrap_or(rest).to_owned())),
        None => (text, None),
    };
    Annotation { owner, name: name.trim().to_owned(), arguments, ..Annotation::default() }
}

/// The call's text up to its arguments, white space folded.
fn callee(source: &str, arguments: &[String]) -> String {
    let written = format!("({})", arguments.join(", "));
    let callee = source.trim().strip_suffix(&written).unwrap_or(source);
    let mut folded = callee.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = (0..=folded.len().min(MAX_CALLEE_BYTES)).rev().find(|at| folded.is_char_boundary(*at));
    folded.truncate(end.unwrap_or(0));
    folded
}

/// What the producer says beyond the model.
fn metadata(method: &JavaMethod) -> Option<JsonText> {
    let mut metadata = Map::new();
    let numbers = [
        ("total_lines", method.total_lines),
        ("comment_lines", method.comment_lines),
        ("blank_lines", method.blank_lines),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            metadata.insert(name.to_owned(), number.into());
        }
    }
    if let Some(resolved) =
        method.resolved_return_type.as_ref().filter(|r| method.return_type.as_ref() != Some(r))
    {
        metadata.insert("resolved_return_type".to_owned(), resolved.as_str().into());
    }
    if !method.control_flow_statements.is_empty() {
        metadata.insert("control_flow_statements".to_owned(), method.control_flow_statements.clone().into());
    }
    (!metadata.is_empty()).then(|| JsonText::from_value(&Value::Object(metadata)))
}
