//! What is open around the walk: definitions, namespaces, control structures; and how they begin and end.

use snake_pipe_core::model::{Class, Function, FunctionKind, Owner, Span};
use tree_sitter::Node;

use super::{Limit, Walk, flow::Tally, late::MemberOf, text};
use crate::parsed::ImportPlace;

/// What a rule says about a function. The engine adds names of the scope, span, signature, documentation, complexity.
#[derive(Default)]
pub(crate) struct FunctionDraft<'t> {
    /// Kind, bare name, parameters and all that only the language knows. A plain function directly inside a class
    /// becomes a method.
    pub(crate) function: Function,
    /// The body; what stands before it is the signature. None where there is none.
    pub(crate) body: Option<Node<'t>>,
    /// Where the signature begins, if before the function's own node (`f` in `f = () => …`).
    pub(crate) head: Option<Node<'t>>,
    /// Where the definition proper begins, if annotations stand before it inside its own node.
    pub(crate) start: Option<Node<'t>>,
    /// It belongs to the file, whatever seems to be around it, and `start` may lie before its node: the source is not
    /// understood there.
    pub(crate) is_outermost: bool,
    /// The type whose member it is, where that is named and not around it (a Go receiver, `A` in C++ `A::f`).
    pub(crate) member_of: Option<String>,
}

/// What a rule says about a class. The engine adds names of the scope, span and documentation.
#[derive(Default)]
pub(crate) struct ClassDraft<'t> {
    /// Kind, bare name, fields and all that only the language knows.
    pub(crate) class: Class,
    /// Where the documentation stands before, if that is not the class's own node (a `typedef` around it).
    pub(crate) head: Option<Node<'t>>,
    /// What stands before it belongs to another definition at the same place.
    pub(crate) is_secondary: bool,
    /// Where the definition proper begins, if annotations stand before it inside its own node.
    pub(crate) start: Option<Node<'t>>,
}

/// The innermost definition around a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// None, or a namespace.
    File,
    /// A function, by index.
    Function(u32),
    /// A class, by index.
    Class(u32),
    /// A block of members of a type that is named, not defined, there (`impl` in Rust).
    Extension,
}

/// What is open.
pub(super) enum FrameKind {
    /// A control structure, with the nesting around it.
    Flow { nesting: u32, control_depth: u32 },
    /// A part that other tools count apart, with the marks around it.
    Marks { before: u8 },
    /// A function, with what was counted around it.
    Function { index: u32, has_body: bool, outer: Tally },
    /// A class.
    Class { index: u32 },
    /// A namespace, by its qualified name.
    Namespace { qualified_name: String },
    /// Members of the type of this qualified and this bare name.
    Extension { qualified_name: String, name: String },
    /// An object without a class: qualifies names, and is no scope.
    Object { qualified_name: String },
}

/// Something open, and the depth at whose end it closes.
struct Frame {
    depth: u32,
    kind: FrameKind,
}

/// The stack of what is open.
#[derive(Default)]
pub(super) struct Frames {
    stack: Vec<Frame>,
    /// The places in the stack of what is no control structure.
    scopes: Vec<u32>,
    /// How many of these are functions and classes.
    pub(super) definitions: u32,
}

impl Frames {
    /// The depth of the innermost frame, 0 without one.
    #[inline]
    pub(super) fn innermost_depth(&self) -> u32 {
        self.stack.last().map_or(0, |frame| frame.depth)
    }

    /// The innermost scope; objects are looked through.
    fn innermost_scope(&self) -> Option<&FrameKind> {
        let kinds = self.scopes.iter().rev().map(|place| &self.stack[*place as usize].kind);
        { kinds }.find(|kind| !matches!(kind, FrameKind::Object { .. }))
    }

    /// What qualifies a name.
    fn innermost_name(&self) -> Option<&FrameKind> {
        self.scopes.last().map(|place| &self.stack[*place as usize].kind)
    }
}

impl<'t> Walk<'t> {
    /// The innermost definition around the current node.
    pub(crate) fn scope(&self) -> Scope {
        match self.frames.innermost_scope() {
            None
            | Some(
                FrameKind::Namespace { .. }
                | FrameKind::Flow { .. }
                | FrameKind::Marks { .. }
                | FrameKind::Object { .. },
            ) => Scope::File,
            Some(FrameKind::Function { index, .. }) => Scope::Function(*index),
            Some(FrameKind::Class { index }) => Scope::Class(*index),
            Some(FrameKind::Extension { .. }) => Scope::Extension,
        }
    }

