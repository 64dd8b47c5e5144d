//! Joining the two sides and counting.

use std::collections::{BTreeMap, HashMap};

use super::fact::{Fact, FileFacts};

/// Lengths in bytes at which the extractor cuts texts: names and types, defaults, documentation.
const LIMITS: [usize; 4] = [200, 1_000, 2_000, 10_000];

/// What was found of one kind of fact, or of one attribute of such facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Both say the same.
    pub(crate) right: u64,
    /// We say something that the judge does not.
    pub(crate) false_positives: u64,
    /// The judge says something that we do not.
    pub(crate) false_negatives: u64,
}

impl Tally {
    /// The share of what we say that is right; 1 where we say nothing.
    pub(crate) fn precision(self) -> f64 {
        share(self.right, self.right + self.false_positives)
    }

    /// The share of what the judge says that we say; 1 where it says nothing.
    pub(crate) fn recall(self) -> f64 {
        share(self.right, self.right + self.false_negatives)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// What differs: the judge's fact, ours, and what about them.
pub(crate) struct Difference {
    /// The file.
    pub(crate) path: String,
    /// The row of the report that it counts for.
    pub(crate) row: String,
    /// What the judge says.
    pub(crate) judge: Option<Fact>,
    /// What we say.
    pub(crate) ours: Option<Fact>,
    /// Whether the extractor says that it did not understand the whole file.
    pub(crate) is_partial: bool,
}

/// What a judge speaks of: the attributes by kind of fact.
pub(crate) type Scope = BTreeMap<String, Vec<String>>;

/// The sums over a corpus.
#[derive(Default)]
pub(crate) struct Comparison {
    /// What is compared.
    pub(crate) scope: Scope,
    /// By kind of fact, or by `kind: attribute`.
    pub(crate) rows: BTreeMap<String, Tally>,
    /// Files that both sides read.
    pub(crate) files: u64,
    /// Of these, the ones in which the extractor found errors.
    pub(crate) partial: u64,
    /// Facts of ours that lie where the judge is blind.
    pub(crate) blind: u64,
    /// By `kind: attribute`, the facts of which the judge does not know it.
    pub(crate) unknown: BTreeMap<String, u64>,
}

impl Comparison {
    /// An empty comparison of what the judge speaks of.
    pub(crate) fn of(scope: Scope) -> Self {
        let attributes = scope.iter().flat_map(|(kind, attributes)| {
            attributes.iter().map(move |attribute| format!("{kind}: {attribute}"))
        });
        let rows = scope.keys().cloned().chain(attributes).map(|row| (row, Tally::default())).collect();
        Self { scope, rows, ..Self::default() }
    }

    /// Compares what the two sides say about one file, and gives every difference to `report`.
    pub(crate) fn add(&mut self, judge: FileFacts, ours: FileFacts, report: &mut impl FnMut(Difference)) {
        let FileFacts { path, facts: expected, blind, .. } = judge;
        let is_partial = ours.error.is_some();
        self.files += 1;
        self.partial += u64::from(is_partial);
        let is_of = |fact: &Fact, kind: &Option<String>| kind.as_ref().is_none_or(|kind| *kind == fact.kind);
        let is_seen = |fact: &Fact| !blind.iter().any(|(span, kind)| is_of(fact, kind) && fact.is_in(span));
        let mut found: HashMap<(String, Vec<u64>), Vec<Fact>> = HashMap::new();
        for fact in ours.facts.into_iter().filter(|fact| self.scope.contains_key(&fact.kind)) {
            if is_seen(&fact) {
                found.entry((fact.kind.clone(), fact.at.clone())).or_default().push(fact);
            } else {
                self.blind += 1;
            }
        }
        let mut differs = |row: &str, judge: Option<&Fact>, ours: Option<&Fact>| {
            let (judge, ours) = (judge.cloned(), ours.cloned());
            report(Difference { path: path.clone(), row: row.to_owned(), judge, ours, is_partial });
        };
        for fact in expected.into_iter().filter(is_seen) {
            let there = found.get_mut(&(fact.kind.clone(), fact.at.clone()));
            let ours = there.and_then(|there| take_same(there, &fact));
            let tally = self.rows.entry(fact.kind.clone()).or_default();
            match ours {
                Some(ours) => {
                    tally.right += 1;
                    self.attributes(&fact, &ours, &mut differs);
                }
                None => {
                    tally.false_negatives += 1;
                    differs(&fact.kind, Some(&fact), None);
                }
            }
        }
        for fact in found.into_values().flatten() {
            self.rows.entry(fact.kind.clone()).or_default().false_positives += 1;
            differs(&fact.kind, None, Some(&fact));
        }
    }

    /// Compares the attributes of a fact that both sides know.
    fn attributes(
        &mut self,
        judge: &Fact,
        ours: &Fact,
        differs: &mut impl FnMut(&str, Option<&Fact>, Option<&Fact>),
    ) {
        for attribute in self.scope.get(&judge.kind).into_iter().flatten() {
            let (theirs, own) = (judge.attributes.get(attribute), ours.attributes.get(attribute));
            let row = format!("{}: {attribute}", judge.kind);
            if judge.unknown.contains(attribute) {
                *self.unknown.entry(row).or_default() += 1;
                continue;
            }
            let tally = self.rows.entry(row.clone()).or_default();
            match (theirs, own) {
                (None, None) => continue,
                (Some(theirs), Some(own)) if is_same(theirs, own) => tally.right += 1,
                (theirs, own) => {
                    tally.false_negatives += u64::from(theirs.is_some());
                    tally.false_positives += u64::from(own.is_some());
                    differs(&row, Some(judge), Some(ours));
                }
            }
        }
    }
}

/// Takes out the fact of the same names.
fn take_same(there: &mut Vec<Fact>, fact: &Fact) -> Option<Fact> {
    let is_same = |other: &Fact| {
        is_same(&fact.name, &other.name) && is_same(&fact.qualified_name, &other.qualified_name)
    };
    there.iter().position(is_same).map(|place| there.swap_remove(place))
}

/// Whether two texts are the same, but for parentheses around them and the length at which ours was cut.
fn is_same(judge: &str, ours: &str) -> bool {
    let is_cut = |judge: &str, ours: &str| {
        let is_at_limit = LIMITS.iter().any(|limit| (limit - 4..=*limit).contains(&ours.len()));
        is_at_limit && judge.len() > ours.len() && judge.starts_with(ours)
    };
    judge == ours || is_cut(judge, ours) || {
        let (judge, ours) = (without_parentheses(judge), without_parentheses(ours));
        judge == ours || is_cut(judge, ours.trim_start_matches('('))
    }
}

fn without_parentheses(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'))
        && is_balanced(inner)
    {
        text = inner.trim();
    }
    text
}

fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i64;
    text.bytes().all(|byte| {
        depth += i64::from(byte == b'(') - i64::from(byte == b')');
        depth >= 0
    }) && depth == 0
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Comparison, Tally, is_same};
    use crate::accuracy::fact::{Fact, FileFacts};

