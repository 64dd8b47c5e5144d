//! Cycles of a graph that is given by its edges.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use uuid::Uuid;

use crate::query::{QueryResult, Value};

/// Rows of (repository, its number, source, target) become rows of (cycle, files, repository, file_path): the groups of mutually
/// reachable files, largest first, `limit` of them at most.
pub(super) fn of_edges(edges: QueryResult, limit: usize) -> QueryResult {
    let mut by_repository: BTreeMap<(String, i64), Graph<String>> = BTreeMap::new();
    for row in &edges.rows {
        if let [Value::Text(name), Value::Integer(id), Value::Text(source), Value::Text(target)] =
            row.as_slice()
        {
            let graph = by_repository.entry((name.clone(), *id)).or_default();
            graph.add(source.clone(), target.clone());
        }
    }
    let mut cycles: Vec<(String, Vec<String>)> = Vec::new();
    for ((repository, _), graph) in by_repository {
        for mut members in graph.components() {
            if members.len() > 1 {
                members.sort();
                cycles.push((repository.clone(), members));
            }
        }
    }
    answer(cycles, edges, limit)
}

/// Rows of (repository, its number, cycle, file_path), where a repository's cycles are numbered, become what [`of_edges`]
/// answers.
pub(super) fn of_members(members: QueryResult, limit: usize) -> QueryResult {
    let mut cycles: BTreeMap<(String, i64, i64), Vec<String>> = BTreeMap::new();
    for row in &members.rows {
        if let [Value::Text(name), Value::Integer(id), Value::Integer(cycle), Value::Text(path)] =
            row.as_slice()
        {
            cycles.entry((name.clone(), *id, *cycle)).or_default().push(path.clone());
        }
    }
    let sorted = |(key, mut members): ((String, i64, i64), Vec<String>)| {
        members.sort();
        (key.0, members)
    };
    answer(cycles.into_iter().map(sorted).collect(), members, limit)
}

/// The groups of mutually reachable nodes, each with more than one member and in ascending order, largest first.
#[must_use]
pub fn import_cycles(edges: impl IntoIterator<Item = (Uuid, Uuid)>) -> Vec<Vec<Uuid>> {
    let mut graph = Graph::default();
    for (source, target) in edges {
        graph.add(source, target);
    }
    let mut cycles: Vec<_> = graph.components().into_iter().filter(|members| members.len() > 1).collect();
    cycles.iter_mut().for_each(|members| members.sort_unstable());
    cycles.sort_by(|a, b| (b.len(), a).cmp(&(a.len(), b)));
    cycles
}

/// Numbers the cycles of all repositories, largest first.
fn answer(mut cycles: Vec<(String, Vec<String>)>, asked: QueryResult, limit: usize) -> QueryResult {
    cycles.sort_by(|a, b| (b.1.len(), &a.0, &a.1).cmp(&(a.1.len(), &b.0, &b.1)));
    let truncated = asked.truncated || cycles.len() > limit;
    let mut rows = Vec::new();
    for (number, (repository, members)) in cycles.into_iter().take(limit).enumerate() {
        for member in &members {
            rows.push(vec![
                Value::Integer(number as i64 + 1),
                Value::Integer(members.len() as i64),
                Value::Text(repository.clone()),
                Value::Text(member.clone()),
            ]);
        }
    }
    let columns = ["cycle", "files", "repository", "file_path"].map(str::to_owned).to_vec();
    QueryResult { columns, rows, truncated, duration: asked.duration }
}

struct Graph<N> {
    numbers: HashMap<N, usize>,
    names: Vec<N>,
    targets: Vec<Vec<usize>>,
}

impl<N> Default for Graph<N> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), names: Vec::new(), targets: Vec::new() }
    }
}

impl<N: Clone + Eq + Hash> Graph<N> {
    fn add(&mut self, source: N, target: N) {
        let (source, target) = (self.number(source), self.number(target));
        self.targets[source].push(target);
    }

