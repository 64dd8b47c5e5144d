//! `ast_content`: the outline, or the whole tree.

use snake_pipe_core::{
    JsonText,
    model::{IssueKind, Owner, Span},
};
use tree_sitter::Node;

use super::{Walk, issues::issue};

/// How many nodes of a whole tree are kept.
const MAX_NODES: u32 = 200_000;
/// How deep a whole tree or an outline is kept. A level takes two of JSON, and PostgreSQL takes about a thousand of those.
const MAX_DEPTH: usize = 400;

impl<'t> Walk<'t> {
    /// The outline: `{"definitions":[{"kind","name","line_start","line_end","children":[…]}]}`, nested as in the file;
    /// cut below some levels, with a parse issue.
    pub(super) fn outline(&mut self) -> JsonText {
        let mut json = String::from("{\"definitions\":[");
        let mut open = 0;
        let mut needs_comma = false;
        let mut cut: Option<Span> = None;
        for (depth, definition) in &self.late.definitions {
            if *depth as usize >= MAX_DEPTH {
                cut.get_or_insert_with(|| self.outlined(*definition).2);
                continue;
            }
            while open > *depth {
                json.push_str("]}");
                open -= 1;
                needs_comma = true;
            }
            if needs_comma {
                json.push(',');
            }
            self.outline_entry(&mut json, *definition);
            open += 1;
            needs_comma = false;
        }
        for _ in 0..open {
            json.push_str("]}");
        }
        json.push_str("]}");
        if let Some(span) = cut {
            let message = format!("the outline was cut below {MAX_DEPTH} levels of definitions");
            self.facts.parse_issues.push(issue(IssueKind::Truncated, message, span));
        }
        JsonText::from_trusted(json)
    }

    fn outline_entry(&self, json: &mut String, definition: Owner) {
        let (kind, name, span) = self.outlined(definition);
        let name = serde_json::Value::from(name);
        let Span { line_start, line_end, .. } = span;
        json.push_str(&format!(
            "{{\"kind\":\"{kind}\",\"name\":{name},\"line_start\":{line_start},\"line_end\":{line_end},\"children\":["
        ));
    }

    /// Kind, name and place of a definition.
    fn outlined(&self, definition: Owner) -> (&'static str, &str, Span) {
        match definition {
            Owner::Function(index) => {
                let function = &self.facts.functions[index as usize];
                (function.kind.as_str(), function.name.as_str(), function.span)
            }
            Owner::Class(index) => {
                let class = &self.facts.classes[index as usize];
                (class.kind.as_str(), class.name.as_str(), class.span)
            }
            Owner::File => ("file", "", Span::default()),
        }
    }

    /// The whole tree of named nodes: `{"kind","field","span":[line, column, line, column],"children":[…]}`, `field` and
    /// `children` only where there are any; capped, with a parse issue.
    pub(super) fn full_tree(&mut self, root: Node<'t>) -> JsonText {
        let mut json = String::new();
        let (mut nodes, mut depth) = (0_u32, 0_usize);
        let mut cut: Option<(String, Span)> = None;
        let mut cursor = root.walk();
        // For each node around the current one: whether it was written, and whether it has had a child written.
        let mut around: Vec<(bool, bool)> = Vec::new();
        'tree: loop {
            let node = cursor.node();
            if node.is_named() && nodes == MAX_NODES {
                cut = Some((format!("the syntax tree was cut after {MAX_NODES} nodes"), Span::default()));
                break;
            }
            let is_too_deep = node.is_named() && depth == MAX_DEPTH;
            if is_too_deep && cut.is_none() {
                cut = Some((format!("the syntax tree was cut below {MAX_DEPTH} levels"), self.span(node)));
            }
            let is_written = node.is_named() && !is_too_deep;
            if is_written {
                nodes += 1;
                if let Some((_, has_child)) = around.iter_mut().rev().find(|(written, _)| *written) {
                    json.push_str(if *has_child { "," } else { ",\"children\":[" });
                    *has_child = true;
                }
                self.push_node(&mut json, node, cursor.field_name());
            }
            around.push((is_written, false));
            depth += usize::from(is_written);
            if !is_too_deep && cursor.goto_first_child() {
                continue;
            }
            loop {
                depth -= close_node(&mut json, around.pop());
                if cursor.goto_next_sibling() {
                    break;
                }
                if !cursor.goto_parent() {
                    break 'tree;
                }
            }
        }
        while let Some(node) = around.pop() {
            close_node(&mut json, Some(node));
        }
        if let Some((message, span)) = cut {
            self.facts.parse_issues.push(issue(IssueKind::Truncated, message, span));
        }
        JsonText::from_trusted(json)
    }

    fn push_node(&self, json: &mut String, node: Node<'t>, field: Option<&str>) {
        let kind = serde_json::Value::from(node.kind());
        json.push_str(&format!("{{\"kind\":{kind}"));
        if let Some(field) = field {
            json.push_str(&format!(",\"field\":\"{field}\""));
        }
        let Span { line_start, line_end, column_start, column_end } = self.span(node);
        json.push_str(&format!(",\"span\":[{line_start},{column_start},{line_end},{column_end}]"));
    }
}

/// Ends what was written of a node. How many levels that were: one or none.
fn close_node(json: &mut String, node: Option<(bool, bool)>) -> usize {
    match node {
        Some((true, has_child)) => {
            json.push_str(if has_child { "]}" } else { "}" });
            1
        }
        Some((false, _)) | None => 0,
    }
}
