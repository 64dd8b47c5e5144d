//! A fresh data folder in milliseconds: `initdb` runs once per machine and version, afterwards its result is copied.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use snake_pipe_core::{Error, ErrorKind, Result, id::Digest};
use uuid::Uuid;

use super::{account::Account, folder::OwnedFolder, programs::Programs};

/// How the data is made. The socket lies in a folder that only its owner may enter, so there everyone is trusted.
const INITDB_ARGUMENTS: [&str; 8] = [
    "--username=postgres",
    "--auth-local=trust",
    "--auth-host=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
    "--pwfile=password",
    "--pgdata=data",
];

/// Puts a fresh data folder into `folder` as `data`, and returns the password of its superuser `postgres`.
pub(super) fn instantiate(
    root: &Path,
    folder: &Path,
    programs: &Programs,
    account: Account,
) -> Result<String> {
    let template = root.join(format!("template-{}", key(programs, account)));
    // The lock keeps others from making the same template, and from replacing it while it is copied.
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(root.join("templates"))?;
    lock.lock_shared()?;
    if let Ok(password) = copy(&template, folder, account) {
        return Ok(password);
    }
    lock.unlock()?;
    lock.lock()?;
    // Somebody else may have made it while this process waited.
    copy(&template, folder, account).or_else(|_| {
        create(&template, root, programs, account)?;
        copy(&template, folder, account)
    })
}

/// Different servers, owners and arguments need templates of their own.
fn key(programs: &Programs, account: Account) -> String {
    let parts = format!("{}\n{}\n{INITDB_ARGUMENTS:?}", programs.version(), account.user());
    Digest::of(parts.as_bytes()).to_string()[..12].to_owned()
}

/// Runs `initdb` aside and moves the result into place, so that a half-made template is never seen.
fn create(template: &Path, root: &Path, programs: &Programs, account: Account) -> Result<()> {
    let aside = OwnedFolder::create(root, account)?;
    let password = aside.path().join("password");
    fs::write(&password, Uuid::new_v4().simple().to_string())?;
    account.own(&password)?;
    initdb(programs, aside.path(), account)?;
    fs::write(aside.path().join("file_count"), count_files(&aside.path().join("data"))?.to_string())?;
    let _ = fs::remove_dir_all(template);
    fs::rename(aside.path(), template)?;
    Ok(())
}

fn initdb(programs: &Programs, folder: &Path, account: Account) -> Result<()> {
    let mut command = programs.command("initdb");
    command.args(INITDB_ARGUMENTS).current_dir(folder);
    account.apply(&mut command);
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::new(ErrorKind::Configuration, "initdb failed")
        .with_context("program", programs.path("initdb").display())
        .with_context("said", said))
}

/// Copies the template's data. Fails where the template is missing or something (a cleaner of `/tmp`) ate from it.
fn copy(template: &Path, folder: &Path, account: Account) -> Result<String> {
    let password = fs::read_to_string(template.join("password"))?;
    let expected = fs::read_to_string(template.join("file_count"))?;
    let data = folder.join("data");
    let copied = copy_folder(&template.join("data"), &data, account)?;
    if copied.to_string() != expected {
        fs::remove_dir_all(&data)?;
        return Err(
            Error::new(ErrorKind::Io, "the template has lost files").with_context("path", template.display())
        );
    }
    Ok(password)
}

fn copy_folder(from: &Path, to: &Path, account: Account) -> Result<usize> {
    DirBuilder::new().mode(0o700).create(to)?;
    account.own(to)?;
    let mut files = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copy: PathBuf = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            files += copy_folder(&entry.path(), &copy, account)?;
        } else {
            fs::copy(entry.path(), &copy)?;
            account.own(&copy)?;
            files += 1;
        }
    }
    Ok(files)
}

fn count_files(folder: &Path) -> Result<usize> {
    let mut files = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files += if entry.file_type()?.is_dir() { count_files(&entry.path())? } else { 1 };
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, time::SystemTime};

    use super::*;

    /// A root of its own, where the account may pass.
    fn root() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), Permissions::from_mode(0o711)).unwrap();
        root
    }

    #[test]
    fn a_template_is_made_once_and_again_when_it_has_lost_files() {
        let root = root();
        let (programs, account) = (Programs::find(None).unwrap(), Account::for_servers().unwrap());
        let template = root.path().join(format!("template-{}", key(&programs, account)));
        let made_at =
            || -> SystemTime { template.join("file_count").metadata().unwrap().modified().unwrap() };
        let instantiate = || {
            let folder = OwnedFolder::create(root.path(), account).unwrap();
            let password = instantiate(root.path(), folder.path(), &programs, account).unwrap();
            assert!(folder.path().join("data/PG_VERSION").is_file());
            password
        };
        let (password, made) = (instantiate(), made_at());
        assert_eq!((instantiate(), made_at()), (password.clone(), made));

        fs::remove_file(template.join("data/PG_VERSION")).unwrap();
        assert_ne!(instantiate(), password);
        assert!(made_at() > made);
    }

    #[test]
    fn what_initdb_says_is_in_the_error() {
        let root = root();
        let (programs, account) = (Programs::find(None).unwrap(), Account::for_servers().unwrap());
        let without_password = OwnedFolder::create(root.path(), account).unwrap();
        let said = initdb(&programs, without_password.path(), account).unwrap_err().to_string();
        assert!(
            said.starts_with("initdb failed") && said.contains("could not open file \"password\""),
            "{said}"
        );
    }
}
