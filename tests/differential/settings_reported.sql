-- Settings that the server reports to its client: what psql makes of them, and of their taking back.
\encoding
SHOW client_encoding;
\encoding LATIN1
\encoding
SHOW client_encoding;
SELECT 'abc' AS plain, length(U&'\00e4') AS one;
SELECT U&'\00e4' = convert_from('\xc3a4', 'UTF8') AS same, encode(convert_to(U&'\00e4', 'LATIN1'), 'hex') AS hex;
SELECT U&'\20ac' AS not_in_latin1;
SELECT 'still here';
SET client_encoding = 'UTF8';
\encoding
SELECT U&'\20ac' AS euro;
BEGIN;
SET client_encoding = 'WIN1252';
\encoding
ROLLBACK;
\encoding
BEGIN;
SET LOCAL client_encoding TO 'SQL_ASCII';
\encoding
COMMIT;
\encoding
SET client_encoding = 'nonsense';
SET NAMES 'utf-8';
\encoding
SHOW client_encoding;
RESET client_encoding;
\encoding

SHOW DateStyle;
SELECT date '2024-05-06', timestamp '2024-05-06 07:08:09', timestamptz '2024-05-06 07:08:09+00';
SET DateStyle = German;
SHOW DateStyle;
SELECT date '2024-05-06', timestamp '2024-05-06 07:08:09';
SET DateStyle = 'SQL, MDY';
SHOW DateStyle;
SELECT date '2024-05-06', '01/02/2024'::date;
SET DateStyle TO Postgres, DMY;
SHOW DateStyle;
SELECT timestamp '2024-05-06 07:08:09', '01/02/2024'::date;
SET DateStyle = YMD;
SHOW DateStyle;
SET DATESTYLE TO DEFAULT;
SHOW DateStyle;
BEGIN;
SET LOCAL DateStyle = SQL;
SELECT date '2024-05-06';
ROLLBACK;
SELECT date '2024-05-06';

SHOW IntervalStyle;
SELECT interval '1 year 2 mons -3 days 04:05:06';
SET IntervalStyle = iso_8601;
SELECT interval '1 year 2 mons -3 days 04:05:06';
SET IntervalStyle = sql_standard;
SELECT interval '1 year 2 mons', interval '-3 days 04:05:06';
SET IntervalStyle = postgres_verbose;
SELECT interval '1 year 2 mons -3 days 04:05:06';
RESET IntervalStyle;

SHOW TimeZone;
SET TimeZone = 'America/New_York';
SELECT timestamptz '2024-07-01 12:00+00', timestamptz '2024-01-01 12:00+00';
SET TimeZone = 'europe/berlin';
SHOW TimeZone;
SELECT timestamptz '2024-07-01 12:00+00';
SET TimeZone = '<+03>-03';
SHOW TimeZone;
SELECT timestamptz '2024-07-01 12:00+00';
SET TimeZone = 5.5;
SHOW TimeZone;
SELECT timestamptz '2024-07-01 12:00+00';
SET TimeZone = 'utc';
SHOW TimeZone;
BEGIN;
SET TimeZone = 'Asia/Tokyo';
SAVEPOINT s;
SET TimeZone = 'Asia/Kolkata';
SELECT timestamptz '2024-07-01 12:00+00';
ROLLBACK TO s;
SELECT timestamptz '2024-07-01 12:00+00';
SELECT 1/0;
COMMIT;
SELECT timestamptz '2024-07-01 12:00+00';
RESET TimeZone;

-- psql quotes by what was reported.
SHOW standard_conforming_strings;
\set value 'a\\b''c'
SELECT :'value' AS quoted;
SET standard_conforming_strings = off;
SHOW standard_conforming_strings;
SET escape_string_warning = off;
SELECT :'value' AS quoted, 'a\\b' AS escaped, 'tab\tend' AS tab;
RESET standard_conforming_strings;
SELECT :'value' AS quoted, 'a\\b' AS plain;
RESET escape_string_warning;

SHOW server_version_num \gset
SELECT :server_version_num >= 150000 AS new_enough, :'SERVER_VERSION_NUM'::int = :server_version_num AS told;
SHOW is_superuser;
SHOW in_hot_standby;
SHOW default_transaction_read_only;
SHOW integer_datetimes;
SHOW server_encoding;
SHOW application_name;
SET application_name = 'mine';
SHOW application_name;
SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid();
SET ROLE diff_reader;
SHOW is_superuser;
RESET ROLE;
DISCARD ALL;
SHOW application_name;
\encoding
SHOW DateStyle;
