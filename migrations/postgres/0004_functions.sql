-- Functions for analysts: walks along calls and dependencies, step by step, each row visited once. They find the tables of the
-- schema that they stand in, whatever the caller's search_path is.

CREATE FUNCTION callers_of(function_name text, max_distance integer DEFAULT 1, repository_name text DEFAULT NULL)
RETURNS TABLE (
    distance integer, caller text, kind text, file_path text, line_start integer, repository text, function_id uuid,
    repository_id bigint
)
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    reached uuid[];
    frontier uuid[];
    scope bigint[];
BEGIN
    SELECT array_agg(r.repository_id) INTO scope
    FROM repositories r
    WHERE repository_name IS NULL OR repository_name IN (r.name, r.name || '@' || r.ref_name);
    SELECT array_agg(f.function_id) INTO frontier
    FROM functions f
    WHERE f.repository_id = ANY (scope) AND (f.name = function_name OR f.qualified_name = function_name);
    reached := frontier;
    FOR step IN 1..max_distance LOOP
        SELECT array_agg(n.id) INTO frontier
        FROM (
            SELECT k.function_id AS id FROM calls k
            WHERE k.target_function_id = ANY (frontier) AND k.function_id IS NOT NULL AND k.repository_id = ANY (scope)
            EXCEPT
            SELECT unnest(reached)
        ) n;
        EXIT WHEN frontier IS NULL;
        reached := reached || frontier;
        RETURN QUERY
            SELECT step, f.qualified_name::text, f.kind::text, s.file_path::text, f.line_start, r.name::text, f.function_id,
                   f.repository_id
            FROM unnest(frontier) n (id)
            JOIN functions f ON f.function_id = n.id AND f.repository_id = ANY (scope)
            JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
            JOIN repositories r ON r.repository_id = f.repository_id
            ORDER BY r.name, s.file_path, f.line_start, f.function_id;
    END LOOP;
END
$$;
COMMENT ON FUNCTION callers_of(text, integer, text) IS
    'Functions that call one of this name or qualified name, directly or through others up to max_distance, nearest first.';

CREATE FUNCTION dependents_of(path text, max_distance integer DEFAULT 1, repository_name text DEFAULT NULL)
RETURNS TABLE (
    distance integer, file_path text, language text, repository text, file_id uuid, repository_id bigint
)
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    reached uuid[];
    frontier uuid[];
    scope bigint[];
BEGIN
    SELECT array_agg(r.repository_id) INTO scope
    FROM repositories r
    WHERE repository_name IS NULL OR repository_name IN (r.name, r.name || '@' || r.ref_name);
    SELECT array_agg(s.file_id) INTO frontier
    FROM files s
    WHERE s.repository_id = ANY (scope) AND s.file_path = path;
    reached := frontier;
    FOR step IN 1..max_distance LOOP
        SELECT array_agg(n.id) INTO frontier
        FROM (
            SELECT d.source_file_id AS id FROM dependencies d
            WHERE d.target_file_id = ANY (frontier) AND d.repository_id = ANY (scope)
            EXCEPT
            SELECT unnest(reached)
        ) n;
        EXIT WHEN frontier IS NULL;
        reached := reached || frontier;
        RETURN QUERY
            SELECT step, s.file_path::text, s.language::text, r.name::text, s.file_id, s.repository_id
            FROM unnest(frontier) n (id)
            JOIN files s ON s.file_id = n.id AND s.repository_id = ANY (scope)
            JOIN repositories r ON r.repository_id = s.repository_id
            ORDER BY r.name, s.file_path;
    END LOOP;
END
$$;
COMMENT ON FUNCTION dependents_of(text, integer, text) IS
    'Files that depend on the file of this path, directly or through others up to max_distance, nearest first.';

CREATE FUNCTION path_between(source text, target text, max_distance integer DEFAULT 10, repository_name text DEFAULT NULL)
RETURNS TABLE (
    step integer, function_name text, file_path text, line_start integer, repository text, function_id uuid,
    repository_id bigint
)
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    scope bigint[];
    targets uuid[];
    -- Every function that was reached, and beside it the one that calls it.
    reached uuid[];
    reached_from uuid[];
    frontier uuid[];
    frontier_from uuid[];
    goal uuid;
    path uuid[];
BEGIN
    SELECT array_agg(r.repository_id) INTO scope
    FROM repositories r
    WHERE repository_name IS NULL OR repository_name IN (r.name, r.name || '@' || r.ref_name);
    SELECT array_agg(f.function_id) FILTER (WHERE target IN (f.name, f.qualified_name)),
           array_agg(f.function_id) FILTER (WHERE source IN (f.name, f.qualified_name))
    INTO targets, frontier
    FROM functions f
    WHERE f.repository_id = ANY (scope) AND (f.name IN (source, target) OR f.qualified_name IN (source, target));
    reached := frontier;
    reached_from := array_fill(NULL::uuid, ARRAY[coalesce(cardinality(frontier), 0)]);
    FOR distance IN 0..max_distance LOOP
        SELECT min(n.id::text)::uuid INTO goal FROM unnest(frontier) n (id) WHERE n.id = ANY (targets);
        EXIT WHEN goal IS NOT NULL OR frontier IS NULL OR distance = max_distance;
        SELECT array_agg(n.id ORDER BY n.id), array_agg(n.caller ORDER BY n.id)
        INTO frontier, frontier_from
        FROM (
            SELECT k.target_function_id AS id, min(k.function_id::text)::uuid AS caller
            FROM calls k
            WHERE k.function_id = ANY (frontier) AND k.target_function_id IS NOT NULL AND k.repository_id = ANY (scope)
              AND NOT EXISTS (SELECT FROM unnest(reached) h (id) WHERE h.id = k.target_function_id)
            GROUP BY k.target_function_id
        ) n;
        reached := reached || frontier;
        reached_from := reached_from || frontier_from;
    END LOOP;
    WHILE goal IS NOT NULL LOOP
        path := goal || path;
        goal := reached_from[array_position(reached, goal)];
    END LOOP;
    RETURN QUERY
        SELECT n.step::integer, f.qualified_name::text, s.file_path::text, f.line_start, r.name::text, f.function_id,
               f.repository_id
        FROM unnest(path) WITH ORDINALITY n (id, step)
        JOIN functions f ON f.function_id = n.id AND f.repository_id = ANY (scope)
        JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
        JOIN repositories r ON r.repository_id = f.repository_id
        ORDER BY n.step;
END
$$;
COMMENT ON FUNCTION path_between(text, text, integer, text) IS
    'A shortest chain of calls from the function source to the function target, step by step from 1; no rows where there is none.';
