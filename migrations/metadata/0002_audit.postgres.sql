-- The audit is append-only: by grants for everybody but the tables' owner, and by a trigger for the owner too. What a month
-- holds can still be taken away whole, by detaching or dropping its partition.
REVOKE UPDATE, DELETE, TRUNCATE ON @audit FROM PUBLIC;

CREATE FUNCTION @refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON @audit
    FOR EACH ROW EXECUTE FUNCTION @refuse_audit_change();
CREATE TRIGGER audit_is_not_truncated BEFORE TRUNCATE ON @audit
    FOR EACH STATEMENT EXECUTE FUNCTION @refuse_audit_change();

COMMENT ON TABLE @pipelines IS 'What is run again and again.';
COMMENT ON TABLE @pipeline_versions IS 'Every definition that a pipeline had.';
COMMENT ON TABLE @pipeline_tags IS 'Tags of pipelines.';
COMMENT ON TABLE @runs IS 'Executions of pipelines: pending, running, success, failed, cancelled, lost.';
COMMENT ON TABLE @tasks IS 'Steps of runs.';
COMMENT ON TABLE @task_dependencies IS 'Which steps wait for which.';
COMMENT ON TABLE @deliveries IS 'What backends accepted. Partitioned by month.';
COMMENT ON TABLE @datasets IS 'What data is read from and written to.';
COMMENT ON TABLE @dataset_tags IS 'Tags of datasets.';
COMMENT ON TABLE @lineage_edges IS 'What flows from where to where.';
COMMENT ON TABLE @positions IS 'How far pipelines have come in their sources.';
COMMENT ON TABLE @position_history IS 'Every position there was. Partitioned by month.';
COMMENT ON TABLE @schema_versions IS 'Shapes that tables had.';
COMMENT ON TABLE @errors IS 'What went wrong: open, resolved, ignored. Partitioned by month.';
COMMENT ON TABLE @dead_letters IS 'Records that could not be processed: pending, processing, resolved, discarded.';
COMMENT ON TABLE @samples IS 'Measurements. Partitioned by month.';
COMMENT ON TABLE @audit IS 'Who did what; append-only. Partitioned by month.';

COMMENT ON COLUMN @pipelines.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @pipelines.name IS 'Its name, unique.';
COMMENT ON COLUMN @pipelines.description IS 'What it is for, in words.';
COMMENT ON COLUMN @pipelines.definition IS 'Its definition: source, backends and options, without credentials.';
COMMENT ON COLUMN @pipelines.definition_hash IS 'Digest of the definition.';
COMMENT ON COLUMN @pipelines.version IS 'The number of the definition, from 1; one more with every change.';
COMMENT ON COLUMN @pipelines.status IS 'Whether it may run: active or paused.';
COMMENT ON COLUMN @pipelines.fence IS 'The number that its last run was started with: a process with a lower one is refused.';
COMMENT ON COLUMN @pipelines.created_at IS 'When it was registered.';
COMMENT ON COLUMN @pipelines.updated_at IS 'When it was changed last.';

COMMENT ON COLUMN @pipeline_versions.pipeline_id IS 'The pipeline.';
COMMENT ON COLUMN @pipeline_versions.version IS 'The number of the definition, from 1.';
COMMENT ON COLUMN @pipeline_versions.definition IS 'The definition, without credentials.';
COMMENT ON COLUMN @pipeline_versions.definition_hash IS 'Digest of the definition.';
COMMENT ON COLUMN @pipeline_versions.created_at IS 'When it became the pipeline''s.';

COMMENT ON COLUMN @pipeline_tags.pipeline_id IS 'The pipeline.';
COMMENT ON COLUMN @pipeline_tags.name IS 'The tag''s name.';
COMMENT ON COLUMN @pipeline_tags.value IS 'The tag''s value.';

