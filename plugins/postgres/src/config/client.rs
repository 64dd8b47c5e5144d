//! The same connection for PostgreSQL's own programs.

use snake_pipe_core::{Result, secret::Secret};
use url::Url;

use super::{PostgresConfig, TlsMode, parsed};

/// libpq's environment variables for one server. The password is among them, so it is never shown.
#[derive(Debug)]
pub(crate) struct ClientEnvironment {
    database: String,
    variables: Vec<(&'static str, Secret)>,
}

impl ClientEnvironment {
    /// The database's name.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// Names and values.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.expose()))
    }
}

impl PostgresConfig {
    /// The database that the URL names, or the driver's default for it.
    pub(crate) fn database(&self) -> Option<String> {
        let url = self.hosts[0].url.expose();
        parsed(url, url).ok()?.get_database().map(str::to_owned)
    }

    /// What `pg_dump` and `pg_restore` connect to a server with.
    pub(crate) fn client_environment(&self, host: usize, tls: TlsMode) -> Result<ClientEnvironment> {
        let url = self.hosts[host].url.expose();
        let connect = parsed(url, url)?;
        let server = connect.get_socket().map_or_else(
            || connect.get_host().trim_matches(['[', ']']).to_owned(),
            |socket| socket.display().to_string(),
        );
        let database = connect.get_database().unwrap_or_else(|| connect.get_username()).to_owned();
        let mut variables = vec![
            ("PGHOST", server),
            ("PGPORT", connect.get_port().to_string()),
            ("PGUSER", connect.get_username().to_owned()),
            ("PGDATABASE", database.clone()),
            ("PGAPPNAME", self.application_name.clone()),
            ("PGSSLMODE", tls.name().to_owned()),
        ];
        if let Some(file) = &self.root_certificates {
            variables.push(("PGSSLROOTCERT", file.clone()));
        }
        if let Ok(file) = std::env::var("PGPASSFILE") {
            variables.push(("PGPASSFILE", file));
        }
        let mut variables: Vec<_> =
            variables.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
        if let Some(password) = self.password.read()?.or_else(|| password_of(url)) {
            variables.push(("PGPASSWORD", password));
        }
        Ok(ClientEnvironment { database, variables })
    }
}

/// The password that the URL or the environment holds; what stands in `~/.pgpass` libpq finds itself.
fn password_of(url: &str) -> Option<Secret> {
    let parsed = Url::parse(url).ok();
    let of_query = |url: &Url| {
        url.query_pairs().find(|(key, _)| key == "password").map(|(_, value)| Secret::new(value.into_owned()))
    };
    let of_authority = |url: &Url| {
        // The parser of queries decodes what stands before the host as well.
        let encoded = format!("p={}", url.password()?.replace('+', "%2B"));
        let decoded = url::form_urlencoded::parse(encoded.as_bytes()).next()?.1.into_owned();
        Some(Secret::new(decoded))
    };
    let of_url = parsed.as_ref().and_then(|url| of_query(url).or_else(|| of_authority(url)));
    of_url.or_else(|| std::env::var("PGPASSWORD").ok().map(Secret::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_decoded_and_not_shown() {
        let config = PostgresConfig::from_url("postgres://u:a%40b+c@h:5433/db?sslmode=require").unwrap();
        let environment = config.client_environment(0, TlsMode::Require).unwrap();
        let value = |name: &str| environment.variables().find(|(key, _)| *key == name).unwrap().1.to_owned();
        assert_eq!(
            (value("PGPASSWORD"), value("PGPORT"), value("PGSSLMODE")),
            ("a@b+c".into(), "5433".into(), "require".into())
        );
        assert!(!format!("{environment:?}").contains("a@b"));
    }
}
