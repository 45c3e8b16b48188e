-- Functions, blocks, exceptions, messages of all levels with all their fields.
CREATE SCHEMA plp;
SET search_path = plp;
CREATE TABLE t (i int PRIMARY KEY, v text);

CREATE FUNCTION add(a int, b int DEFAULT 10, OUT total int, OUT text_form text) LANGUAGE plpgsql AS $$
BEGIN
    total := a + b;
    text_form := 'is ' || total;
END $$;
SELECT add(1), add(1, 2), (add(3)).total;
SELECT * FROM add(b => 5, a => 6);
SELECT add('x');
SELECT add(1, 2, 3);

CREATE FUNCTION rows(n int) RETURNS SETOF t LANGUAGE plpgsql AS $$
BEGIN
    FOR k IN 1..n LOOP RETURN NEXT ROW(k, 'row ' || k)::t; END LOOP;
    RETURN QUERY SELECT 100, 'last';
END $$;
SELECT * FROM rows(3);
SELECT rows(1);
CREATE FUNCTION table_of(n int) RETURNS TABLE (a int, b text) LANGUAGE sql AS 'SELECT g, repeat(''*'', g) FROM generate_series(1, n) g';
SELECT * FROM table_of(3);
CREATE FUNCTION many(VARIADIC nums int[]) RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; s int := 0; BEGIN FOREACH n IN ARRAY nums LOOP s := s + n; END LOOP; RETURN s; END $$;
SELECT many(1, 2, 3), many(VARIADIC ARRAY[4, 5]);
CREATE FUNCTION poly(anyelement) RETURNS anyarray LANGUAGE sql AS 'SELECT ARRAY[$1, $1]';
SELECT poly(1), poly('x'::text), poly(date '2024-01-01');
CREATE FUNCTION recursive(n int) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN IF n <= 1 THEN RETURN 1; END IF; RETURN n * recursive(n - 1); END $$;
SELECT recursive(25);

-- Messages of all levels.
DO $$
BEGIN
    RAISE DEBUG 'debug %', 1;
    RAISE LOG 'log';
    RAISE INFO 'info %', 2;
    RAISE NOTICE 'notice % of %', 3, 4 USING DETAIL = 'the detail', HINT = 'the hint';
    RAISE WARNING 'warning' USING ERRCODE = '01234';
END $$;
SET client_min_messages = warning;
DO $$ BEGIN RAISE NOTICE 'hidden'; RAISE WARNING 'shown'; END $$;
SET client_min_messages = debug1;
DO $$ BEGIN RAISE DEBUG 'shown now'; END $$;
RESET client_min_messages;
DO $$ BEGIN RAISE DEBUG 'hidden again'; RAISE NOTICE 'shown again'; END $$;
DO $$ BEGIN FOR k IN 1..20 LOOP RAISE NOTICE 'number %', k; END LOOP; END $$;

\set VERBOSITY verbose
DO $$ BEGIN RAISE EXCEPTION 'all fields' USING ERRCODE = 'P1234', DETAIL = 'detail', HINT = 'hint', COLUMN = 'col', CONSTRAINT = 'con', DATATYPE = 'typ', TABLE = 'tab', SCHEMA = 'sch'; END $$;
DO $$ BEGIN RAISE unique_violation USING MESSAGE = 'pretended'; END $$;
DO $$ BEGIN RAISE SQLSTATE '40001'; END $$;
DO $$ BEGIN ASSERT 1 = 2, 'one is not two'; END $$;
DO $$ BEGIN PERFORM 1/0; END $$;
DO $$ BEGIN EXECUTE 'SELEC 1'; END $$;
DO $$ DECLARE x int; BEGIN SELECT i INTO STRICT x FROM t; END $$;
DO $$ BEGIN RAISE EXCEPTION 'first
second line'; END $$;
\set VERBOSITY terse
DO $$ BEGIN RAISE EXCEPTION 'terse' USING DETAIL = 'not shown'; END $$;
\set VERBOSITY default
\set SHOW_CONTEXT always
DO $$ BEGIN RAISE NOTICE 'with context'; END $$;
\set SHOW_CONTEXT never
DO $$ BEGIN RAISE EXCEPTION 'without context'; END $$;
\set SHOW_CONTEXT errors
SELECT broken FROM t;
\errverbose

