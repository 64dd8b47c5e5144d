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
