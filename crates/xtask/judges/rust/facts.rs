//! What `syn` says about Rust files: one JSON object a file on standard output.
//!
//! Argument: the root of a tree; every `*.rs` below it is read. The form of an object is described in
//! crates/xtask/src/accuracy/fact.rs. Nothing here knows tree-sitter. What stands among the tokens of a macro is known to
//! nobody but the macro: those spans are said to be blind, but for macros that are known to take expressions, whose calls
//! are read. Of these, names in upper case are left out, which the extractor does not record there.

mod items;
mod source;

use std::{
    env, fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    thread,
};

use proc_macro2::TokenStream;
use serde_json::{Value, json};
use source::{Source, range};
use syn::{
    Attribute, Expr, ExprCall, ExprMethodCall, Macro, Token,
    parse::Parser,
    punctuated::Punctuated,
    visit::{self, Visit},
};

/// What is compared of which kind of fact.
const SCOPE: &str = r#"{"function":["kind","is_async","is_static","is_abstract","return_type"],"class":["kind"],"parameter":["kind","annotation"],"decorator":["arguments"],"base":["text"],"import":["kind","alias","is_relative"],"call":["kind","text","function","arguments"]}"#;

/// Macros whose arguments are expressions, by their last name.
const OF_EXPRESSIONS: [&str; 37] = [
    "anyhow",
    "assert",
    "assert_eq",
    "assert_ne",
    "bail",
    "dbg",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "ensure",
    "eprint",
    "eprintln",
    "error",
    "format",
    "format_args",
    "info",
    "join",
    "panic",
    "print",
    "println",
    "prop_assert",
    "prop_assert_eq",
    "prop_assert_ne",
    "ready",
    "todo",
    "trace",
    "try",
    "try_join",
    "unimplemented",
    "unreachable",
    "vec",
    "warn",
    "write",
    "writeln",
    "pin",
    "addr_of",
];

/// Deep expressions need more stack than a thread has by itself.
const STACK_BYTES: usize = 1 << 30;

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::args_os().nth(1).expect("the root of a tree is given"));
    let judge = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || judge(&root))?;
    judge.join().expect("the judge does not panic")
}

fn judge(root: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "{SCOPE}")?;
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    for file in files {
        let path = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        writeln!(out, "{}", line(&path, &fs::read(&file)?))?;
    }
    out.flush()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let (path, kind) = entry.map(|entry| (entry.path(), entry.file_type()))?;
        if kind?.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn line(path: &str, bytes: &[u8]) -> Value {
    let Ok(text) = std::str::from_utf8(bytes) else { return json!({"path": path, "error": "not UTF-8"}) };
    let source = Source::new(text);
    let found = match syn::parse_str::<syn::File>(&source.without_head()) {
        Ok(file) => {
            let mut judge = Judge::new(&source);
            judge.visit_file(&file);
            let (facts, blind) = judge.finish();
            json!({"path": path, "facts": facts, "blind": blind})
        }
        Err(error) => json!({"path": path, "error": error.to_string()}),
    };
    // The spans of every file that was parsed are kept until somebody says that they are not wanted any more.
    proc_macro2::extra::invalidate_current_thread_spans();
    found
}

/// What is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ScopeKind {
    Module,
    Class,
    Extension,
    Function,
}

struct Judge<'s> {
    source: &'s Source<'s>,
    facts: Vec<Value>,
    blind: Vec<Value>,
    scopes: Vec<(ScopeKind, String)>,
    classes: Vec<Class>,
    /// Bases that `impl` blocks give to a type: its qualified and bare name.
    implementations: Vec<(String, String, Base)>,
    /// How many macros are around.
    macros: usize,
    calls: Vec<Call>,
}

struct Class {
    qualified_name: String,
    name: String,
    begin: Vec<usize>,
    bases: Vec<Base>,
}

#[derive(Clone)]
struct Base {
    name: String,
    text: String,
}

struct Call {
    at: Vec<usize>,
    kind: &'static str,
    name: String,
    text: Option<String>,
    function: Option<String>,
    arguments: usize,
}

