//! Which of several servers is wanted.

use std::str::FromStr;

use snake_pipe_core::{Error, ErrorKind};

/// Which of several servers is wanted, as libpq's `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The first that answers.
    Any,
    /// One that can be written to.
    ReadWrite,
    /// One that cannot.
    ReadOnly,
    /// One that is no standby.
    Primary,
    /// A standby.
    Standby,
    /// A standby, or any other if there is none.
    PreferStandby,
}

const WORDS: [(&str, Target); 6] = [
    ("any", Target::Any),
    ("read-write", Target::ReadWrite),
    ("read-only", Target::ReadOnly),
    ("primary", Target::Primary),
    ("standby", Target::Standby),
    ("prefer-standby", Target::PreferStandby),
];

impl FromStr for Target {
    type Err = Error;

    fn from_str(words: &str) -> Result<Self, Error> {
        let found = WORDS.iter().find(|(name, _)| *name == words);
        found.map(|(_, target)| *target).ok_or_else(|| {
            Error::new(ErrorKind::Configuration, format!("`target_session_attrs` does not take `{words}`"))
                .with_help(format!("it takes one of {}", WORDS.map(|(name, _)| name).join(", ")))
        })
    }
}

/// What a server is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// It repeats what another server did.
    pub(crate) is_standby: bool,
    /// Transactions only read unless they ask for more.
    pub(crate) is_read_only: bool,
}

impl Target {
    /// Whether a server will do.
    pub(crate) const fn accepts(self, role: Role) -> bool {
        match self {
            Self::Any | Self::PreferStandby => true,
            Self::ReadWrite => !role.is_standby && !role.is_read_only,
            Self::ReadOnly => role.is_standby || role.is_read_only,
            Self::Primary => !role.is_standby,
            Self::Standby => role.is_standby,
        }
    }

    /// Whether a server is what is wanted best, so that no other one need be asked.
    pub(crate) const fn prefers(self, role: Role) -> bool {
        match self {
            Self::PreferStandby => role.is_standby,
            Self::Any | Self::ReadWrite | Self::ReadOnly | Self::Primary | Self::Standby => {
                self.accepts(role)
            }
        }
    }

    /// What is wanted, in words.
    pub(crate) const fn wanted(self) -> &'static str {
        match self {
            Self::Any | Self::PreferStandby => "a server",
            Self::ReadWrite => "a server that can be written to",
            Self::ReadOnly => "a server that only reads",
            Self::Primary => "a primary server",
            Self::Standby => "a standby",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standby_and_a_primary_that_only_reads_differ() {
        let role = |is_standby, is_read_only| Role { is_standby, is_read_only };
        let (primary, quiet, standby) = (role(false, false), role(false, true), role(true, true));
        let accepted = |target: Target| [primary, quiet, standby].map(|role| target.accepts(role));
        assert_eq!(accepted(Target::ReadWrite), [true, false, false]);
        assert_eq!(accepted(Target::Primary), [true, true, false]);
        assert_eq!(accepted(Target::ReadOnly), [false, true, true]);
        assert_eq!(accepted(Target::Standby), [false, false, true]);
        assert_eq!(accepted(Target::PreferStandby), [true, true, true]);
        assert!(Target::PreferStandby.prefers(standby) && !Target::PreferStandby.prefers(primary));
    }
}
