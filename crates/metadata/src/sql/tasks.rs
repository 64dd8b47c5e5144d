//! Tasks.

use std::collections::HashMap;

use snake_pipe_core::{Error, ErrorKind, Result, Timestamp};

use super::{
    runs::{self, failure, millis_between},
    transaction::Transaction,
    value::{Row, args},
};
use crate::model::{NewTask, RunId, RunToken, Task, TaskEnd, TaskFilter, TaskId, TaskRecord, TaskStatus};

pub(crate) async fn create(
    transaction: &mut Transaction,
    token: RunToken,
    new: &[NewTask],
) -> Result<Vec<Task>> {
    runs::held(transaction, token).await?;
    let mut ids = Vec::new();
    for task in new {
        ids.push(insert(transaction, token.run_id, task).await?);
    }
    let mut tasks = Vec::new();
    for id in ids {
        tasks.push(get(transaction, id).await?);
    }
    Ok(tasks)
}

async fn insert(transaction: &mut Transaction, run: RunId, new: &NewTask) -> Result<TaskId> {
    let (id, now) = (TaskId::new(), transaction.now);
    let sql = "SELECT count(*) AS count FROM @tasks WHERE run_id = $1";
    let ordinal: u64 = transaction.one(sql, &args![run]).await?.get("count")?;
    transaction
        .insert(
            "tasks",
            &[
                ("id", id.into()),
                ("run_id", run.into()),
                ("ordinal", ordinal.into()),
                ("name", (&new.name).into()),
                ("task_type", (&new.task_type).into()),
                ("status", TaskStatus::Pending.as_str().into()),
                ("attempt", 0_u64.into()),
                ("max_attempts", new.max_attempts.max(1).into()),
                ("input", (&new.input).into()),
                ("output", serde_json::Value::Null.into()),
                ("created_at", now.into()),
            ],
        )
        .await?;
    for dependency in &new.depends_on {
        let depended = get(transaction, *dependency).await?;
        if depended.run_id != run {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("task `{}` depends on `{}` of another run", new.name, depended.name),
            ));
        }
        let values = [("task_id", id.into()), ("depends_on_id", (*dependency).into())];
        transaction.insert("task_dependencies", &values).await?;
    }
    Ok(id)
}

pub(crate) async fn start(transaction: &mut Transaction, token: RunToken, id: TaskId) -> Result<Task> {
    let task = of_run(transaction, token, id).await?;
    task.status.check_transition(TaskStatus::Running)?;
    if task.attempt >= task.max_attempts {
        return Err(Error::new(
            ErrorKind::Conflict,
            format!("task `{}` was started {} times, and may not be again", task.name, task.attempt),
        ));
    }
    refuse_early(transaction, &task).await?;
    let now = transaction.now;
    transaction
        .execute(
            "UPDATE @tasks SET status = 'running', attempt = attempt + 1, started_at = $2, ended_at = NULL,
                duration_ms = NULL WHERE id = $1",
            &args![id, now],
        )
        .await?;
    get(transaction, id).await
}

async fn refuse_early(transaction: &mut Transaction, task: &Task) -> Result<()> {
    let mut open = Vec::new();
    for dependency in &task.depends_on {
        let depended = get(transaction, *dependency).await?;
        if depended.status != TaskStatus::Success {
            open.push(format!("`{}` is {}", depended.name, depended.status));
        }
    }
    match open.is_empty() {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Conflict,
            format!("task `{}` waits for others: {}", task.name, open.join(", ")),
        )),
    }
}

pub(crate) async fn finish(
    transaction: &mut Transaction,
    token: RunToken,
    id: TaskId,
    end: &TaskEnd,
) -> Result<Task> {
    let task = of_run(transaction, token, id).await?;
    task.status.check_transition(end.status)?;
    let (now, started) = (transaction.now, task.started_at);
    set_end(transaction, id, end, now, started.map(|started| millis_between(started, now))).await?;
    get(transaction, id).await
}

