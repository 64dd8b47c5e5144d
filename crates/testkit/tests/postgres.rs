//! What a private PostgreSQL cluster promises to the tests that use it.
#![cfg(unix)]

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use snake_pipe_core::ErrorKind;
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster, StopMode, TestDatabase, shared};

#[test]
fn a_cluster_starts_and_answers() {
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    assert_eq!(cluster.psql("SELECT 1 + 1, 'x'").unwrap(), "2|x");
    assert_eq!(cluster.psql("SHOW fsync").unwrap(), "off");
    assert!(cluster.logs().contains("ready to accept connections"));
}

#[test]
fn settings_reach_the_server() {
    let options = ClusterOptions::durable().max_connections(7).setting("work_mem", "5MB");
    let cluster = PostgresCluster::start(options).unwrap();
    assert_eq!(cluster.psql("SHOW fsync").unwrap(), "on");
    assert_eq!(cluster.psql("SHOW max_connections").unwrap(), "7");
    assert_eq!(cluster.psql("SHOW work_mem").unwrap(), "5MB");
}

#[test]
fn a_setting_that_the_server_refuses_is_an_error_with_its_words() {
    let error = PostgresCluster::start(ClusterOptions::fast().setting("work_mem", "much")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("invalid value for parameter \"work_mem\""), "{error}");
}

#[test]
fn a_version_that_is_not_installed_is_an_error_that_says_what_to_run() {
    let error = PostgresCluster::start(ClusterOptions::fast().version(9)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.help().unwrap().contains("cargo xtask test"), "{error:?}");
}

#[test]
fn sql_that_fails_is_an_error_with_the_servers_words() {
    let error = shared().unwrap().psql("SELECT nothing FROM nowhere").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Query);
    assert!(error.to_string().contains("relation \"nowhere\" does not exist"), "{error}");
}

#[test]
fn tcp_wants_the_password_that_its_url_holds() {
    let database = TestDatabase::create().unwrap();
    let ask = |url: &str| Command::new("psql").args(["-X", "-w", "-Atc", "SELECT 1", url]).output().unwrap();
    assert_eq!(ask(&database.tcp_url()).stdout, b"1\n");
    let without = format!("postgres://postgres@127.0.0.1:{}/postgres", database.cluster().port());
    assert!(String::from_utf8_lossy(&ask(&without).stderr).contains("no password supplied"));
}

#[test]
fn a_killed_server_recovers_what_it_committed() {
    let cluster = PostgresCluster::start(ClusterOptions::durable()).unwrap();
    cluster.psql("CREATE TABLE kept AS SELECT generate_series(1, 100) AS id").unwrap();
    let (url, pid) = (cluster.url(), cluster.pid().unwrap());
    cluster.kill9().unwrap();
    assert_eq!(cluster.psql("SELECT 1").unwrap_err().kind(), ErrorKind::Query);
    assert_eq!(cluster.kill9().unwrap_err().kind(), ErrorKind::NotFound);
    cluster.restart().unwrap();
    assert_eq!(cluster.psql("SELECT count(*) FROM kept").unwrap(), "100");
    assert_eq!(cluster.url(), url);
    assert_ne!(cluster.pid().unwrap(), pid);
    assert!(cluster.logs().contains("database system was not properly shut down"));
}

#[test]
fn a_standby_repeats_what_its_primary_does_until_it_is_promoted() {
    let primary = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    primary.psql("CREATE TABLE kept AS SELECT 1 AS id").unwrap();
    let standby = primary.start_standby().unwrap();
    primary.psql("INSERT INTO kept VALUES (2)").unwrap();
    primary.wait_for_standby(&standby).unwrap();
    assert_eq!(standby.psql("SELECT count(*), pg_is_in_recovery() FROM kept").unwrap(), "2|t");
    assert!(standby.psql("INSERT INTO kept VALUES (3)").unwrap_err().to_string().contains("read-only"));

    standby.cut_off().unwrap();
    primary.psql("INSERT INTO kept VALUES (4)").unwrap();
    primary.kill9().unwrap();
    standby.promote().unwrap();
    standby.psql("INSERT INTO kept VALUES (5)").unwrap();
    assert_eq!(standby.psql("SELECT string_agg(id::text, ',' ORDER BY id) FROM kept").unwrap(), "1,2,5");
}

