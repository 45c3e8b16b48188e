INSERT INTO public.migration_run (tag) VALUES ('0001_notes');
--> statement-breakpoint
CREATE TABLE tenant_0.note (id serial PRIMARY KEY, account_id int NOT NULL REFERENCES tenant_0.account ON DELETE CASCADE, body text NOT NULL);
--> statement-breakpoint
CREATE TABLE tenant_1.note (id serial PRIMARY KEY, account_id int NOT NULL REFERENCES tenant_1.account ON DELETE CASCADE, body text NOT NULL);
--> statement-breakpoint
CREATE TABLE tenant_2.note (id serial PRIMARY KEY, account_id int NOT NULL REFERENCES tenant_2.account ON DELETE CASCADE, body text NOT NULL);
--> statement-breakpoint
CREATE TABLE tenant_3.note (id serial PRIMARY KEY, account_id int NOT NULL REFERENCES tenant_3.account ON DELETE CASCADE, body text NOT NULL);
--> statement-breakpoint
CREATE TABLE tenant_4.note (id serial PRIMARY KEY, account_id int NOT NULL REFERENCES tenant_4.account ON DELETE CASCADE, body text NOT NULL);