COMMENT ON COLUMN @runs.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @runs.pipeline_id IS 'The pipeline.';
COMMENT ON COLUMN @runs.pipeline_version IS 'The version of the pipeline''s definition that was run.';
COMMENT ON COLUMN @runs.parent_run_id IS 'The run that this one repeats.';
COMMENT ON COLUMN @runs.attempt IS 'The number of the attempt, from 1; one more than that of the run it repeats.';
COMMENT ON COLUMN @runs.mode IS 'How it takes its source: stream, batch or initial.';
COMMENT ON COLUMN @runs.status IS 'Its state: pending, running, success, failed, cancelled or lost.';
COMMENT ON COLUMN @runs.outcome IS 'What the pipeline itself calls its end, such as partly_failed.';
COMMENT ON COLUMN @runs.parameters IS 'What it was told.';
COMMENT ON COLUMN @runs.config_hash IS 'Digest of the configuration that it ran with.';
COMMENT ON COLUMN @runs.source IS 'Where it reads, without credentials.';
COMMENT ON COLUMN @runs.destination IS 'Where it writes, without credentials.';
COMMENT ON COLUMN @runs.instance IS 'The process: host and process id, or what the environment calls it.';
COMMENT ON COLUMN @runs.node IS 'The machine.';
COMMENT ON COLUMN @runs.fence IS 'The number by which a replaced process is refused; 0 before the start.';
COMMENT ON COLUMN @runs.lease_expires_at IS 'Until when the process may be silent; there only while it runs.';
COMMENT ON COLUMN @runs.heartbeat_at IS 'When the process was last heard of.';
COMMENT ON COLUMN @runs.is_cancel_requested IS 'Whether somebody asked it to end.';
COMMENT ON COLUMN @runs.cancel_reason IS 'Why, as whoever asked put it.';
COMMENT ON COLUMN @runs.created_at IS 'When it was created.';
COMMENT ON COLUMN @runs.started_at IS 'When it was started.';
COMMENT ON COLUMN @runs.ended_at IS 'When it ended.';
COMMENT ON COLUMN @runs.duration_ms IS 'From start to end, in milliseconds.';
COMMENT ON COLUMN @runs.records_processed IS 'Records (source files) that were looked at.';
COMMENT ON COLUMN @runs.records_inserted IS 'Records that were new.';
COMMENT ON COLUMN @runs.records_updated IS 'Records that were there and changed.';
COMMENT ON COLUMN @runs.records_deleted IS 'Records that were removed.';
COMMENT ON COLUMN @runs.records_failed IS 'Records that were refused or are still owed.';
COMMENT ON COLUMN @runs.bytes IS 'Bytes that were carried.';
COMMENT ON COLUMN @runs.error_class IS 'The kind of what ended it, in a word, such as connection.';
COMMENT ON COLUMN @runs.error_message IS 'What ended it, with its circumstances, without secrets.';
COMMENT ON COLUMN @runs.error_hint IS 'What can be done about it.';

COMMENT ON COLUMN @tasks.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @tasks.run_id IS 'The run.';
COMMENT ON COLUMN @tasks.ordinal IS 'Its place within the run, from 0.';
COMMENT ON COLUMN @tasks.name IS 'Its name.';
COMMENT ON COLUMN @tasks.task_type IS 'What kind of step it is, such as extract or load.';
COMMENT ON COLUMN @tasks.status IS 'Its state: pending, running, success, failed or cancelled.';
COMMENT ON COLUMN @tasks.attempt IS 'The number of the attempt, from 1.';
COMMENT ON COLUMN @tasks.max_attempts IS 'How many attempts there may be.';
COMMENT ON COLUMN @tasks.input IS 'What it began with.';
COMMENT ON COLUMN @tasks.output IS 'What came of it.';
COMMENT ON COLUMN @tasks.error_class IS 'The kind of what ended it, in a word.';
COMMENT ON COLUMN @tasks.error_message IS 'What ended it, without secrets.';
COMMENT ON COLUMN @tasks.error_hint IS 'What can be done about it.';
COMMENT ON COLUMN @tasks.created_at IS 'When it was created.';
COMMENT ON COLUMN @tasks.started_at IS 'When it was started.';
COMMENT ON COLUMN @tasks.ended_at IS 'When it ended.';
COMMENT ON COLUMN @tasks.duration_ms IS 'From start to end, in milliseconds.';

COMMENT ON COLUMN @task_dependencies.task_id IS 'The task that waits.';
COMMENT ON COLUMN @task_dependencies.depends_on_id IS 'The task that it waits for.';

COMMENT ON COLUMN @deliveries.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @deliveries.run_id IS 'The run.';
COMMENT ON COLUMN @deliveries.backend IS 'The backend''s name or redacted address.';
COMMENT ON COLUMN @deliveries.status IS 'What became of it: accepted, published or withdrawn.';
COMMENT ON COLUMN @deliveries.sequence IS 'Number of the batch within its run, from 0; none for all batches of the run together.';
COMMENT ON COLUMN @deliveries.batches IS 'Batches in it.';
COMMENT ON COLUMN @deliveries.records IS 'Records (source files) in it.';
COMMENT ON COLUMN @deliveries.rows IS 'Rows that were written, as the backend counts them.';
COMMENT ON COLUMN @deliveries.bytes IS 'Bytes that were sent.';
COMMENT ON COLUMN @deliveries.duration_ms IS 'How long it took, in milliseconds.';
COMMENT ON COLUMN @deliveries.retries IS 'How often a call was tried again.';
COMMENT ON COLUMN @deliveries.transaction_id IS 'The number of the transaction in the backend.';
COMMENT ON COLUMN @deliveries.delivered_at IS 'When the backend took it; of several together, when they were recorded.';

