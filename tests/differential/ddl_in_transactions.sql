-- Data definition inside transactions, kept and rolled back.
CREATE SCHEMA ddl_tx;
SET search_path = ddl_tx;

BEGIN;
CREATE TABLE t (a int);
INSERT INTO t VALUES (1);
SELECT * FROM t;
ROLLBACK;
SELECT * FROM t;

BEGIN;
CREATE TABLE t (a int);
INSERT INTO t VALUES (1), (2);
SAVEPOINT before;
ALTER TABLE t ADD COLUMN b text DEFAULT 'x';
SELECT * FROM t;
ROLLBACK TO before;
SELECT * FROM t;
ALTER TABLE t ADD COLUMN c int DEFAULT 3;
COMMIT;
SELECT * FROM t;

BEGIN;
DROP TABLE t;
SELECT * FROM t;
ROLLBACK;
SELECT * FROM t;

BEGIN;
ALTER TABLE t RENAME TO u;
CREATE TABLE t (x text);
INSERT INTO t VALUES ('new');
SELECT * FROM t;
SELECT * FROM u;
ROLLBACK;
SELECT * FROM t;

BEGIN;
CREATE SCHEMA ddl_tx_inner;
SET LOCAL search_path = ddl_tx_inner;
CREATE TABLE only_here (i int);
INSERT INTO only_here VALUES (42);
SELECT * FROM only_here;
COMMIT;
SELECT * FROM only_here;
SELECT * FROM ddl_tx_inner.only_here;
DROP SCHEMA ddl_tx_inner CASCADE;

BEGIN;
CREATE TYPE color AS ENUM ('red');
ALTER TYPE color ADD VALUE 'blue';
SELECT 'blue'::color;
COMMIT;
SELECT 'blue'::color;
CREATE TYPE color AS ENUM ('red');
BEGIN;
ALTER TYPE color ADD VALUE 'blue';
SELECT 'blue'::color;
ROLLBACK;
SELECT enum_range(NULL::color);

-- What must not run inside a transaction.
BEGIN;
VACUUM t;
ROLLBACK;
BEGIN;
CREATE INDEX CONCURRENTLY i ON t (a);
ROLLBACK;
BEGIN;
CREATE DATABASE ddl_tx_database;
ROLLBACK;
SELECT 1\; VACUUM t;
BEGIN;
DISCARD ALL;
ROLLBACK;

-- What must run inside one.
LOCK TABLE t;
DECLARE c CURSOR FOR SELECT 1;
SAVEPOINT s;
RELEASE SAVEPOINT s;
ROLLBACK TO SAVEPOINT s;

-- The same through a function and a DO block.
CREATE FUNCTION make(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I (i int)', name);
END $$;
SELECT make('made');
SELECT * FROM made;
DO $$ BEGIN CREATE TABLE by_do (i int); RAISE EXCEPTION 'undo that'; END $$;
SELECT * FROM by_do;
DO $$ BEGIN CREATE TABLE by_do (i int); END $$;
SELECT * FROM by_do;

-- An index and a constraint that fail late.
CREATE TABLE late (id int, other int);
INSERT INTO late VALUES (1, 1), (1, 2);
CREATE UNIQUE INDEX ON late (id);
ALTER TABLE late ADD CONSTRAINT unique_later UNIQUE (other) DEFERRABLE INITIALLY DEFERRED;
BEGIN;
UPDATE late SET other = 2 WHERE other = 1;
SELECT * FROM late ORDER BY other;
COMMIT;
BEGIN;
UPDATE late SET other = 3 - other;
COMMIT;
SELECT * FROM late ORDER BY other;
BEGIN;
SET CONSTRAINTS unique_later IMMEDIATE;
UPDATE late SET other = 2;
ROLLBACK;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
UPDATE late SET other = 2;
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
SET CONSTRAINTS ALL DEFERRED;
DROP SCHEMA ddl_tx CASCADE;
