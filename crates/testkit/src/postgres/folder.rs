//! Folders that belong to one process, and are removed by the next one if that died without tidying up.
//!
//! Beside a folder `x` lies a file `x.lock`, locked by its owner for as long as it lives. Whoever can lock it knows that
//! the owner is dead.

use std::{
    env,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use snake_pipe_core::{Error, ErrorKind, Result};
use uuid::Uuid;

use super::{
    account::{Account, effective_user},
    process,
};

/// The longest path of a Unix socket that every system takes (`sun_path` of macOS, less the final NUL).
const SOCKET_PATH_LIMIT_BYTES: usize = 103;
/// What follows the root in the longest socket path: the folder's name and the socket's.
const SOCKET_TAIL_BYTES: usize = "/0123456789ab/.s.PGSQL.65535".len();

/// A folder of this process.
#[derive(Debug)]
pub(super) struct OwnedFolder {
    path: PathBuf,
    lock_path: PathBuf,
    /// Unlocked when it is closed.
    _lock: File,
}

impl OwnedFolder {
    /// Makes an empty folder in `root`, owned by the account, after clearing away what dead processes left there.
    pub(super) fn create(root: &Path, account: Account) -> Result<Self> {
        remove_leftovers(root);
        let (path, lock_path, lock) = loop {
            let name = &Uuid::new_v4().simple().to_string()[..12];
            let lock_path = root.join(format!("{name}.lock"));
            if let Some(lock) = locked_new_file(&lock_path)? {
                break (root.join(name), lock_path, lock);
            }
        };
        let folder = Self { path, lock_path, _lock: lock };
        DirBuilder::new().mode(0o700).create(&folder.path)?;
        account.own(&folder.path)?;
        Ok(folder)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folder and all in it. What cannot be removed now is left to the next process.
    pub(super) fn remove(&self) {
        if remove(&self.path).is_ok() {
            let _ = fs::remove_file(&self.lock_path);
        }
    }
}

impl Drop for OwnedFolder {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The folder that holds all folders of this user: short enough for sockets, and open to the account.
///
/// # Errors
/// `Configuration` when neither the folder for temporary files nor `/tmp` nor `/var/tmp` will do.
pub(super) fn root(account: Account) -> Result<PathBuf> {
    let places = [env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
    let name = format!("snake-pipe-pg-{}", effective_user());
    let fits = |place: &PathBuf| {
        place.as_os_str().len() + 1 + name.len() + SOCKET_TAIL_BYTES <= SOCKET_PATH_LIMIT_BYTES
            && place.is_dir()
            && (!account.is_another() || is_open_to_all(place))
    };
    let place = places.iter().find(|place| fits(place)).ok_or_else(|| {
        Error::new(ErrorKind::Configuration, "no folder for temporary files is fit for PostgreSQL's sockets")
            .with_context("searched", places.each_ref().map(|place| place.display().to_string()).join(", "))
            .with_help("set TMPDIR to a folder with a short path that every user may enter")
    })?;
    prepared(place.join(name))
}

/// Makes the root if need be. It must be ours: on a shared machine somebody else may have made one by this name.
fn prepared(root: PathBuf) -> Result<PathBuf> {
    match DirBuilder::new().mode(0o711).create(&root) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    let metadata = fs::symlink_metadata(&root)?;
    if !metadata.is_dir() || metadata.uid() != effective_user() {
        return Err(Error::new(
            ErrorKind::Permission,
            "the folder for private clusters belongs to somebody else",
        )
        .with_context("path", root.display())
        .with_help("remove it, or set TMPDIR to another folder"));
    }
    // A strict umask would keep the account out.
    fs::set_permissions(&root, Permissions::from_mode(0o711))?;
    Ok(root)
}

/// Whether every user may pass through the folder and all above it.
fn is_open_to_all(folder: &Path) -> bool {
    folder.ancestors().all(|path| fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o001 != 0))
}

/// A new file, locked; none where somebody took it for a leftover before it was locked.
fn locked_new_file(path: &Path) -> Result<Option<File>> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let is_still_there =
        || fs::metadata(path).is_ok_and(|found| found.ino() == file.metadata().map_or(0, |m| m.ino()));
    Ok((file.try_lock().is_ok() && is_still_there()).then_some(file))
}

/// Removes the folders of dead processes, with the servers that may still run in them. What cannot be removed is in
/// nobody's way.
fn remove_leftovers(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let lock_path = entry.path();
        if lock_path.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        let Ok(lock) = File::open(&lock_path) else { continue };
        if lock.try_lock().is_err() {
            continue;
        }
        let folder = lock_path.with_extension("");
        process::end_server_in(&folder);
        if remove(&folder).is_ok() {
            let _ = fs::remove_file(&lock_path);
        }
    }
}

/// Removes a folder. A dying server may still write into it, so this is tried for a while.
fn remove(folder: &Path) -> io::Result<()> {
    let mut result = Ok(());
    for _ in 0..50 {
        result = match fs::remove_dir_all(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.exists() => Ok(()),
            result => result,
        };
        if result.is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    result
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Account, OwnedFolder, remove_leftovers};

    #[test]
    fn the_folder_of_a_living_owner_stays() {
        let root = tempfile::tempdir().unwrap();
        let folder = OwnedFolder::create(root.path(), Account::for_servers().unwrap()).unwrap();
        remove_leftovers(root.path());
        assert!(folder.path().is_dir());
    }

    #[test]
    fn the_folder_of_a_dead_owner_goes() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("abc.lock"), "").unwrap();
        fs::create_dir(root.path().join("abc")).unwrap();
        remove_leftovers(root.path());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn dropping_the_owner_removes_folder_and_lock() {
        let root = tempfile::tempdir().unwrap();
        drop(OwnedFolder::create(root.path(), Account::for_servers().unwrap()).unwrap());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
