//! Which promises are kept, not offered, or broken.

use std::{fmt, time::Duration};

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The promise is kept.
    Kept,
    /// The backend does not claim what the case needs: these capabilities.
    NotOffered(String),
    /// The promise is broken, in this way.
    Broken(String),
}

/// One case and what became of it.
#[derive(Clone, Debug)]
pub struct CaseReport {
    /// The case's name.
    pub name: &'static str,
    /// What is promised, in a sentence.
    pub promise: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// Time spent, making the database included.
    pub duration: Duration,
}

/// What became of all cases. Its text is a line per case, broken ones last and with the reason.
#[derive(Clone, Debug)]
pub struct Report {
    /// The cases, in the suite's order.
    pub cases: Vec<CaseReport>,
}

impl Report {
    /// Names of the cases whose promise is kept.
    pub fn kept(&self) -> impl Iterator<Item = &'static str> {
        self.names(|outcome| matches!(outcome, Outcome::Kept))
    }

    /// Names of the cases that need more than the backend claims.
    pub fn not_offered(&self) -> impl Iterator<Item = &'static str> {
        self.names(|outcome| matches!(outcome, Outcome::NotOffered(_)))
    }

    /// Names of the cases whose promise is broken.
    pub fn broken(&self) -> impl Iterator<Item = &'static str> {
        self.names(|outcome| matches!(outcome, Outcome::Broken(_)))
    }

    /// Fails a test unless every promise that is offered is kept.
    ///
    /// # Panics
    /// With the report, when a promise is broken, or when no case was run at all.
    pub fn assert_kept(&self) {
        assert!(self.broken().next().is_none() && self.kept().next().is_some(), "\n{self}");
    }

    fn names(&self, wanted: fn(&Outcome) -> bool) -> impl Iterator<Item = &'static str> {
        self.cases.iter().filter(move |case| wanted(&case.outcome)).map(|case| case.name)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rank = |case: &&CaseReport| match case.outcome {
            Outcome::Kept => 0,
            Outcome::NotOffered(_) => 1,
            Outcome::Broken(_) => 2,
        };
        let mut sorted: Vec<_> = self.cases.iter().collect();
        sorted.sort_by_key(rank);
        for case in sorted {
            let milliseconds = case.duration.as_millis();
            match &case.outcome {
                Outcome::Kept => writeln!(f, "kept         {} ({milliseconds} ms)", case.promise)?,
                Outcome::NotOffered(missing) => {
                    writeln!(f, "not offered  {} (needs {missing})", case.promise)?;
                }
                Outcome::Broken(reason) => {
                    writeln!(f, "BROKEN       {} [{}]", case.promise, case.name)?;
                    reason.lines().try_for_each(|line| writeln!(f, "             {line}"))?;
                }
            }
        }
        let (kept, not_offered, broken) =
            (self.kept().count(), self.not_offered().count(), self.broken().count());
        write!(f, "{kept} promises kept, {not_offered} not offered, {broken} broken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: &[Outcome]) -> Report {
        let case = |outcome: &Outcome| CaseReport {
            name: "a_case",
            promise: "It holds.",
            outcome: outcome.clone(),
            duration: Duration::from_millis(5),
        };
        Report { cases: outcomes.iter().map(case).collect() }
    }

    #[test]
    fn broken_promises_come_last_with_their_reason() {
        let report =
            report(&[Outcome::Broken("no rows".into()), Outcome::NotOffered("fence".into()), Outcome::Kept]);
        let expected = "kept         It holds. (5 ms)\n\
                        not offered  It holds. (needs fence)\n\
                        BROKEN       It holds. [a_case]\n             no rows\n\
                        1 promises kept, 1 not offered, 1 broken";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    #[should_panic(expected = "1 broken")]
    fn a_broken_promise_fails_the_test() {
        report(&[Outcome::Kept, Outcome::Broken(String::new())]).assert_kept();
    }

    #[test]
    #[should_panic(expected = "0 promises kept")]
    fn a_suite_that_ran_nothing_fails_the_test() {
        report(&[]).assert_kept();
    }
}
