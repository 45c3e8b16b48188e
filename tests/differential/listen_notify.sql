-- LISTEN, NOTIFY, UNLISTEN. When psql prints a notification is left to chance: they are compared in their order at the end.
LISTEN ln_one;
NOTIFY ln_one;
NOTIFY ln_one, 'with a payload';
NOTIFY ln_two, 'nobody listens';
LISTEN ln_two;
LISTEN ln_two;
NOTIFY ln_two, 'now somebody does';
SELECT pg_notify('ln_one', 'by function');
SELECT pg_notify('ln_' || 'one', 'computed ' || 1 + 1);
LISTEN "Ln Mixed";
NOTIFY "Ln Mixed", 'quoted channel';
NOTIFY ln_mixed, 'another channel';
NOTIFY LN_ONE, 'folded to lower case';
NOTIFY ln_one, '';
NOTIFY ln_one, 'Ж日本 ''quoted'' "x"';
NOTIFY ln_one, E'two\nlines';

-- Transactions: at commit, in order, equal ones once, none after a rollback.
BEGIN;
NOTIFY ln_one, 'first in transaction';
NOTIFY ln_one, 'second in transaction';
NOTIFY ln_one, 'first in transaction';
SELECT 'nothing yet';
COMMIT;
BEGIN;
NOTIFY ln_one, 'rolled back';
ROLLBACK;
BEGIN;
NOTIFY ln_one, 'before the savepoint';
SAVEPOINT s;
NOTIFY ln_one, 'undone';
ROLLBACK TO s;
NOTIFY ln_one, 'after the savepoint';
COMMIT;
BEGIN;
LISTEN ln_three;
NOTIFY ln_three, 'listening in the same transaction';
COMMIT;
BEGIN;
LISTEN ln_four;
ROLLBACK;
NOTIFY ln_four, 'not listening after a rollback';
BEGIN;
UNLISTEN ln_one;
ROLLBACK;
NOTIFY ln_one, 'still listening';
SELECT pg_sleep(0.2);   -- it comes through another session, and is not heard behind an UNLISTEN
BEGIN;
UNLISTEN ln_one;
NOTIFY ln_one, 'not listening any more at commit';
COMMIT;
NOTIFY ln_one, 'not listening';
SELECT pg_sleep(0.2);   -- it may still be on its way to the session that listens for all
LISTEN ln_one;
NOTIFY ln_one, 'listening again';
NOTIFY ln_one, 'a'\; NOTIFY ln_two, 'b'\; NOTIFY ln_one, 'c';
NOTIFY ln_one, 'in a string that fails'\; SELECT 1/0;
LISTEN ln_five\; NOTIFY ln_five, 'in one string'\; UNLISTEN ln_five;
BEGIN;
LISTEN ln_six;
SELECT 1/0;
COMMIT;
NOTIFY ln_six, 'not listening after a failure';
BEGIN;
SAVEPOINT s;
LISTEN ln_seven;
ROLLBACK TO s;
COMMIT;
NOTIFY ln_seven, 'not listening after the savepoint';

-- From triggers and blocks.
CREATE TABLE listen_notify (i int);
CREATE FUNCTION listen_notify_tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('ln_one', 'row ' || NEW.i); RETURN NEW; END $$;
CREATE TRIGGER tell AFTER INSERT ON listen_notify FOR EACH ROW EXECUTE FUNCTION listen_notify_tell();
INSERT INTO listen_notify SELECT generate_series(1, 5);
DO $$ BEGIN NOTIFY ln_one, 'from a block'; END $$;
DO $$ BEGIN EXECUTE 'LIST' || 'EN ln_hidden'; END $$;
NOTIFY ln_hidden, 'to a channel opened in a block';
COPY listen_notify FROM STDIN;
6
7
\.
SELECT count(*) FROM (SELECT pg_notify('ln_one', 'many ' || g) FROM generate_series(1, 50) g) s;
DROP TABLE listen_notify;
DROP FUNCTION listen_notify_tell;

-- The end of it.
UNLISTEN ln_two;
NOTIFY ln_two, 'not listening';
UNLISTEN ln_two;
UNLISTEN nothing_of_that_name;
UNLISTEN *;
NOTIFY ln_one, 'not listening';
UNLISTEN *;
SELECT pg_sleep(0.2);
LISTEN ln_one;
NOTIFY ln_one, 'the last but one';
SELECT pg_sleep(0.2);
DISCARD ALL;
NOTIFY ln_one, 'not listening after DISCARD ALL';
LISTEN;
NOTIFY;
UNLISTEN;
LISTEN 'string';
LISTEN a.b;
NOTIFY ln_one, 5;
SELECT pg_notify(NULL, 'x');
SELECT pg_notify(repeat('n', 64), 'x');
LISTEN ln_one;
NOTIFY ln_one, 'the last';
SELECT pg_notification_queue_usage() < 0.5;

-- Time for what is on its way: psql looks for notifications after each statement.
SELECT pg_sleep(0.2);
SELECT pg_sleep(0.2);
SELECT 'end';
