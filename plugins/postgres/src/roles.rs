//! Least-privilege roles, as SQL that an administrator runs.

use snake_pipe_core::{Error, ErrorKind, Result};

use crate::{PostgresConfig, schema::statements::quoted};

/// What the names of the roles begin with unless told otherwise.
pub const DEFAULT_ROLE_PREFIX: &str = "snake_pipe";

impl PostgresConfig {
    /// The statements that make three roles for the configured database and schemas, and give each what it needs: `…_owner`
    /// migrates and loads, `…_writer` loads and cannot alter or drop anything, `…_reader` asks. They may be run again, before or
    /// after the first load.
    ///
    /// # Errors
    /// `Configuration` when the URL names no database, and for a prefix that is no plain name.
    pub fn grants(&self, prefix: &str, further_schemas: &[&str]) -> Result<String> {
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if prefix.is_empty() || prefix.len() > 40 || !prefix.chars().all(is_plain) {
            return Err(Error::new(ErrorKind::Configuration, format!("`{prefix}` is no prefix of a role"))
                .with_help("take lower-case letters, digits and _, 40 at most"));
        }
        let database = self.database().ok_or_else(|| {
            Error::new(ErrorKind::Configuration, "the URL names no database")
                .with_help("write postgres://HOST/DATABASE")
        })?;
        let roles = Roles {
            owner: format!("{prefix}_owner"),
            writer: format!("{prefix}_writer"),
            reader: format!("{prefix}_reader"),
        };
        let schema = self.schema.as_deref().unwrap_or("public");
        let mut sql = roles.made_in(&database);
        for schema in [schema].iter().chain(further_schemas) {
            sql.push_str(&roles.granted_in(schema));
        }
        Ok(sql)
    }
}

struct Roles {
    owner: String,
    writer: String,
    reader: String,
}

impl Roles {
    fn made_in(&self, database: &str) -> String {
        let Self { owner, writer, reader } = self;
        let database = quoted(database);
        let made: String = [owner, writer, reader]
            .iter()
            .map(|role| {
                format!(
                    "    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{role}') THEN\n        \
                     CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;\n    END IF;\n"
                )
            })
            .collect();
        format!(
            "-- Roles of snake-pipe, to be run by a superuser, or by whoever owns the database and may create roles:\n\
             --   {owner} makes and migrates the tables, and loads large new repositories the fast way\n\
             --   {writer} loads; it cannot alter or drop anything\n\
             --   {reader} asks\n\
             -- They have no passwords yet: set them with \\password in psql, or grant a role to those who log in already.\n\
             -- Tables that another role made here are handed over by REASSIGN OWNED BY that_role TO {owner};\n\
             DO $$\nBEGIN\n{made}END\n$$;\n\
             GRANT {owner} TO CURRENT_USER;\n\
             GRANT CONNECT ON DATABASE {database} TO {owner}, {writer}, {reader};\n"
        )
    }

    fn granted_in(&self, schema: &str) -> String {
        let Self { owner, writer, reader } = self;
        let schema = quoted(schema);
        let rows = "SELECT, INSERT, UPDATE, DELETE";
        format!(
            "\nCREATE SCHEMA IF NOT EXISTS {schema};\n\
             REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC;\n\
             GRANT USAGE, CREATE ON SCHEMA {schema} TO {owner};\n\
             GRANT USAGE ON SCHEMA {schema} TO {writer}, {reader};\n\
             -- What is there, and what the owner makes later.\n\
             GRANT {rows} ON ALL TABLES IN SCHEMA {schema} TO {writer};\n\
             GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader};\n\
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {writer};\n\
             GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {reader};\n\
             ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT {rows} ON TABLES TO {writer};\n\
             ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT SELECT ON TABLES TO {reader};\n\
             ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {writer};\n\
             ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT SELECT ON SEQUENCES TO {reader};\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_of_any_name_is_quoted_and_a_role_is_a_plain_name() {
        let config = PostgresConfig::from_url("postgres://h/code?schema=My%20Schema").unwrap();
        let sql = config.grants("team", &[]).unwrap();
        assert!(sql.contains("GRANT SELECT ON ALL TABLES IN SCHEMA \"My Schema\" TO team_reader;"), "{sql}");
        assert!(sql.contains("GRANT CONNECT ON DATABASE \"code\" TO team_owner, team_writer, team_reader;"));
        for prefix in ["", "Team", "a'; DROP ROLE x; --"] {
            assert_eq!(config.grants(prefix, &[]).unwrap_err().kind(), ErrorKind::Configuration, "{prefix}");
        }
    }
}
