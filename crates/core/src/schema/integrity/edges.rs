//! The dependencies of files computed again from their sites, beside those that are stored: what
//! [`dependencies_of`](crate::dependencies_of) says, in SQL.

use super::super::TableId;
use crate::model::DependencyType;

/// A line behind a position, so that the least of both together is the line of the first site.
const LINES: &str = "4294967296";
/// A status behind a position.
const STATES: &str = "8";

/// The types that follow from sites. Dependencies of other types come from their producer alone.
const TYPES: &str = "'import', 'inheritance', 'interface_implementation', 'function_call', 'method_call'";

/// What breaks an edge `r` of [`source`]: the names of the constraints, and their conditions.
pub(super) const CONSTRAINTS: [(&str, &str); 6] = [
    ("no edge of the sites is missing", "r.stored_rows = 0"),
    ("no edge is without sites", "r.derived_rows = 0"),
    (
        "site_count counts sites",
        "r.derived_rows > 0 AND r.stored_rows > 0 AND r.stored_sites <> r.derived_sites",
    ),
    (
        "strength is the share of sites",
        "r.derived_rows > 0 AND r.stored_rows > 0 AND abs(r.stored_strength - r.derived_strength) > 0.000000001",
    ),
    // Bases have positions in their class only: among those of several classes any may be the first. Where two modules were
    // cut to one name, their edges cannot be told apart.
    (
        "line_number is that of the first site",
        "r.derived_rows > 0 AND r.stored_rows = 1 AND r.stored_line <> r.first_line
         AND (r.dependency_type NOT IN ('inheritance', 'interface_implementation')
              OR r.stored_line NOT BETWEEN r.lowest_line AND r.highest_line)",
    ),
    (
        "status is that of the first site",
        "r.derived_rows > 0 AND r.stored_rows = 1 AND r.stored_status <> r.first_status",
    ),
];

/// What names an edge.
pub(super) const KEY: [&str; 4] = ["source_file_id", "dependency_type", "target_file_id", "target_module"];

/// Every edge `r` that is stored or follows from sites. Where a reference lost its target, the dependencies were derived again,
/// so that files which ask for linking again are no exception; but what was never linked may have edges that its producer
/// alone knows of. `condition` says which rows of a table, by an alias, are looked at.
pub(super) fn source(repository: &str, condition: impl Fn(TableId, &str) -> String) -> String {
    format!(
        "FROM (
             SELECT source_file_id, repository_id, dependency_type, target_file_id, target_module,
                    sum(derived_rows) AS derived_rows, sum(stored_rows) AS stored_rows,
                    sum(derived_sites) AS derived_sites, sum(stored_sites) AS stored_sites,
                    sum(derived_strength) AS derived_strength, sum(stored_strength) AS stored_strength,
                    max(first_line) AS first_line, max(lowest_line) AS lowest_line, max(highest_line) AS highest_line,
                    max(stored_line) AS stored_line, max(first_status) AS first_status, max(stored_status) AS stored_status
             FROM ({} UNION ALL {}) u
             GROUP BY source_file_id, repository_id, dependency_type, target_file_id, target_module
         ) r
         JOIN files f ON f.file_id = r.source_file_id AND f.repository_id = {repository}
         WHERE (f.link_hash IS NOT NULL OR r.derived_rows > 0)",
        derived(&condition),
        stored(&condition)
    )
}

/// The edges that follow from sites. Those that lead nowhere are counted in the share, and then left out.
fn derived(condition: &impl Fn(TableId, &str) -> String) -> String {
    format!(
        "SELECT e.source_file_id, e.repository_id, e.dependency_type, e.target_file_id, e.target_module,
                1 AS derived_rows, 0 AS stored_rows, e.sites AS derived_sites, 0 AS stored_sites,
                {STRENGTH} AS derived_strength,
                CAST(0 AS double precision) AS stored_strength,
                e.first_line, e.lowest_line, e.highest_line, CAST(NULL AS bigint) AS stored_line,
                e.first_status, CAST(NULL AS bigint) AS stored_status
         FROM {} e
         WHERE {LEADS_SOMEWHERE}",
        edges(&|table| table.table().name.to_owned(), condition)
    )
}

/// The share of the sites of a type that an edge `e` of [`edges`] has.
const STRENGTH: &str = "CAST(e.sites AS double precision) / CAST(e.all_sites AS double precision)";
/// Whether an edge `e` of [`edges`] is a dependency.
const LEADS_SOMEWHERE: &str = "(e.target_module IS NOT NULL OR e.target_file_id <> e.source_file_id)";

/// The sites by what they lead to. `name` says what the tables are called.
fn edges(name: &impl Fn(TableId) -> String, condition: &impl Fn(TableId, &str) -> String) -> String {
    format!(
        "(
             SELECT source_file_id, repository_id, dependency_type, target_file_id, target_module, count(*) AS sites,
                    sum(count(*)) OVER (PARTITION BY source_file_id, repository_id, dependency_type) AS all_sites,
                    min(place) AS first_place, min(place * {LINES} + line) % {LINES} AS first_line,
                    min(line) AS lowest_line, max(line) AS highest_line,
                    min(place * {STATES} + status) % {STATES} AS first_status
             FROM ({}) s
             GROUP BY source_file_id, repository_id, dependency_type, target_file_id, target_module
         )",
        sites(name, condition)
    )
}

