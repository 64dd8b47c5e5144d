//! References whose targets go: they stay, un-resolved, and their files lose their link hash, so that they are linked again. The
//! dependencies of these files are derived again, so that modules stand there as the source says them.

use snake_pipe_core::{
    Result,
    schema::{TableId, dependencies_again},
};
use uuid::Uuid;

use super::{
    marks::{ByKind, Marks},
    publish::Publishing,
};
use crate::schema::FILE_TABLES;

/// References whose target is one of those that are lost, found by an index of each table in `main`.
struct Lost {
    table: &'static str,
    condition: &'static str,
}

const BY_FILE: &str = "target_file_id IN (SELECT id FROM staging.lost_files)";
const BY_FUNCTION: &str = "target_function_id IN (SELECT id FROM staging.lost_functions)";
const BY_CLASS: &str = "target_class_id IN (SELECT id FROM staging.lost_classes)";

const LOST: &[Lost] = &[
    Lost { table: "imports", condition: BY_FILE },
    Lost {
        table: "imports",
        condition: "target_file_id IN (SELECT file_id FROM staging.lost_functions) \
                    AND target_function_id IN (SELECT id FROM staging.lost_functions)",
    },
    Lost {
        table: "imports",
        condition: "target_file_id IN (SELECT file_id FROM staging.lost_classes) \
                    AND target_class_id IN (SELECT id FROM staging.lost_classes)",
    },
    Lost { table: "inheritance", condition: BY_FILE },
    Lost { table: "inheritance", condition: BY_CLASS },
    Lost { table: "calls", condition: BY_FUNCTION },
    Lost { table: "calls", condition: BY_CLASS },
    // All that is in a lost file is lost too: what remains are calls whose target is the file as a whole.
    Lost {
        table: "calls",
        condition: "target_file_id IN (SELECT id FROM staging.lost_files) \
                    AND target_function_id IS NULL AND target_class_id IS NULL",
    },
];

/// Dependencies that no import, base or call explains, after the others were derived again.
const LOST_EDGES: Lost = Lost { table: "dependencies", condition: BY_FILE };

/// Files whose references were un-resolved.
const UNLINKED: &str = "SELECT file_id FROM staging.unlinked";

/// Finds what the published state will lack: what touched files no longer define, and what staged rows refer to without its
/// being anywhere. Whether there is anything.
pub(super) async fn find_lost(publishing: &mut Publishing<'_>, marks: &Marks) -> Result<bool> {
    for kind in ["files", "functions", "classes"] {
        publishing.run(&format!("DELETE FROM staging.lost_{kind}")).await?;
    }
    publishing
        .run("INSERT INTO staging.lost_files SELECT file_id, file_id FROM staging.removed_files")
        .await?;
    for (table, id) in [("functions", "function_id"), ("classes", "class_id")] {
        publishing
            .run(&format!(
                "INSERT INTO staging.lost_{table} SELECT m.{id}, m.file_id FROM main.{table} m \
                 WHERE m.repository_id = ?1 \
                 AND m.file_id IN (SELECT file_id FROM staging.files UNION ALL SELECT file_id FROM staging.removed_files) \
                 AND NOT EXISTS (SELECT 1 FROM staging.{table} s WHERE s.{id} = m.{id})"
            ))
            .await?;
    }
    let ByKind { files, functions, classes } = marks.elsewhere();
    add_missing(publishing, "files", "file_id", &files).await?;
    add_missing(publishing, "functions", "function_id", &functions).await?;
    add_missing(publishing, "classes", "class_id", &classes).await?;
    publishing
        .is_true(
            "SELECT EXISTS (SELECT 1 FROM staging.lost_files) OR EXISTS (SELECT 1 FROM staging.lost_functions) \
             OR EXISTS (SELECT 1 FROM staging.lost_classes)",
        )
        .await
}

/// Adds those of the targets that the published database does not have.
async fn add_missing(
    publishing: &mut Publishing<'_>,
    table: &str,
    id: &str,
    targets: &[(Uuid, Uuid)],
) -> Result<()> {
    if targets.is_empty() {
        return Ok(());
    }
    let list = serde_json::to_string(targets).expect("a list of pairs of ids is JSON");
    let sql = format!(
        "INSERT OR IGNORE INTO staging.lost_{table} SELECT j.value ->> 0, j.value ->> 1 FROM json_each(?2) j \
         WHERE NOT EXISTS (SELECT 1 FROM main.{table} m WHERE m.{id} = j.value ->> 0 AND m.repository_id = ?1)"
    );
    publishing.run_with(&sql, &list).await.map(drop)
}

