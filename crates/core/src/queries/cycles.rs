//! Cycles of a graph that is given by its edges.

use std::collections::{BTreeMap, HashMap};

use crate::query::{QueryResult, Value};

/// Rows of (repository, source, target) become rows of (cycle, files, repository, file_path): the groups of mutually
/// reachable files, largest first, `limit` of them at most.
pub(super) fn of_edges(edges: QueryResult, limit: usize) -> QueryResult {
    let mut by_repository: BTreeMap<String, Graph> = BTreeMap::new();
    for row in &edges.rows {
        if let [Value::Text(repository), Value::Text(source), Value::Text(target)] = row.as_slice() {
            by_repository.entry(repository.clone()).or_default().add(source, target);
        }
    }
    let mut cycles: Vec<(String, Vec<String>)> = Vec::new();
    for (repository, graph) in by_repository {
        for mut members in graph.components() {
            if members.len() > 1 {
                members.sort();
                cycles.push((repository.clone(), members));
            }
        }
    }
    cycles.sort_by(|a, b| (b.1.len(), &a.0, &a.1).cmp(&(a.1.len(), &b.0, &b.1)));
    let truncated = edges.truncated || cycles.len() > limit;
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
    QueryResult { columns, rows, truncated, duration: edges.duration }
}

#[derive(Default)]
struct Graph {
    numbers: HashMap<String, usize>,
    names: Vec<String>,
    targets: Vec<Vec<usize>>,
}

impl Graph {
    fn add(&mut self, source: &str, target: &str) {
        let (source, target) = (self.number(source), self.number(target));
        self.targets[source].push(target);
    }

    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len();
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        self.targets.push(Vec::new());
        number
    }

    /// Tarjan's strongly connected components ("Depth-first search and linear graph algorithms", 1972), without recursion.
    fn components(self) -> Vec<Vec<String>> {
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

    fn cycles(edges: &[(&str, &str)], limit: usize) -> Vec<String> {
        let rows =
            edges.iter().map(|(a, b)| ["r", a, b].map(|text| Value::Text(text.into())).to_vec()).collect();
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
    fn a_chain_has_no_cycle_and_a_long_one_no_deep_recursion() {
        let names: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
        let edges: Vec<_> = names.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
        assert!(cycles(&edges, 10).is_empty());
    }
}
