-- A new connection of the same psql knows nothing of the one before.
CREATE SCHEMA reconnect;
CREATE SEQUENCE reconnect.s;
SET search_path = reconnect;
SET work_mem = '5MB';
SET reconnect_script.x = 'here';
SET ROLE diff_reader;
RESET ROLE;
PREPARE p AS SELECT 'prepared';
CREATE TEMP TABLE tmp AS SELECT 'temporary';
DECLARE h CURSOR WITH HOLD FOR SELECT 'held';
SELECT pg_advisory_lock(816501);
LISTEN reconnect_channel;
SELECT nextval('s');
SET ROLE diff_reader;
\c
SHOW search_path;
SHOW work_mem;
SELECT nullif(current_setting('reconnect_script.x', true), '') IS NULL AS unset;
SELECT current_user = session_user;
EXECUTE p;
SELECT * FROM tmp;
FETCH h;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
-- The other connection ends when it ends: waiting for its lock is the proof that it did.
SET lock_timeout = '20s';
SELECT pg_advisory_lock(816501);
RESET lock_timeout;
SELECT currval('reconnect.s');
SELECT lastval();
NOTIFY reconnect_channel, 'nobody listens';
PREPARE p AS SELECT 'prepared anew';
EXECUTE p;
CREATE TEMP TABLE tmp AS SELECT 'new temporary' AS t;
SELECT * FROM tmp;

-- Left in the midst of a transaction, of a failed one, with a prepared statement under an open name.
BEGIN;
CREATE TABLE reconnect.never (i int);
SET work_mem = '6MB';
\c
SELECT * FROM reconnect.never;
SHOW work_mem;
BEGIN;
SELECT 1/0;
\c
SELECT 'fine';
EXECUTE p;
SELECT * FROM tmp;
SET lock_timeout = '20s';
SELECT pg_advisory_lock(816501), pg_advisory_unlock(816501);
\c app
SELECT current_database();
SELECT 'the end';
DROP SCHEMA reconnect CASCADE;
