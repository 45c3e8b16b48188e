-- BEGIN and its ends in all their forms, with the warnings of the wrong ones.
CREATE SCHEMA transactions;
SET search_path = transactions;
CREATE TABLE t (i int);

BEGIN;
BEGIN;
COMMIT;
COMMIT;
ROLLBACK;
END;
ABORT;
COMMIT WORK;
ROLLBACK TRANSACTION;
START TRANSACTION;
START TRANSACTION;
END TRANSACTION;
BEGIN WORK;
ABORT WORK;
begin transaction;
end work;
Begin/* comment */ ;
/* nested /* comment */ */ COMMIT -- and another
;
BEGIN; COMMIT; BEGIN; ROLLBACK;
BEGIN;
;
COMMIT;
BEGIN;
/* only a comment */;
SELECT;
ROLLBACK;

-- Empty transactions around everything.
BEGIN;
INSERT INTO t VALUES (1);
COMMIT;
BEGIN;
INSERT INTO t VALUES (2);
ROLLBACK;
SELECT * FROM t ORDER BY i;
BEGIN;
INSERT INTO t VALUES (3);
SELECT broken;
SELECT 1;
INSERT INTO t VALUES (4);
BEGIN;
COMMIT;
SELECT * FROM t ORDER BY i;

-- A syntax error right after BEGIN, and errors in BEGIN itself.
BEGIN;
SELEC 1;
ROLLBACK;
BEGIN ISOLATION LEVEL NONSENSE;
BEGIN NONSENSE;
BEGIN READ;
BEGIN 1;
BEGIN TRANSACTION, READ ONLY;
COMMIT NONSENSE;
COMMIT AND;
START;
START WORK;
SELECT 'outside';

-- Options.
BEGIN ISOLATION LEVEL SERIALIZABLE;
SHOW transaction_isolation;
COMMIT;
SHOW transaction_isolation;
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SHOW transaction_isolation;
SHOW transaction_read_only;
INSERT INTO t VALUES (5);
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;
SHOW transaction_deferrable;
SELECT count(*) FROM t;
COMMIT;
START TRANSACTION READ WRITE, NOT DEFERRABLE, ISOLATION LEVEL READ UNCOMMITTED;
SHOW transaction_isolation;
SHOW transaction_deferrable;
COMMIT;
BEGIN READ ONLY;
BEGIN READ WRITE;
SHOW transaction_read_only;
COMMIT;
BEGIN;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SHOW transaction_isolation;
COMMIT;
BEGIN;
SELECT 1;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SHOW transaction_isolation;
ROLLBACK;

-- AND CHAIN.
COMMIT AND CHAIN;
ROLLBACK AND CHAIN;
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO t VALUES (6);
COMMIT AND CHAIN;
SHOW transaction_isolation;
INSERT INTO t VALUES (7);
ROLLBACK AND CHAIN;
SHOW transaction_isolation;
SELECT * FROM t ORDER BY i;
SELECT 1/0;
COMMIT AND CHAIN;
SHOW transaction_isolation;
COMMIT AND NO CHAIN;
SHOW transaction_isolation;
BEGIN READ ONLY;
COMMIT AND CHAIN;
SHOW transaction_read_only;
ROLLBACK AND NO CHAIN;
SHOW transaction_read_only;
BEGIN;
COMMIT AND CHAIN;
SELECT 'in the chain';
END AND CHAIN;
ABORT AND CHAIN;
ABORT;
ABORT;

-- Two phases: switched off on this server.
BEGIN;
PREPARE TRANSACTION 'transactions_1';
SELECT 'outside';
BEGIN;
INSERT INTO t VALUES (8);
PREPARE TRANSACTION 'transactions_2';
ROLLBACK;
PREPARE TRANSACTION 'outside';
COMMIT PREPARED 'nothing';
ROLLBACK PREPARED 'nothing';
BEGIN;
COMMIT PREPARED 'nothing';
ROLLBACK;
SELECT count(*) FROM pg_prepared_xacts;

-- psql keeps a transaction open by itself.
\set AUTOCOMMIT off
SELECT count(*) FROM t;
INSERT INTO t VALUES (9);
ROLLBACK;
INSERT INTO t VALUES (10);
COMMIT;
COMMIT;
SELECT * FROM t ORDER BY i;
VACUUM t;
ROLLBACK;
\set AUTOCOMMIT on
SELECT * FROM t ORDER BY i;

-- The time of a transaction stands still, that of statements does not.
BEGIN;
SELECT now() = transaction_timestamp(), now() <= statement_timestamp(), statement_timestamp() <= clock_timestamp();
CREATE TEMP TABLE begun AS SELECT now() AS at;
SELECT now() = at FROM begun;
SAVEPOINT s;
SELECT now() = at, statement_timestamp() > at FROM begun;
COMMIT;
SELECT now() > at FROM begun;
DROP TABLE begun;
SELECT pg_current_xact_id_if_assigned() IS NULL;
BEGIN;
SELECT pg_current_xact_id_if_assigned() IS NULL;
INSERT INTO t VALUES (11);
SELECT pg_current_xact_id_if_assigned() IS NULL;
ROLLBACK;
DROP SCHEMA transactions CASCADE;
