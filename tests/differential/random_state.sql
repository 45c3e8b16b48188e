-- The seed of random(): state of the session that belongs to no setting one can read.
BEGIN;
SELECT setseed(0.25);
SELECT random() AS first \gset
SELECT random() AS second \gset
COMMIT;
BEGIN;
SELECT setseed(0.25);
SELECT random() = :first AS same;
SELECT random() = :second AS same;
COMMIT;
SELECT setseed(0.25)\; SELECT random() = :first AS same\; SELECT random() = :second AS same;
SELECT setseed(0.25);
SELECT random() = :first AS same;
SELECT random() = :second AS same;
SET seed = 0.25;
SELECT random() = :first AS same;
SET SEED TO 0.25;
SELECT random() = :first AS same;
SELECT random() = :second AS same;
SHOW seed;
SELECT setseed(2);
