//! Files whose rows the database refuses only when they are published: by a trigger or index that somebody has added. What the
//! tables' own constraints refuse comes to light when it is staged.

use futures::future::BoxFuture;
use snake_pipe_core::{
    Error, ErrorKind, Language, Result, SourcePath, Timestamp,
    load::{LoadPlan, RefusedFile},
    model::TransformedAst,
};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::publish::Publishing;
use crate::{
    backend::path_of, database::Database, error::during, schema::FILE_TABLES, transaction::Transaction,
};

/// When so many are found, not the files are the cause.
const MOST: usize = 100;

/// A file that the database refuses.
#[derive(Debug)]
pub(super) struct Found {
    /// What is to be written in its place.
    pub(super) facts: TransformedAst,
    /// What the caller is told.
    pub(super) told: RefusedFile,
}

/// Looks among the staged files for those that the database refuses, by trying to publish half of them, half of these, and so on.
/// Nothing of it lasts.
pub(super) async fn find(
    database: &Database,
    connection: &mut SqliteConnection,
    plan: &LoadPlan,
) -> Result<Vec<Found>> {
    let _turn = database.turn().await?;
    // Dropping it takes everything back.
    let mut transaction = Transaction::immediate(connection).await.map_err(during("publish"))?;
    let files: Vec<String> = sqlx::query_scalar("SELECT file_id FROM staging.files ORDER BY file_id")
        .fetch_all(&mut *transaction)
        .await
        .map_err(during("publish"))?;
    let mut publishing = Publishing::new(&mut transaction, plan.repository.id(), Timestamp::now());
    let mut found = Vec::new();
    search(&mut publishing, &files, &mut found).await?;
    let mut refused = Vec::new();
    for (file, error) in found {
        let row = sqlx::query(
            "SELECT file_path, path_bytes, language, size_bytes FROM staging.files WHERE file_id = ?",
        )
        .bind(file)
        .fetch_one(&mut *transaction)
        .await
        .map_err(during("publish"))?;
        refused.push(in_place_of(&row, &error).map_err(during("publish"))?);
    }
    Ok(refused)
}

/// Tries the files, which are all that is staged, and divides them until each that is refused stands alone.
fn search<'a>(
    publishing: &'a mut Publishing<'_>,
    files: &'a [String],
    found: &'a mut Vec<(String, Error)>,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        publishing.run("SAVEPOINT trial").await?;
        let tried = publishing.replace_rows().await;
        publishing.run("ROLLBACK TO trial").await?;
        publishing.run("RELEASE trial").await?;
        let error = match tried {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Data => error,
            Err(error) => return Err(error),
        };
        if let [file] = files {
            found.push((file.clone(), error));
            return Ok(());
        }
        let (first, second) = files.split_at(files.len() / 2);
        for half in [first, second] {
            if half.is_empty() || found.len() >= MOST {
                continue;
            }
            publishing.run("SAVEPOINT half").await?;
            keep_only(publishing, half).await?;
            search(publishing, half, found).await?;
            publishing.run("ROLLBACK TO half").await?;
            publishing.run("RELEASE half").await?;
        }
        Ok(())
    })
}

async fn keep_only(publishing: &mut Publishing<'_>, files: &[String]) -> Result<()> {
    let list = serde_json::to_string(files).expect("a list of texts is JSON");
    for table in FILE_TABLES.iter() {
        let (name, column) = (table.name(), table.file_column());
        let sql =
            format!("DELETE FROM staging.{name} WHERE {column} NOT IN (SELECT value FROM json_each(?2))");
        publishing.run_with(&sql, &list).await?;
    }
    Ok(())
}

fn in_place_of(row: &SqliteRow, error: &Error) -> sqlx::Result<Found> {
    let path: SourcePath = path_of(row.try_get(0)?, row.try_get::<Option<&str>, _>(1)?);
    let language: &str = row.try_get(2)?;
    let facts = TransformedAst {
        language: language.parse().unwrap_or(Language::Unknown),
        size_bytes: row.try_get::<Option<i64>, _>(3)?.map(i64::unsigned_abs),
        ..TransformedAst::new(path.clone())
    };
    let reason = format!("the database refuses it: {error}");
    tracing::warn!(file = %path, %error, "the database refuses a file; it is kept as refused");
    Ok(Found { facts: facts.refused(reason.clone()), told: RefusedFile { path, reason } })
}