impl<'s> Judge<'s> {
    fn new(source: &'s Source<'s>) -> Self {
        let (facts, blind, scopes) = (Vec::new(), Vec::new(), Vec::new());
        let (classes, implementations, calls) = (Vec::new(), Vec::new(), Vec::new());
        Self { source, facts, blind, scopes, classes, implementations, macros: 0, calls }
    }

    /// What can be said only at the end: bases that stand at `impl` blocks, and calls of what the file says is a class.
    fn finish(mut self) -> (Vec<Value>, Vec<Value>) {
        for (qualified_name, name, base) in std::mem::take(&mut self.implementations) {
            let exact = self.classes.iter().position(|class| class.qualified_name == qualified_name);
            let mut same = self.classes.iter().enumerate().filter(|(_, class)| class.name == name);
            let bare = match (same.next(), same.next()) {
                (Some((index, _)), None) => Some(index),
                _ => None,
            };
            if let Some(index) = exact.or(bare) {
                self.classes[index].bases.push(base);
            }
        }
        for class in &self.classes {
            for (number, base) in class.bases.iter().enumerate() {
                let at: Vec<usize> = class.begin.iter().copied().chain([number]).collect();
                let attributes = json!({"text": base.text});
                self.facts
                    .push(json!({"kind": "base", "at": at, "name": base.name, "attributes": attributes}));
            }
        }
        for call in &self.calls {
            let is_class = call.kind == "function"
                && call.text.is_none()
                && self.classes.iter().any(|class| class.name == call.name);
            let mut attributes = json!({"arguments": call.arguments.to_string()});
            attributes["kind"] = json!(if is_class { "constructor" } else { call.kind });
            if let Some(text) = &call.text {
                attributes["text"] = json!(text);
            }
            if let Some(function) = &call.function {
                attributes["function"] = json!(function);
            }
            self.facts
                .push(json!({"kind": "call", "at": call.at, "name": call.name, "attributes": attributes}));
        }
        (self.facts, self.blind)
    }

    fn qualified(&self, name: &str) -> String {
        let around = self.scopes.iter().map(|(_, name)| name.as_str());
        around.chain([name]).collect::<Vec<_>>().join("::")
    }

    fn in_scope(&mut self, kind: ScopeKind, name: String, visit: impl FnOnce(&mut Self)) {
        self.scopes.push((kind, name));
        visit(self);
        self.scopes.pop();
    }

    fn blind(&mut self, start: usize, end: usize) {
        if start < end {
            let span = [self.source.place(start), self.source.place(end)].concat();
            self.blind.push(json!(span));
        }
    }

    fn call(
        &mut self,
        kind: &'static str,
        name: &proc_macro2::Ident,
        callee: (usize, usize),
        arguments: usize,
    ) {
        let place = range(name);
        let name = self.source.text(place.clone());
        let is_upper = name.starts_with(|first: char| first.is_ascii_uppercase());
        if self.macros > 0 && is_upper && kind != "macro" {
            return;
        }
        let is_bare = callee == (place.start, place.end);
        let text = (!is_bare).then(|| self.source.text(callee.0..callee.1));
        let function = match self.scopes.last() {
            Some((ScopeKind::Function, _)) => Some(self.function_name()),
            _ => None,
        };
        let kind = if is_upper && kind != "macro" { "constructor" } else { kind };
        self.calls.push(Call { at: self.source.place(place.start), kind, name, text, function, arguments });
    }

    fn function_name(&self) -> String {
        self.scopes.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("::")
    }

    /// The call of a path.
    fn call_of_path(&mut self, path: &syn::ExprPath, arguments: usize) {
        let segments = &path.path.segments;
        let Some(last) = segments.last() else { return };
        let qualifier = match &path.qself {
            Some(own) if own.position + 1 >= segments.len() => Some(true),
            _ => segments.len().checked_sub(2).map(|place| {
                self.source
                    .text(range(&segments[place].ident))
                    .starts_with(|first: char| first.is_ascii_uppercase())
            }),
        };
        let kind = if qualifier == Some(true) { "method" } else { "function" };
        let start = match &path.qself {
            Some(own) => range(&own.lt_token).start,
            None => range(&path.path).start,
        };
        self.call(kind, &last.ident, (start, range(&last.ident).end), arguments);
    }