/// The statement that derives the dependencies of some files again from what their sites say now, as rows of `dependencies`:
/// [`dependencies_of`](crate::dependencies_of) on stored rows. Dependencies of types that do not follow from sites are rows
/// of it as they are.
///
/// `name` says what the tables are called, `repository` is the repository and `files` the inside of a list of file ids, all in
/// SQL.
#[must_use]
pub fn dependencies_again(name: impl Fn(TableId) -> String, repository: &str, files: &str) -> String {
    let condition = |table: TableId, alias: &str| match table {
        // Its index leads from classes to bases.
        TableId::Inheritance => format!(
            "{alias}.repository_id = {repository} AND {alias}.class_id IN (
                 SELECT class_id FROM {} WHERE repository_id = {repository} AND file_id IN ({files}))",
            name(TableId::Classes)
        ),
        TableId::Dependencies => {
            format!("{alias}.repository_id = {repository} AND {alias}.source_file_id IN ({files})")
        }
        _ => format!("{alias}.repository_id = {repository} AND {alias}.file_id IN ({files})"),
    };
    let ranks = DependencyType::ALL.iter().enumerate();
    let ranks: Vec<_> = ranks.map(|(rank, name)| format!("WHEN '{}' THEN {rank}", name.as_str())).collect();
    format!(
        "SELECT a.source_file_id,
                CAST(row_number() OVER (
                    PARTITION BY a.source_file_id
                    ORDER BY CASE a.dependency_type {} END, a.place, a.line, a.target_file_id
                ) - 1 AS integer) AS ordinal,
                a.repository_id, a.dependency_type, a.target_file_id, a.target_module, a.status, a.strength,
                CAST(a.site_count AS integer) AS site_count, CAST(nullif(a.line, 0) AS integer) AS line_number
         FROM (
             SELECT e.source_file_id, e.repository_id, e.dependency_type, e.target_file_id, e.target_module,
                    e.first_place AS place, e.first_line AS line,
                    CASE e.first_status WHEN 0 THEN 'unresolved' WHEN 1 THEN 'resolved' WHEN 2 THEN 'ambiguous'
                         WHEN 3 THEN 'external' ELSE 'stdlib' END AS status,
                    {STRENGTH} AS strength, e.sites AS site_count
             FROM {} e WHERE {LEADS_SOMEWHERE}
             UNION ALL
             SELECT d.source_file_id, d.repository_id, d.dependency_type, d.target_file_id, d.target_module,
                    d.ordinal, coalesce(d.line_number, 0), d.status, d.strength, d.site_count
             FROM {} d WHERE d.dependency_type NOT IN ({TYPES}) AND {}
         ) a",
        ranks.join(" "),
        edges(&name, &condition),
        name(TableId::Dependencies),
        condition(TableId::Dependencies, "d")
    )
}

/// The sites: imports by their module where they have no target, bases and calls by their target alone.
fn sites(name: &impl Fn(TableId) -> String, condition: &impl Fn(TableId, &str) -> String) -> String {
    let of = |table: TableId, dependency_type: &str, module: &str, place: &str| {
        format!(
            "SELECT s.file_id AS source_file_id, s.repository_id, {dependency_type} AS dependency_type, s.target_file_id,
                    {module} AS target_module, CAST({place} AS bigint) AS place,
                    CAST(coalesce(s.line_number, 0) AS bigint) AS line, {} AS status
             FROM {} s WHERE {}",
            status("s"),
            name(table),
            condition(table, "s")
        )
    };
    [
        of(TableId::Imports, "'import'", "CASE WHEN s.target_file_id IS NULL THEN s.module END", "s.ordinal"),
        of(
            TableId::Inheritance,
            "CASE s.kind WHEN 'implements' THEN 'interface_implementation' ELSE 'inheritance' END",
            "NULL",
            "0",
        ),
        of(
            TableId::Calls,
            "CASE WHEN s.kind IN ('function', 'macro') THEN 'function_call' ELSE 'method_call' END",
            "NULL",
            "s.ordinal",
        ),
    ]
    .join(" UNION ALL ")
}

fn stored(condition: &impl Fn(TableId, &str) -> String) -> String {
    format!(
        "SELECT d.source_file_id, d.repository_id, d.dependency_type, d.target_file_id, d.target_module,
                0, 1, 0, d.site_count, CAST(0 AS double precision), d.strength, NULL, NULL, NULL,
                CAST(coalesce(d.line_number, 0) AS bigint), NULL, {}
         FROM dependencies d WHERE d.dependency_type IN ({TYPES}) AND {}",
        status("d"),
        condition(TableId::Dependencies, "d")
    )
}

/// A status as a number below [`STATES`].
fn status(alias: &str) -> String {
    format!(
        "CAST(CASE {alias}.status WHEN 'unresolved' THEN 0 WHEN 'resolved' THEN 1 WHEN 'ambiguous' THEN 2
              WHEN 'external' THEN 3 ELSE 4 END AS bigint)"
    )
}
