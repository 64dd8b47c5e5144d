//! Bare names inside functions: what the file's own scopes say before its top level is asked.

use snake_pipe_core::model::Origin;

use super::{LinkIndex, meaning::Found, symbols::Scope};
use crate::{Linkable, parsed::is_in_pattern};

/// What the scopes between a call and the file's top level say about a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inner<'a> {
    /// They do not know it.
    Nothing,
    /// A parameter or variable of a function, or of the top level where the call stands there itself, with its declared
    /// type; empty where there is none or more than one.
    Variable { function: Option<u32>, type_name: &'a str },
    /// A definition.
    Definition(Found),
}

impl LinkIndex {
    /// What `name` means inside `function`, by its functions from the innermost outwards. Classes in between are not
    /// asked: in Python and JavaScript their members are no bare names.
    pub(super) fn inner_name<'a>(
        &self,
        file: u32,
        linkable: &'a Linkable,
        function: Option<u32>,
        name: &str,
    ) -> Inner<'a> {
        let Some(function) = function else {
            // Among the variables of the top level are those of functions without a name.
            let type_name = declared_type(&linkable.variables, name);
            return type_name
                .map_or(Inner::Nothing, |type_name| Inner::Variable { function: None, type_name });
        };
        let symbols = &self.symbols[file as usize];
        for scope in symbols.scopes(Scope::Function(function)) {
            let Scope::Function(function) = scope else { continue };
            if let Some(type_name) = variable(linkable, function, name) {
                return Inner::Variable { function: Some(function), type_name };
            }
            let Some(name) = self.names.get(name) else { continue };
            let found = self.defined(file, scope, name, Origin::Scope);
            if found.is_known() {
                return Inner::Definition(found);
            }
        }
        Inner::Nothing
    }
}

/// The type of a function's variable, if it has one of this name.
pub(super) fn variable<'a>(linkable: &'a Linkable, function: u32, name: &str) -> Option<&'a str> {
    let names = &linkable.functions.get(function as usize)?.typed_names;
    declared_type(names, name)
}

/// Whether a function has a parameter of this name.
pub(super) fn is_parameter(linkable: &Linkable, function: u32, name: &str) -> bool {
    linkable.functions.get(function as usize).is_some_and(|function| {
        function.typed_names.iter().take(function.parameter_count as usize).any(|(bound, _)| bound == name)
    })
}

/// The type that `names` declares for a name: empty where it is bound more than once with different types, none where
/// it is not bound.
pub(super) fn declared_type<'a>(names: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let bound = names.iter().filter(|(bound, _)| bound == name || is_in_pattern(bound, name));
    let mut types = bound.map(|(bound, type_name)| if bound == name { type_name.as_str() } else { "" });
    let first = types.next()?;
    Some(if types.all(|other| other == first) { first } else { "" })
}

/// Whether `name` is a variable of a function or of those around it.
pub(super) fn is_variable_around(linkable: &Linkable, function: Option<u32>, name: &str) -> bool {
    let parents = |function: &u32| linkable.functions.get(*function as usize).and_then(|f| f.parent);
    std::iter::successors(function, parents)
        .take(linkable.functions.len())
        .any(|function| variable(linkable, function, name).is_some())
}

/// The parts of a dotted name; none where the text is anything else.
pub(super) fn dotted(text: &str) -> Option<Vec<&str>> {
    let is_name = |part: &&str| {
        !part.is_empty()
            && part.chars().all(|c| c == '_' || c == '$' || c.is_alphanumeric())
            && !part.starts_with(|c: char| c.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split('.').collect();
    parts.iter().all(is_name).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_of_two_types_has_none() {
        let names = [("x".into(), "A".into()), ("y".into(), "A".into()), ("x".into(), "B".into())];
        assert_eq!(declared_type(&names, "y"), Some("A"));
        assert_eq!(declared_type(&names, "x"), Some(""));
        assert_eq!(declared_type(&names, "z"), None);
    }

    #[test]
    fn a_pattern_binds_the_names_in_it() {
        let names = [("{ a, b: [c] }".into(), "Props".into())];
        assert_eq!((declared_type(&names, "c"), declared_type(&names, "d")), (Some(""), None));
    }

    #[test]
    fn only_dotted_names_have_parts() {
        assert_eq!(dotted("a.b_1.$c"), Some(vec!["a", "b_1", "$c"]));
        assert_eq!(
            (dotted("a().b"), dotted("a[0].b"), dotted("a..b"), dotted("1.x")),
            (None, None, None, None)
        );
    }
}
