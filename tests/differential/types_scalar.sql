-- Scalar types, their spelling on the wire and the errors of their input functions.
CREATE SCHEMA types_scalar;
SET search_path = types_scalar;

SELECT -32768::int2;
SELECT 1::int2, (-32768)::int2, 2147483647::int4, (-9223372036854775808)::int8;
SELECT 1.5::real, 1e-30::real, 0.1::float8 + 0.2::float8, 'NaN'::float8, '-Infinity'::float4;
SELECT 123456789012345678901234567890.123456789::numeric, 'NaN'::numeric, 1.10::numeric(10,4), 'Infinity'::numeric;
SELECT true, false, NULL::bool, 'yes'::bool, 'off'::bool;
SELECT 'a'::char(5) || '|', 'abc'::varchar(10), 'text'::text, 'x'::"char", 'name'::name;
SELECT '\xdeadbeef'::bytea, 'plain'::bytea, '\000\001abc'::bytea;
SET bytea_output = 'escape';
SELECT '\xdeadbeef'::bytea, 'plain'::bytea, '\000\001abc'::bytea;
RESET bytea_output;
SELECT '\xdeadbeef'::bytea;
SELECT '2024-02-29'::date, '12:34:56.789'::time, '12:34:56+02'::timetz, 'infinity'::date;
SELECT '2024-02-29 12:34:56.789'::timestamp, '2024-02-29 12:34:56+02'::timestamptz, '-infinity'::timestamptz;
SELECT '1 year 2 mons 3 days 04:05:06.789'::interval, '-1 day +02:00'::interval;
SELECT '12.34'::money, (-5)::money;
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid;
SELECT '192.168.1.5/24'::inet, '10.0.0.0/8'::cidr, '08:00:2b:01:02:03'::macaddr, '08:00:2b:01:02:03:04:05'::macaddr8;
SELECT B'10101'::bit(5), B'101'::varbit, X'1F';
SELECT '(1,2)'::point, '[(0,0),(1,1)]'::lseg, '((0,0),(1,1))'::box, '<(1,1),2>'::circle, '((0,0),(1,0),(1,1))'::polygon;
SELECT 'pg_class'::regclass, 'int4'::regtype, 'now'::regproc, 'postgres'::regrole;
SELECT '16/B374D848'::pg_lsn, '10:20:10,14,15'::pg_snapshot;
SELECT '<a>b</a>'::xml;

-- Extra digits of floats follow a setting.
SHOW extra_float_digits;
SELECT 0.1::float8 + 0.2::float8;
SET extra_float_digits = 0;
SELECT 0.1::float8 + 0.2::float8;
SELECT 0.1::float8 + 0.2::float8, 1.0::float4 / 3;
RESET extra_float_digits;
SELECT 0.1::float8 + 0.2::float8, 1.0::float4 / 3;

-- Errors of input functions.
SELECT 'abc'::int;
SELECT '99999999999'::int4;
SELECT 32768::int2;
SELECT 2147483647 + 1;
SELECT 'maybe'::bool;
SELECT '2023-02-29'::date;
SELECT '25:00'::time;
SELECT 'not-a-uuid'::uuid;
SELECT '300.1.1.1'::inet;
SELECT B'102';
SELECT 'abcdef'::varchar(3);
CREATE TABLE narrow (v varchar(3), n numeric(3,1), c char(2));
INSERT INTO narrow VALUES ('abcdef', 1, 'a');
INSERT INTO narrow VALUES ('abc', 1000, 'a');
INSERT INTO narrow VALUES ('abc   ', 12.34, 'b  ');
SELECT v || '|', n, c || '|', octet_length(c) FROM narrow;
SELECT 1/0, 1.0/0;
SELECT 1.0::float8 / 0;
SELECT sqrt(-1);
SELECT ln(0);
SELECT 10.0::numeric ^ 200000;
SELECT 'x' < 1;
SELECT 1 + 'a';

-- Operators and functions over them.
SELECT date '2024-01-31' + interval '1 month', age(date '2024-03-01', date '2023-01-15');
SELECT extract(epoch FROM timestamptz '2001-09-09 01:46:40+00'), date_trunc('quarter', timestamp '2024-05-06 07:08:09');
SELECT to_char(1234567.891, 'FM9,999,999.00'), to_char(timestamp '2024-05-06 17:08:09', 'Dy DD Mon YYYY HH12:MI:SS AM');
SELECT to_number('1,234.5', '9,999.9'), to_date('06/05/2024', 'DD/MM/YYYY');
SELECT round(2.5::numeric), round(2.5::float8), round(-1.555, 2), trunc(-1.9), ceil(-0.5), 7 % -3, div(-7, 2);
SELECT md5('a'), sha256('a'), encode('abc', 'base64'), decode('YWJj', 'base64');
SELECT greatest(1, NULL, 3), least(NULL, 2), coalesce(NULL, NULL, 'c'), nullif(1, 1);
SELECT pg_typeof(1), pg_typeof(1.0), pg_typeof('a'), pg_typeof(NULL), pg_typeof(ARRAY[1]), pg_typeof(now() - now());
SELECT pg_column_size(1::int8), pg_size_pretty(123456789::bigint);
SELECT gcd(12, 18), lcm(4, 6), width_bucket(5.35, 0.024, 10.06, 5), factorial(20);
DROP SCHEMA types_scalar CASCADE;
