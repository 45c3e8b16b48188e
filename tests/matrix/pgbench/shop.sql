-- The shop for pgbench. A check that fails divides by zero, which ends its client.
--   process, tenant, zone, ahead   who it is, and how many seconds its zone is ahead of UTC
--   by_options                     1: the zone came with the login; 0: it is set here, once
--   turn, timeouts                 counts from 0; 1 for clients that are to wait for a timeout
\if :by_options = 0 AND :turn = 0
SELECT set_config('TimeZone', (ARRAY['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Chatham'])[:zone + 1], false);
\endif
\set turn :turn + 1
\set amount random(1, 1000)

-- Create, a savepoint that takes everything back, read.
BEGIN;
INSERT INTO public.visits (process, client, pid) VALUES (:process, :client_id, pg_backend_pid());
INSERT INTO orders (session, item, amount, placed)
    VALUES (:process * 10 + :client_id, concat(:process::int, '-', :client_id::int, '-', :turn::int), :amount, '2024-07-01 12:00:00+00')
    RETURNING id \gset
SAVEPOINT here;
SET TIME ZONE 'Asia/Tokyo';
UPDATE orders SET amount = amount + 1 WHERE id = :id;
ROLLBACK TO SAVEPOINT here;
SELECT 1 / (amount = :amount)::int FROM orders WHERE id = :id;
SELECT 1 / (current_setting('TimeZone') <> 'Asia/Tokyo')::int;
COMMIT;

-- The settings, a transaction of one statement, twice.
INSERT INTO public.visits (process, client, pid) VALUES (:process, :client_id, pg_backend_pid());
SELECT 1 / (current_schema() = 'tenant_' || :tenant::int AND name = 'shop ' || :tenant::int
    AND extract(epoch FROM (timestamptz '2024-07-01 12:00:00+00')::text::timestamp) = 1719835200 + :ahead
    AND (:by_options = 0 OR extract(epoch FROM timestamptz '2024-07-01 12:00:00') = 1719835200 - :ahead))::int FROM shop;

-- An error inside, and settings for one transaction.
BEGIN;
INSERT INTO public.visits (process, client, pid) VALUES (:process, :client_id, pg_backend_pid());
SET LOCAL TIME ZONE 'Asia/Tokyo';
DO $$
DECLARE
    twice text DEFAULT gen_random_uuid();
BEGIN
    INSERT INTO orders (session, item, amount, placed) VALUES (0, twice, 1, '2024-07-01 12:00:00+00');
    INSERT INTO orders (session, item, amount, placed) VALUES (0, twice, 2, '2024-07-01 12:00:00+00');
    RAISE 'a duplicate was let in';
EXCEPTION WHEN unique_violation THEN NULL;
END
$$;
SELECT 1 / (current_setting('TimeZone') = 'Asia/Tokyo')::int;
COMMIT;

-- Update and delete; the timeout, for some.
BEGIN;
INSERT INTO public.visits (process, client, pid) VALUES (:process, :client_id, pg_backend_pid());
UPDATE orders SET amount = amount + 5 WHERE id = :id;
SELECT 1 / (amount = :amount + 5 AND extract(epoch FROM placed::text::timestamp) = 1719835200 + :ahead)::int FROM orders WHERE id = :id;
\if :turn = 5 AND :client_id = 3 AND :timeouts = 1
SET LOCAL statement_timeout = '50ms';
DO $$
BEGIN
    PERFORM pg_sleep(60);
    RAISE 'no timeout';
EXCEPTION WHEN query_canceled THEN NULL;
END
$$;
\endif
COMMIT;
DELETE FROM orders WHERE id = :id AND :amount < 500;
