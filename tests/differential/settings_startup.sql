-- What the client asks for at its login: RESET and DISCARD lead back to that, not to the server's own.
-- environment: PGOPTIONS=-c work_mem=5MB --enable-sort=off -cstartup_script.tenant=seven -c search_path=startup_schema,public -c statement_timeout=40s -c default_transaction_isolation=repeatable\ read
-- environment: PGTZ=Europe/Berlin
-- environment: PGDATESTYLE=SQL, DMY
-- environment: PGAPPNAME=startup 'script' ж
-- environment: PGCLIENTENCODING=UTF8
SHOW work_mem;
SHOW enable_sort;
SHOW startup_script.tenant;
SHOW search_path;
SHOW statement_timeout;
SHOW default_transaction_isolation;
SHOW transaction_isolation;
SHOW TimeZone;
SHOW DateStyle;
SHOW application_name;
SHOW client_encoding;
\encoding
SELECT timestamptz '2024-07-06 12:00+00', '01/02/2024'::date;

CREATE SCHEMA startup_schema;
CREATE TABLE where_am_i (i int);
SELECT table_schema FROM information_schema.tables WHERE table_name = 'where_am_i';

SET work_mem = '6MB';
RESET work_mem;
SHOW work_mem;
SET work_mem = DEFAULT;
SHOW work_mem;
SET search_path = public;
SELECT * FROM where_am_i;
RESET search_path;
SELECT * FROM where_am_i;
SET TIME ZONE 'UTC';
SET TIME ZONE LOCAL;
SHOW TimeZone;
SET TimeZone = 'UTC';
SET DateStyle = ISO;
SET application_name = 'other';
SET startup_script.tenant = 'eight';
RESET ALL;
SHOW work_mem;
SHOW enable_sort;
SHOW startup_script.tenant;
SHOW search_path;
SHOW TimeZone;
SHOW DateStyle;
SHOW application_name;
SET work_mem = '7MB';
DISCARD ALL;
SHOW work_mem;
SHOW startup_script.tenant;
SHOW search_path;
BEGIN;
SET LOCAL work_mem TO DEFAULT;
SHOW work_mem;
SET LOCAL TimeZone = 'Asia/Tokyo';
COMMIT;
SELECT timestamptz '2024-07-06 12:00+00';
BEGIN;
SHOW transaction_isolation;
COMMIT;

-- A new connection begins there again.
SET work_mem = '8MB';
\c
SHOW work_mem;
SHOW search_path;
SHOW application_name;
SELECT * FROM where_am_i;
DROP SCHEMA startup_schema CASCADE;
SHOW search_path;
