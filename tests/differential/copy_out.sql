-- COPY TO STDOUT in all formats, from tables and queries, with errors on the way.
CREATE SCHEMA copy_out;
SET search_path = copy_out;
CREATE TABLE t (i int, v text, d date);
INSERT INTO t VALUES (1, 'one', '2024-01-01'), (2, E'tab\tand\nnewline', NULL), (3, 'back\slash', '2024-02-29'), (4, '', '2024-03-03'), (5, 'quote " and , comma', NULL);

COPY t TO STDOUT;
COPY t (v, i) TO STDOUT;
COPY t TO STDOUT (FORMAT csv, HEADER);
COPY t TO STDOUT (FORMAT csv, FORCE_QUOTE *, NULL 'nil');
COPY t TO STDOUT (DELIMITER '|', NULL '(null)');
COPY (SELECT i, upper(v) AS u FROM t WHERE i < 3 ORDER BY i DESC) TO STDOUT (FORMAT csv, HEADER, DELIMITER ';');
COPY (VALUES (1, 'a'), (2, NULL)) TO STDOUT;
COPY (SELECT) TO STDOUT;
COPY (SELECT 1 WHERE false) TO STDOUT (FORMAT csv, HEADER);
COPY (INSERT INTO t VALUES (6, 'returned', NULL) RETURNING i, v) TO STDOUT;
COPY (UPDATE t SET v = 'x' WHERE i = 6) TO STDOUT;
COPY (DELETE FROM t WHERE i = 6 RETURNING *) TO STDOUT;
\copy t to stdout (format csv)
\copy (SELECT i FROM t ORDER BY i) to stdout

-- Settings that shape the output.
SET DateStyle = 'German';
COPY (SELECT d FROM t WHERE d IS NOT NULL ORDER BY i) TO STDOUT;
RESET DateStyle;
SET bytea_output = escape;
COPY (SELECT '\x00ff'::bytea) TO STDOUT;
RESET bytea_output;
COPY (SELECT '\x00ff'::bytea, ARRAY[1, NULL], ROW(1, 'a b'), '{"a": 1}'::jsonb, true) TO STDOUT;
COPY (SELECT U&'\00e4') TO STDOUT (ENCODING 'LATIN1');

-- Errors before and while it runs.
COPY nowhere TO STDOUT;
COPY (SELECT broken) TO STDOUT;
COPY t (nothing) TO STDOUT;
COPY (SELECT 1/(3 - g) FROM generate_series(1, 5) g) TO STDOUT;
SELECT 'alive';
BEGIN;
COPY (SELECT 1/(3 - g) FROM generate_series(1, 5) g) TO STDOUT;
COPY t TO STDOUT;
ROLLBACK;
COPY t TO '/nowhere/file';
COPY t TO STDOUT (FORMAT csv, NULL ',');

-- Several in one string, with others between.
SELECT 1 AS before\; COPY (SELECT 'first') TO STDOUT\; SELECT 2 AS between\; COPY (SELECT 'second') TO STDOUT;
COPY (SELECT 'first') TO STDOUT\; SELECT 1/0\; COPY (SELECT 'never') TO STDOUT;
BEGIN;
DECLARE c CURSOR FOR SELECT i FROM t ORDER BY i;
FETCH 1 FROM c;
COPY (SELECT 'beside a cursor') TO STDOUT;
FETCH 1 FROM c;
COMMIT;
COPY (SELECT g, repeat('x', 20) FROM generate_series(1, 300) g WHERE g % 60 = 0) TO STDOUT;
COPY (SELECT count(*), sum(length(v)) FROM (SELECT repeat('y', 10000) AS v FROM generate_series(1, 200)) s) TO STDOUT;
\copy (SELECT g, repeat('z', 1000) FROM generate_series(1, 2000) g) to '/dev/null'
\o /dev/null
COPY (SELECT g, repeat('z', 1000) FROM generate_series(1, 2000) g) TO STDOUT;
SELECT repeat('z', 1000) FROM generate_series(1, 1000);
\o
SELECT 'alive';
CREATE TEMP TABLE tmp AS SELECT 'temporary' AS v;
COPY tmp TO STDOUT;
COPY (SELECT set_config('work_mem', '5MB', false)) TO STDOUT;
SHOW work_mem;
RESET work_mem;
DROP TABLE tmp;
DROP SCHEMA copy_out CASCADE;
