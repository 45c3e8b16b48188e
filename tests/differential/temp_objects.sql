-- Temporary views, sequences, functions, types: what else lives in pg_temp.
CREATE SCHEMA temp_objects;
SET search_path = temp_objects;
CREATE TABLE base (i int);
INSERT INTO base VALUES (1), (2);

CREATE TEMP VIEW tv AS SELECT i * 10 AS ten FROM base;
SELECT * FROM tv ORDER BY ten;
INSERT INTO base VALUES (3);
SELECT * FROM tv ORDER BY ten;
CREATE OR REPLACE TEMPORARY VIEW tv AS SELECT i * 10 AS ten, 'x' AS x FROM base;
SELECT * FROM tv ORDER BY ten;
DROP VIEW tv;
SELECT * FROM tv;
CREATE TEMP TABLE source AS SELECT 5 AS five;
CREATE VIEW on_temp AS SELECT * FROM source;
SELECT * FROM on_temp;
DROP TABLE source;
DROP TABLE source CASCADE;
SELECT * FROM on_temp;
CREATE TEMP RECURSIVE VIEW counting (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM counting WHERE n < 4;
SELECT * FROM counting;

CREATE TEMP SEQUENCE ts START 100 INCREMENT 5;
SELECT nextval('ts');
SELECT nextval('ts');
SELECT currval('ts'), lastval();
SELECT setval('ts', 7);
SELECT nextval('ts');
ALTER SEQUENCE ts RESTART WITH 50;
SELECT nextval('ts');
DROP SEQUENCE ts;
SELECT nextval('ts');
CREATE TEMP TABLE with_serial (id serial, v text);
INSERT INTO with_serial (v) VALUES ('a'), ('b');
INSERT INTO with_serial (v) VALUES ('c') RETURNING id;
SELECT lastval(), currval(pg_get_serial_sequence('with_serial', 'id')) ;

CREATE FUNCTION pg_temp.twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';
SELECT pg_temp.twice(21);
SELECT twice(21);
SELECT pg_temp.twice(5) FROM base;
CREATE TYPE pg_temp.tpair AS (a int, b int);
SELECT '(1,2)'::pg_temp.tpair;
CREATE TYPE pg_temp.tmood AS ENUM ('x', 'y');
SELECT 'y'::pg_temp.tmood;
CREATE DOMAIN pg_temp.small AS int CHECK (VALUE < 10);
SELECT 50::pg_temp.small;
CREATE AGGREGATE pg_temp.add_up(int) (sfunc = int4pl, stype = int, initcond = '0');
SELECT pg_temp.add_up(i) FROM base;
CREATE PROCEDURE pg_temp.tell(t text) LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'told %', t; END $$;
CALL pg_temp.tell('once');
CALL pg_temp.tell('twice');

CREATE TEMP TABLE triggered (i int, at text);
CREATE FUNCTION pg_temp.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := 'stamped ' || NEW.i; RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION pg_temp.stamp();
INSERT INTO triggered (i) VALUES (1), (2);
SELECT * FROM triggered;

BEGIN;
CREATE TEMP SEQUENCE undone;
CREATE TEMP VIEW undone_view AS SELECT 1;
ROLLBACK;
SELECT nextval('undone');
SELECT * FROM undone_view;
BEGIN;
CREATE TEMP VIEW done_view AS SELECT 'done' AS d;
CREATE TEMP SEQUENCE done;
COMMIT;
SELECT nextval('done'), d FROM done_view;

DISCARD TEMP;
SELECT nextval('done');
SELECT * FROM counting;
DISCARD ALL;
SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema();
SELECT count(*) FROM pg_proc WHERE pronamespace = pg_my_temp_schema();
DROP SCHEMA temp_objects CASCADE;
