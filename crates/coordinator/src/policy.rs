//! Which backends decide about a run.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use snake_pipe_core::{Error, ErrorKind};

use crate::summary::{LaneStatus, LaneSummary, Outcome};

/// Which backends decide about a run. Written `all`, `primary`, `quorum(2)` or `best_effort`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// Every one: whatever a backend is owed or refuses makes the run partly failed.
    #[default]
    All,
    /// The first one; what became of the others is reported.
    Primary,
    /// So many of them, whichever.
    Quorum(usize),
    /// Any one of them.
    BestEffort,
}

impl Policy {
    /// How a run ended whose stream ended well. A run that no backend holds is never a success.
    pub(crate) fn outcome(self, lanes: &[LaneSummary]) -> Outcome {
        if lanes.iter().any(|lane| lane.status == LaneStatus::Cancelled) {
            return Outcome::Cancelled;
        }
        // A backend that was removed from the run has no say; the primary is the first of those that were not.
        let lanes: Vec<_> = lanes.iter().filter(|lane| lane.status != LaneStatus::Removed).collect();
        let whole = lanes.iter().filter(|lane| lane.is_whole()).count();
        let held = lanes.iter().filter(|lane| lane.is_held()).count();
        let needed = match self {
            Self::All => lanes.len(),
            Self::Quorum(count) => count,
            Self::BestEffort => 1,
            Self::Primary => {
                return match lanes.first() {
                    Some(first) if first.is_whole() => Outcome::Success,
                    Some(first) if first.is_held() => Outcome::PartlyFailed,
                    _ => Outcome::Failed,
                };
            }
        };
        match (whole >= needed.max(1), held) {
            (true, _) => Outcome::Success,
            (false, 0) => Outcome::Failed,
            (false, _) => Outcome::PartlyFailed,
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.pad("all"),
            Self::Primary => f.pad("primary"),
            Self::Quorum(count) => write!(f, "quorum({count})"),
            Self::BestEffort => f.pad("best_effort"),
        }
    }
}

impl FromStr for Policy {
    type Err = Error;

    /// Reads what is displayed; `best-effort` and `quorum:2` too.
    ///
    /// # Errors
    /// `Configuration`, naming the policies.
    fn from_str(text: &str) -> Result<Self, Error> {
        let quorum = || {
            let count = text.strip_prefix("quorum")?;
            let count = match count.strip_prefix('(') {
                Some(count) => count.strip_suffix(')')?,
                None => count.strip_prefix(':')?,
            };
            count.parse().ok().map(Self::Quorum)
        };
        match text {
            "all" => Ok(Self::All),
            "primary" => Ok(Self::Primary),
            "best_effort" | "best-effort" => Ok(Self::BestEffort),
            _ => quorum().ok_or_else(|| {
                Error::new(ErrorKind::Configuration, format!("there is no policy `{text}`"))
                    .with_help("policies are all, primary, quorum(N) and best_effort")
            }),
        }
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lanes by letter: `p`ublished, `u`nchanged, published with `r`efused files, `o`wing, `f`ailed, `l`agging, `c`ancelled,
    /// `x` removed.
    fn lanes(letters: &str) -> Vec<LaneSummary> {
        let lane = |letter| {
            let status = match letter {
                'p' | 'r' | 'o' => LaneStatus::Published,
                'u' => LaneStatus::Unchanged,
                'f' => LaneStatus::Failed,
                'l' => LaneStatus::Lagging,
                'x' => LaneStatus::Removed,
                _ => LaneStatus::Cancelled,
            };
            let mut lane = LaneSummary::of_status(status);
            lane.files_refused = u64::from(letter == 'r');
            lane.owed_files = u64::from(letter == 'o');
            lane
        };
        letters.chars().map(lane).collect()
    }

    #[test]
    fn every_policy_decides_by_its_own_backends() {
        use Outcome::{Cancelled, Failed, PartlyFailed, Success};
        #[rustfmt::skip]
        let table = [
            // lanes   all           primary       quorum(2)     best_effort
            ("p",      Success,      Success,      Failed,       Success),
            ("pp",     Success,      Success,      Success,      Success),
            ("pu",     Success,      Success,      Success,      Success),
            ("uu",     Success,      Success,      Success,      Success),
            ("pf",     PartlyFailed, Success,      PartlyFailed, Success),
            ("fp",     PartlyFailed, Failed,       PartlyFailed, Success),
            ("pl",     PartlyFailed, Success,      PartlyFailed, Success),
            ("ppf",    PartlyFailed, Success,      Success,      Success),
            ("pr",     PartlyFailed, Success,      PartlyFailed, Success),
            ("rp",     PartlyFailed, PartlyFailed, PartlyFailed, Success),
            ("po",     PartlyFailed, Success,      PartlyFailed, Success),
            ("rr",     PartlyFailed, PartlyFailed, PartlyFailed, PartlyFailed),
            ("ff",     Failed,       Failed,       Failed,       Failed),
            ("fl",     Failed,       Failed,       Failed,       Failed),
            ("pc",     Cancelled,    Cancelled,    Cancelled,    Cancelled),
            ("px",     Success,      Success,      PartlyFailed, Success),
            ("xp",     Success,      Success,      PartlyFailed, Success),
            ("xx",     Failed,       Failed,       Failed,       Failed),
        ];
        for (letters, all, primary, quorum, best_effort) in table {
            let lanes = lanes(letters);
            assert_eq!(Policy::All.outcome(&lanes), all, "all {letters}");
            assert_eq!(Policy::Primary.outcome(&lanes), primary, "primary {letters}");
            if letters.len() > 1 {
                assert_eq!(Policy::Quorum(2).outcome(&lanes), quorum, "quorum {letters}");
            }
            assert_eq!(Policy::BestEffort.outcome(&lanes), best_effort, "best_effort {letters}");
        }
    }

    #[test]
    fn policies_are_read_as_they_are_written() {
        for policy in [Policy::All, Policy::Primary, Policy::Quorum(2), Policy::BestEffort] {
            assert_eq!(policy.to_string().parse::<Policy>().unwrap(), policy);
        }
        assert_eq!("quorum:3".parse::<Policy>().unwrap(), Policy::Quorum(3));
        assert_eq!("best-effort".parse::<Policy>().unwrap(), Policy::BestEffort);
        let error = "most".parse::<Policy>().unwrap_err();
        assert_eq!(error.help(), Some("policies are all, primary, quorum(N) and best_effort"));
        assert!("quorum(".parse::<Policy>().is_err());
    }
}
