//! The cases: one function per promise.

mod cancellation;
mod concurrency;
mod connection;
mod files;
mod large;
mod order;
mod reading;
mod references;
mod repositories;
mod sessions;
mod values;

use std::fmt;

use futures::future::BoxFuture;
use snake_pipe_core::{Capabilities, Result};

use super::harness::Store;

/// A promise, and the function that holds a backend to it.
pub struct Case {
    /// The function's name.
    pub name: &'static str,
    /// What is promised, in a sentence.
    pub promise: &'static str,
    /// What a backend has to offer for the promise to mean anything.
    pub needs: Needs,
    /// Holds the backend over this empty database to the promise: fails or panics when it is broken.
    pub run: fn(Store) -> BoxFuture<'static, Result<()>>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).field("needs", &self.needs).finish_non_exhaustive()
    }
}

/// What a case needs of a backend.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// What it has to claim.
    pub capabilities: Capabilities,
    /// Whether its rows have to be readable, by SQL or by [`Store::with_rows`].
    pub rows: bool,
    /// Whether its database has to refuse rows when they are published, by [`Store::with_refusal`].
    pub refusal: bool,
}

const NO_CAPABILITIES: Capabilities = Capabilities {
    atomic_publish: false,
    fence: false,
    sql: false,
    integrity: false,
    transactions: false,
    durable: false,
};
const NOTHING: Needs = Needs { capabilities: NO_CAPABILITIES, rows: false, refusal: false };
const ROWS: Needs = Needs { rows: true, ..NOTHING };
const ATOMIC: Needs = claiming(Capabilities { atomic_publish: true, ..NO_CAPABILITIES });
const FENCE: Needs = claiming(Capabilities { fence: true, ..NO_CAPABILITIES });
const SQL: Needs = Needs { rows: true, ..claiming(Capabilities { sql: true, ..NO_CAPABILITIES }) };
const INTEGRITY: Needs = claiming(Capabilities { integrity: true, ..NO_CAPABILITIES });
const TRANSACTIONS: Needs = claiming(Capabilities { transactions: true, ..NO_CAPABILITIES });
const DURABLE: Needs = claiming(Capabilities { durable: true, ..NO_CAPABILITIES });
const REFUSAL: Needs = Needs { refusal: true, ..NOTHING };

const fn claiming(capabilities: Capabilities) -> Needs {
    Needs { capabilities, ..NOTHING }
}

macro_rules! cases {
    ($($module:ident::$name:ident $needs:ident $promise:literal)+) => {
        /// Every case, from the simple to the hard.
        pub static CASES: &[Case] = &[$(Case {
            name: stringify!($name),
            promise: $promise,
            needs: $needs,
            run: |store| Box::pin($module::$name(store)),
        },)+];
    };
}

