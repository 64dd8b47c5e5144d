//! A PostgreSQL server that things befall: it dies, its disk is full, its connections are taken.

use std::{
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster, PostgresProxy};

use crate::small_disk::SmallDisk;

/// The database that is loaded.
const DATABASE: &str = "chaos";

/// Connections that the server takes; few, so that they can be taken.
const CONNECTIONS: u32 = 20;

/// A server of its own with a proxy before it, and its data on a small file system where one may be mounted.
pub(crate) struct Server {
    pub(crate) cluster: PostgresCluster,
    pub(crate) proxy: PostgresProxy,
    disk: Option<SmallDisk>,
    hogs: Vec<Child>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let options =
            ClusterOptions::durable().max_connections(CONNECTIONS).setting("restart_after_crash", "on");
        let cluster = PostgresCluster::start(options).unwrap();
        let disk = SmallDisk::mount(&cluster);
        cluster.create_database(DATABASE).unwrap();
        match &disk {
            Some(disk) => disk.take_over(&cluster, DATABASE),
            None => println!("no file system can be mounted here: disks are not filled"),
        }
        let proxy = PostgresProxy::start(&cluster).unwrap();
        Self { cluster, proxy, disk, hogs: Vec::new() }
    }

    /// The database for readers that nothing is to befall.
    pub(crate) fn url(&self) -> String {
        self.cluster.database_url(DATABASE)
    }

    /// The database for loaders: by the proxy, and without waiting long for a server that is gone.
    pub(crate) fn loader_url(&self) -> String {
        format!("{}?timeout_seconds=2", self.proxy.url(DATABASE))
    }

    /// Whether its disk can be filled here.
    pub(crate) fn has_small_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// Ends every session of the database but its own.
    pub(crate) fn terminate_sessions(&self) {
        // A server that is down has no sessions.
        drop(self.cluster.psql(&format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{DATABASE}'"
        )));
    }

    pub(crate) fn fill_disk(&self) {
        if let Some(disk) = &self.disk {
            disk.fill();
        }
    }

    /// Takes every connection that is left.
    pub(crate) fn take_connections(&mut self) {
        for _ in 0..CONNECTIONS {
            let mut hog = Command::new("psql");
            hog.arg(self.cluster.url()).args(["-c", "SELECT pg_sleep(600)"]);
            self.hogs
                .push(hog.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        }
    }

    /// Everything is as it should be again.
    pub(crate) fn heal(&mut self) {
        self.proxy.pass();
        for mut hog in self.hogs.drain(..) {
            // One that found no connection has ended already.
            drop(hog.kill());
            hog.wait().unwrap();
        }
        if let Some(disk) = &self.disk {
            disk.make_room();
        }
        let start = Instant::now();
        // A session that slept notices late that its client is gone.
        while self
            .cluster
            .psql(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                                 WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()",
            )
            .is_err()
        {
            if start.elapsed() > Duration::from_secs(2) {
                self.cluster.restart().unwrap();
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What a killed loader had sent, the server may still be about to do.
    pub(crate) fn await_end_of_sessions(&self) {
        let sessions =
            format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{DATABASE}' AND state <> 'idle'");
        let start = Instant::now();
        while self.cluster.psql(&sessions).unwrap() != "0" {
            assert!(start.elapsed() < Duration::from_secs(60), "a session outlives its client");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for hog in &mut self.hogs {
            drop(hog.kill());
            drop(hog.wait());
        }
    }
}
