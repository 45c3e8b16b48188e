-- Several statements in one message: an implicit transaction, with transaction control in its midst.
CREATE SCHEMA multi;
SET search_path = multi;
CREATE TABLE t (i int PRIMARY KEY);

SELECT 1\; SELECT 2\; SELECT 3;
SELECT 1\;\; SELECT 2\;;
\;
\;\; SELECT 1;
INSERT INTO t VALUES (1)\; INSERT INTO t VALUES (2)\; SELECT 1/0\; INSERT INTO t VALUES (3);
SELECT * FROM t ORDER BY i;
INSERT INTO t VALUES (1)\; SELEC 1;
SELECT * FROM t ORDER BY i;
INSERT INTO t VALUES (1)\; COMMIT\; INSERT INTO t VALUES (2)\; SELECT 1/0;
SELECT * FROM t ORDER BY i;
BEGIN\; INSERT INTO t VALUES (3)\; COMMIT\; INSERT INTO t VALUES (4)\; ROLLBACK;
SELECT * FROM t ORDER BY i;
INSERT INTO t VALUES (5)\; BEGIN\; INSERT INTO t VALUES (6);
ROLLBACK;
SELECT * FROM t ORDER BY i;
BEGIN\; INSERT INTO t VALUES (7);
SELECT 'open';
COMMIT\; INSERT INTO t VALUES (8);
SELECT * FROM t ORDER BY i;
SELECT 1\; BEGIN\; SELECT 2;
BEGIN;
COMMIT;
SELECT 1\; COMMIT\; SELECT 2\; COMMIT;
ROLLBACK\; SELECT 1;
BEGIN\; COMMIT\; BEGIN\; COMMIT;
BEGIN\; SELECT 1/0\; COMMIT;
SELECT 'failed';
ROLLBACK;
BEGIN\; SELECT 1/0;
COMMIT\; SELECT 'after';
SELECT 'outside';

-- Settings in it.
SET work_mem = '5MB'\; SHOW work_mem;
SHOW work_mem;
SET work_mem = '6MB'\; SELECT 1/0;
SHOW work_mem;
SET work_mem = '7MB'\; COMMIT\; SELECT 1/0;
SHOW work_mem;
SET LOCAL work_mem = '8MB'\; SHOW work_mem;
SHOW work_mem;
SET LOCAL work_mem = '8MB'\; COMMIT\; SHOW work_mem;
BEGIN\; SET LOCAL work_mem = '9MB'\; SHOW work_mem\; COMMIT\; SHOW work_mem;
BEGIN\; SET work_mem = '9MB'\; ROLLBACK\; SHOW work_mem;
BEGIN\; SET work_mem = '10MB'\; COMMIT\; SHOW work_mem;
RESET work_mem\; SHOW work_mem\; SET work_mem = '11MB';
SHOW work_mem;
RESET work_mem;

-- Statements that may not be in it.
SELECT 1\; CREATE DATABASE multi_never;
SELECT 1\; DISCARD ALL;
SELECT 1\; VACUUM;
COMMIT\; VACUUM t;
BEGIN\; VACUUM t\; COMMIT;
ROLLBACK;

-- Prepared statements, temporary tables and cursors in it.
PREPARE p AS SELECT 'p ' || $1\; EXECUTE p('one')\; EXECUTE p('two');
EXECUTE p('three')\; DEALLOCATE p\; EXECUTE p('four');
EXECUTE p('five');
PREPARE p AS SELECT 'again'\; SELECT 1/0;
EXECUTE p;
DEALLOCATE p\; PREPARE p AS SELECT 'third';
EXECUTE p\; DEALLOCATE ALL;
CREATE TEMP TABLE tmp (i int)\; INSERT INTO tmp VALUES (1)\; SELECT * FROM tmp;
SELECT * FROM tmp\; DROP TABLE tmp;
DECLARE c CURSOR FOR SELECT 1\; FETCH c;
BEGIN\; DECLARE c CURSOR FOR SELECT generate_series(1, 3)\; FETCH 2 FROM c;
FETCH c\; COMMIT\; FETCH c;
SELECT set_config('work_mem', '12MB', true), current_setting('work_mem')\; SHOW work_mem;
SHOW work_mem;
SELECT set_config('work_mem', '12MB', false)\; SHOW work_mem;
SHOW work_mem;

-- Results of several kinds in one answer.
CREATE TABLE u (x text)\; COPY u FROM STDIN\; SELECT * FROM u\; COPY u TO STDOUT\; DROP TABLE u;
one
two
\.
SELECT 1 AS a, 2 AS b\; INSERT INTO t VALUES (50) RETURNING *\; UPDATE t SET i = 51 WHERE i = 50\; DELETE FROM t WHERE i = 51;
DO $$ BEGIN RAISE NOTICE 'first'; END $$\; SELECT 1\; DO $$ BEGIN RAISE WARNING 'second'; END $$;
EXPLAIN (COSTS OFF) SELECT 1\; SHOW standard_conforming_strings\; SELECT NULL;
LISTEN multi_channel\; UNLISTEN multi_channel;
SET search_path = multi, public\; CREATE TABLE v (i int)\; SET search_path = public\; SELECT * FROM v;
SHOW search_path;
RESET ALL\; SET search_path = multi;
DROP SCHEMA multi CASCADE;