    /// The function that the innermost definition is.
    pub(crate) fn enclosing_function(&self) -> Option<u32> {
        match self.scope() {
            Scope::Function(index) => Some(index),
            Scope::File | Scope::Class(_) | Scope::Extension => None,
        }
    }

    /// The class that the innermost definition is.
    pub(crate) fn enclosing_class(&self) -> Option<u32> {
        match self.scope() {
            Scope::Class(index) => Some(index),
            Scope::File | Scope::Function(_) | Scope::Extension => None,
        }
    }

    /// The nodes around the current one inside the innermost function or class, its body aside; outside of both all of
    /// them.
    pub(crate) fn ancestors_in_definition(&self) -> &[Node<'t>] {
        let frames = self.frames.scopes.iter().rev().map(|place| &self.frames.stack[*place as usize]);
        let definition = { frames }
            .find(|frame| matches!(frame.kind, FrameKind::Function { .. } | FrameKind::Class { .. }));
        // The node at a frame's depth is the body or another part of the definition.
        let depth = definition.map_or(0, |frame| frame.depth as usize + 1);
        self.ancestors.get(depth..).unwrap_or_default()
    }

    /// The function of this index, as far as it is known.
    pub(crate) fn function(&mut self, index: u32) -> &mut Function {
        &mut self.facts.functions[index as usize]
    }

    /// The class of this index, as far as it is known.
    pub(crate) fn class(&mut self, index: u32) -> &mut Class {
        &mut self.facts.classes[index as usize]
    }

    /// Opens the function at the current node until the node ends, and gives its index; none without a name.
    pub(crate) fn open_function(&mut self, node: Node<'t>, draft: FunctionDraft<'t>) -> Option<u32> {
        let FunctionDraft { mut function, body, head, start, is_outermost, member_of } = draft;
        if function.name.is_empty() {
            return None;
        }
        let index = self.facts.functions.len() as u32;
        let head = head.filter(|head| head.start_byte() < node.start_byte()).unwrap_or(node);
        let start = start.filter(|start| is_outermost || start.start_byte() > node.start_byte());
        function.span = self.span_from(start, node);
        function.signature = Some(self.signature(start.unwrap_or(head), node, body));
        function.source_code = self.options.store_source.then(|| {
            let first = start.unwrap_or(node).start_byte().min(node.end_byte());
            text::stored(&self.source[first..node.end_byte()], Limit::Source).0
        });
        if is_outermost || function.kind == FunctionKind::Macro {
            // A macro belongs to no scope, wherever it is defined.
            function.qualified_name.clone_from(&function.name);
        } else {
            self.place_function(&mut function, index, member_of);
        }
        let documentation = self.attach(head, Owner::Function(index));
        function.doc_string = function.doc_string.or(documentation);
        self.limit_documentation(&mut function.doc_string, node);
        let has_body = body.is_some();
        function.is_abstract |= !has_body && function.kind != FunctionKind::Macro;
        self.facts.functions.push(function);
        self.late.define(self.frames.definitions, Owner::Function(index));
        let body_start = body.map_or(node.end_byte(), |body| body.start_byte());
        let tally = self.complexity.tally.of_function(body_start);
        let outer = std::mem::replace(&mut self.complexity.tally, tally);
        self.open_frame(FrameKind::Function { index, has_body, outer });
        Some(index)
    }

    /// Fills what the scope says: qualified name, class, enclosing function.
    fn place_function(&mut self, function: &mut Function, index: u32, member_of: Option<String>) {
        let mut owner = None;
        match self.frames.innermost_scope() {
            Some(FrameKind::Function { index, .. }) => function.parent = Some(*index),
            Some(FrameKind::Class { index }) => function.class = Some(*index),
            Some(FrameKind::Extension { qualified_name, name }) => {
                owner = Some(MemberOf { qualified_name: qualified_name.clone(), name: name.clone() });
            }
            None
            | Some(
                FrameKind::Namespace { .. }
                | FrameKind::Flow { .. }
                | FrameKind::Marks { .. }
                | FrameKind::Object { .. },
            ) => {}
        }
        function.qualified_name = match member_of {
            None => self.qualified(&function.name),
            Some(name) => {
                let qualified_name = self.qualified(&name);
                let qualified = self.joined(&qualified_name, &function.name);
                owner = Some(MemberOf { qualified_name, name });
                qualified
            }
        };
        if (function.class.is_some() || owner.is_some()) && function.kind == FunctionKind::Function {
            function.kind = FunctionKind::Method;
        }
        if let Some(owner) = owner {
            self.late.members.push((index, owner));
        }
    }