async fn set_end(
    transaction: &mut Transaction,
    id: TaskId,
    end: &TaskEnd,
    ended_at: Timestamp,
    duration_ms: Option<u64>,
) -> Result<()> {
    let error = end.error.as_ref();
    transaction
        .execute(
            "UPDATE @tasks SET status = $2, output = $3, error_class = $4, error_message = $5, error_hint = $6,
                ended_at = $7, duration_ms = $8 WHERE id = $1",
            &args![
                id,
                end.status.as_str(),
                &end.output,
                error.map(|error| error.class.clone()),
                error.map(|error| error.message.clone()),
                error.and_then(|error| error.hint.clone()),
                ended_at,
                duration_ms
            ],
        )
        .await
        .map(drop)
}

pub(crate) async fn record(
    transaction: &mut Transaction,
    token: RunToken,
    records: &[TaskRecord],
) -> Result<Vec<Task>> {
    runs::held(transaction, token).await?;
    let mut tasks = Vec::new();
    for record in records {
        let id = insert(transaction, token.run_id, &record.task).await?;
        let sql = "UPDATE @tasks SET attempt = 1, started_at = $2 WHERE id = $1";
        transaction.execute(sql, &args![id, record.started_at]).await?;
        let duration_ms = millis_between(record.started_at, record.ended_at);
        set_end(transaction, id, &record.end, record.ended_at, Some(duration_ms)).await?;
        tasks.push(get(transaction, id).await?);
    }
    Ok(tasks)
}

pub(crate) async fn list(transaction: &mut Transaction, filter: &TaskFilter) -> Result<Vec<Task>> {
    let rows = transaction
        .all(
            "SELECT * FROM @tasks
             WHERE ($1 IS NULL OR run_id = $1) AND ($2 IS NULL OR status = $2) AND ($3 IS NULL OR task_type = $3)
             ORDER BY created_at, run_id, ordinal LIMIT $4",
            &args![
                filter.run_id,
                filter.status.map(TaskStatus::as_str),
                filter.task_type.clone(),
                filter.limit.unwrap_or(i64::MAX as u64)
            ],
        )
        .await?;
    let dependencies = dependencies(transaction, filter.run_id, None).await?;
    rows.iter().map(|row| read(row, &dependencies)).collect()
}

async fn get(transaction: &mut Transaction, id: TaskId) -> Result<Task> {
    let row = transaction.optional("SELECT * FROM @tasks WHERE id = $1", &args![id]).await?;
    let row = row.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("there is no task {id}")).with_help("see `snake-pipe tasks`")
    })?;
    let dependencies = dependencies(transaction, None, Some(id)).await?;
    read(&row, &dependencies)
}

/// The task, if it belongs to the run, which this process still has; nobody else changes it meanwhile.
async fn of_run(transaction: &mut Transaction, token: RunToken, id: TaskId) -> Result<Task> {
    runs::held(transaction, token).await?;
    let task = get(transaction, id).await?;
    match task.run_id == token.run_id {
        true => Ok(task),
        false => Err(Error::new(ErrorKind::Conflict, format!("task `{}` belongs to another run", task.name))
            .with_context("run", task.run_id)),
    }
}

type Dependencies = HashMap<TaskId, Vec<TaskId>>;

async fn dependencies(
    transaction: &mut Transaction,
    run: Option<RunId>,
    task: Option<TaskId>,
) -> Result<Dependencies> {
    let rows = transaction
        .all(
            "SELECT d.task_id, d.depends_on_id FROM @task_dependencies d JOIN @tasks t ON t.id = d.task_id
             WHERE ($1 IS NULL OR t.run_id = $1) AND ($2 IS NULL OR t.id = $2)
             ORDER BY d.task_id, d.depends_on_id",
            &args![run, task],
        )
        .await?;
    let mut dependencies = Dependencies::new();
    for row in &rows {
        dependencies.entry(row.get("task_id")?).or_default().push(row.get("depends_on_id")?);
    }
    Ok(dependencies)
}

fn read(row: &Row, dependencies: &Dependencies) -> Result<Task> {
    let id = row.get("id")?;
    Ok(Task {
        id,
        run_id: row.get("run_id")?,
        name: row.get("name")?,
        task_type: row.get("task_type")?,
        status: row.word("status")?,
        depends_on: dependencies.get(&id).cloned().unwrap_or_default(),
        attempt: row.get("attempt")?,
        max_attempts: row.get("max_attempts")?,
        input: row.get("input")?,
        output: row.get("output")?,
        error: failure(row)?,
        created_at: row.get("created_at")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        duration_ms: row.get("duration_ms")?,
    })
}