    /// The calls among the tokens of a macro that takes expressions; false where they are none.
    fn read_tokens(&mut self, tokens: &TokenStream) -> bool {
        let list = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone());
        let repeated = |input: syn::parse::ParseStream<'_>| {
            let value: Expr = input.parse()?;
            input.parse::<Token![;]>()?;
            Ok(vec![value, input.parse()?])
        };
        let expressions: Vec<Expr> = match list.map(|list| list.into_iter().collect()) {
            Ok(list) => list,
            Err(_) => match repeated.parse2(tokens.clone()) {
                Ok(pair) => pair,
                Err(_) => return false,
            },
        };
        self.macros += 1;
        for expression in &expressions {
            Visit::visit_expr(self, expression);
        }
        self.macros -= 1;
        true
    }
}

/// Where an expression begins that is the receiver of something, without the attributes before it.
fn start_of(expression: &Expr) -> usize {
    match expression {
        Expr::MethodCall(call) => start_of(&call.receiver),
        Expr::Field(field) => start_of(&field.base),
        Expr::Call(call) => start_of(&call.func),
        Expr::Index(index) => start_of(&index.expr),
        Expr::Await(awaited) => start_of(&awaited.base),
        Expr::Try(tried) => start_of(&tried.expr),
        Expr::Paren(inside) => inside.paren_token.span.open().byte_range().start,
        other => range(other).start,
    }
}

fn bare(mut callee: &Expr) -> &Expr {
    loop {
        callee = match callee {
            Expr::Paren(inside) => &inside.expr,
            Expr::Group(inside) => &inside.expr,
            callee => return callee,
        };
    }
}

impl Visit<'_> for Judge<'_> {
    fn visit_expr_call(&mut self, call: &ExprCall) {
        match bare(&call.func) {
            Expr::Path(path) => self.call_of_path(path, call.args.len()),
            Expr::Field(field) => {
                if let syn::Member::Named(name) = &field.member {
                    self.call("method", name, (start_of(&field.base), range(name).end), call.args.len());
                }
            }
            _ => {}
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &ExprMethodCall) {
        let callee = (start_of(&call.receiver), range(&call.method).end);
        self.call("method", &call.method, callee, call.args.len());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, called: &Macro) {
        let Some(last) = called.path.segments.last() else { return };
        let tokens: Vec<_> = called.tokens.clone().into_iter().collect();
        let is_comma = |token: &proc_macro2::TokenTree| matches!(token, proc_macro2::TokenTree::Punct(mark) if mark.as_char() == ',');
        let arguments = match tokens.as_slice() {
            [] => 0,
            [only] if is_comma(only) => 0,
            [inside @ .., _] => inside.iter().filter(|token| is_comma(token)).count() + 1,
        };
        let path = range(&called.path);
        self.call("macro", &last.ident, (path.start, path.end), arguments);
        let name = last.ident.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        if !OF_EXPRESSIONS.contains(&name) || !self.read_tokens(&called.tokens) {
            let span = called.delimiter.span();
            self.blind(span.open().byte_range().start, span.close().byte_range().end);
        }
    }

    fn visit_token_stream(&mut self, unknown: &TokenStream) {
        let place = range(unknown);
        self.blind(place.start, place.end);
    }

    fn visit_attribute(&mut self, _: &Attribute) {}

    fn visit_item(&mut self, item: &syn::Item) {
        // Among the tokens of a macro only calls are compared.
        if self.macros > 0 {
            let place = range(item);
            self.blind(place.start, place.end);
            return;
        }
        if !items::item(self, item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &syn::ImplItem) {
        if !items::impl_item(self, item) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &syn::TraitItem) {
        if !items::trait_item(self, item) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_foreign_item(&mut self, item: &syn::ForeignItem) {
        if let syn::ForeignItem::Fn(function) = item {
            let start = items::start([range(&function.vis), range(&function.sig)]);
            items::function(self, &function.attrs, &function.sig, start, range(function).end, None);
        } else {
            visit::visit_foreign_item(self, item);
        }
    }

    fn visit_local(&mut self, local: &syn::Local) {
        if self.macros > 0 || !items::bound_closure(self, local) {
            visit::visit_local(self, local);
        }
    }
}
