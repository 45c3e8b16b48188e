-- COPY FROM STDIN with data in the script, in all formats, and every way for it to fail.
CREATE SCHEMA copy_in;
SET search_path = copy_in;
CREATE TABLE t (i int PRIMARY KEY, v text, n numeric DEFAULT 1.5);

COPY t (i, v) FROM STDIN;
1	one
2	two words
3	\N
4	
5	tab\there
6	back\\slash and new\nline
7	\101\x42
\.
SELECT i, v, v IS NULL AS is_null, n FROM t ORDER BY i;
\copy t (i, v) FROM STDIN
8	by psql
\.
\copy t (i, v, n) from stdin with (format csv, header true)
i,v,n
9,"quoted, comma",2
10,"with ""quotes""",
11,,3
12,"two
lines",4
\.
COPY t (i, v) FROM STDIN (FORMAT csv, DELIMITER ';', NULL 'nil', QUOTE '''', ESCAPE '\');
13;'it\'s';
\.
COPY t (i, v) FROM STDIN (FORMAT csv, DELIMITER ';', NULL 'nil', QUOTE '''', ESCAPE '\');
13;'it\'s'
14;nil
15;'nil'
\.
COPY t (i, v) FROM STDIN WITH DELIMITER '|' NULL '-';
16|-
17|x
\.
COPY t FROM STDIN (FORMAT csv) WHERE i > 18;
18,skipped,1
19,kept,1
\.
SELECT i, v, v IS NULL AS is_null, n FROM t WHERE i > 7 ORDER BY i;
COPY t FROM STDIN;
\.
COPY t (i) FROM STDIN (FREEZE);
20
\.
BEGIN;
CREATE TABLE frozen (i int);
COPY frozen FROM STDIN (FREEZE);
1
\.
COMMIT;
SELECT * FROM frozen;

-- Errors in the data: nothing of it stays.
COPY t (i, v) FROM STDIN;
30	fine
thirty	broken
31	never seen
\.
COPY t (i, v) FROM STDIN;
32	a	b
\.
COPY t (i, v) FROM STDIN;
33
\.
COPY t (i, v) FROM STDIN;
1	duplicate
\.
COPY t FROM STDIN (FORMAT csv);
34,"unterminated,1
\.
COPY t FROM STDIN (FORMAT csv, HEADER match);
a,b,c
35,x,1
\.
COPY t (i, n) FROM STDIN;
36	not a number
\.
SELECT count(*) FROM t WHERE i >= 30;
\set VERBOSITY verbose
COPY t (i, v) FROM STDIN;
37	fine
37	again
\.
COPY t (i, v) FROM STDIN;
abc	x
\.
\set VERBOSITY default

-- Errors before the data: psql skips what was meant as data.
COPY nowhere FROM STDIN;
1	skipped
\.
COPY t (nowhere) FROM STDIN;
\.
COPY t FROM STDIN (FORMAT nonsense);
\.
COPY t FROM STDIN (FORMAT csv, DELIMITER 'xx');
\.
COPY (SELECT 1) FROM STDIN;
\.
COPY t FROM '/nowhere/file';
SELECT 'alive';

-- In transactions, with savepoints, in strings of several statements.
BEGIN;
COPY t (i, v) FROM STDIN;
40	in transaction
\.
SAVEPOINT s;
COPY t (i, v) FROM STDIN;
40	duplicate
\.
ROLLBACK TO s;
COPY t (i, v) FROM STDIN;
41	after the savepoint
\.
COMMIT;
BEGIN;
COPY t (i, v) FROM STDIN;
42	rolled back
\.
ROLLBACK;
BEGIN;
COPY t (i, v) FROM STDIN;
1	fails
\.
COPY t (i, v) FROM STDIN;
46	skipped
\.
SELECT 1;
COMMIT;
SELECT i, v FROM t WHERE i >= 40 ORDER BY i;
SELECT 'before'\; COPY t (i, v) FROM STDIN\; SELECT 'after';
43	in a string
\.
SELECT 'before'\; COPY t (i, v) FROM STDIN\; SELECT 'never';
43	duplicate
\.
COPY t (i, v) FROM STDIN\; COPY t (i, v) FROM STDIN;
44	first
\.
45	second
\.
SELECT i, v FROM t WHERE i >= 43 ORDER BY i;

-- Into views, foreign keys, partitions, temporary tables, with triggers and generated columns.
CREATE TABLE part (k int, v text) PARTITION BY LIST (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
COPY part FROM STDIN;
1	in
\.
COPY part FROM STDIN;
2	nowhere
\.
CREATE TABLE gen (a int, b int GENERATED ALWAYS AS (a * 2) STORED, CHECK (a < 100));
COPY gen FROM STDIN;
5
\.
COPY gen FROM STDIN;
500
\.
COPY gen (a, b) FROM STDIN;
1	2
\.
SELECT * FROM gen;
CREATE TEMP TABLE tmp (i int, v text);
COPY tmp FROM STDIN;
1	kept for later
\.
SELECT * FROM tmp;
DROP TABLE tmp;
SET client_encoding = 'LATIN1';
COPY t (i, v) FROM STDIN;
50	plain
\.
RESET client_encoding;
SELECT i, v FROM t WHERE i >= 50;
DROP SCHEMA copy_in CASCADE;
