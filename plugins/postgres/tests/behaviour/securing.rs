//! The six TLS modes against a server whose certificate is made here, by an authority that is made here too.

use std::{path::Path, process::Command};

use snake_pipe_core::{DatabaseBackend as _, Error, ErrorKind, Value};
use snake_pipe_postgres::{PostgresBackend, PostgresConfig};
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster};

use crate::support::value;

/// An authority's certificate, a server's certificate for the address 127.0.0.1 by it, and its key.
struct Certificates {
    folder: tempfile::TempDir,
}

impl Certificates {
    fn make() -> Self {
        let this = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(this.path("names"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
            .unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        this.openssl(&format!("req -x509 {key} -days 2 -subj /CN=authority -keyout ca.key -out ca.crt"));
        this.openssl(&format!("req -x509 {key} -days 2 -subj /CN=stranger -keyout other.key -out other.crt"));
        this.openssl(&format!("req {key} -subj /CN=server -keyout server.key -out server.csr"));
        this.openssl(
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt",
        );
        this
    }

    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(self.folder.path())
            .output()
            .expect("openssl is there wherever Debian's PostgreSQL is; else install it");
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

const RULES: &str = "local all all trust
hostssl all tls_only 127.0.0.1/32 scram-sha-256
hostnossl all plain_only 127.0.0.1/32 scram-sha-256
host all either 127.0.0.1/32 scram-sha-256
";

fn server(certificates: &Certificates) -> PostgresCluster {
    let options = ClusterOptions::fast()
        .setting("ssl", "on")
        .data_file("server.crt", certificates.text("server.crt"))
        .data_file("server.key", certificates.text("server.key"))
        .data_file("pg_hba.conf", RULES);
    let cluster = PostgresCluster::start(options).unwrap();
    for role in ["tls_only", "plain_only", "either"] {
        cluster.psql(&format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'")).unwrap();
    }
    cluster
}

/// Whether the connection is encrypted.
async fn encrypted(
    cluster: &PostgresCluster,
    user: &str,
    host: &str,
    parameters: &str,
) -> Result<bool, Error> {
    let port = cluster.port();
    let url = format!("postgres://{user}:secret@{host}:{port}/postgres?retry_attempts=0&{parameters}");
    let backend = PostgresBackend::new(PostgresConfig::from_url(&url)?);
    backend.connect().await?;
    Ok(value(&backend, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").await == Value::Bool(true))
}

#[tokio::test]
async fn each_mode_of_tls_is_that_of_libpq() {
    let certificates = Certificates::make();
    let cluster = server(&certificates);
    let root = |name: &str| format!("&sslrootcert={}", Path::new(&certificates.path(name)).display());
    let (ours, strangers) = (root("ca.crt"), root("other.crt"));
    use ErrorKind::{Authentication, Configuration};
    let cases = [
        // user, host, mode, authority, encrypted or refused
        ("either", "127.0.0.1", "disable", "", Ok(false)),
        ("either", "127.0.0.1", "allow", "", Ok(false)),
        ("either", "127.0.0.1", "prefer", "", Ok(true)),
        ("either", "127.0.0.1", "require", "", Ok(true)),
        ("tls_only", "127.0.0.1", "disable", "", Err(Authentication)),
        ("tls_only", "127.0.0.1", "allow", "", Ok(true)),
        ("tls_only", "127.0.0.1", "prefer", "", Ok(true)),
        ("plain_only", "127.0.0.1", "allow", "", Ok(false)),
        ("plain_only", "127.0.0.1", "prefer", "", Ok(false)),
        ("plain_only", "127.0.0.1", "require", "", Err(Authentication)),
        // With an authority, `require` verifies.
        ("either", "127.0.0.1", "require", &ours, Ok(true)),
        ("either", "127.0.0.1", "require", &strangers, Err(Configuration)),
        ("either", "127.0.0.1", "verify-ca", &ours, Ok(true)),
        ("either", "127.0.0.1", "verify-ca", &strangers, Err(Configuration)),
        ("either", "127.0.0.1", "verify-ca", "", Err(Configuration)),
        ("either", "127.0.0.1", "verify-full", &ours, Ok(true)),
        // The certificate names the address only.
        ("either", "localhost", "verify-ca", &ours, Ok(true)),
        ("either", "localhost", "verify-full", &ours, Err(Configuration)),
    ];
    for (user, host, mode, authority, expected) in cases {
        let found = encrypted(&cluster, user, host, &format!("sslmode={mode}{authority}")).await;
        if let Err(error) = &found
            && error.kind() == Configuration
        {
            assert!(error.help().unwrap().contains("sslrootcert=FILE"), "{error:?}");
        }
        assert_eq!(found.map_err(|error| error.kind()), expected, "{user}@{host} {mode} {authority}");
    }
}