    fn file(facts: Vec<Fact>) -> FileFacts {
        FileFacts { path: "a.py".to_owned(), facts, ..FileFacts::default() }
    }

    fn call(column: u64, name: &str, arguments: &str) -> Fact {
        let fact = Fact::new("call", vec![1, column], name.to_owned());
        fact.with("arguments", &serde_json::json!(arguments))
    }

    fn compare(judge: Vec<Fact>, ours: Vec<Fact>) -> (Comparison, Vec<String>) {
        let scope = BTreeMap::from([("call".to_owned(), vec!["arguments".to_owned()])]);
        let (mut comparison, mut rows) = (Comparison::of(scope), Vec::new());
        comparison.add(file(judge), file(ours), &mut |difference| rows.push(difference.row));
        (comparison, rows)
    }

    #[test]
    fn another_name_at_the_same_place_is_false_both_ways() {
        let (comparison, rows) = compare(vec![call(1, "f", "0")], vec![call(1, "g", "0")]);
        let expected = Tally { right: 0, false_positives: 1, false_negatives: 1 };
        assert_eq!(comparison.rows["call"], expected);
        assert_eq!(rows, ["call", "call"]);
    }

    #[test]
    fn attributes_are_counted_where_the_fact_is_found() {
        let judge = vec![call(1, "f", "2"), call(5, "g", "1"), call(9, "h", "1")];
        let (comparison, rows) = compare(judge, vec![call(1, "f", "2"), call(5, "g", "0")]);
        assert_eq!(comparison.rows["call"], Tally { right: 2, false_positives: 0, false_negatives: 1 });
        let attributes = comparison.rows["call: arguments"];
        assert_eq!(attributes, Tally { right: 1, false_positives: 1, false_negatives: 1 });
        assert_eq!((attributes.precision(), comparison.rows["call"].recall()), (0.5, 2.0 / 3.0));
        assert_eq!(rows, ["call: arguments", "call"]);
    }

    #[test]
    fn what_the_judge_does_not_know_is_not_compared() {
        let judge = Fact { unknown: vec!["arguments".to_owned()], ..call(1, "f", "2") };
        let (comparison, rows) = compare(vec![judge], vec![call(1, "f", "3")]);
        assert_eq!(comparison.rows["call: arguments"], Tally::default());
        assert_eq!((comparison.unknown["call: arguments"], rows), (1, Vec::new()));
    }

    #[test]
    fn nothing_is_expected_where_the_judge_is_blind() {
        let judge = FileFacts { blind: vec![(vec![1, 5, 1, 9], None)], ..file(vec![call(1, "f", "0")]) };
        let scope = BTreeMap::from([("call".to_owned(), Vec::new())]);
        let mut comparison = Comparison::of(scope);
        let ours = file(vec![call(1, "f", "0"), call(8, "wrong", "0")]);
        comparison.add(judge, ours, &mut |difference| panic!("{}", difference.row));
        assert_eq!((comparison.blind, comparison.rows["call"].right), (1, 1));
    }

    #[test]
    fn parentheses_around_a_text_and_its_end_beyond_the_limit_make_no_difference() {
        assert!(is_same("1 + 2", "(1 + 2)") && is_same("(a), (b)", "(a), (b)"));
        assert!(is_same(&"x".repeat(300), &"x".repeat(200)));
        assert!(!is_same("(a), (b)", "a), (b") && !is_same(&"x".repeat(300), &"x".repeat(150)));
    }
}
