-- Large objects by chosen oids: descriptors live in a transaction.
SELECT lo_create(816600);
SELECT lo_create(816600);
BEGIN;
SELECT lo_open(816600, 131072) AS fd \gset
SELECT lowrite(:fd, '\x48656c6c6f20776f726c64');
SELECT lo_lseek(:fd, 6, 0), lo_tell(:fd);
SAVEPOINT s;
SELECT lo_truncate(:fd, 5);
ROLLBACK TO s;
SELECT lo_lseek(:fd, 0, 0);
SELECT encode(loread(:fd, 5), 'escape');
SELECT lo_close(:fd);
COMMIT;
SELECT loread(:fd, 5);
SELECT encode(lo_get(816600), 'escape'), encode(lo_get(816600, 6, 5), 'escape');
SELECT lo_put(816600, 0, 'J');
SELECT encode(lo_get(816600), 'escape');
SELECT lo_open(816600, 262144) >= 0;
SELECT lo_from_bytea(816601, decode(repeat('ab', 100000), 'hex'));
SELECT length(lo_get(816601)), md5(lo_get(816601));
BEGIN;
SELECT lo_unlink(816601);
ROLLBACK;
SELECT length(lo_get(816601));
\lo_export 816601 /dev/null
BEGIN;
\lo_unlink 816601
COMMIT;
SELECT lo_get(816601);
COMMENT ON LARGE OBJECT 816600 IS 'kept';
SELECT obj_description(816600, 'pg_largeobject');
SELECT lo_unlink(816600);
SELECT lo_unlink(816600);