    /// Opens the class at the current node until the node ends, and gives its index; none without a name.
    pub(crate) fn open_class(&mut self, node: Node<'t>, draft: ClassDraft<'t>) -> Option<u32> {
        let index = self.add_class(node, draft)?;
        self.open_frame(FrameKind::Class { index });
        Some(index)
    }

    /// Adds a class that has no members to visit, such as an alias.
    pub(crate) fn add_class(&mut self, node: Node<'t>, draft: ClassDraft<'t>) -> Option<u32> {
        let ClassDraft { mut class, head, start, is_secondary } = draft;
        if class.name.is_empty() {
            return None;
        }
        let index = self.facts.classes.len() as u32;
        class.span = self.span_from(start, node);
        class.qualified_name = self.qualified(&class.name);
        class.namespace = class.namespace.or_else(|| self.namespace());
        match self.scope() {
            Scope::Function(index) => class.function = Some(index),
            Scope::Class(index) => class.outer = Some(index),
            Scope::File | Scope::Extension => {}
        }
        if !is_secondary {
            let documentation = self.attach(head.unwrap_or(node), Owner::Class(index));
            class.doc_string = class.doc_string.or(documentation);
        }
        self.limit_documentation(&mut class.doc_string, node);
        self.facts.classes.push(class);
        self.late.define(self.frames.definitions, Owner::Class(index));
        Some(index)
    }

    /// Opens a namespace, package or module until the current node ends.
    pub(crate) fn open_namespace(&mut self, name: &str) {
        let qualified_name = self.qualified(name);
        self.facts.namespace.get_or_insert_with(|| qualified_name.clone());
        self.open_frame(FrameKind::Namespace { qualified_name });
    }

    /// Opens a namespace or package until the node around the current one ends (`package a;`).
    pub(crate) fn open_namespace_to_end(&mut self, name: &str) {
        self.open_namespace(name);
        if let Some(frame) = self.frames.stack.last_mut() {
            frame.depth -= 1;
        }
    }

    /// Opens a scope that names qualify by but that is no namespace of the file, such as a module of Rust.
    pub(crate) fn open_qualifier(&mut self, name: &str) {
        let qualified_name = self.qualified(name);
        self.open_frame(FrameKind::Namespace { qualified_name });
    }

    /// Opens members of a type that is defined elsewhere in the file, or in another, until the current node ends.
    pub(crate) fn open_extension(&mut self, type_name: &str) {
        let qualified_name = self.qualified(type_name);
        self.open_frame(FrameKind::Extension { qualified_name, name: type_name.to_owned() });
    }

    /// Opens an object that is bound to a name, until the current node ends: its name qualifies those inside, which belong to
    /// what is around it.
    pub(crate) fn open_object(&mut self, name: &str) {
        let qualified_name = self.qualified(name);
        self.open_frame(FrameKind::Object { qualified_name });
    }

    /// The qualified name that `name` would get here.
    pub(crate) fn qualified(&self, name: &str) -> String {
        let scope = match self.frames.innermost_name() {
            None | Some(FrameKind::Flow { .. } | FrameKind::Marks { .. }) => return name.to_owned(),
            Some(FrameKind::Function { index, .. }) => &self.facts.functions[*index as usize].qualified_name,
            Some(FrameKind::Class { index }) => &self.facts.classes[*index as usize].qualified_name,
            Some(
                FrameKind::Namespace { qualified_name }
                | FrameKind::Extension { qualified_name, .. }
                | FrameKind::Object { qualified_name },
            ) => qualified_name,
        };
        self.joined(scope, name)
    }

    fn joined(&self, scope: &str, name: &str) -> String {
        let mut qualified = String::with_capacity(scope.len() + 2 + name.len());
        for part in [scope, self.rules.separator, name] {
            qualified.push_str(part);
        }
        text::cut(&mut qualified, Limit::Name);
        qualified
    }

    /// Notes where the import at this line and column stands, if it does not hold for the whole file.
    pub(super) fn place_import(&mut self, position: (u32, u32)) {
        if self.frames.scopes.is_empty() {
            return;
        }
        let qualifier = self.qualified("");
        let qualifier = qualifier.strip_suffix(self.rules.separator).unwrap_or(&qualifier).to_owned();
        let function = self.enclosing_function();
        if function.is_some() || self.facts.namespace.as_ref() != Some(&qualifier) {
            self.import_places.push((position, ImportPlace { import: 0, function, qualifier }));
        }
    }