COMMENT ON COLUMN @datasets.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @datasets.name IS 'Its name, unique.';
COMMENT ON COLUMN @datasets.kind IS 'What it is, such as a source tree, a table or a column.';
COMMENT ON COLUMN @datasets.address IS 'Where it is, without credentials.';
COMMENT ON COLUMN @datasets.properties IS 'What else is known of it.';
COMMENT ON COLUMN @datasets.created_at IS 'When it was first recorded.';
COMMENT ON COLUMN @datasets.updated_at IS 'When it was changed last.';

COMMENT ON COLUMN @dataset_tags.dataset_id IS 'The dataset.';
COMMENT ON COLUMN @dataset_tags.name IS 'The tag''s name.';
COMMENT ON COLUMN @dataset_tags.value IS 'The tag''s value.';

COMMENT ON COLUMN @lineage_edges.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @lineage_edges.source_id IS 'The dataset that data flows from.';
COMMENT ON COLUMN @lineage_edges.source_column IS 'The column that data flows from; empty for the dataset as a whole.';
COMMENT ON COLUMN @lineage_edges.destination_id IS 'The dataset that data flows into.';
COMMENT ON COLUMN @lineage_edges.destination_column IS 'The column that data flows into; empty for the dataset as a whole.';
COMMENT ON COLUMN @lineage_edges.pipeline_key IS 'The pipeline as part of the key; the nil UUID for none.';
COMMENT ON COLUMN @lineage_edges.pipeline_id IS 'The pipeline that moves the data.';
COMMENT ON COLUMN @lineage_edges.run_id IS 'The run that was seen last to move it.';
COMMENT ON COLUMN @lineage_edges.transformation IS 'What is done to the data on its way.';
COMMENT ON COLUMN @lineage_edges.provenance IS 'How it is known: declared, observed or inferred.';
COMMENT ON COLUMN @lineage_edges.confidence IS 'How sure it is, from 0 to 1.';
COMMENT ON COLUMN @lineage_edges.first_seen_at IS 'When it was recorded first.';
COMMENT ON COLUMN @lineage_edges.last_seen_at IS 'When it was recorded last.';

COMMENT ON COLUMN @positions.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @positions.source IS 'The source, such as a repository.';
COMMENT ON COLUMN @positions.schema_name IS 'The schema that it concerns.';
COMMENT ON COLUMN @positions.table_name IS 'The table that it concerns.';
COMMENT ON COLUMN @positions.kind IS 'What kind of position it is: stream, batch or initial.';
COMMENT ON COLUMN @positions.value IS 'How far the source was read, in the source''s own form.';
COMMENT ON COLUMN @positions.order_key IS 'A text that sorts as the positions do: it never goes back.';
COMMENT ON COLUMN @positions.run_id IS 'The run that came so far.';
COMMENT ON COLUMN @positions.recorded_at IS 'When that was recorded.';

COMMENT ON COLUMN @position_history.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @position_history.source IS 'The source, such as a repository.';
COMMENT ON COLUMN @position_history.schema_name IS 'The schema that it concerns.';
COMMENT ON COLUMN @position_history.table_name IS 'The table that it concerns.';
COMMENT ON COLUMN @position_history.kind IS 'What kind of position it is: stream, batch or initial.';
COMMENT ON COLUMN @position_history.value IS 'How far the source was read, in the source''s own form.';
COMMENT ON COLUMN @position_history.order_key IS 'A text that sorts as the positions do: it never goes back.';
COMMENT ON COLUMN @position_history.run_id IS 'The run that came so far.';
COMMENT ON COLUMN @position_history.recorded_at IS 'When that was recorded.';

COMMENT ON COLUMN @schema_versions.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @schema_versions.schema_name IS 'The schema.';
COMMENT ON COLUMN @schema_versions.table_name IS 'The table.';
COMMENT ON COLUMN @schema_versions.version IS 'The number of the shape, from 1.';
COMMENT ON COLUMN @schema_versions.definition IS 'The shape: columns with their types, and the key.';
COMMENT ON COLUMN @schema_versions.hash IS 'Digest of the shape.';
COMMENT ON COLUMN @schema_versions.evolution IS 'How it came from the one before, such as added columns.';
COMMENT ON COLUMN @schema_versions.changes IS 'What is different from the one before.';
COMMENT ON COLUMN @schema_versions.compatibility IS 'Who can read it: full, backward, forward or none.';
COMMENT ON COLUMN @schema_versions.reasons IS 'Why it is not wholly compatible.';
COMMENT ON COLUMN @schema_versions.previous_version IS 'The number of the shape before it.';
COMMENT ON COLUMN @schema_versions.run_id IS 'The run that registered it.';
COMMENT ON COLUMN @schema_versions.registered_at IS 'When it was registered.';