    fn number(&mut self, name: N) -> usize {
        if let Some(number) = self.numbers.get(&name) {
            return *number;
        }
        let number = self.names.len();
        self.numbers.insert(name.clone(), number);
        self.names.push(name);
        self.targets.push(Vec::new());
        number
    }

    /// Tarjan's strongly connected components ("Depth-first search and linear graph algorithms", 1972), without recursion.
    fn components(self) -> Vec<Vec<N>> {
        const UNSEEN: usize = usize::MAX;
        let count = self.names.len();
        let (mut index, mut low, mut on_stack) = (vec![UNSEEN; count], vec![0; count], vec![false; count]);
        let (mut stack, mut visits, mut components) = (Vec::new(), Vec::new(), Vec::new());
        let mut next = 0;
        for root in 0..count {
            if index[root] != UNSEEN {
                continue;
            }
            visits.push((root, 0));
            while let Some((node, edge)) = visits.pop() {
                if edge == 0 {
                    (index[node], low[node], on_stack[node]) = (next, next, true);
                    next += 1;
                    stack.push(node);
                }
                match self.targets[node].get(edge) {
                    Some(&target) => {
                        visits.push((node, edge + 1));
                        if index[target] == UNSEEN {
                            visits.push((target, 0));
                        } else if on_stack[target] {
                            low[node] = low[node].min(index[target]);
                        }
                    }
                    None => {
                        if let Some(&(parent, _)) = visits.last() {
                            low[parent] = low[parent].min(low[node]);
                        }
                        if low[node] == index[node] {
                            let from = stack.iter().rposition(|member| *member == node).unwrap_or(0);
                            let members: Vec<usize> = stack.drain(from..).collect();
                            members.iter().for_each(|member| on_stack[*member] = false);
                            components
                                .push(members.iter().map(|member| self.names[*member].clone()).collect());
                        }
                    }
                }
            }
        }
        components
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn cycles(edges: &[(&str, &str)], limit: usize) -> Vec<String> {
        let rows = edges.iter().map(|(a, b)| vec![text("r"), Value::Integer(1), text(a), text(b)]).collect();
        let result = of_edges(QueryResult { rows, ..QueryResult::default() }, limit);
        result.rows.iter().map(|row| format!("{} {} {}", row[0], row[1], row[3])).collect()
    }

    #[test]
    fn groups_of_files_that_reach_each_other() {
        let edges = [("a", "b"), ("b", "a"), ("b", "c"), ("d", "e"), ("e", "f"), ("f", "d"), ("c", "d")];
        assert_eq!(cycles(&edges, 10), ["1 3 d", "1 3 e", "1 3 f", "2 2 a", "2 2 b"]);
        assert_eq!(cycles(&edges, 1), ["1 3 d", "1 3 e", "1 3 f"]);
    }

    #[test]
    fn members_are_grouped_as_edges_would_be() {
        let member = |repository, cycle, path| {
            vec![text("r"), Value::Integer(repository), Value::Integer(cycle), text(path)]
        };
        let rows = vec![
            member(1, 2, "b"),
            member(1, 2, "a"),
            member(2, 2, "z"),
            member(2, 2, "y"),
            member(2, 2, "x"),
        ];
        let result = of_members(QueryResult { rows, ..QueryResult::default() }, 10);
        let lines: Vec<_> =
            result.rows.iter().map(|row| format!("{} {} {}", row[0], row[1], row[3])).collect();
        assert_eq!(lines, ["1 3 x", "1 3 y", "1 3 z", "2 2 a", "2 2 b"]);
    }

    #[test]
    fn cycles_of_ids_come_largest_first() {
        let [a, b, c, d, e] = [1, 2, 3, 4, 5].map(Uuid::from_u128);
        let edges = [(a, b), (b, a), (c, d), (d, e), (e, c), (b, c)];
        assert_eq!(import_cycles(edges), [vec![c, d, e], vec![a, b]]);
    }

    #[test]
    fn a_chain_has_no_cycle_and_a_long_one_no_deep_recursion() {
        let names: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
        let edges: Vec<_> = names.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
        assert!(cycles(&edges, 10).is_empty());
    }
}
