//! Standbys: servers that repeat what another one does.

use std::{
    process::Stdio,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use snake_pipe_core::{Error, ErrorKind, Result};

use super::{
    PostgresCluster,
    folder::{self, OwnedFolder},
};

/// How long a standby may take to come to a state.
const STATE_LIMIT: Duration = Duration::from_secs(30);

impl PostgresCluster {
    /// Starts a streaming standby of this server: a copy of its data that repeats whatever this server writes down, a moment
    /// later, and answers questions meanwhile. It has the same superuser, password and settings.
    ///
    /// # Errors
    /// As [`start`](Self::start); also `Configuration` with the words of `pg_basebackup` when the data cannot be copied.
    pub fn start_standby(&self) -> Result<Self> {
        let root = folder::root(self.account)?;
        let folder = OwnedFolder::create(&root, self.account)?;
        let mut copy = self.programs.command("pg_basebackup");
        copy.args([
            "--pgdata=data",
            "--write-recovery-conf",
            "--wal-method=stream",
            "--checkpoint=fast",
            "--no-sync",
        ]);
        copy.arg("--dbname").arg(self.url()).current_dir(folder.path()).stdin(Stdio::null());
        self.account.apply(&mut copy);
        let output = copy.output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(
                Error::new(ErrorKind::Configuration, "pg_basebackup failed").with_context("said", said)
            );
        }
        Self {
            programs: self.programs.clone(),
            account: self.account,
            options: self.options.clone(),
            folder,
            port: 0,
            password: self.password.clone(),
            server: Mutex::new(None),
        }
        .launch_on_free_port()
    }

    /// Makes a standby a server that takes writes, and waits until it does.
    ///
    /// # Errors
    /// `Query` with what the server said: it is no standby.
    pub fn promote(&self) -> Result<()> {
        self.psql("SELECT pg_promote(true, 60)").map(drop)
    }

    /// Keeps a standby from receiving anything more, as a broken network would. What it has received it goes on to answer from.
    ///
    /// # Errors
    /// As [`psql`](Self::psql).
    pub fn cut_off(&self) -> Result<()> {
        self.psql("ALTER SYSTEM SET primary_conninfo = ''")?;
        self.psql("SELECT pg_reload_conf()")?;
        self.wait_until("SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)")
    }

    /// Waits until a standby has repeated everything that this server has written down by now.
    ///
    /// # Errors
    /// `Timeout` when that takes more than half a minute.
    pub fn wait_for_standby(&self, standby: &Self) -> Result<()> {
        let written = self.psql("SELECT pg_current_wal_insert_lsn()")?;
        standby.wait_until(&format!("SELECT pg_last_wal_replay_lsn() >= '{written}'"))
    }

    fn wait_until(&self, condition: &str) -> Result<()> {
        let begin = Instant::now();
        while self.psql(condition)? != "t" {
            if begin.elapsed() > STATE_LIMIT {
                return Err(Error::new(ErrorKind::Timeout, "a condition does not come true")
                    .with_context("sql", condition));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}
