-- Cursors that outlive their transaction: session state.
CREATE SCHEMA hold;
SET search_path = hold;
CREATE TABLE numbers AS SELECT g AS n FROM generate_series(1, 8) g;

DECLARE alone CURSOR WITH HOLD FOR SELECT n FROM numbers ORDER BY n;
FETCH 2 FROM alone;
INSERT INTO numbers VALUES (100);
FETCH 2 FROM alone;
SELECT name, is_holdable FROM pg_cursors ORDER BY name;
FETCH BACKWARD 1 FROM alone;

BEGIN;
DECLARE second SCROLL CURSOR WITH HOLD FOR SELECT n * 10 AS ten FROM numbers ORDER BY n;
FETCH 3 FROM second;
COMMIT;
FETCH second;
FETCH LAST FROM second;
FETCH ABSOLUTE 2 FROM second;
MOVE BACKWARD ALL IN second;
FETCH 1 FROM second;
DROP TABLE numbers;
FETCH 2 FROM second;
FETCH 2 FROM alone;

BEGIN;
DECLARE undone CURSOR WITH HOLD FOR SELECT 1;
FETCH undone;
ROLLBACK;
FETCH undone;

BEGIN;
CLOSE alone;
ROLLBACK;
FETCH alone;
SELECT name FROM pg_cursors ORDER BY name;

BEGIN;
FETCH 1 FROM second;
SELECT 1/0;
ROLLBACK;
FETCH 1 FROM second;
CLOSE second;
FETCH second;
SELECT count(*) FROM pg_cursors;

BEGIN;
DECLARE fails CURSOR WITH HOLD FOR SELECT 1 / (g - 3) FROM generate_series(1, 5) g;
FETCH 2 FROM fails;
COMMIT;
FETCH fails;
SELECT count(*) FROM pg_cursors;

DECLARE x CURSOR WITH HOLD FOR SELECT 'x';
DECLARE y CURSOR WITH HOLD FOR SELECT 'y';
DECLARE x CURSOR WITH HOLD FOR SELECT 'x again';
CLOSE ALL;
FETCH x;
DECLARE x CURSOR WITH HOLD FOR SELECT 'x again';
FETCH x;
DISCARD PLANS;
FETCH PRIOR FROM x;
DISCARD ALL;
FETCH x;
SET search_path = hold;

-- Opened by a string that is put together, where no word of it is in the client's text.
DO $$ BEGIN EXECUTE 'DECLARE hidden CURSOR WITH ' || 'HO' || 'LD FOR SELECT generate_series(1, 3) AS h'; END $$;
DECLARE /* a comment */ shown
    CURSOR
    WITH -- and another
    HOLD FOR SELECT 'shown';
FETCH shown;
SELECT name FROM pg_cursors ORDER BY name;
CLOSE shown;
BEGIN READ ONLY;
DECLARE r CURSOR WITH HOLD FOR SELECT 'made in a read only transaction';
COMMIT;
FETCH r;
FETCH r;
CLOSE r;
DROP SCHEMA hold CASCADE;
