-- Values, rows and statements of all sizes around the buffers on the way.
CREATE SCHEMA large;
SET search_path = large;
CREATE TABLE t (i int, v text);
ALTER TABLE t ALTER COLUMN v SET STORAGE EXTERNAL;

SELECT length(repeat('x', n)) = length(v) AND md5(repeat('x', n)) = md5(v) AS same, n
    FROM (SELECT n, repeat('x', n) AS v FROM unnest(ARRAY[0, 1, 4095, 4096, 8191, 8192, 16383, 16384, 65535, 65536, 262144, 1048576, 3000000]) n) s;
INSERT INTO t SELECT n, repeat(chr(97 + n % 26), n) FROM unnest(ARRAY[1, 5000, 8192, 70000, 300000, 500000]) n;
SELECT i, length(v), md5(v) FROM t ORDER BY i;
\o /dev/null
SELECT * FROM t;
SELECT repeat('x', 100) FROM generate_series(1, 20000);
COPY t TO STDOUT;
\o
SELECT v AS short_one FROM t WHERE i = 1;
SELECT string_agg(v, '' ORDER BY i) AS whole FROM t \gset
SELECT length(:'whole'), md5(:'whole');
INSERT INTO t VALUES (-1, :'whole');
SELECT md5(v) = md5(:'whole') AS same FROM t WHERE i = -1;
PREPARE echo (text) AS SELECT length($1), md5($1);
EXECUTE echo(:'whole');
DEALLOCATE echo;
SELECT 1 AS one /* :'whole' */;
SELECT v FROM t WHERE i = 8192 \gset
SELECT length(:'v'), left(:'v', 3);
DO $$ BEGIN RAISE NOTICE '%', repeat('n', 10000); END $$;
DO $$ BEGIN RAISE EXCEPTION '%', repeat('e', 10000) USING DETAIL = repeat('d', 10000); END $$;

-- Many columns, many rows, many statements.
SELECT format('CREATE TABLE wide (%s)', string_agg('c' || g || ' int DEFAULT ' || g, ', ')) FROM generate_series(1, 1000) g \gexec
INSERT INTO wide DEFAULT VALUES;
\pset format unaligned
\pset tuples_only on
SELECT * FROM wide;
SELECT g FROM generate_series(1, 3000) g;
\pset tuples_only off
\pset format aligned
SELECT string_agg('SELECT ' || g, '; ') AS statements FROM generate_series(1, 200) g \gset
\o /dev/null
:statements ;
\o
SELECT 'alive';
SELECT 'SELECT ''' || repeat('long statement ', 3000) || ''' <> '''' AS long' AS statement \gset
:statement ;
SELECT 'SELECT 1' || repeat(' + 1', 2000) AS statement \gset
:statement ;
SELECT 'SELECT 1 /* ' || repeat('padding ', 10000) || ' */ AS padded' AS statement \gset
:statement ;
SELECT 'SET work_mem = ''5MB'' /* ' || repeat('padding ', 10000) || ' */' AS statement \gset
:statement ;
SHOW work_mem;
SELECT '/* ' || repeat('padding ', 10000) || ' */ SELECT set_config(''work_mem'', ''6MB'', false)' AS statement \gset
:statement ;
SHOW work_mem;
SELECT '/* ' || repeat('padding ', 10000) || ' */ CREATE TEMP TABLE padded AS SELECT ''kept'' AS v' AS statement \gset
:statement ;
SELECT * FROM padded;
SELECT 'PREPARE padded AS SELECT ''prepared'' /* ' || repeat('padding ', 10000) || ' */' AS statement \gset
:statement ;
EXECUTE padded;
SELECT '/* ' || repeat('padding ', 10000) || ' */ BEGIN' AS statement \gset
:statement ;
SELECT 'in a transaction';
ROLLBACK;
DROP TABLE padded;
DEALLOCATE padded;
RESET work_mem;
SELECT set_config('large.setting', repeat('s', 100000), false) = repeat('s', 100000) AS same;
SELECT length(current_setting('large.setting'));
SELECT length(current_setting('large.setting'));
RESET large.setting;
SELECT length(string_agg(v, '')) FROM t;
DROP SCHEMA large CASCADE;
