-- Arrays, composites, ranges, domains, enums, json: also made again under the same name.
CREATE SCHEMA types_composed;
SET search_path TO types_composed, public;

SELECT ARRAY[1,2,3], ARRAY['a','b c','"q"',NULL], '{}'::int[], '[2:4]={7,8,9}'::int[], ARRAY[[1,2],[3,4]];
SELECT (ARRAY[1,2,3])[2], (ARRAY[[1,2],[3,4]])[2][1], array_length('{1,2}'::int[], 1), ARRAY[1,2] || 3, 2 = ANY (ARRAY[1,2]);
SELECT '{1,{2}}'::int[];
SELECT ARRAY[1,'a'];
SELECT unnest(ARRAY['x','y']) WITH ORDINALITY;
SELECT * FROM unnest(ARRAY['x','y'], ARRAY[1,2,3]) WITH ORDINALITY;

CREATE TYPE pair AS (a int, b text);
SELECT ROW(1,'x')::pair, (ROW(1,'x')::pair).b, '(2,"a ""b""")'::pair, ROW(NULL,'')::pair, ROW(1, NULL) IS NULL;
CREATE TABLE holder (id int, p pair, ps pair[]);
INSERT INTO holder VALUES (1, (1,'one'), ARRAY[(2,'two')::pair, (3,'three')::pair]);
SELECT id, (p).a, ps[2].b, p, ps FROM holder;
UPDATE holder SET p.b = 'uno';
SELECT * FROM holder;
SELECT holder FROM holder;
ALTER TYPE pair ADD ATTRIBUTE c int;
SELECT * FROM holder;
ALTER TYPE pair DROP ATTRIBUTE a CASCADE;
SELECT * FROM holder;

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
SELECT 'ok'::mood, 'sad'::mood < 'happy', enum_range(NULL::mood), 'angry'::mood;
SELECT 'ok'::mood, 'sad'::mood < 'happy'::mood, enum_range(NULL::mood);
ALTER TYPE mood ADD VALUE 'great' AFTER 'happy';
SELECT enum_range(NULL::mood), 'great'::mood;
ALTER TYPE mood RENAME VALUE 'ok' TO 'meh';
SELECT enum_range(NULL::mood);
SELECT 'ok'::mood;
DROP TYPE mood;
CREATE TYPE mood AS ENUM ('one', 'two');
SELECT enum_range(NULL::mood), 'one'::mood;
DROP TYPE mood;
CREATE TYPE mood AS (now_a int, record text);
SELECT '(1,x)'::mood;
DROP TYPE mood;
SELECT '(1,x)'::mood;

CREATE DOMAIN positive AS int CHECK (VALUE > 0);
SELECT 5::positive;
SELECT (-5)::positive;
CREATE DOMAIN required AS text NOT NULL;
SELECT NULL::required;
CREATE TABLE with_domain (p positive, r required);
INSERT INTO with_domain VALUES (0, 'a');
INSERT INTO with_domain VALUES (1, NULL);
INSERT INTO with_domain VALUES (1, 'a') RETURNING *;
ALTER DOMAIN positive DROP CONSTRAINT positive_check;
SELECT (-5)::positive;

SELECT int4range(1, 10), '[1,5]'::int4range, numrange(1.5, NULL), 'empty'::int4range, int4range(1,10) @> 5;
SELECT daterange('2024-01-01', '2024-02-01', '[]'), tstzrange(NULL, '2024-01-01 00:00+00');
SELECT '{[1,3),[5,8)}'::int4multirange, range_agg(r) FROM (VALUES (int4range(1,3)), (int4range(2,6))) v(r);
SELECT int4range(5, 1);
CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
SELECT '[1.5,2.5)'::floatrange * '[2,3)'::floatrange;

SELECT '{"a":1,"b":[1,2,{"c":null}]}'::json, '{"b": 2,  "a":1, "a":3}'::jsonb;
SELECT '{"a":{"b":[10,20]}}'::jsonb #>> '{a,b,1}', '{"a":1}'::jsonb || '{"b":2}', '{"a":1,"b":2}'::jsonb - 'a';
SELECT '[1,2,3]'::jsonb @> '[2]', '{"a":1}'::jsonb ? 'a', jsonb_path_query('{"a":[1,2,3]}', '$.a[*] ? (@ > 1)');
SELECT * FROM jsonb_each('{"x":1,"y":"z"}');
SELECT * FROM json_to_recordset('[{"a":1,"b":"x"},{"a":2}]') AS t(a int, b text);
SELECT jsonb_pretty('{"a":[1,{"b":2}]}');
SELECT '{"a":}'::json;
SELECT '{"a":1'::jsonb;
SELECT json_agg(t), jsonb_object_agg(t.a, t.b) FROM (VALUES (1,'x'),(2,'y')) t(a,b);
SELECT row_to_json(h) FROM holder h;

SELECT to_tsvector('english', 'The quick brown foxes jumped'), to_tsquery('english', 'fox & !dog');
SELECT to_tsvector('english', 'The quick brown foxes') @@ 'fox'::tsquery, 'a:1 b:2'::tsvector || 'c:1'::tsvector;
DROP SCHEMA types_composed CASCADE;