    /// The places of imports, when these are in their final order.
    pub(super) fn settled_import_places(&mut self) -> Vec<ImportPlace> {
        let imports = &self.facts.imports;
        let places = std::mem::take(&mut self.import_places).into_iter().filter_map(|(position, place)| {
            let import =
                imports.binary_search_by_key(&position, |import| (import.line, import.column)).ok()?;
            Some(ImportPlace { import: import as u32, ..place })
        });
        let mut places: Vec<ImportPlace> = places.collect();
        places.sort_by_key(|place| place.import);
        places
    }

    /// The innermost namespace that is open.
    fn namespace(&self) -> Option<String> {
        self.frames.scopes.iter().rev().find_map(|place| match &self.frames.stack[*place as usize].kind {
            FrameKind::Namespace { qualified_name } => Some(qualified_name.clone()),
            FrameKind::Flow { .. }
            | FrameKind::Marks { .. }
            | FrameKind::Function { .. }
            | FrameKind::Class { .. }
            | FrameKind::Extension { .. }
            | FrameKind::Object { .. } => None,
        })
    }

    /// Where `node` stands, but from `start` on.
    fn span_from(&self, start: Option<Node<'t>>, node: Node<'t>) -> Span {
        let span = self.span(node);
        match start.filter(|start| start.start_byte() <= node.end_byte()) {
            Some(start) => {
                let Span { line_start, column_start, .. } = self.span(start);
                Span { line_start, column_start, ..span }
            }
            None => span,
        }
    }

    /// The head of a function: from `head` to its body, or the whole node.
    fn signature(&mut self, head: Node<'t>, node: Node<'t>, body: Option<Node<'t>>) -> String {
        let end = body.map_or(node.end_byte(), |body| body.start_byte()).max(head.start_byte());
        let (mut signature, was_cut) = text::stored(&self.source[head.start_byte()..end], Limit::Signature);
        if was_cut {
            self.record_cut(Limit::Signature, node);
        }
        let kept = signature.trim_end().trim_end_matches("=>").trim_end_matches("->");
        let kept = kept.trim_end_matches([';', ':', '=', '{', '\\']).trim_end();
        signature.truncate(kept.len());
        signature
    }

    fn limit_documentation(&mut self, documentation: &mut Option<String>, node: Node<'t>) {
        if let Some(text) = documentation
            && text::cut(text, Limit::Documentation)
        {
            self.record_cut(Limit::Documentation, node);
        }
    }

    /// Opens a frame until the current node ends.
    pub(super) fn open_frame(&mut self, kind: FrameKind) {
        let frames = &mut self.frames;
        if !matches!(kind, FrameKind::Flow { .. } | FrameKind::Marks { .. }) {
            frames.scopes.push(frames.stack.len() as u32);
        }
        frames.definitions += u32::from(matches!(kind, FrameKind::Function { .. } | FrameKind::Class { .. }));
        frames.stack.push(Frame { depth: self.ancestors.len() as u32 + 1, kind });
    }

    /// Closes what ends with the node at `depth`.
    pub(super) fn close_frames(&mut self, depth: u32) {
        while let Some(frame) = self.frames.stack.pop_if(|frame| frame.depth > depth) {
            if !matches!(frame.kind, FrameKind::Flow { .. } | FrameKind::Marks { .. }) {
                self.frames.scopes.pop();
            }
            match frame.kind {
                FrameKind::Flow { nesting, control_depth } => self.unnest(nesting, control_depth),
                FrameKind::Marks { before } => self.unmark(before),
                FrameKind::Function { index, has_body, outer } => {
                    self.frames.definitions -= 1;
                    self.close_function(index, has_body, outer);
                }
                FrameKind::Class { .. } => self.frames.definitions -= 1,
                FrameKind::Namespace { .. } | FrameKind::Extension { .. } | FrameKind::Object { .. } => {}
            }
        }
    }

    fn close_function(&mut self, index: u32, has_body: bool, outer: Tally) {
        let tally = std::mem::replace(&mut self.complexity.tally, outer);
        let function = &mut self.facts.functions[index as usize];
        if has_body && function.kind != FunctionKind::Macro {
            function.complexity = Some(1 + tally.decisions);
            function.cognitive_complexity = Some(tally.cognitive);
            function.max_nesting = Some(tally.max_control_depth);
            self.settle_counts(index, &tally);
            self.add_inner(&tally);
        }
    }
}
