//! A PostgreSQL database on a disk that can be filled.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, chown},
    path::PathBuf,
    process::Command,
};

use snake_pipe_testkit::postgres::PostgresCluster;

use crate::program::is_done;

/// A file system in memory.
pub(crate) struct SmallDisk {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl SmallDisk {
    const MEGABYTES: u32 = 96;

    /// Mounts it for the servers of a cluster; none where nothing may be mounted.
    pub(crate) fn mount(cluster: &PostgresCluster) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        fs::create_dir(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={}m", Self::MEGABYTES), "tmpfs"]).arg(&path);
        if !is_done(&mut mount) {
            return None;
        }
        let disk = Self { path, _folder: folder };
        let owner = fs::metadata(cluster.folder()).unwrap();
        let tables = disk.path.join("tables");
        fs::create_dir(&tables).unwrap();
        for place in [disk._folder.path(), &disk.path, &tables] {
            chown(place, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        Some(disk)
    }

    /// Moves a database here.
    pub(crate) fn take_over(&self, cluster: &PostgresCluster, database: &str) {
        let place = self.path.join("tables");
        cluster.psql(&format!("CREATE TABLESPACE small LOCATION '{}'", place.display())).unwrap();
        cluster.psql(&format!("ALTER DATABASE {database} SET TABLESPACE small")).unwrap();
    }

    /// Writes until nothing more fits.
    pub(crate) fn fill(&self) {
        let mut filler = Command::new("dd");
        filler.args(["if=/dev/zero", "bs=64k"]).arg(format!("of={}", self.filler().display()));
        assert!(!is_done(&mut filler), "the disk was not filled");
    }

    /// Makes room again, where it was filled.
    pub(crate) fn make_room(&self) {
        drop(fs::remove_file(self.filler()));
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The server still has files open there.
        is_done(Command::new("umount").arg("--lazy").arg(&self.path));
    }
}
