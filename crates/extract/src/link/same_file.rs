//! Languages without rules of their own for other files (Go, Rust): calls that stay in the file.

use snake_pipe_core::model::{Call, CallKind, FunctionKind, Origin};

use super::{
    LinkIndex,
    hierarchy::meaning_of,
    meaning::Found,
    names_in_scope::Inner,
    symbols::{Local, Scope},
};
use crate::Linkable;

impl LinkIndex {
    /// A call of a bare name means the only function of the file's top level that bears it, if no function around the
    /// call binds the name otherwise.
    pub(super) fn same_file_call(&self, file: u32, linkable: &Linkable, call: &Call) -> Found {
        if call.text.is_some() || call.kind != CallKind::Function {
            return Found::UNKNOWN;
        }
        match self.inner_name(file, linkable, call.function, &call.name) {
            Inner::Definition(found) => return found,
            Inner::Variable { .. } => return Found::UNKNOWN,
            Inner::Nothing => {}
        }
        let Some(name) = self.names.get(&call.name) else { return Found::UNKNOWN };
        let symbols = &self.symbols[file as usize];
        // A module inside the file sees of the names around it what it imports.
        let around = symbols.functions.get(call.function.unwrap_or(u32::MAX) as usize);
        if around.is_some_and(|function| function.scope == Scope::Top && function.is_unscoped) {
            return Found::UNKNOWN;
        }
        let mut members = symbols.members(Scope::Top, name);
        match (members.next(), members.next()) {
            (Some(only @ Local::Function(index)), None)
                if symbols.functions[index as usize].kind == FunctionKind::Function
                    && !symbols.has_variable(name) =>
            {
                Found::new(meaning_of(file, only), Origin::Scope)
            }
            _ => Found::UNKNOWN,
        }
    }
}
