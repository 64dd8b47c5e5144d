WITH latest AS (
    SELECT r.repository_id, max(s.published_at) AS published_at
    FROM repositories r
    JOIN snapshots s ON s.repository_id = r.repository_id
    WHERE r.repository_id IN ({repositories})
      AND CASE WHEN {to} IS NULL THEN s.snapshot_id = r.snapshot_id
               ELSE {to} IN (CAST(s.snapshot_id AS TEXT), s.commit_hash) END
    GROUP BY r.repository_id
), bounds AS (
    SELECT u.repository_id, u.published_at AS upper_at, max(s.published_at) AS lower_at
    FROM latest u
    JOIN snapshots s ON s.repository_id = u.repository_id AND s.published_at < u.published_at
    WHERE {from} IS NULL OR {from} IN (CAST(s.snapshot_id AS TEXT), s.commit_hash)
    GROUP BY u.repository_id, u.published_at
), steps AS (
    SELECT s.snapshot_id, s.repository_id, s.published_at
    FROM bounds b
    JOIN snapshots s
      ON s.repository_id = b.repository_id AND s.published_at > b.lower_at AND s.published_at <= b.upper_at
), changes AS (
    SELECT h.*,
           row_number() OVER (PARTITION BY h.file_id, h.repository_id ORDER BY h.changed_at, h.snapshot_id) AS nth,
           row_number() OVER (
               PARTITION BY h.file_id, h.repository_id ORDER BY h.changed_at DESC, h.snapshot_id DESC
           ) AS nth_last
    FROM steps s
    JOIN file_history h
      ON h.snapshot_id = s.snapshot_id AND h.repository_id = s.repository_id AND h.changed_at = s.published_at
), net AS (
    SELECT a.file_id, a.repository_id, b.file_path, b.language,
           CASE WHEN a.change = 'added' THEN 'added' WHEN b.change = 'removed' THEN 'removed' ELSE 'changed' END AS change,
           a.lines_before, b.lines_after, a.complexity_before, b.complexity_after,
           abs(coalesce(b.complexity_after, 0) - coalesce(a.complexity_before, 0)) AS complexity_change,
           abs(coalesce(b.lines_after, 0) - coalesce(a.lines_before, 0)) AS line_change
    FROM changes a
    JOIN changes b ON b.file_id = a.file_id AND b.repository_id = a.repository_id AND b.nth_last = 1
    WHERE a.nth = 1 AND NOT (a.change = 'added' AND b.change = 'removed')
), top AS (
    SELECT *
    FROM net
    ORDER BY complexity_change DESC, line_change DESC, file_path, file_id
    LIMIT {limit}
)
SELECT r.name AS repository, t.file_path, t.language, t.change, t.lines_before, t.lines_after, t.complexity_before,
       t.complexity_after, (
           SELECT count(DISTINCT u.function_id)
           FROM steps s
           JOIN function_history u
             ON u.snapshot_id = s.snapshot_id AND u.repository_id = s.repository_id AND u.changed_at = s.published_at
           WHERE u.file_id = t.file_id AND s.repository_id = t.repository_id
       ) AS changed_functions
FROM top t
JOIN repositories r ON r.repository_id = t.repository_id
ORDER BY t.complexity_change DESC, t.line_change DESC, t.file_path, t.file_id
