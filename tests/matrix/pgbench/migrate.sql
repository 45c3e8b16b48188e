-- Every client runs this once, all of them at the same time. :migration becomes the text of migration.sql.
SELECT pg_advisory_lock(4711);
DO $do$
BEGIN
    IF to_regclass('public.migrations') IS NULL THEN
        EXECUTE $migration$:migration$migration$;
        INSERT INTO public.migrations (session) VALUES (0);
        CREATE TABLE public.visits (number bigserial, process int, client int, pid int);
    END IF;
END
$do$;
SELECT 1 / pg_advisory_unlock(4711)::int;
SELECT 1 / (count(*) = 1)::int FROM public.migrations;