-- Exceptions caught.
CREATE FUNCTION try(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text; ctx text;
BEGIN
    EXECUTE sql;
    RETURN 'fine';
EXCEPTION
    WHEN division_by_zero THEN RETURN 'division';
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        RETURN format('%s: %s (%s) (%s)', state, message, detail, hint);
END $$;
SELECT try('SELECT 1'), try('SELECT 1/0'), try('SELECT nothing'), try('INSERT INTO plp.t VALUES (NULL, NULL)');
SELECT try('INSERT INTO plp.t VALUES (1, ''a'')'), try('INSERT INTO plp.t VALUES (1, ''b'')');
SELECT try('COMMIT');
SELECT try('VACUUM');
SELECT * FROM t;
DO $$
BEGIN
    INSERT INTO plp.t VALUES (2, 'outer');
    BEGIN
        INSERT INTO plp.t VALUES (3, 'inner');
        RAISE EXCEPTION 'undo the inner';
    EXCEPTION WHEN raise_exception THEN RAISE NOTICE 'caught: %', SQLERRM;
    END;
END $$;
SELECT * FROM t ORDER BY i;

-- Statements of all kinds inside.
DO $$
DECLARE
    r record; c CURSOR (lim int) FOR SELECT * FROM plp.t WHERE i <= lim ORDER BY i; n int; x int[] := '{}';
BEGIN
    OPEN c(2);
    LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; RAISE NOTICE 'cursor row %', r; END LOOP;
    CLOSE c;
    FOR r IN c(1) LOOP RAISE NOTICE 'loop row %', r.v; END LOOP;
    UPDATE plp.t SET v = v || '!';
    GET DIAGNOSTICS n = ROW_COUNT;
    RAISE NOTICE 'updated %', n;
    <<outermost>> FOR a IN REVERSE 3..1 LOOP FOR b IN 1..3 LOOP CONTINUE outermost WHEN b = 2; x := x || (a * 10 + b); END LOOP; END LOOP;
    RAISE NOTICE '%', x;
    CASE n WHEN 1 THEN RAISE NOTICE 'one'; WHEN 2 THEN RAISE NOTICE 'two'; END CASE;
    EXECUTE 'SELECT $1 + $2' INTO n USING 40, 2;
    RAISE NOTICE '%', n;
    EXECUTE format('CREATE TABLE plp.%I (%I int)', 'odd name', 'odd column');
    CREATE TEMP TABLE in_do ON COMMIT DROP AS SELECT 1;
END $$;
SELECT * FROM "odd name";
SELECT * FROM in_do;
DO LANGUAGE plpgsql 'BEGIN RAISE NOTICE ''plain quotes''; END';
DO $outer$ BEGIN EXECUTE $inner$DO $$ BEGIN RAISE NOTICE 'nested'; END $$ $inner$; END $outer$;
DO $$ syntax error here $$;
CREATE FUNCTION broken() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1 END $$;
CREATE FUNCTION late_broken() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN not_there; END $$;
SELECT late_broken();
CREATE FUNCTION no_return() RETURNS int LANGUAGE plpgsql AS $$ BEGIN END $$;
SELECT no_return();
CREATE FUNCTION is_strict(int) RETURNS int STRICT IMMUTABLE PARALLEL SAFE LANGUAGE sql RETURN $1 + 1;
SELECT is_strict(NULL), is_strict(1);
CREATE OR REPLACE FUNCTION is_strict(int) RETURNS text LANGUAGE sql RETURN $1;
DROP FUNCTION is_strict;
SELECT is_strict(1);
CREATE AGGREGATE sum_squares(int) (sfunc = int4pl, stype = int, initcond = 0);
SELECT sum_squares(i) FROM t;
CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq);
SELECT 1 === 1, 1 OPERATOR(plp.===) 2;
DROP SCHEMA plp CASCADE;