#[test]
fn a_file_of_the_data_folder_may_be_given() {
    let options = ClusterOptions::fast().data_file("pg_hba.conf", "local all postgres trust\n");
    let cluster = PostgresCluster::start(options).unwrap();
    let tcp =
        Command::new("psql").args(["-X", "-w", "-Atc", "SELECT 1", &cluster.tcp_url()]).output().unwrap();
    assert!(String::from_utf8_lossy(&tcp.stderr).contains("no pg_hba.conf entry"), "{tcp:?}");
}

#[test]
fn a_server_that_was_stopped_starts_again() {
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    for mode in [StopMode::Smart, StopMode::Fast, StopMode::Immediate] {
        cluster.stop(mode).unwrap();
        assert_eq!(cluster.pid(), None);
        cluster.stop(mode).unwrap();
        cluster.restart().unwrap();
        assert_eq!(cluster.psql("SELECT 1").unwrap(), "1");
    }
}

#[test]
fn two_clusters_at_once_know_nothing_of_each_other() {
    let one = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    let other = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    one.psql("CREATE TABLE here (id int)").unwrap();
    assert!(other.psql("SELECT * FROM here").is_err());
    drop(one);
    assert_eq!(other.psql("SELECT 1").unwrap(), "1");
}

#[test]
fn a_dropped_cluster_leaves_no_process_no_port_and_no_folder() {
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    let (pid, port, folder) = (cluster.pid().unwrap(), cluster.port(), cluster.folder().to_owned());
    assert!(is_process(pid) && folder.is_dir());
    drop(cluster);
    assert!(!is_process(pid));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(!folder.exists() && !folder.with_extension("lock").exists());
}

#[test]
fn a_cluster_outlives_the_thread_that_started_it() {
    let cluster = thread::spawn(|| PostgresCluster::start(ClusterOptions::fast()).unwrap()).join().unwrap();
    thread::sleep(Duration::from_millis(100));
    assert_eq!(cluster.psql("SELECT 1").unwrap(), "1");
}

#[test]
fn each_test_database_is_empty_and_dropped_with_its_value() {
    let (one, other) = (TestDatabase::create().unwrap(), TestDatabase::create().unwrap());
    one.psql("CREATE TABLE here (id int)").unwrap();
    assert!(other.psql("SELECT * FROM here").is_err());
    let (cluster, name) = (one.cluster(), one.name().to_owned());
    drop(one);
    assert_eq!(
        cluster.psql(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'")).unwrap(),
        "0"
    );
}

/// The test process is this very test, run again with [`HELD`] set: it starts two clusters, says where, and waits to
/// be killed.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_test_process_takes_its_servers_along_and_the_next_removes_their_folders() {
    use std::os::unix::fs::MetadataExt as _;

    const HELD: &str = "SNAKE_PIPE_TEST_HOLDS_CLUSTERS";
    if std::env::var_os(HELD).is_some() {
        let own = PostgresCluster::start(ClusterOptions::fast()).unwrap();
        for cluster in [&own, shared().unwrap()] {
            println!("\nheld {} {}", cluster.pid().unwrap(), cluster.folder().display());
        }
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        return;
    }

    let name = "a_killed_test_process_takes_its_servers_along_and_the_next_removes_their_folders";
    let mut process = Command::new(std::env::current_exe().unwrap());
    process
        .args(["--exact", name, "--nocapture"])
        .env(HELD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut process = process.spawn().unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    let held: Vec<(u32, String)> = lines
        .filter_map(|line| {
            let (pid, folder) = line.strip_prefix("held ")?.split_once(' ')?;
            Some((pid.parse().unwrap(), folder.to_owned()))
        })
        .take(2)
        .collect();
    assert_eq!(held.len(), 2);
    for (pid, folder) in &held {
        // Never root: PostgreSQL would refuse.
        assert_ne!(std::fs::metadata(format!("/proc/{pid}")).unwrap().uid(), 0);
        assert!(Path::new(folder).is_dir());
    }
    process.kill().unwrap();
    process.wait().unwrap();

    let begin = Instant::now();
    while held.iter().any(|(pid, _)| is_process(*pid)) {
        assert!(begin.elapsed() < Duration::from_secs(20), "a server outlived its test process");
        thread::sleep(Duration::from_millis(10));
    }
    drop(PostgresCluster::start(ClusterOptions::fast()).unwrap());
    for (_, folder) in &held {
        assert!(!Path::new(folder).exists());
    }
}

/// Whether the process is there and is more than a zombie (orphans are collected by whoever is process 1).
fn is_process(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