COMMENT ON COLUMN @errors.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @errors.run_id IS 'The run in which it happened.';
COMMENT ON COLUMN @errors.task_id IS 'The task in which it happened.';
COMMENT ON COLUMN @errors.class IS 'The kind in a word, such as connection.';
COMMENT ON COLUMN @errors.code IS 'The code of the database or service, such as an SQLSTATE.';
COMMENT ON COLUMN @errors.message IS 'What went wrong, without secrets.';
COMMENT ON COLUMN @errors.causes IS 'What caused it, nearest first.';
COMMENT ON COLUMN @errors.attempted IS 'What was attempted, such as publish.';
COMMENT ON COLUMN @errors.operation IS 'What was to be done with the record: insert, update, upsert or delete.';
COMMENT ON COLUMN @errors.dataset IS 'The dataset, such as a table, a backend or a source file.';
COMMENT ON COLUMN @errors.record IS 'The record, as far as the policy allows it to be kept.';
COMMENT ON COLUMN @errors.fingerprint IS 'The same for errors that differ in numbers and names only.';
COMMENT ON COLUMN @errors.hint IS 'What can be done about it.';
COMMENT ON COLUMN @errors.retries IS 'How often it was tried again.';
COMMENT ON COLUMN @errors.max_retries IS 'How often it may be tried again.';
COMMENT ON COLUMN @errors.next_retry_at IS 'When it is to be tried again.';
COMMENT ON COLUMN @errors.status IS 'What became of it: open, resolved or ignored.';
COMMENT ON COLUMN @errors.occurred_at IS 'When it happened.';
COMMENT ON COLUMN @errors.resolved_at IS 'When it was resolved or ignored.';
COMMENT ON COLUMN @errors.resolved_by IS 'Who resolved or ignored it.';
COMMENT ON COLUMN @errors.resolution IS 'What they say about it.';

COMMENT ON COLUMN @dead_letters.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @dead_letters.dataset IS 'The dataset that the record belongs to, such as a repository.';
COMMENT ON COLUMN @dead_letters.backend IS 'The backend that refused it.';
COMMENT ON COLUMN @dead_letters.operation IS 'What was to be done with the record: insert, update, upsert or delete.';
COMMENT ON COLUMN @dead_letters.source_id IS 'What names the record in its source, such as a path.';
COMMENT ON COLUMN @dead_letters.record IS 'The record, as far as the policy allows it to be kept.';
COMMENT ON COLUMN @dead_letters.run_id IS 'The run in which it was refused.';
COMMENT ON COLUMN @dead_letters.error_id IS 'The error that goes with it.';
COMMENT ON COLUMN @dead_letters.reason IS 'Why it was refused.';
COMMENT ON COLUMN @dead_letters.failures IS 'How often it was refused.';
COMMENT ON COLUMN @dead_letters.status IS 'What became of it: pending, processing, resolved or discarded.';
COMMENT ON COLUMN @dead_letters.claim IS 'The claim of whoever processes it.';
COMMENT ON COLUMN @dead_letters.claimed_by IS 'Who processes it.';
COMMENT ON COLUMN @dead_letters.claim_expires_at IS 'Until when the claim holds.';
COMMENT ON COLUMN @dead_letters.created_at IS 'When it was refused first.';
COMMENT ON COLUMN @dead_letters.updated_at IS 'When it was changed last.';
COMMENT ON COLUMN @dead_letters.ended_at IS 'When it was resolved or discarded.';
COMMENT ON COLUMN @dead_letters.resolution IS 'What was said about its end.';

COMMENT ON COLUMN @samples.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @samples.run_id IS 'The run that was measured; none for what belongs to no run.';
COMMENT ON COLUMN @samples.name IS 'What was measured, with its unit, such as peak_memory_bytes.';
COMMENT ON COLUMN @samples.value IS 'The measured value, in the unit that the name says.';
COMMENT ON COLUMN @samples.recorded_at IS 'When it was measured.';

COMMENT ON COLUMN @audit.id IS 'Its id, a UUID of version 7: ids sort by the time of their making.';
COMMENT ON COLUMN @audit.recorded_at IS 'When it was done.';
COMMENT ON COLUMN @audit.actor IS 'Who did it.';
COMMENT ON COLUMN @audit.action IS 'What was done.';
COMMENT ON COLUMN @audit.subject_kind IS 'What kind of thing it was done to, such as a run.';
COMMENT ON COLUMN @audit.subject IS 'The id or name of what it was done to.';
COMMENT ON COLUMN @audit.details IS 'The circumstances.';
