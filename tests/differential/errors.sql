-- Errors of all sorts with all their fields. Code, function and line come from the same build on both ways.
CREATE SCHEMA errors;
SET search_path = errors;
CREATE TABLE parent (id int PRIMARY KEY, name text NOT NULL, CONSTRAINT short CHECK (length(name) < 10));
CREATE TABLE child (id int CONSTRAINT child_fk REFERENCES parent, UNIQUE (id));
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS int CONSTRAINT must_be_positive CHECK (VALUE > 0);
\set VERBOSITY verbose

-- Syntax and names.
SELEC 1;
SELECT * FORM parent;
SELECT 'unterminated;
';
SELECT "unterminated;
";
SELECT $$open;
$$;
SELECT 1 +;
SELECT FROM WHERE;
SELECT nothing;
SELECT nothing FROM parent;
SELECT parent.nothing FROM parent;
SELECT x.id FROM parent;
SELECT id FROM parent a, parent b;
SELECT * FROM nowhere;
SELECT * FROM nowhere.parent;
SELECT * FROM other_database.errors.parent;
SELECT nothing(1);
SELECT length(1);
SELECT 1 <-> 'a';
SELECT 1::nothing;
SELECT id FROM parent GROUP BY name;
SELECT sum(id) FROM parent WHERE sum(id) > 1;
SELECT (SELECT id, name FROM parent);
SELECT 1 UNION SELECT 'a';
SELECT 1, 2 UNION SELECT 1;
INSERT INTO parent (id, id) VALUES (1, 1);
INSERT INTO parent (id) VALUES (1, 2);
INSERT INTO parent VALUES (1);
INSERT INTO parent VALUES (1, 2, 3);
SELECT * FROM parent ORDER BY 5;
SELECT $1;
SELECT 1 LIMIT -1;
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT 'x' FROM r) SELECT * FROM r;

-- Constraints.
INSERT INTO parent VALUES (1, 'one');
INSERT INTO parent VALUES (1, 'again');
INSERT INTO parent VALUES (2, NULL);
INSERT INTO parent VALUES (NULL, 'x');
INSERT INTO parent VALUES (2, 'far too long');
INSERT INTO child VALUES (99);
INSERT INTO child VALUES (1);
INSERT INTO child VALUES (1);
DELETE FROM parent;
UPDATE parent SET id = 5;
TRUNCATE parent;
SELECT 'happy'::mood;
SELECT 0::positive;
CREATE TABLE excl (r int4range, EXCLUDE USING gist (r WITH &&));
INSERT INTO excl VALUES ('[1,5)');
INSERT INTO excl VALUES ('[4,6)');
INSERT INTO parent VALUES (3, 'x') ON CONFLICT (name) DO NOTHING;
INSERT INTO parent VALUES (3, 'x'), (3, 'y') ON CONFLICT (id) DO UPDATE SET name = 'z';

-- Values.
SELECT 1/0;
SELECT 9223372036854775807 + 1;
SELECT 'x'::int;
SELECT chr(0);
SELECT repeat('x', 2000000000);
SELECT substring('abc' FROM 1 FOR -1);
SELECT '2024-13-01'::date;
SELECT '{1,2'::int[];
SELECT 'a' ~ '(';
SELECT regexp_replace('a', '[', 'b');
SELECT to_date('x', 'YYYY');
SELECT ARRAY[1,2] + 1;
SELECT '\xgg'::bytea;
SELECT convert_from('\xff', 'UTF8');
SELECT E'\xff';
SELECT U&'\d800';
SELECT pg_sleep('x');
SELECT generate_series(1, 3, 0);
SELECT lower(NULL::int4range) + ROW(1);
SELECT xmlparse(DOCUMENT '<a>');
SELECT '{"a"}'::jsonb;
SELECT '$.'::jsonpath;

-- Rights and states.
SELECT * FROM pg_authid;
CREATE ROLE no_right;
ALTER SYSTEM SET work_mem = '5MB';
CREATE EXTENSION adminpack;
DROP TABLE pg_class;
SELECT pg_read_file('/etc/passwd');
SELECT pg_terminate_backend(1);
COPY parent TO '/tmp/never';
CREATE TABLE pg_catalog.never (i int);
DROP SCHEMA errors;
DROP TABLE parent;
CREATE TABLE parent (i int);
CREATE TYPE mood AS (i int);
ALTER TABLE parent ADD COLUMN id int;
ALTER TABLE parent DROP COLUMN nothing;
CREATE INDEX child_id_key ON child (id);
DROP INDEX nothing;
CREATE SCHEMA errors;
ALTER TABLE parent ALTER COLUMN name TYPE int;
CREATE VIEW v AS SELECT * FROM nowhere;
DROP VIEW parent;
SET ROLE nobody_at_all;
BEGIN;
SELECT 1/0;
SELECT 1;
ROLLBACK;
SAVEPOINT x;
FETCH nothing;
CLOSE nothing;
SELECT currval('nothing');
LOCK TABLE parent;
NOTIFY "";
SELECT pg_notify('', 'x');
SELECT pg_notify('channel', repeat('x', 9000));
CLUSTER;
CLUSTER parent;
REINDEX TABLE nowhere;
DO LANGUAGE nothing 'x';
DO $$ BEGIN RAISE 'from a block'; END $$;
EXPLAIN SELECT nothing;
EXPLAIN (NONSENSE) SELECT 1;

-- Warnings and notices.
DROP TABLE IF EXISTS nowhere;
CREATE TABLE IF NOT EXISTS parent (i int);
COMMIT;
CREATE TABLE a_name_that_is_much_longer_than_the_sixty_three_bytes_that_an_identifier_may_have (i int);
SELECT 'abc' LIKE 'a\';
SET LOCAL work_mem = '5MB';
ANALYZE pg_authid;
CREATE INDEX h ON parent USING hash (id);
GRANT SELECT ON parent TO diff_reader WITH GRANT OPTION;
REVOKE INSERT ON parent FROM diff_reader;
\set VERBOSITY default
SELECT 'alive';
\echo :SQLSTATE :ERROR :ROW_COUNT :LAST_ERROR_SQLSTATE
SELECT 1/0;
\echo :SQLSTATE :ERROR :ROW_COUNT :LAST_ERROR_SQLSTATE :LAST_ERROR_MESSAGE
DROP SCHEMA errors CASCADE;
