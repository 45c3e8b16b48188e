-- Data definition outside transactions, seen by the statements that follow on whatever server.
CREATE SCHEMA ddl;
SET search_path = ddl;

CREATE TABLE parent (id int PRIMARY KEY, name text UNIQUE NOT NULL, score numeric DEFAULT 1.5 CHECK (score >= 0));
CREATE TABLE child (id int GENERATED ALWAYS AS IDENTITY, parent_id int REFERENCES parent ON DELETE CASCADE, twice int GENERATED ALWAYS AS (parent_id * 2) STORED);
\d parent
\d child
INSERT INTO parent VALUES (1, 'a'), (2, 'b', 3);
INSERT INTO parent VALUES (1, 'a', DEFAULT), (2, 'b', 3);
INSERT INTO child (parent_id) VALUES (1), (2), (2) RETURNING id, twice;
INSERT INTO child (id, parent_id) VALUES (7, 1);
INSERT INTO child (id, parent_id) OVERRIDING SYSTEM VALUE VALUES (7, 1);
SELECT * FROM child ORDER BY id;
DELETE FROM parent WHERE id = 2;
SELECT * FROM child ORDER BY id;

ALTER TABLE parent ADD COLUMN extra int DEFAULT 7;
SELECT * FROM parent;
ALTER TABLE parent RENAME COLUMN extra TO more;
SELECT * FROM parent;
ALTER TABLE parent ALTER COLUMN more TYPE text USING 'v' || more;
SELECT * FROM parent;
ALTER TABLE parent DROP COLUMN more;
SELECT * FROM parent;
SELECT more FROM parent;
ALTER TABLE parent RENAME TO elder;
SELECT * FROM parent;
SELECT * FROM elder;
CREATE TABLE parent (other text);
SELECT * FROM parent;
DROP TABLE parent;
CREATE TABLE elder (x int);
CREATE TABLE IF NOT EXISTS elder (x int);
DROP TABLE elder;
DROP TABLE IF EXISTS nothing_there;
DROP TABLE nothing_there;

CREATE VIEW v AS SELECT id, name FROM elder;
SELECT * FROM v;
CREATE OR REPLACE VIEW v AS SELECT id, name, score FROM elder;
SELECT * FROM v;
CREATE OR REPLACE VIEW v AS SELECT name FROM elder;
DROP VIEW v;
CREATE VIEW v AS SELECT name FROM elder;
SELECT * FROM v;
CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM elder;
INSERT INTO elder VALUES (3, 'c');
SELECT * FROM m;
REFRESH MATERIALIZED VIEW m;
SELECT * FROM m;
CREATE MATERIALIZED VIEW empty AS SELECT 1 AS one WITH NO DATA;
SELECT * FROM empty;

CREATE INDEX elder_score ON elder (score);
CREATE UNIQUE INDEX CONCURRENTLY elder_lower ON elder (lower(name));
INSERT INTO elder VALUES (4, 'C');
REINDEX INDEX elder_score;
DROP INDEX CONCURRENTLY elder_lower;
INSERT INTO elder VALUES (4, 'C');
\d+ elder

CREATE TABLE logs (at date NOT NULL, line text) PARTITION BY RANGE (at);
CREATE TABLE logs_2023 PARTITION OF logs FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE logs_default PARTITION OF logs DEFAULT;
INSERT INTO logs VALUES ('2023-05-05', 'x'), ('2030-01-01', 'y');
SELECT tableoid::regclass, * FROM logs ORDER BY at;
ALTER TABLE logs DETACH PARTITION logs_default;
INSERT INTO logs VALUES ('2030-01-01', 'y');
CREATE TABLE base (a int);
CREATE TABLE derived (b int) INHERITS (base);
INSERT INTO derived VALUES (1, 2);
SELECT tableoid::regclass, * FROM base;
SELECT * FROM ONLY base;

CREATE RULE no_delete AS ON DELETE TO base DO INSTEAD NOTHING;
DELETE FROM base;
SELECT * FROM base;
COMMENT ON TABLE base IS 'a comment with ''quotes''';
SELECT obj_description('base'::regclass);
CREATE STATISTICS s (dependencies) ON id, score FROM elder;
CREATE COLLATION mine FROM "C";
SELECT 'b' < 'A' COLLATE mine;
CREATE TABLE AS_made AS SELECT g AS n, g * g AS sq FROM generate_series(1, 3) g;
SELECT * FROM as_made;
SELECT 1 AS one INTO made_by_select;
SELECT * FROM made_by_select;
CREATE TABLE like_elder (LIKE elder INCLUDING ALL);
\d like_elder
CREATE UNLOGGED TABLE fast (i int);
TRUNCATE elder, child RESTART IDENTITY;
INSERT INTO elder VALUES (1, 'again');
INSERT INTO child (parent_id) VALUES (1) RETURNING id;
GRANT SELECT ON elder TO diff_reader;
\dp elder
REVOKE SELECT ON elder FROM diff_reader;
ANALYZE elder;
VACUUM elder;
VACUUM (FREEZE, ANALYZE) elder;
ALTER TABLE elder SET (fillfactor = 70);
ALTER TABLE elder ALTER COLUMN score SET NOT NULL, ALTER COLUMN name DROP NOT NULL;
ALTER TABLE elder ADD CONSTRAINT big CHECK (score > 100) NOT VALID;
INSERT INTO elder VALUES (2, 'small', 1);
INSERT INTO elder VALUES (2, 'big enough', 101);
ALTER TABLE elder VALIDATE CONSTRAINT big;
ALTER SCHEMA ddl RENAME TO ddl_renamed;
SELECT * FROM elder;
SET search_path = ddl_renamed;
SELECT * FROM elder;
DROP SCHEMA ddl_renamed;
DROP SCHEMA ddl_renamed CASCADE;
