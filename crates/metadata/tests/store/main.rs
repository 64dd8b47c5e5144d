//! One suite of behaviour, run over the store in memory, in a file and in PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod dead_letters;
mod errors;
mod keeping;
mod lineage;
mod own;
mod pipelines;
mod positions;
mod runs;
mod schemas;
mod subject;
mod tasks;

/// Runs every case on every store.
macro_rules! on_every_store {
    ($($module:ident::$case:ident,)+) => {
        mod memory {
            $(#[tokio::test]
            async fn $case() {
                crate::$module::$case(&crate::subject::Subject::memory().await).await;
            })+
        }

        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                crate::$module::$case(&crate::subject::Subject::sqlite().await).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$module::$case(&crate::subject::Subject::postgres().await).await;
            })+
        }
    };
}

on_every_store! {
    pipelines::a_pipeline_is_found_by_name_id_and_tag,
    pipelines::another_definition_is_another_version,
    pipelines::a_name_is_given_once,
    pipelines::deleting_a_pipeline_takes_its_runs_and_leaves_what_is_owed,
    runs::a_run_goes_from_pending_to_success,
    runs::an_impossible_transition_is_refused_and_says_why,
    runs::a_second_run_waits_for_the_first_or_is_allowed,
    runs::a_run_without_heartbeat_is_lost_and_its_process_is_refused,
    runs::the_next_run_of_the_pipeline_recovers_the_lost_one,
    runs::a_heartbeat_keeps_the_lease_and_brings_the_wish_to_cancel,
    runs::a_retry_is_a_new_run_with_a_parent,
    runs::finishing_twice_is_finishing_once,
    runs::a_paused_pipeline_is_not_run,
    tasks::a_task_waits_for_those_it_depends_on,
    tasks::a_failed_task_is_started_again_until_its_attempts_are_used_up,
    tasks::tasks_and_deliveries_are_recorded_afterwards,
    errors::an_error_is_recorded_without_secrets_and_grouped,
    errors::an_error_is_retried_on_a_schedule_and_resolved,
    dead_letters::repeated_failures_of_one_record_are_one_letter,
    dead_letters::records_without_a_source_id_never_collapse,
    dead_letters::a_letter_is_claimed_by_one_at_a_time,
    dead_letters::a_replay_is_idempotent,
    positions::a_position_never_goes_back_unless_it_is_reset,
    positions::positions_are_apart_by_table_and_kind_and_have_a_history,
    positions::a_lost_run_moves_no_position,
    schemas::a_version_says_what_changed,
    schemas::the_same_shape_is_registered_once_and_reverting_makes_a_new_latest,
    schemas::thirty_two_at_once_make_versions_without_gap_or_twin,
    lineage::edges_are_followed_both_ways_and_by_column,
    lineage::a_cycle_ends,
    keeping::what_has_ended_goes_after_its_time,
    keeping::the_last_ten_schema_versions_stay,
    keeping::the_audit_says_who_did_what_and_cannot_be_changed,
    keeping::statistics_count_what_happened,
    keeping::the_debugging_queries_answer,
    keeping::values_come_back_as_they_were,
    keeping::migrating_again_does_nothing,
}
