//! What differs between the databases, in the text of statements.

use snake_pipe_core::Dialect as Language;

/// How statements are written for a database.
///
/// Statements are PostgreSQL's, and stay what they are for it; `$1` is understood by both. What differs is marked:
/// `@table` is a table of ours, with its schema in PostgreSQL; `{for update}` locks the rows that are read, and
/// `{skip locked}` those that nobody else has, where SQLite's single writer needs neither.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    pub(crate) language: Language,
    /// What stands before a table's name.
    prefix: String,
}

impl Dialect {
    pub(crate) const fn sqlite() -> Self {
        Self { language: Language::Sqlite, prefix: String::new() }
    }

    pub(crate) fn postgres(schema: &str) -> Self {
        Self { language: Language::Postgres, prefix: format!("\"{}\".", schema.replace('"', "\"\"")) }
    }

    /// The schema with its dot, quoted; nothing for SQLite.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A statement as this database takes it.
    pub(crate) fn render(&self, sql: &str) -> String {
        let (lock, skip) = match self.language {
            Language::Sqlite => ("", ""),
            Language::Postgres => ("FOR UPDATE", "FOR UPDATE SKIP LOCKED"),
        };
        let sql = sql.replace("{for update}", lock).replace("{skip locked}", skip);
        let mut rendered = String::with_capacity(sql.len() + 64);
        let mut letters = sql.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '@' if letters.peek().is_some_and(char::is_ascii_lowercase) => {
                    rendered.push_str(&self.prefix)
                }
                _ => rendered.push(letter),
            }
        }
        rendered
    }

    /// The statements of a migration as this database takes them.
    pub(crate) fn render_migration(&self, sql: &str) -> String {
        let (own, other) = match self.language {
            Language::Sqlite => ("-- sqlite", "-- postgres"),
            Language::Postgres => ("-- postgres", "-- sqlite"),
        };
        let lines = sql.lines().filter(|line| !line.ends_with(other)).map(|line| {
            let line = line.trim_end_matches(own).trim_end();
            match self.language {
                Language::Sqlite => for_sqlite(line),
                Language::Postgres => line.to_owned(),
            }
        });
        self.render(&lines.collect::<Vec<_>>().join("\n"))
    }
}

/// A line of PostgreSQL's in SQLite's types; tables are strict, and have no partitions.
fn for_sqlite(line: &str) -> String {
    const TYPES: [(&str, &str); 6] = [
        (" uuid", " TEXT"),
        (" timestamptz", " TEXT"),
        (" jsonb", " TEXT"),
        (" bigint", " INTEGER"),
        (" boolean", " INTEGER"),
        (" double precision", " REAL"),
    ];
    if line == ");" || line.starts_with(") PARTITION BY") {
        return ") STRICT;".to_owned();
    }
    TYPES.iter().fold(line.to_owned(), |line, (from, to)| line.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_locks_are_written_as_each_database_has_them() {
        let sql = "SELECT id FROM @runs WHERE id = $1 {for update}";
        assert_eq!(Dialect::sqlite().render(sql), "SELECT id FROM runs WHERE id = $1 ");
        let postgres = Dialect::postgres("my \"own\"");
        assert_eq!(postgres.render(sql), r#"SELECT id FROM "my ""own""".runs WHERE id = $1 FOR UPDATE"#);
    }

    #[test]
    fn a_migration_has_each_database_s_types_and_lines() {
        let sql = "CREATE TABLE @a (\n    at timestamptz NOT NULL,\n    x text, -- sqlite\n    y text, -- postgres\n) PARTITION BY RANGE (at);";
        assert_eq!(
            Dialect::sqlite().render_migration(sql),
            "CREATE TABLE a (\n    at TEXT NOT NULL,\n    x text,\n) STRICT;"
        );
        assert!(
            Dialect::postgres("s")
                .render_migration(sql)
                .contains("\"s\".a (\n    at timestamptz NOT NULL,\n    y text,\n) PARTITION")
        );
    }
}
