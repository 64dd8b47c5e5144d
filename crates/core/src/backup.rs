//! What a backup says about itself, so that a restored database can be told from one that only looks like it.

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, Result, Timestamp};

/// The name of the file, beside the archive, that holds a [`BackupManifest`] as JSON.
pub const BACKUP_MANIFEST: &str = "backup.json";

/// What was backed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupManifest {
    /// The version of this form: 1.
    pub format: u32,
    /// The kind of backend.
    pub kind: String,
    /// When the backup was begun.
    pub created_at: Timestamp,
    /// The server's version, where there is a server.
    pub server_version: Option<String>,
    /// The version of the schema of snake-pipe.
    pub schema_version: u64,
    /// The names of the database schemas that were backed up, the one with the facts first; empty where there are none.
    pub schemas: Vec<String>,
    /// Extensions of the database that its tables may need.
    pub extensions: Vec<String>,
    /// The archive's file name, beside this file.
    pub archive: String,
    /// Its length.
    pub archive_bytes: u64,
    /// Digest of its bytes, in hexadecimal.
    pub archive_digest: String,
    /// Every table, by name.
    pub tables: Vec<TableDigest>,
}

/// The content of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableDigest {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// A number that depends on every value of every row, and on no order.
    pub digest: String,
}

impl BackupManifest {
    /// The version of the form that this program writes and reads.
    pub const FORMAT: u32 = 1;

    /// Checks that these tables hold what was backed up. Tables that are there besides are none of its business.
    ///
    /// # Errors
    /// `Data`, naming the tables that differ.
    pub fn verify(&self, tables: &[TableDigest]) -> Result<()> {
        let differs = |expected: &&TableDigest| !tables.contains(expected);
        let told: Vec<String> = self
            .tables
            .iter()
            .filter(differs)
            .map(|expected| match tables.iter().find(|table| table.name == expected.name) {
                None => format!("{}: missing", expected.name),
                Some(found) if found.rows != expected.rows => {
                    format!("{}: {} rows in place of {}", expected.name, found.rows, expected.rows)
                }
                Some(_) => format!("{}: rows of other content", expected.name),
            })
            .collect();
        match told.is_empty() {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Data, "the database does not hold what the backup says")
                .with_context("tables", told.join("; "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, rows: u64, digest: &str) -> TableDigest {
        TableDigest { name: name.into(), rows, digest: digest.into() }
    }

    #[test]
    fn every_table_that_differs_is_named() {
        let manifest = BackupManifest {
            format: BackupManifest::FORMAT,
            kind: "sqlite".into(),
            created_at: Timestamp::now(),
            server_version: None,
            schema_version: 1,
            schemas: Vec::new(),
            extensions: Vec::new(),
            archive: "database.sqlite".into(),
            archive_bytes: 1,
            archive_digest: "x".into(),
            tables: vec![table("a", 1, "1"), table("b", 2, "2"), table("c", 3, "3"), table("d", 4, "4")],
        };
        manifest.verify(&[manifest.tables.clone(), vec![table("mine", 9, "9")]].concat()).unwrap();
        let error =
            manifest.verify(&[table("a", 1, "1"), table("b", 5, "2"), table("c", 3, "9")]).unwrap_err();
        assert!(
            error.to_string().contains("b: 5 rows in place of 2; c: rows of other content; d: missing"),
            "{error}"
        );
    }
}
