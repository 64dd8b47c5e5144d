//! Numbers over a period.

use snake_pipe_core::{Result, Timestamp};
use uuid::Uuid;

use super::{
    transaction::Transaction,
    value::{Row, args},
};
use crate::model::{ClassTrend, MetricSummary, Sample, Statistics, StatisticsFilter};

pub(crate) async fn record_samples(transaction: &mut Transaction, samples: &[Sample]) -> Result<()> {
    let now = transaction.now;
    for sample in samples {
        transaction
            .insert(
                "samples",
                &[
                    ("id", Uuid::now_v7().into()),
                    ("run_id", sample.run_id.into()),
                    ("name", (&sample.name).into()),
                    ("value", sample.value.into()),
                    ("recorded_at", now.into()),
                ],
            )
            .await?;
    }
    Ok(())
}

pub(crate) async fn collect(transaction: &mut Transaction, filter: &StatisticsFilter) -> Result<Statistics> {
    let runs = runs(transaction, filter).await?;
    let open = "SELECT count(*) AS open FROM @dead_letters WHERE ended_at IS NULL";
    let dead_letters_open = transaction.one(open, &args![]).await?.get("open")?;
    let count = |name: &str| -> Result<u64> { runs.get(name) };
    let (success, failed, lost) = (count("success")?, count("failed")?, count("lost")?);
    Ok(Statistics {
        since: filter.since,
        until: transaction.now,
        runs: count("runs")?,
        runs_open: count("open")?,
        runs_success: success,
        runs_failed: failed,
        runs_cancelled: count("cancelled")?,
        runs_lost: lost,
        success_rate: rate(success, success + failed + lost),
        retry_success_rate: rate(count("retries_success")?, count("retries_ended")?),
        mean_duration_ms: runs.get("mean_duration_ms")?,
        records_processed: count("processed")?,
        records_inserted: count("inserted")?,
        records_updated: count("updated")?,
        records_deleted: count("deleted")?,
        records_failed: count("records_failed")?,
        bytes: count("bytes")?,
        errors: errors(transaction, filter).await?,
        dead_letters_open,
        metrics: metrics(transaction, filter).await?,
    })
}

fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

async fn runs(transaction: &mut Transaction, filter: &StatisticsFilter) -> Result<Row> {
    let sql = "SELECT count(*) AS runs,
            count(CASE WHEN r.status IN ('pending', 'running') THEN 1 END) AS open,
            count(CASE WHEN r.status = 'success' THEN 1 END) AS success,
            count(CASE WHEN r.status = 'failed' THEN 1 END) AS failed,
            count(CASE WHEN r.status = 'cancelled' THEN 1 END) AS cancelled,
            count(CASE WHEN r.status = 'lost' THEN 1 END) AS lost,
            count(CASE WHEN r.attempt > 1 AND r.status = 'success' THEN 1 END) AS retries_success,
            count(CASE WHEN r.attempt > 1 AND r.status IN ('success', 'failed', 'lost') THEN 1 END) AS retries_ended,
            CAST(avg(r.duration_ms) AS double precision) AS mean_duration_ms,
            CAST(coalesce(sum(r.records_processed), 0) AS bigint) AS processed,
            CAST(coalesce(sum(r.records_inserted), 0) AS bigint) AS inserted,
            CAST(coalesce(sum(r.records_updated), 0) AS bigint) AS updated,
            CAST(coalesce(sum(r.records_deleted), 0) AS bigint) AS deleted,
            CAST(coalesce(sum(r.records_failed), 0) AS bigint) AS records_failed,
            CAST(coalesce(sum(r.bytes), 0) AS bigint) AS bytes
        FROM @runs r JOIN @pipelines p ON p.id = r.pipeline_id
        WHERE r.created_at >= $1 AND ($2 IS NULL OR p.name = $2)";
    transaction.one(sql, &args![filter.since, filter.pipeline.clone()]).await
}

async fn errors(transaction: &mut Transaction, filter: &StatisticsFilter) -> Result<Vec<ClassTrend>> {
    let length = transaction.now.unix_micros() - filter.since.unix_micros();
    let before = Timestamp::from_unix_micros(filter.since.unix_micros() - length);
    let sql = "SELECT e.class,
            count(CASE WHEN e.occurred_at >= $1 THEN 1 END) AS count,
            count(CASE WHEN e.occurred_at >= $1 AND e.status = 'open' THEN 1 END) AS open,
            count(CASE WHEN e.occurred_at < $1 THEN 1 END) AS before
        FROM @errors e LEFT JOIN @runs r ON r.id = e.run_id LEFT JOIN @pipelines p ON p.id = r.pipeline_id
        WHERE e.occurred_at >= $2 AND ($3 IS NULL OR p.name = $3)
        GROUP BY e.class ORDER BY count(CASE WHEN e.occurred_at >= $1 THEN 1 END) DESC, e.class";
    let rows = transaction.all(sql, &args![filter.since, before, filter.pipeline.clone()]).await?;
    rows.iter()
        .map(|row| {
            Ok(ClassTrend {
                class: row.get("class")?,
                count: row.get("count")?,
                open: row.get("open")?,
                before: row.get("before")?,
            })
        })
        .collect()
}

async fn metrics(transaction: &mut Transaction, filter: &StatisticsFilter) -> Result<Vec<MetricSummary>> {
    let sql = "SELECT s.name, count(*) AS count, avg(s.value) AS mean, max(s.value) AS max
        FROM @samples s LEFT JOIN @runs r ON r.id = s.run_id LEFT JOIN @pipelines p ON p.id = r.pipeline_id
        WHERE s.recorded_at >= $1 AND ($2 IS NULL OR p.name = $2)
        GROUP BY s.name ORDER BY s.name";
    let rows = transaction.all(sql, &args![filter.since, filter.pipeline.clone()]).await?;
    rows.iter()
        .map(|row| {
            Ok(MetricSummary {
                name: row.get("name")?,
                count: row.get("count")?,
                mean: row.get("mean")?,
                max: row.get("max")?,
            })
        })
        .collect()
}
