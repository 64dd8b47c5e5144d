-- The control plane's tables. Written once for both databases: the types are PostgreSQL's, and become SQLite's TEXT, INTEGER
-- and REAL where this is rendered for SQLite; a line that ends in "-- postgres" or "-- sqlite" is for that database alone.

CREATE TABLE @pipelines (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    description text,
    definition jsonb NOT NULL,
    definition_hash text NOT NULL,
    version bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'paused')),
    fence bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE @pipeline_versions (
    pipeline_id uuid NOT NULL REFERENCES @pipelines ON DELETE CASCADE,
    version bigint NOT NULL,
    definition jsonb NOT NULL,
    definition_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (pipeline_id, version)
);

CREATE TABLE @pipeline_tags (
    pipeline_id uuid NOT NULL REFERENCES @pipelines ON DELETE CASCADE,
    name text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (pipeline_id, name)
);
CREATE INDEX pipeline_tags_name ON @pipeline_tags (name, value);

CREATE TABLE @runs (
    id uuid PRIMARY KEY,
    pipeline_id uuid NOT NULL REFERENCES @pipelines ON DELETE CASCADE,
    pipeline_version bigint NOT NULL,
    parent_run_id uuid REFERENCES @runs ON DELETE SET NULL,
    attempt bigint NOT NULL,
    mode text NOT NULL CHECK (mode IN ('stream', 'batch', 'initial')),
    status text NOT NULL CHECK (status IN ('pending', 'running', 'success', 'failed', 'cancelled', 'lost')),
    outcome text,
    parameters jsonb NOT NULL,
    config_hash text,
    source jsonb NOT NULL,
    destination jsonb NOT NULL,
    instance text,
    node text,
    fence bigint NOT NULL,
    lease_expires_at timestamptz,
    heartbeat_at timestamptz,
    is_cancel_requested boolean NOT NULL,
    cancel_reason text,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    duration_ms bigint,
    records_processed bigint NOT NULL,
    records_inserted bigint NOT NULL,
    records_updated bigint NOT NULL,
    records_deleted bigint NOT NULL,
    records_failed bigint NOT NULL,
    bytes bigint NOT NULL,
    error_class text,
    error_message text,
    error_hint text,
    CHECK ((status IN ('pending', 'running')) = (ended_at IS NULL)),
    CHECK ((status = 'running') = (lease_expires_at IS NOT NULL))
);
CREATE INDEX runs_pipeline ON @runs (pipeline_id, created_at);
CREATE INDEX runs_parent ON @runs (parent_run_id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX runs_created ON @runs (created_at);
CREATE INDEX runs_leases ON @runs (lease_expires_at) WHERE lease_expires_at IS NOT NULL;

CREATE TABLE @tasks (
    id uuid PRIMARY KEY,
    run_id uuid NOT NULL REFERENCES @runs ON DELETE CASCADE,
    ordinal bigint NOT NULL,
    name text NOT NULL,
    task_type text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'running', 'success', 'failed', 'cancelled')),
    attempt bigint NOT NULL,
    max_attempts bigint NOT NULL,
    input jsonb NOT NULL,
    output jsonb NOT NULL,
    error_class text,
    error_message text,
    error_hint text,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    duration_ms bigint
);
CREATE INDEX tasks_run ON @tasks (run_id, ordinal);

CREATE TABLE @task_dependencies (
    task_id uuid NOT NULL REFERENCES @tasks ON DELETE CASCADE,
    depends_on_id uuid NOT NULL REFERENCES @tasks ON DELETE CASCADE,
    PRIMARY KEY (task_id, depends_on_id)
);
CREATE INDEX task_dependencies_depends_on ON @task_dependencies (depends_on_id);

CREATE TABLE @deliveries (
    id uuid NOT NULL,
    run_id uuid NOT NULL REFERENCES @runs ON DELETE CASCADE,
    backend text NOT NULL,
    status text NOT NULL CHECK (status IN ('accepted', 'published', 'withdrawn')),
    sequence bigint,
    batches bigint NOT NULL,
    records bigint NOT NULL,
    rows bigint NOT NULL,
    bytes bigint NOT NULL,
    duration_ms bigint NOT NULL,
    retries bigint NOT NULL,
    transaction_id text,
    delivered_at timestamptz NOT NULL,
    PRIMARY KEY (id, delivered_at)
) PARTITION BY RANGE (delivered_at);
CREATE INDEX deliveries_run ON @deliveries (run_id);

