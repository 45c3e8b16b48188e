-- DEALLOCATE ALL and all kinds of DISCARD; where prepared statements show in the catalog.
CREATE SCHEMA discards;
SET search_path = discards;
CREATE SEQUENCE s;

PREPARE a AS SELECT 'a';
PREPARE b AS SELECT 'b';
EXECUTE a;
DEALLOCATE ALL;
EXECUTE a;
EXECUTE b;
DEALLOCATE ALL;
DEALLOCATE PREPARE ALL;

PREPARE a AS SELECT 'a again';
DISCARD PLANS;
EXECUTE a;
DISCARD TEMP;
EXECUTE a;
DISCARD SEQUENCES;
EXECUTE a;
DISCARD ALL;
EXECUTE a;
SHOW search_path;
SET search_path = discards;

-- What DISCARD ALL takes with it.
SET work_mem = '5MB';
SET app.discards = 'here';
SELECT nextval('s');
SELECT currval('s'), lastval();
CREATE TEMP TABLE tmp (i int);
LISTEN discards_channel;
SELECT pg_advisory_lock(816001);
DECLARE held CURSOR WITH HOLD FOR SELECT 'held';
PREPARE kept AS SELECT 'kept';
BEGIN;
DISCARD ALL;
ROLLBACK;
SHOW work_mem;
EXECUTE kept;
FETCH held;
DISCARD ALL;
SHOW work_mem;
SELECT nullif(current_setting('app.discards', true), '') IS NULL AS unset;
SHOW search_path;
SELECT currval('discards.s');
SELECT lastval();
SELECT * FROM tmp;
FETCH held;
EXECUTE kept;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SET search_path = discards;

-- DISCARD SEQUENCES and TEMP, also in transactions that end either way.
SELECT nextval('s');
DISCARD SEQUENCES;
SELECT lastval();
SELECT nextval('s');
BEGIN;
DISCARD SEQUENCES;
ROLLBACK;
SELECT lastval();
CREATE TEMP TABLE tmp (i int);
BEGIN;
DISCARD TEMP;
SELECT * FROM tmp;
ROLLBACK;
SELECT * FROM tmp;
BEGIN;
DISCARD TEMP;
COMMIT;
SELECT * FROM tmp;
BEGIN;
DISCARD PLANS;
COMMIT;
DISCARD NONSENSE;
DISCARD;
discard all;
Discard /* all */ Plans;
SET search_path = discards;

-- RESET ALL leaves the rest.
PREPARE kept AS SELECT 'kept by reset all';
SET work_mem = '6MB';
RESET ALL;
SHOW work_mem;
EXECUTE kept;
SET search_path = discards;

-- What a session sees of its own.
PREPARE second (int) AS SELECT $1;
SELECT name, parameter_types, from_sql FROM pg_prepared_statements WHERE from_sql ORDER BY name;
DEALLOCATE kept;
SELECT name, from_sql FROM pg_prepared_statements WHERE from_sql ORDER BY name;
BEGIN;
PREPARE third AS SELECT 3;
ROLLBACK;
SELECT name FROM pg_prepared_statements WHERE from_sql ORDER BY name;
DISCARD ALL;
SELECT name FROM pg_prepared_statements WHERE from_sql ORDER BY name;

-- In functions and DO blocks.
DO $$ BEGIN EXECUTE 'PREPARE in_do AS SELECT ''from a DO block'''; END $$;
EXECUTE in_do;
DO $$ BEGIN EXECUTE 'DEALLOCATE in_do'; END $$;
EXECUTE in_do;
DO $$ BEGIN EXECUTE 'DISCARD ALL'; END $$;
DO $$ BEGIN EXECUTE 'DISCARD PLANS'; END $$;
PREPARE x AS SELECT 'x';
DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$;
EXECUTE x;
PREPARE x AS SELECT 'x';
DO $$ BEGIN EXECUTE 'EXECUTE x'; END $$;
DO $$ DECLARE r text; BEGIN EXECUTE 'EXECUTE x' INTO r; RAISE NOTICE '%', r; END $$;
DROP SCHEMA discards CASCADE;
