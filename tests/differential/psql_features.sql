-- What psql does by itself with the protocol: \gdesc (Parse and Describe), \gexec, \gset, \crosstabview, FETCH_COUNT.
CREATE SCHEMA features;
SET search_path = features;
CREATE TABLE t (i int, v text, n numeric(6,2), d date, a int[]);
INSERT INTO t SELECT g, 'v' || g, g / 3.0, date '2024-01-01' + g, ARRAY[g] FROM generate_series(1, 25) g;

SELECT * FROM t \gdesc
SELECT 1 AS one, 'x' AS x, now() AS n, ARRAY[1.5], NULL \gdesc
SELECT nothing \gdesc
INSERT INTO t VALUES (100) RETURNING i AS returned \gdesc
DELETE FROM t \gdesc
SELECT $1::int \gdesc
SET work_mem = '5MB' \gdesc
SELECT 1\; SELECT 2 \gdesc
\gdesc
BEGIN;
CREATE TABLE in_tx (only_here int);
SELECT * FROM in_tx \gdesc
SELECT nothing \gdesc
SELECT 1;
ROLLBACK;
SELECT * FROM in_tx \gdesc
CREATE TEMP TABLE tmp (temporary_column int);
SELECT * FROM tmp \gdesc
DROP TABLE tmp;
SET search_path = public;
SELECT * FROM t \gdesc
SET search_path = features;
SELECT * FROM t \gdesc
ALTER TABLE t ADD COLUMN later text;
SELECT * FROM t \gdesc
ALTER TABLE t DROP COLUMN later;

SELECT format('CREATE TABLE made_%s (i int)', g) FROM generate_series(1, 3) g \gexec
SELECT 'INSERT INTO made_1 VALUES (1)', 'SELECT count(*) FROM made_1', 'SELECT broken', 'SELECT ''after''' \gexec
SELECT 'BEGIN', 'SELECT 1/0', 'ROLLBACK' \gexec
SELECT 'SET work_mem = ''6MB''', 'SHOW work_mem' \gexec
SHOW work_mem;
RESET work_mem;
SELECT count(*) AS n, max(i) AS m FROM t \gset got_
\echo :got_n :got_m
SELECT * FROM t WHERE i < 3 \gset
SELECT 1 WHERE false \gset
SELECT 1 AS a, 2 AS b \gx
SELECT i, v FROM t WHERE i < 3 \g (format=unaligned tuples_only=on)
SELECT i % 2 AS odd, i % 3 AS third, count(*) FROM t GROUP BY 1, 2 ORDER BY 1, 2 \crosstabview odd third count
SELECT 1, 2 \crosstabview

-- Results through a cursor.
\set FETCH_COUNT 7
SELECT i, v FROM t ORDER BY i;
SELECT i, 10 / (12 - i) AS q FROM t WHERE i < 14 ORDER BY i;
SELECT 'alive';
BEGIN;
SELECT i FROM t ORDER BY i LIMIT 10;
SELECT 1/0;
SELECT i FROM t ORDER BY i LIMIT 10;
ROLLBACK;
SELECT i FROM t WHERE false;
INSERT INTO t VALUES (200) RETURNING i;
SELECT 1\; SELECT i FROM t ORDER BY i LIMIT 3;
SET work_mem = '6MB';
SHOW work_mem;
SELECT set_config('work_mem', '7MB', false);
SHOW work_mem;
RESET work_mem;
\set FETCH_COUNT 0

-- Conditions, formats, variables.
\if 1
\echo yes
\else
\echo no
\endif
\pset null '(null)'
SELECT NULL AS nothing, '' AS empty;
\pset format csv
SELECT i, v, n, d, a FROM t WHERE i < 4 ORDER BY i;
\pset format html
SELECT 1 AS "a<b", '<x>' AS v;
\pset format unaligned
SELECT 1 AS a, 2 AS b;
\pset format aligned
\x on
SELECT i, v FROM t WHERE i < 3 ORDER BY i;
\x off
\set name 't'
SELECT count(*) > 0 AS some FROM :"name";
SELECT :'name' AS quoted;
\pset null ''
\set ECHO queries
SELECT 'echoed twice';
\set ECHO all
\set SINGLELINE on
SELECT 'one line'
\set SINGLELINE off
\echo :ROW_COUNT :SQLSTATE
\set ON_ERROR_STOP off
SELECT 1/0; SELECT 'on the same line';
\d t
\dt
\d+ t
\df nothing
\dn features
\di
\sf nothing
CREATE VIEW v AS SELECT i FROM t;
\sv v
\dconfig work_mem
\drds nothing
\l nothing
\unset name
SELECT :name;
\! true
\warn to standard error
DROP SCHEMA features CASCADE;