/// Un-resolves staged references to what is lost, before they are compared with published rows.
pub(super) async fn unresolve_staged(publishing: &mut Publishing<'_>) -> Result<()> {
    for lost in LOST {
        publishing.run(&note_files(lost, "staging")).await?;
        publishing.run(&unresolve(lost, "staging")).await?;
    }
    derive_again(publishing, "staging").await?;
    publishing.run(&format!("DELETE FROM staging.dependencies WHERE source_file_id IN ({UNLINKED})")).await?;
    publishing.run("INSERT INTO staging.dependencies SELECT * FROM staging.derived_again").await?;
    publishing.run(&note_files(&LOST_EDGES, "staging")).await?;
    publishing.run(&unresolve(&LOST_EDGES, "staging")).await?;
    publishing
        .run("UPDATE staging.files SET link_hash = NULL WHERE file_id IN (SELECT file_id FROM staging.unlinked)")
        .await?;
    publishing.run("DELETE FROM staging.unlinked").await.map(drop)
}

/// Un-resolves published references to what is lost: those of files that this session does not touch.
pub(super) async fn unresolve_published(publishing: &mut Publishing<'_>) -> Result<()> {
    publishing.run("DELETE FROM staging.unlinked").await?;
    for lost in LOST {
        publishing.run(&note_files(lost, "main")).await?;
        publishing.change(lost.table, &unresolve(lost, "main")).await?;
    }
    derive_again(publishing, "main").await?;
    for sql in replace_dependencies() {
        publishing.change("dependencies", &sql).await?;
    }
    publishing.run(&note_files(&LOST_EDGES, "main")).await?;
    publishing.change("dependencies", &unresolve(&LOST_EDGES, "main")).await?;
    publishing
        .change(
            "files",
            &format!(
                "UPDATE main.files SET link_hash = NULL, updated_at = ?2 \
                 WHERE repository_id = ?1 AND link_hash IS NOT NULL AND file_id IN ({UNLINKED})"
            ),
        )
        .await
}

/// Derives the dependencies of the files whose references were un-resolved from what is left of these.
async fn derive_again(publishing: &mut Publishing<'_>, schema: &str) -> Result<()> {
    publishing.run("DELETE FROM staging.derived_again").await?;
    publishing.run(&format!("INSERT INTO staging.derived_again {}", again(schema))).await.map(drop)
}

fn again(schema: &str) -> String {
    dependencies_again(|table| format!("{schema}.{}", table.table().name), "?1", UNLINKED)
}

/// Turns the published dependencies of these files into what was derived; rows that are the same stay.
fn replace_dependencies() -> [String; 2] {
    let dependencies = FILE_TABLES.iter().find(|table| table.id == TableId::Dependencies);
    let upsert = &dependencies.expect("dependencies belong to files").upsert;
    [
        format!(
            "DELETE FROM main.dependencies WHERE repository_id = ?1 AND source_file_id IN ({UNLINKED}) \
             AND (source_file_id, ordinal) NOT IN (SELECT source_file_id, ordinal FROM staging.derived_again)"
        ),
        upsert.replace("FROM staging.dependencies ", "FROM staging.derived_again "),
    ]
}

/// The statements on published tables, for looking at their plans.
#[cfg(test)]
pub(super) fn statements() -> Vec<String> {
    let lost = LOST.iter().chain([&LOST_EDGES]);
    let lost = lost.flat_map(|lost| [note_files(lost, "main"), unresolve(lost, "main")]);
    lost.chain([again("main")]).chain(replace_dependencies()).collect()
}

fn note_files(lost: &Lost, schema: &str) -> String {
    let file = if lost.table == "dependencies" { "source_file_id" } else { "file_id" };
    format!(
        "INSERT OR IGNORE INTO staging.unlinked SELECT {file} FROM {schema}.{} WHERE repository_id = ?1 AND {}",
        lost.table, lost.condition
    )
}

fn unresolve(lost: &Lost, schema: &str) -> String {
    let columns = match lost.table {
        "dependencies" => "target_file_id = NULL",
        "inheritance" => "origin = 'none', candidates = 0, target_file_id = NULL, target_class_id = NULL",
        _ => {
            "origin = 'none', candidates = 0, target_file_id = NULL, target_function_id = NULL, target_class_id = NULL"
        }
    };
    format!(
        "UPDATE {schema}.{} SET status = 'unresolved', {columns} WHERE repository_id = ?1 AND {}",
        lost.table, lost.condition
    )
}
