-- Temporary tables: kept between transactions, with all ON COMMIT variants, shadowing permanent ones.
CREATE SCHEMA temp_tables;
SET search_path = temp_tables;
CREATE TABLE shadowed (v text);
INSERT INTO shadowed VALUES ('permanent');

SELECT * FROM shadowed;
CREATE TEMP TABLE shadowed (v text);
SELECT * FROM shadowed;
INSERT INTO shadowed VALUES ('temporary');
SELECT * FROM shadowed;
SELECT * FROM temp_tables.shadowed;
SELECT * FROM pg_temp.shadowed;
DROP TABLE shadowed;
SELECT * FROM shadowed;
CREATE TEMPORARY TABLE shadowed AS SELECT 'second' AS v;
SELECT * FROM shadowed;
DISCARD TEMP;
SELECT * FROM shadowed;
CREATE LOCAL TEMP TABLE shadowed (v int);
SELECT * FROM shadowed;
DISCARD TEMPORARY;
SELECT * FROM shadowed;

CREATE TEMP TABLE kept (i int) ON COMMIT PRESERVE ROWS;
CREATE TEMP TABLE emptied (i int) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE dropped (i int) ON COMMIT DROP;
INSERT INTO dropped VALUES (1);
INSERT INTO kept VALUES (1);
INSERT INTO emptied VALUES (1);
SELECT (SELECT count(*) FROM kept) AS kept, (SELECT count(*) FROM emptied) AS emptied;
BEGIN;
CREATE TEMP TABLE dropped (i int) ON COMMIT DROP;
INSERT INTO dropped VALUES (1);
INSERT INTO kept SELECT * FROM dropped;
INSERT INTO emptied SELECT * FROM dropped;
SELECT (SELECT count(*) FROM kept) AS kept, (SELECT count(*) FROM emptied) AS emptied, (SELECT count(*) FROM dropped) AS dropped;
COMMIT;
SELECT (SELECT count(*) FROM kept) AS kept, (SELECT count(*) FROM emptied) AS emptied;
SELECT * FROM dropped;
BEGIN;
CREATE TEMP TABLE dropped ON COMMIT DROP AS SELECT 5 AS five;
ROLLBACK;
SELECT * FROM dropped;

BEGIN;
CREATE TEMP TABLE undone (i int);
INSERT INTO undone VALUES (1);
SAVEPOINT s;
DROP TABLE undone;
ROLLBACK TO s;
SELECT * FROM undone;
ROLLBACK;
SELECT * FROM undone;

BEGIN;
SAVEPOINT s;
CREATE TEMP TABLE in_savepoint (i int);
ROLLBACK TO s;
COMMIT;
SELECT * FROM in_savepoint;

SELECT 1 AS one INTO TEMP selected_into;
SELECT 2 AS two INTO TEMPORARY TABLE selected_into_too;
SELECT * FROM selected_into, selected_into_too;
CREATE TEMP TABLE kept (i int);
CREATE TEMP TABLE IF NOT EXISTS kept (i int);
ALTER TABLE kept ADD COLUMN more text DEFAULT 'm';
SELECT * FROM kept ORDER BY i;
CREATE INDEX kept_i ON kept (i);
CREATE TABLE pg_temp.by_schema (i int);
INSERT INTO by_schema VALUES (7);
SELECT * FROM by_schema;
SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r' ORDER BY relname;
SELECT pg_is_other_temp_schema(pg_my_temp_schema());
TRUNCATE kept;
SELECT count(*) FROM kept;
COPY kept (i) FROM STDIN;
10
20
\.
COPY (SELECT i, more FROM kept ORDER BY i) TO STDOUT;
ALTER TABLE kept RENAME TO renamed;
SELECT * FROM renamed ORDER BY i;
DROP TABLE renamed, emptied, selected_into, selected_into_too, by_schema;
SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema();

-- Made where the client's text does not say so.
DO $$ BEGIN EXECUTE 'CREATE ' || 'TE' || 'MP TABLE hidden AS SELECT ''hidden'' AS h'; END $$;
SELECT * FROM hidden;
CREATE FUNCTION make_one() RETURNS int LANGUAGE sql AS 'CREATE TEMP TABLE IF NOT EXISTS by_function (i int); INSERT INTO pg_temp.by_function VALUES (1); SELECT 1';
CREATE FUNCTION make_two() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS by_function (i int);
    INSERT INTO by_function VALUES (2);
    RETURN (SELECT count(*) FROM by_function);
END $$;
SELECT make_two();
SELECT make_two();
SELECT * FROM by_function;
BEGIN;
SELECT make_two();
ROLLBACK;
SELECT make_two();
SET search_path = pg_catalog, temp_tables, pg_temp;
CREATE TEMP TABLE pg_class (mine text);
SELECT count(*) > 0 FROM pg_class;
SELECT * FROM pg_temp.pg_class;
SET search_path = pg_temp, temp_tables;
SELECT relname FROM pg_class WHERE relname = 'shadowed';
CREATE TABLE where_is_it (i int);
SELECT relpersistence FROM pg_catalog.pg_class WHERE relname = 'where_is_it';
RESET search_path;
SELECT relpersistence FROM pg_catalog.pg_class WHERE relname = 'where_is_it';
DISCARD ALL;
SELECT relpersistence FROM pg_catalog.pg_class WHERE relname = 'where_is_it';
SELECT * FROM hidden;
DROP SCHEMA temp_tables CASCADE;
