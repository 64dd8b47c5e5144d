WITH ends AS (
    SELECT repository_id, source_directory AS module, 1 AS depends_on, 0 AS dependents
    FROM module_dependencies
    WHERE repository_id IN ({repositories})
    UNION ALL
    SELECT repository_id, target_directory, 0, 1
    FROM module_dependencies
    WHERE repository_id IN ({repositories})
), modules AS (
    SELECT repository_id, module, CAST(sum(depends_on) AS BIGINT) AS depends_on,
           CAST(sum(dependents) AS BIGINT) AS dependents
    FROM ends
    GROUP BY repository_id, module
)
SELECT r.name AS repository, m.module, m.depends_on, m.dependents,
       CAST(m.depends_on AS DOUBLE PRECISION) / (m.depends_on + m.dependents) AS instability
FROM modules m
JOIN repositories r ON r.repository_id = m.repository_id
ORDER BY instability DESC, m.depends_on DESC, r.name, m.module, r.repository_id
LIMIT {limit}