CREATE TABLE @datasets (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    kind text NOT NULL,
    address text,
    properties jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE @dataset_tags (
    dataset_id uuid NOT NULL REFERENCES @datasets ON DELETE CASCADE,
    name text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (dataset_id, name)
);

-- '' stands for the dataset as a whole, and the nil UUID for no pipeline, so that the key holds.
CREATE TABLE @lineage_edges (
    id uuid PRIMARY KEY,
    source_id uuid NOT NULL REFERENCES @datasets ON DELETE CASCADE,
    source_column text NOT NULL,
    destination_id uuid NOT NULL REFERENCES @datasets ON DELETE CASCADE,
    destination_column text NOT NULL,
    pipeline_key uuid NOT NULL,
    pipeline_id uuid REFERENCES @pipelines ON DELETE SET NULL,
    run_id uuid REFERENCES @runs ON DELETE SET NULL,
    transformation text,
    provenance text NOT NULL CHECK (provenance IN ('declared', 'observed', 'inferred')),
    confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    UNIQUE (source_id, destination_id, source_column, destination_column, pipeline_key)
);
CREATE INDEX lineage_edges_destination ON @lineage_edges (destination_id);
CREATE INDEX lineage_edges_pipeline ON @lineage_edges (pipeline_id) WHERE pipeline_id IS NOT NULL;
CREATE INDEX lineage_edges_run ON @lineage_edges (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE @positions (
    id uuid PRIMARY KEY,
    source text NOT NULL,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('stream', 'batch', 'initial')),
    value jsonb NOT NULL,
    order_key text COLLATE "C" NOT NULL, -- postgres
    order_key text NOT NULL, -- sqlite
    run_id uuid REFERENCES @runs ON DELETE SET NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (source, schema_name, table_name, kind)
);
CREATE INDEX positions_run ON @positions (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE @position_history (
    id uuid NOT NULL,
    source text NOT NULL,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    kind text NOT NULL,
    value jsonb NOT NULL,
    order_key text NOT NULL,
    run_id uuid,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (id, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX position_history_key ON @position_history (source, schema_name, table_name, kind, recorded_at);

CREATE TABLE @schema_versions (
    id uuid PRIMARY KEY,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    version bigint NOT NULL,
    definition jsonb NOT NULL,
    hash text NOT NULL,
    evolution text NOT NULL,
    changes jsonb NOT NULL,
    compatibility text NOT NULL CHECK (compatibility IN ('full', 'backward', 'forward', 'none')),
    reasons jsonb NOT NULL,
    previous_version bigint,
    run_id uuid REFERENCES @runs ON DELETE SET NULL,
    registered_at timestamptz NOT NULL,
    UNIQUE (schema_name, table_name, version)
);
CREATE INDEX schema_versions_run ON @schema_versions (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE @errors (
    id uuid NOT NULL,
    run_id uuid REFERENCES @runs ON DELETE SET NULL,
    task_id uuid REFERENCES @tasks ON DELETE SET NULL,
    class text NOT NULL,
    code text,
    message text NOT NULL,
    causes jsonb NOT NULL,
    attempted text,
    operation text CHECK (operation IN ('insert', 'update', 'upsert', 'delete')),
    dataset text,
    record jsonb NOT NULL,
    fingerprint text NOT NULL,
    hint text,
    retries bigint NOT NULL,
    max_retries bigint NOT NULL,
    next_retry_at timestamptz,
    status text NOT NULL CHECK (status IN ('open', 'resolved', 'ignored')),
    occurred_at timestamptz NOT NULL,
    resolved_at timestamptz,
    resolved_by text,
    resolution text,
    PRIMARY KEY (id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX errors_run ON @errors (run_id);
CREATE INDEX errors_task ON @errors (task_id);
CREATE INDEX errors_fingerprint ON @errors (fingerprint);
CREATE INDEX errors_status ON @errors (status, occurred_at);

CREATE TABLE @dead_letters (
    id uuid PRIMARY KEY,
    dataset text NOT NULL,
    backend text NOT NULL,
    operation text NOT NULL CHECK (operation IN ('insert', 'update', 'upsert', 'delete')),
    source_id text,
    record jsonb NOT NULL,
    run_id uuid REFERENCES @runs ON DELETE SET NULL,
    error_id uuid,
    reason text NOT NULL,
    failures bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'processing', 'resolved', 'discarded')),
    claim uuid,
    claimed_by text,
    claim_expires_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    ended_at timestamptz,
    resolution text,
    CHECK ((status = 'processing') = (claim IS NOT NULL)),
    CHECK ((status IN ('resolved', 'discarded')) = (ended_at IS NOT NULL))
);
-- No two open letters of one record; letters without a source id are never compared.
CREATE UNIQUE INDEX dead_letters_open ON @dead_letters (dataset, backend, source_id) WHERE source_id IS NOT NULL AND ended_at IS NULL;
CREATE INDEX dead_letters_status ON @dead_letters (status, created_at);
CREATE INDEX dead_letters_run ON @dead_letters (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE @samples (
    id uuid NOT NULL,
    run_id uuid REFERENCES @runs ON DELETE CASCADE,
    name text NOT NULL,
    value double precision NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (id, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX samples_run ON @samples (run_id);
CREATE INDEX samples_name ON @samples (name, recorded_at);

CREATE TABLE @audit (
    id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL,
    PRIMARY KEY (id, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX audit_recorded ON @audit (recorded_at);
CREATE INDEX audit_subject ON @audit (subject);
