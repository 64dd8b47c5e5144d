//! The account that servers run under: the caller's own, but never root, which PostgreSQL refuses.

use std::{
    fs,
    os::unix::{fs as unix_fs, process::CommandExt as _},
    path::Path,
    process::Command,
};

use snake_pipe_core::{Error, ErrorKind, Result};

/// Accounts to run under instead of root, best first.
const SUBSTITUTES: [&str; 2] = ["postgres", "nobody"];

/// Whose processes and files a server's are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    /// User and group, where they are not the caller's own.
    other: Option<(u32, u32)>,
}

impl Account {
    /// The caller's account, or for root the first substitute that the machine knows.
    ///
    /// # Errors
    /// `Configuration` when root finds none.
    pub(super) fn for_servers() -> Result<Self> {
        if effective_user() != 0 {
            return Ok(Self { other: None });
        }
        let accounts = fs::read_to_string("/etc/passwd")?;
        let found = SUBSTITUTES.iter().find_map(|name| ids_of(name, &accounts));
        let ids = found.ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                "PostgreSQL refuses to run as root, and no other account was found",
            )
            .with_help("create one, for instance with `useradd --system postgres`")
        })?;
        Ok(Self { other: Some(ids) })
    }

    /// Whether servers run under another account than the caller's.
    pub(super) const fn is_another(self) -> bool {
        self.other.is_some()
    }

    /// The user's number.
    pub(super) fn user(self) -> u32 {
        self.other.map_or_else(effective_user, |(user, _)| user)
    }

    /// Lets the command run under the account.
    pub(super) fn apply(self, command: &mut Command) {
        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
    }

    /// Gives the file or folder to the account.
    pub(super) fn own(self, path: &Path) -> Result<()> {
        match self.other {
            Some((user, group)) => Ok(unix_fs::chown(path, Some(user), Some(group))?),
            None => Ok(()),
        }
    }
}

/// User and group of an account in the text of `/etc/passwd`.
fn ids_of(name: &str, accounts: &str) -> Option<(u32, u32)> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}

/// The user that this process acts as.
pub(super) fn effective_user() -> u32 {
    #[expect(unsafe_code, reason = "geteuid has no safe form in the standard library; it cannot fail")]
    unsafe {
        libc::geteuid()
    }
}

#[cfg(test)]
mod tests {
    use super::ids_of;

    #[test]
    fn user_and_group_stand_in_the_third_and_fourth_field() {
        let accounts =
            "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(ids_of("postgres", accounts), Some((101, 104)));
        assert_eq!(ids_of("nobody", accounts), None);
    }
}
