CREATE TABLE public.migration_run (tag text NOT NULL, ran_at timestamptz NOT NULL DEFAULT now());
--> statement-breakpoint
INSERT INTO public.migration_run (tag) VALUES ('0000_accounts');
--> statement-breakpoint
CREATE SCHEMA tenant_0;
--> statement-breakpoint
CREATE TABLE tenant_0.place (name text NOT NULL);
--> statement-breakpoint
INSERT INTO tenant_0.place VALUES ('place 0');
--> statement-breakpoint
CREATE TABLE tenant_0.account (id serial PRIMARY KEY, name text NOT NULL UNIQUE, balance int NOT NULL CHECK (balance >= 0));
--> statement-breakpoint
INSERT INTO tenant_0.account (name, balance) VALUES ('common', 0);
--> statement-breakpoint
CREATE SCHEMA tenant_1;
--> statement-breakpoint
CREATE TABLE tenant_1.place (name text NOT NULL);
--> statement-breakpoint
INSERT INTO tenant_1.place VALUES ('place 1');
--> statement-breakpoint
CREATE TABLE tenant_1.account (id serial PRIMARY KEY, name text NOT NULL UNIQUE, balance int NOT NULL CHECK (balance >= 0));
--> statement-breakpoint
INSERT INTO tenant_1.account (name, balance) VALUES ('common', 1000);
--> statement-breakpoint
CREATE SCHEMA tenant_2;
--> statement-breakpoint
CREATE TABLE tenant_2.place (name text NOT NULL);
--> statement-breakpoint
INSERT INTO tenant_2.place VALUES ('place 2');
--> statement-breakpoint
CREATE TABLE tenant_2.account (id serial PRIMARY KEY, name text NOT NULL UNIQUE, balance int NOT NULL CHECK (balance >= 0));
--> statement-breakpoint
INSERT INTO tenant_2.account (name, balance) VALUES ('common', 2000);
--> statement-breakpoint
CREATE SCHEMA tenant_3;
--> statement-breakpoint
CREATE TABLE tenant_3.place (name text NOT NULL);
--> statement-breakpoint
INSERT INTO tenant_3.place VALUES ('place 3');
--> statement-breakpoint
CREATE TABLE tenant_3.account (id serial PRIMARY KEY, name text NOT NULL UNIQUE, balance int NOT NULL CHECK (balance >= 0));
--> statement-breakpoint
INSERT INTO tenant_3.account (name, balance) VALUES ('common', 3000);
--> statement-breakpoint
CREATE SCHEMA tenant_4;
--> statement-breakpoint
CREATE TABLE tenant_4.place (name text NOT NULL);
--> statement-breakpoint
INSERT INTO tenant_4.place VALUES ('place 4');
--> statement-breakpoint
CREATE TABLE tenant_4.account (id serial PRIMARY KEY, name text NOT NULL UNIQUE, balance int NOT NULL CHECK (balance >= 0));
--> statement-breakpoint
INSERT INTO tenant_4.account (name, balance) VALUES ('common', 4000);
