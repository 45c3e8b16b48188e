-- Procedures and blocks that end transactions themselves.
CREATE SCHEMA proc;
SET search_path = proc;
CREATE TABLE t (i int, note text);

CREATE PROCEDURE put(n int, INOUT total int DEFAULT 0) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO proc.t SELECT g, 'put' FROM generate_series(1, n) g;
    SELECT count(*) INTO total FROM proc.t;
END $$;
CALL put(3);
CALL put(2, NULL);
CALL put(2, total => 5);
CALL put();
CALL nothing();
SELECT put(1);

CREATE PROCEDURE halves(n int) LANGUAGE plpgsql AS $$
BEGIN
    FOR k IN 1..n LOOP
        INSERT INTO proc.t VALUES (k, 'half');
        IF k % 2 = 0 THEN COMMIT; ELSE ROLLBACK; END IF;
    END LOOP;
END $$;
CALL halves(6);
SELECT i FROM t WHERE note = 'half' ORDER BY i;
BEGIN;
CALL halves(2);
ROLLBACK;
SELECT 1\; CALL halves(2);
SELECT i FROM t WHERE note = 'half' ORDER BY i;

CREATE PROCEDURE fails_late() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO proc.t VALUES (1, 'late'); COMMIT; INSERT INTO proc.t VALUES (2, 'late'); PERFORM 1/0; END $$;
CALL fails_late();
SELECT * FROM t WHERE note = 'late';
DO $$ BEGIN INSERT INTO proc.t VALUES (1, 'do'); COMMIT; INSERT INTO proc.t VALUES (2, 'do'); ROLLBACK; END $$;
SELECT * FROM t WHERE note = 'do';
CREATE PROCEDURE chained() LANGUAGE plpgsql AS $$ BEGIN SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; COMMIT AND CHAIN; RAISE NOTICE '%', current_setting('transaction_isolation'); COMMIT; RAISE NOTICE '%', current_setting('transaction_isolation'); END $$;
CALL chained();
CREATE PROCEDURE nested() LANGUAGE plpgsql AS $$ BEGIN CALL proc.halves(2); INSERT INTO proc.t VALUES (0, 'nested'); END $$;
CALL nested();
SELECT * FROM t WHERE note = 'nested';
CREATE PROCEDURE with_set() LANGUAGE plpgsql SET work_mem = '9MB' AS $$ BEGIN COMMIT; END $$;
CALL with_set();
SHOW work_mem;
CREATE FUNCTION cannot() RETURNS void LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
SELECT cannot();
CREATE PROCEDURE in_handler() LANGUAGE plpgsql AS $$ BEGIN BEGIN PERFORM 1; COMMIT; EXCEPTION WHEN division_by_zero THEN NULL; END; END $$;
CALL in_handler();
CREATE PROCEDURE over_cursor() LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    FOR r IN SELECT i FROM proc.t WHERE note = 'put' ORDER BY i LIMIT 3 LOOP
        RAISE NOTICE 'row %', r.i;
        COMMIT;
    END LOOP;
END $$;
CALL over_cursor();
CREATE PROCEDURE locals() LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL work_mem = '10MB';
    PERFORM pg_advisory_xact_lock(816301);
    RAISE NOTICE '% %', current_setting('work_mem'), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid());
    COMMIT;
    RAISE NOTICE '% %', current_setting('work_mem'), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid());
END $$;
CALL locals();
CREATE PROCEDURE sql_proc(a int, b text) LANGUAGE sql AS $$ INSERT INTO proc.t VALUES (a, b); INSERT INTO proc.t VALUES (a + 1, b) $$;
CALL sql_proc(50, 'sql');
CALL sql_proc(b => 'named', a => 60);
SELECT * FROM t WHERE i >= 50 ORDER BY i;
CREATE PROCEDURE outs(IN a int, OUT b int, OUT c text) LANGUAGE plpgsql AS $$ BEGIN b := a * 2; c := 'c' || a; END $$;
CALL outs(21, NULL, NULL);
DO $$ DECLARE x int; y text; BEGIN CALL proc.outs(4, x, y); RAISE NOTICE '% %', x, y; END $$;
PREPARE p AS CALL put(1);
\set AUTOCOMMIT off
CALL halves(2);
ROLLBACK;
\set AUTOCOMMIT on
DROP PROCEDURE halves;
DROP SCHEMA proc CASCADE;
