-- Text beyond ASCII in data, names, messages, settings, channels; with and without conversion.
CREATE SCHEMA "схема";
SET search_path = "схема";
SHOW search_path;
CREATE TABLE "таблица" ("имя" text, "ヨ" text);
INSERT INTO "таблица" VALUES ('Привет', '日本語'), ('𝄞 музыка', '🙂🙃'), (E'e\u0301', 'é'), ('ß', 'ẞ'), ('İ', 'ı');
SELECT *, length("имя"), octet_length("ヨ"), char_length("ヨ") FROM "таблица" ORDER BY "имя" COLLATE "C";
SELECT upper('ß straße'), lower('ÀÉÎ'), initcap('élan vital'), reverse('añb'), substr('日本語', 2, 1), strpos('日本語', '語'), ascii('é'), chr(8364);
SELECT '日本語' LIKE '_本%', 'Привет' ~ '^[А-Я]', 'a' < 'é', 'Ж' || U&'\0416' || E'\u0416';
SELECT normalize(E'e\u0301', NFC) = 'é', 'é' IS NFC NORMALIZED, E'e\u0301' IS NFC NORMALIZED;
SELECT nothing_é;
SELECT "колонка" FROM "таблица";
SELECT 'ж'::int;
SELECT 1 AS "ж", 'строка с ошибкой: ' || nothing;
DO $$ BEGIN RAISE NOTICE 'уведомление 日本'; END $$;
DO $$ BEGIN RAISE EXCEPTION 'ошибка 日本' USING DETAIL = 'подробности', HINT = 'совет'; END $$;
PREPARE "подготовка" AS SELECT 'подготовлено';
EXECUTE "подготовка";
EXECUTE "нет такой";
DEALLOCATE "подготовка";
PREPARE "слишком_длинное_имя_подготовленного_оператора_больше_63_байт" AS SELECT 1;
EXECUTE "слишком_длинное_имя_подготовленного_оператора_больше_63_байт";
EXECUTE "слишком_длинное_имя_подготовлен";
DEALLOCATE ALL;
BEGIN;
SAVEPOINT "точка";
DECLARE "курсор" CURSOR FOR SELECT 'из курсора';
FETCH "курсор";
ROLLBACK TO "точка";
COMMIT;
SET unicode_script.x = 'значение 🙂';
SHOW unicode_script.x;
SELECT set_config('unicode_script.y', '値', false);
SELECT current_setting('unicode_script.y');
BEGIN;
SET LOCAL unicode_script.x = 'местное';
SHOW unicode_script.x;
ROLLBACK;
SHOW unicode_script.x;
COPY "таблица" FROM STDIN;
копия	複製
\.
COPY (SELECT * FROM "таблица" WHERE "имя" = 'копия') TO STDOUT;
COPY "таблица" FROM STDIN (ENCODING 'LATIN1');
a	b
\.
SELECT convert_to('é', 'LATIN1'), convert_from('\xe9', 'LATIN1'), encode('é', 'hex');

-- Another encoding towards the client.
SET client_encoding = 'KOI8R';
SELECT "имя" = convert_from('\xf0d2c9d7c5d4', 'KOI8R') AS same, octet_length("имя") FROM "таблица" WHERE "имя" LIKE '______';
SELECT U&'\65E5' AS not_there;
SELECT 'alive';
SET client_encoding = 'UTF8';
SET client_encoding = 'SJIS';
SELECT 'alive';
RESET client_encoding;
BEGIN;
SET LOCAL client_encoding = 'LATIN1';
SELECT length('abc');
COMMIT;
SELECT 'Ж' AS back;
SELECT E'\xd0';
SELECT U&'\d834';
SELECT U&'\d834\dd1e' = '𝄞';
SELECT '{"k": "\u0416\ud834\udd1e"}'::jsonb, '"\u0000"'::jsonb;
DROP SCHEMA "схема" CASCADE;
