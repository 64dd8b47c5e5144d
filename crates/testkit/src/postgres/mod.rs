//! Private PostgreSQL clusters for tests and benchmarks.
//!
//! A cluster is a server of its own, with its own data, started in a folder of its own and gone with the process that
//! started it. Nothing is shared with a PostgreSQL that the machine may run besides, and no password or configuration
//! is needed: the server's programs are enough.
//!
//! ```no_run
//! use snake_pipe_testkit::postgres::TestDatabase;
//!
//! # fn main() -> snake_pipe_core::Result<()> {
//! // An empty database in a cluster that all tests of this process share; dropped with the value.
//! let database = TestDatabase::create()?;
//! println!("{}", database.url());
//! # Ok(()) }
//! ```
//!
//! A test that kills or reconfigures its server takes a cluster for itself:
//!
//! ```no_run
//! use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster};
//!
//! # fn main() -> snake_pipe_core::Result<()> {
//! let cluster = PostgresCluster::start(ClusterOptions::durable().max_connections(20))?;
//! cluster.psql("CREATE TABLE kept (id int)")?;
//! cluster.kill9()?;
//! cluster.restart()?;
//! assert_eq!(cluster.psql("SELECT count(*) FROM kept")?, "0");
//! # Ok(()) }
//! ```
//!
//! All functions block; starting takes a few tenths of a second, the very first start on a machine (`initdb`) some
//! seconds. PostgreSQL 13 or newer is needed.

mod account;
mod cluster;
mod folder;
mod options;
mod process;
mod programs;
mod proxy;
mod shared;
mod standby;
mod template;

pub use cluster::{PostgresCluster, StopMode};
pub use options::ClusterOptions;
pub use proxy::{Cut, PostgresProxy};
pub use shared::{TestDatabase, shared};
