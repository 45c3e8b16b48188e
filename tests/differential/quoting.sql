-- Quoting in all its forms, with words in strings and comments that mean something elsewhere.
CREATE SCHEMA quoting;
SET search_path = quoting;

SELECT 'plain', 'it''s', '', 'back\slash', 'two'
    ' parts';
SELECT E'tab\t|', E'it\'s', E'it''s', E'\x41\102\u0043\U00000044', E'back\\slash', E'a''b\'c';
SELECT U&'d\0061t\+000061', U&'d!0061ta' UESCAPE '!', U&"d\0061t\+000061" FROM (SELECT 1 AS data) s;
SELECT $$dollar 'quotes'$$, $tag$with $$ inside$tag$, $a$b$c$d$a$, $Ж$unicode tag$Ж$;
SELECT B'101', X'1fF', N'national', 1.5e3, .5, 5., 1_000;
SELECT 1e, 2 AS "select", 3 AS "Mixed Case", 4 AS "with ""quotes""", 5 AS über, 6 AS a$b;
SELECT "unterminated;
";
SELECT '-- not a comment', '/* not a comment */', $$ -- not /* either $$;
SELECT 1 -- a comment; with a semicolon
    + 2;
SELECT /* a comment; */ 1 /* nested /* deeper */ still */ + /**/ 2;
SELECT 1 /* with 'a quote */ + 2 /* and "another */;
SELECT 'a' /* between */ 'b';
SELECT 'a' -- between
    'b';
SELECT 1 AS a, --;
    2 AS b;
/* only a comment */;
-- only a comment
;
SELECT $1;
SELECT 'SET work_mem = ''9MB''; BEGIN; LISTEN quoting;', $$PREPARE x AS SELECT 1; DISCARD ALL$$, "COMMIT" FROM (SELECT 1 AS "COMMIT") s;
/* SET work_mem = '9MB'; */ SHOW work_mem;
SELECT /* BEGIN; CREATE TEMP TABLE quoting (i int); */ 1;
-- LISTEN quoting; SELECT pg_advisory_lock(1);
/* before */ BEGIN /* between */ ; -- after
SELECT 'in';
/* before */ COMMIT /* between */ ; -- after
/* a */ -- b
/* c */ SET /* d */ work_mem -- e
    /* f */ = /* g */ '5MB' /* h */;
SHOW work_mem;
reset
    work_mem;
SHOW work_mem;
"set" work_mem = '6MB';
SET work_mem = E'6\115B';
SHOW work_mem;
SET work_mem = U&'7\004DB';
SHOW work_mem;
SET search_path = "quoting", U&"d\0061ta", 'a''b';
SHOW search_path;
SET search_path = quoting;

-- Backslashes in plain strings, by setting.
SET escape_string_warning = on;
SELECT 'a\nb';
SET standard_conforming_strings = off;
SELECT 'a\nb';
SELECT 'it\'s';
SELECT 'it\'s; SET work_mem = ''8MB''; --';
SHOW work_mem;
SET escape_string_warning = off;
SELECT 'it\'s', 'a\\b', E'a\\b', $$a\b$$;
SELECT U&'\0061';
SET work_mem = '\x38MB';
SHOW work_mem;
SELECT ' \'; BEGIN; SELECT 1; --';
SELECT 'outside of a transaction'\; VACUUM;
SET standard_conforming_strings = on;
SELECT 'a\nb', 'end\';
SELECT 'a\'; SHOW work_mem; SELECT '\';
BEGIN;
SET LOCAL standard_conforming_strings = off;
SELECT 'it\'s';
COMMIT;
SELECT 'it\';
RESET ALL;
SET search_path = quoting;

-- backslash_quote and identifiers that look like keywords.
CREATE TABLE "begin" ("commit" int, "set" text DEFAULT 'x');
INSERT INTO "begin" ("commit") VALUES (1);
SELECT "commit", "set" FROM "begin";
PREPARE "select" AS SELECT "commit" FROM "begin";
EXECUTE "select";
DEALLOCATE "select";
CREATE TABLE listen (notify int, prepare int, discard int, temp int);
INSERT INTO listen VALUES (1, 2, 3, 4);
SELECT listen.notify, prepare, discard, temp FROM listen;
SELECT 1 listen, 2 notify, 3 AS "temp";
WITH set AS (SELECT 1 AS reset) SELECT reset FROM set;
DROP TABLE "begin", listen;
CREATE TABLE "Ж таблица" ("ключ" int);
INSERT INTO "Ж таблица" VALUES (1);
SELECT * FROM "Ж таблица";
SELECT E'zero \0 byte';
SELECT E'bad \u00';
SELECT U&'bad \00';
SELECT U&'bad' UESCAPE '+';
SELECT 'unterminated $$ in string', $$unterminated ' in dollars$$, "unterminated ' in name" FROM (SELECT 1 AS "unterminated ' in name") s;
SELECT $not$a$not$ || $not $ FROM generate_series(1, 1) $not;
SELECT 1;;; SELECT 2;
SELECT 1 AS "a;b", ';' AS semicolon;
DO $do$ BEGIN RAISE NOTICE $$it's ; $$; END $do$;
CREATE FUNCTION body() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT 'first; still inside'; SELECT CASE WHEN true THEN 'second' END; END;
SELECT body();
DROP SCHEMA quoting CASCADE;
