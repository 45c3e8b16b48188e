-- The same texts under changing paths, as multi-tenant applications send them.
-- no temporary schema
CREATE SCHEMA tenant_a;
CREATE SCHEMA tenant_b;
CREATE TABLE tenant_a.item (id int, a_only text);
CREATE TABLE tenant_b.item (b_only date, id int);
INSERT INTO tenant_a.item VALUES (1, 'of a');
INSERT INTO tenant_b.item VALUES ('2024-05-06', 2);
CREATE FUNCTION tenant_a.who() RETURNS text LANGUAGE sql AS 'SELECT ''a''';
CREATE FUNCTION tenant_b.who() RETURNS text LANGUAGE sql AS 'SELECT ''b''';
CREATE TYPE tenant_a.state AS ENUM ('x', 'y');
CREATE TYPE tenant_b.state AS ENUM ('y', 'z');

SET search_path = tenant_a;
SELECT * FROM item;
SELECT who(), enum_range(NULL::state);
SELECT * FROM item \gdesc
SET search_path = tenant_b;
SELECT * FROM item;
SELECT who(), enum_range(NULL::state);
SELECT * FROM item \gdesc
SET search_path = tenant_b, tenant_a;
SELECT * FROM item;
SELECT who();
SET search_path = tenant_a, tenant_b;
SELECT * FROM item;
SELECT * FROM item \gdesc
BEGIN;
SET LOCAL search_path = tenant_b;
SELECT * FROM item;
SELECT * FROM item \gdesc
COMMIT;
SELECT * FROM item;
SELECT * FROM item \gdesc
SELECT set_config('search_path', 'tenant_b', false);
SELECT * FROM item \gdesc
SELECT * FROM item;
BEGIN;
SELECT set_config('search_path', 'tenant_a', true);
SELECT * FROM item;
SELECT * FROM item \gdesc
ROLLBACK;
SELECT * FROM item;
SELECT * FROM item \gdesc
RESET search_path;
SELECT * FROM item;
SELECT who();
SET search_path TO "$user", public;
CREATE TABLE public.item (in_public int);
SELECT * FROM item;
SELECT * FROM item \gdesc
SELECT session_user AS me \gset
CREATE SCHEMA AUTHORIZATION CURRENT_USER;
SET search_path = "$user", public;
CREATE TABLE item (in_users_own int);
SELECT * FROM item;
SELECT * FROM item \gdesc
SELECT current_schemas(true) = ARRAY['pg_catalog', :'me', 'public']::name[];
GRANT USAGE ON SCHEMA public TO diff_reader;
GRANT SELECT ON public.item TO diff_reader;
SET ROLE diff_reader;
SELECT current_schemas(false);
SELECT * FROM item;
SELECT * FROM item \gdesc
RESET ROLE;
SELECT * FROM item \gdesc
DROP TABLE item;
SELECT * FROM item \gdesc
SELECT * FROM item;
DROP SCHEMA :"me";
DROP TABLE public.item;
CREATE FUNCTION public.in_path() RETURNS SETOF text LANGUAGE plpgsql SET search_path = tenant_a AS $$ BEGIN RETURN QUERY SELECT a_only FROM item; END $$;
SET search_path = tenant_b, public;
SELECT in_path();
SELECT * FROM item;
DROP FUNCTION public.in_path;
CREATE VIEW public.v AS SELECT * FROM item;
SET search_path = tenant_a, public;
SELECT * FROM v;
DROP VIEW public.v;
DROP SCHEMA tenant_a, tenant_b CASCADE;
