-- The migration of the small shop that every row of the matrix runs: a shop for each of four tenants,
-- told apart by the search path alone. A second run would fail on its first statement.
CREATE TABLE public.migrations (session int NOT NULL, server int NOT NULL DEFAULT pg_backend_pid());
CREATE SCHEMA tenant_0;
CREATE TABLE tenant_0.shop (name text NOT NULL);
INSERT INTO tenant_0.shop VALUES ('shop 0');
CREATE TABLE tenant_0.orders (id bigserial PRIMARY KEY, session int NOT NULL, item text NOT NULL UNIQUE,
    amount int NOT NULL, placed timestamptz NOT NULL);
CREATE SCHEMA tenant_1;
CREATE TABLE tenant_1.shop (name text NOT NULL);
INSERT INTO tenant_1.shop VALUES ('shop 1');
CREATE TABLE tenant_1.orders (id bigserial PRIMARY KEY, session int NOT NULL, item text NOT NULL UNIQUE,
    amount int NOT NULL, placed timestamptz NOT NULL);
CREATE SCHEMA tenant_2;
CREATE TABLE tenant_2.shop (name text NOT NULL);
INSERT INTO tenant_2.shop VALUES ('shop 2');
CREATE TABLE tenant_2.orders (id bigserial PRIMARY KEY, session int NOT NULL, item text NOT NULL UNIQUE,
    amount int NOT NULL, placed timestamptz NOT NULL);
CREATE SCHEMA tenant_3;
CREATE TABLE tenant_3.shop (name text NOT NULL);
INSERT INTO tenant_3.shop VALUES ('shop 3');
CREATE TABLE tenant_3.orders (id bigserial PRIMARY KEY, session int NOT NULL, item text NOT NULL UNIQUE,
    amount int NOT NULL, placed timestamptz NOT NULL);
