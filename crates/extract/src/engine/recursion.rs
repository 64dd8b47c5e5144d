//! Recursion: the increment of the cognitive complexity for each function that comes back to itself (Campbell, "Cognitive
//! Complexity", "fundamental increments"), as far as one file shows it.

use rustc_hash::{FxHashMap, FxHashSet};
use snake_pipe_core::model::{Call, Function, FunctionKind, ParameterKind, TransformedAst};

/// Where a name is looked up: the function around it, the class around it, and the name.
type Place<'a> = (Option<u32>, Option<u32>, &'a str);

/// Adds one to the cognitive complexity of every function that lies on a cycle of calls inside the file.
///
/// A call is followed where only one function can be meant: a bare name in the scopes around it, and the methods of the
/// function's own class where the language calls them so (`bare_calls_reach_members`) or where they are called on the object
/// itself. Among overloads the number of arguments decides; where that does not, the call is not followed.
pub(super) fn settle(facts: &mut TransformedAst, bare_calls_reach_members: bool) {
    let edges = edges(facts, bare_calls_reach_members);
    for index in on_cycles(&edges) {
        if let Some(complexity) = &mut facts.functions[index as usize].cognitive_complexity {
            *complexity += 1;
        }
    }
}

/// The calls between functions of the file, as pairs of caller and callee.
fn edges(facts: &TransformedAst, bare_calls_reach_members: bool) -> FxHashMap<u32, Vec<u32>> {
    let mut functions: FxHashMap<Place<'_>, Vec<u32>> = FxHashMap::default();
    for (index, function) in facts.functions.iter().enumerate() {
        if function.kind != FunctionKind::Macro {
            let place = (function.parent, function.class, function.name.as_str());
            functions.entry(place).or_default().push(index as u32);
        }
    }
    let names: FxHashSet<&str> = functions.keys().map(|(_, _, name)| *name).collect();
    let mut edges: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for call in facts.calls.iter().filter(|call| names.contains(call.name.as_str())) {
        let Some(caller) = call.function else { continue };
        let places = match &call.text {
            None => bare_places(facts, caller, &call.name, bare_calls_reach_members),
            Some(text) => own_place(facts, caller, call, text).into_iter().collect(),
        };
        let Some(found) = places.iter().find_map(|place| functions.get(place)) else { continue };
        if let Some(callee) = meant(&facts.functions, found, call.argument_count) {
            edges.entry(caller).or_default().push(callee);
        }
    }
    edges
}

/// Where a bare name may be defined, the nearest scope first.
fn bare_places<'a>(
    facts: &TransformedAst,
    caller: u32,
    name: &'a str,
    reaches_members: bool,
) -> Vec<Place<'a>> {
    let mut places = Vec::new();
    let mut around = Some(caller);
    while let Some(index) = around {
        let function = &facts.functions[index as usize];
        if function.parameters.iter().any(|parameter| parameter.name == name) {
            return Vec::new();
        }
        places.push((Some(index), None, name));
        if reaches_members && function.class.is_some() {
            places.push((None, function.class, name));
        }
        around = function.parent;
    }
    places.push((None, None, name));
    places
}

/// Where a method is defined that is called on the object whose method the caller is.
fn own_place<'a>(facts: &TransformedAst, caller: u32, call: &'a Call, text: &str) -> Option<Place<'a>> {
    let receiver = text.strip_suffix(call.name.as_str())?;
    let receiver = receiver
        .strip_suffix('.')
        .or_else(|| receiver.strip_suffix("->").or_else(|| receiver.strip_suffix("::")))?;
    let function = &facts.functions[caller as usize];
    let class = function.class?;
    let first = function.parameters.first().filter(|first| first.kind == ParameterKind::Receiver);
    let is_own =
        matches!(receiver, "this" | "self" | "Self") || first.is_some_and(|first| first.name == receiver);
    is_own.then_some((None, Some(class), call.name.as_str()))
}

/// The one of several functions of a name that a call with so many arguments means.
fn meant(functions: &[Function], found: &[u32], arguments: u32) -> Option<u32> {
    if let [only] = found {
        return Some(*only);
    }
    let mut fitting =
        found.iter().filter(|index| functions[**index as usize].parameters.len() == arguments as usize);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Some(*one),
        _ => None,
    }
}

/// Functions from which calls lead back to themselves, by Tarjan's strongly connected components without recursion.
fn on_cycles(edges: &FxHashMap<u32, Vec<u32>>) -> Vec<u32> {
    let mut found = Vec::new();
    let mut search = Search::default();
    let mut starts: Vec<u32> = edges.keys().copied().collect();
    starts.sort_unstable();
    for start in starts {
        search.from(start, edges, &mut found);
    }
    found
}

/// The state of the search: numbers in the order of discovery, and what is open.
#[derive(Default)]
struct Search {
    numbers: FxHashMap<u32, usize>,
    lowest: FxHashMap<u32, usize>,
    open: Vec<u32>,
    closed: FxHashSet<u32>,
    /// What is being followed, with how many of its calls were.
    path: Vec<(u32, usize)>,
}

impl Search {
    fn from(&mut self, start: u32, edges: &FxHashMap<u32, Vec<u32>>, found: &mut Vec<u32>) {
        if self.numbers.contains_key(&start) {
            return;
        }
        self.discover(start);
        while let Some((node, next)) = self.path.last().copied() {
            let callees = edges.get(&node).map_or(&[][..], Vec::as_slice);
            if let Some(callee) = callees.get(next).copied() {
                if let Some(last) = self.path.last_mut() {
                    last.1 += 1;
                }
                if !self.numbers.contains_key(&callee) {
                    self.discover(callee);
                } else if !self.closed.contains(&callee) {
                    self.lower(node, self.numbers[&callee]);
                }
                continue;
            }
            self.path.pop();
            if let Some((around, _)) = self.path.last().copied() {
                self.lower(around, self.lowest[&node]);
            }
            if self.lowest[&node] == self.numbers[&node] {
                self.close(node, callees.contains(&node), found);
            }
        }
    }

    fn discover(&mut self, node: u32) {
        let number = self.numbers.len();
        self.numbers.insert(node, number);
        self.lowest.insert(node, number);
        self.open.push(node);
        self.path.push((node, 0));
    }

    fn lower(&mut self, node: u32, number: usize) {
        if let Some(lowest) = self.lowest.get_mut(&node) {
            *lowest = (*lowest).min(number);
        }
    }

    /// Takes a component off the stack; one function alone is a cycle only if it calls itself.
    fn close(&mut self, node: u32, calls_itself: bool, found: &mut Vec<u32>) {
        let first = self.open.iter().rposition(|open| *open == node).unwrap_or(0);
        let component = self.open.split_off(first);
        self.closed.extend(&component);
        if component.len() > 1 || calls_itself {
            found.extend(component);
        }
    }
}

#[cfg(test)]
mod tests;