cases! {
    connection::connecting_twice_is_connecting_once NOTHING "Connecting twice is connecting once."
    connection::nothing_works_before_connecting NOTHING "Before connecting everything fails with `not_connected`."
    connection::nothing_works_after_closing NOTHING "After closing everything fails with `not_connected`; closing twice is fine."
    connection::a_closed_backend_connects_again NOTHING "A closed backend can connect again."
    connection::migrating_twice_is_migrating_once NOTHING "Migrating twice is migrating once, and a plan changes nothing."
    connection::two_processes_may_migrate_at_once NOTHING "Two processes may migrate at once."
    connection::a_health_check_answers NOTHING "A health check answers."
    files::an_unknown_repository_has_an_empty_manifest NOTHING "The manifest of an unknown repository is empty."
    files::the_manifest_tells_what_was_written NOTHING "The manifest tells path, content hash, link hash and producer of what was written."
    files::another_producer_is_recorded NOTHING "Facts of another producer replace the same facts, and the manifest says so."
    files::rows_equal_facts ROWS "After a write the rows equal the facts, in every table and column."
    files::writing_twice_is_writing_once NOTHING "Writing twice is the same as writing once."
    files::rows_that_do_not_differ_are_not_touched SQL "Rows that do not differ keep the times at which they were written."
    files::a_changed_file_is_replaced NOTHING "The rows of a changed file are replaced."
    files::a_removed_file_leaves_nothing NOTHING "A removed file leaves nothing behind; removing it again is fine."
    files::a_write_in_one_call_is_published NOTHING "A backend's own write is published when it returns, and tells what it did."
    files::an_empty_batch_changes_nothing NOTHING "An empty batch changes nothing and has a throughput of 0."
    files::a_large_batch_is_one_batch NOTHING "A batch of a thousand files, one of them with 30,000 calls, is written."
    files::a_complete_load_leaves_nothing_else NOTHING "After a complete load the repository holds its files and no others."
    files::a_partial_load_keeps_other_files NOTHING "A partial load keeps the files that it does not speak of."
    files::published_files_survive_reopening DURABLE "What was published is there when the database is opened again."
    large::a_load_announced_as_large_gives_the_same_rows NOTHING "A load that is announced as large gives the same rows, first or again, before and after small ones."
    large::a_large_load_that_fails_leaves_what_was_there ATOMIC "A load announced as large that is given up leaves what was there."
    values::every_odd_value_is_stored NOTHING "Odd values (NUL, 5,000-character names, 1 MB lines, paths that are not UTF-8, twins, …) are stored, each file by itself."
    values::odd_values_spoil_no_batch NOTHING "Odd values spoil no batch that holds them."
    values::a_batch_that_breaks_the_model_is_refused NOTHING "A batch that breaks the model is refused with `data` and the file's path, and the session goes on without it."
    values::what_the_database_refuses_is_kept_as_refused REFUSAL "What the database refuses only when it is published is told, kept as refused, and owed again; the rest is published."
    references::references_into_a_reloaded_file_survive NOTHING "References into a file that is loaded again survive."
    references::references_into_a_removed_file_are_unresolved INTEGRITY "References into a removed file are kept, un-resolved, and ask for linking again."
    references::modules_of_files_that_are_not_loaded_are_as_written INTEGRITY "An import of a file that is not there keeps its module, and the same facts again change nothing."
    references::modules_of_a_removed_file_are_as_written INTEGRITY "An import of a removed file gets its module back in the dependencies."
    references::references_to_a_removed_symbol_are_unresolved INTEGRITY "References to a function or class that went are kept, un-resolved, and ask for linking again."
    references::references_to_files_never_loaded_are_kept NOTHING "References to files that were never loaded are kept."
    references::files_that_need_each_other_may_come_in_any_order NOTHING "Files that refer to each other may come in separate batches, in any order."
    sessions::nothing_is_visible_before_publishing ATOMIC "Nothing of a session is visible before it is published, and all of it afterwards."
    sessions::an_aborted_session_leaves_nothing ATOMIC "An aborted session leaves nothing."
    sessions::a_dropped_session_leaves_nothing ATOMIC "A dropped session leaves nothing, and the next one is clean."
    sessions::publishing_twice_is_publishing_once NOTHING "Publishing twice is publishing once."
    sessions::a_marker_tells_a_new_process_what_was_published DURABLE "A marker that was published is known to a new process."
    sessions::a_session_takes_the_last_word_on_a_file NOTHING "A file that a session writes or removes again is as the last word has it."
    sessions::a_session_without_batches_records_a_new_snapshot_only SQL "A session without batches records a snapshot only if it differs from the last."
    sessions::a_replaced_session_is_fenced FENCE "A session that a newer one replaced fails with `fenced`, without effect."
    sessions::a_fence_holds_between_processes FENCE "A session that another process replaced fails with `fenced`."
    sessions::an_older_load_does_not_overwrite_a_newer_one FENCE "A load does not overwrite what was published after it had been planned: it fails with `fenced`, without effect."
    repositories::every_repository_is_listed NOTHING "Repositories are listed by name and ref, with their last publication."
    repositories::positions_are_published_with_the_data NOTHING "How far sources were read is published with the data, and also alone."
    repositories::one_path_in_two_repositories_is_two_files NOTHING "The same path in two repositories, or at two refs, is two files."
    repositories::a_removed_repository_leaves_nothing NOTHING "A removed repository leaves nothing, and the others untouched."
    repositories::another_source_of_the_same_name_is_refused NOTHING "A repository from another remote or root under a name that is taken is refused, unless allowed."
    concurrency::loads_of_two_repositories_may_interleave NOTHING "Loads of two repositories may interleave in one process."
    concurrency::loads_from_many_connections_do_not_disturb_each_other NOTHING "Concurrent loads of different repositories do not disturb each other."
    concurrency::readers_see_whole_publications ATOMIC "Readers see a publication wholly or not at all, while it happens."
    cancellation::a_cancelled_write_never_lands_on_a_newer_one NOTHING "A write that is cancelled at any point never lands on what was written after it, and the backend stays usable."
    cancellation::a_cancelled_write_leaves_the_backend_usable TRANSACTIONS "A write that is cancelled at any point happened wholly or not at all, and the backend stays usable."
    cancellation::a_cancelled_session_leaves_the_backend_usable ATOMIC "A session that is cancelled at any point happened wholly or not at all, and the backend stays usable."
    cancellation::cancelled_reading_leaves_the_backend_usable NOTHING "Reading that is cancelled at any point leaves the backend usable."
    reading::a_query_is_answered SQL "A query with parameters is answered, with names, types and limits."
    reading::a_query_may_only_read SQL "A query may only read."
    reading::a_wrong_query_is_the_callers_error SQL "A query that is wrong fails with `query`, one that lacks values with `configuration`, and the next one is answered."
    reading::a_query_that_takes_too_long_is_ended SQL "A query that takes too long fails with `timeout`, and the next one is answered."
    reading::every_named_query_is_answered SQL "Every named query is answered."
    reading::integrity_is_clean_after_loads INTEGRITY "After loads, edits and removals the integrity check finds nothing."
    order::any_batches_in_any_order_give_the_same_rows NOTHING "Any batches in any order give the same rows."
    order::editing_step_by_step_ends_like_a_clean_load NOTHING "Loading any series of edits ends in the same rows as one clean load."
}
