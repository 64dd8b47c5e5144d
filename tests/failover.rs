//! A load whose primary is killed in the middle, and whose standby takes over: it ends by itself, or by the same command once
//! more, and nothing is lost or doubled.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking, and say how long the outage was"
)]

#[expect(dead_code, reason = "these tests change the tree themselves")]
mod big_tree;
#[expect(dead_code, reason = "these tests ask less than those of other faults")]
mod program;
#[expect(dead_code, reason = "nobody reads beside the load")]
mod watch;

use std::{
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use big_tree::{BigTree, FILES, State};
use program::{Program, assert_done, assert_same_rows, rows_of, with_backend, words_of};
use snake_pipe::core::{SqlQuery, Value};
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster};
use watch::Writes;

/// How long nobody notices that the primary is gone.
const UNTIL_PROMOTION: Duration = Duration::from_secs(1);

struct Pair {
    primary: PostgresCluster,
    standby: PostgresCluster,
    url: String,
}

impl Pair {
    fn start() -> Self {
        let primary = PostgresCluster::start(ClusterOptions::durable()).unwrap();
        let standby = primary.start_standby().unwrap();
        let url = format!(
            "postgres://postgres@localhost/postgres?host={},{}&port={},{}",
            primary.folder().display(),
            standby.folder().display(),
            primary.port(),
            standby.port()
        );
        Self { primary, standby, url }
    }

    /// Loads the tree, kills the primary when the load writes, and promotes the standby a little later.
    fn load_through_failover(&self, program: &Program, tree: &BigTree) -> Output {
        let writes = Writes::of(&self.url);
        self.fail_over_during(&mut program.load(tree.path(), &[&self.url]), |has_ended| {
            writes.await_next(has_ended);
        })
    }

    /// Runs the load, and kills the primary when the load has come so far.
    fn fail_over_during(
        &self,
        load: &mut Command,
        await_point: impl FnOnce(&mut dyn FnMut() -> bool),
    ) -> Output {
        let mut child = load.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        await_point(&mut || child.try_wait().unwrap().is_some());
        self.primary.kill9().unwrap();
        let killed = Instant::now();
        thread::sleep(UNTIL_PROMOTION);
        self.standby.promote().unwrap();
        let promoted = killed.elapsed();
        let output = child.wait_with_output().unwrap();
        let outage = killed.elapsed();
        println!("promoted after {promoted:?}, the load ended after {outage:?}: {:?}", output.status.code());
        output
    }
}

#[test]
fn a_load_ends_by_itself_on_the_server_that_took_over() {
    let (pair, program, tree) = (Pair::start(), Program::new(), BigTree::new(FILES, State::One));
    program.load_wholly(tree.path(), &[&pair.url]);
    pair.primary.wait_for_standby(&pair.standby).unwrap();
    tree.write(FILES, State::Other);
    let output = pair.load_through_failover(&program, &tree);
    if output.status.code() != Some(0) {
        // The standby may have missed the very beginning of the load; then the same command does it.
        assert!(words_of(&output).contains("a newer load of this repository"), "{}", words_of(&output));
        program.load_wholly(tree.path(), &[&pair.url]);
    }
    assert_same_rows(&rows_of(&pair.url), State::Other.rows());
}

#[test]
fn what_the_standby_had_lost_is_there_after_the_same_command_again() {
    let (pair, program, tree) = (Pair::start(), Program::new(), BigTree::new(FILES, State::One));
    program.load_wholly(tree.path(), &[&pair.url]);
    pair.primary.wait_for_standby(&pair.standby).unwrap();
    pair.standby.cut_off().unwrap();
    tree.write(FILES, State::Other);
    program.load_wholly(tree.path(), &[&pair.url]);
    tree.write(FILES, State::One);
    let output = pair.load_through_failover(&program, &tree);
    assert_ne!(output.status.code(), Some(0), "{}", words_of(&output));
    tree.write(FILES, State::Other);
    program.load_wholly(tree.path(), &[&pair.url]);
    assert_same_rows(&rows_of(&pair.url), State::Other.rows());
}

/// Waits until somebody copies rows into tables that are made aside.
fn await_copy(url: &str, has_ended: &mut dyn FnMut() -> bool) {
    let copying =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY %FREEZE%' AND backend_xid IS NOT NULL";
    let asked = with_backend(url, async |backend| {
        loop {
            let answer = backend.execute_sql_query(SqlQuery::new(copying)).await.unwrap();
            if answer.rows != [[Value::Integer(0)]] {
                return true;
            }
            if has_ended() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(asked.unwrap(), "the load ended before anybody saw it copy");
}

#[test]
fn a_load_into_tables_aside_is_begun_anew_on_the_server_that_took_over() {
    let (pair, program, tree) = (Pair::start(), Program::new(), BigTree::new(FILES, State::One));
    let url = format!("{}&partition_rows=0", pair.url);
    assert_done(&program.command().args(["migrate", "--to", &url]).output().unwrap());
    pair.primary.wait_for_standby(&pair.standby).unwrap();
    let mut load = program.load(tree.path(), &[&url]);
    let output = pair.fail_over_during(&mut load, |has_ended| await_copy(&pair.url, has_ended));
    if output.status.code() != Some(0) {
        program.load_wholly(tree.path(), &[&url]);
    }
    assert_same_rows(&rows_of(&pair.url), State::One.rows());
    let aside =
        "SELECT count(*) > 5 FROM pg_class WHERE relispartition AND relname ~ '_[0-9]{16}_[0-9a-f]{6}$'";
    assert_eq!(pair.standby.psql(aside).unwrap(), "t", "it was no load into tables aside");
    let left = "SELECT count(*) FROM pg_class c WHERE relkind = 'r' AND NOT relispartition
        AND relname ~ '_[0-9]{16}_[0-9a-f]{6}$'";
    assert_eq!(pair.standby.psql(left).unwrap(), "0", "tables of the load that died were left behind");
}
