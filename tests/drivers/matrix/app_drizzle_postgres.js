// Drizzle on postgres.js: an instance of one connection for each session.
'use strict';

const postgres = require('postgres');
const { sql } = require('drizzle-orm');
const { drizzle } = require('drizzle-orm/postgres-js');
const { migrate } = require('drizzle-orm/postgres-js/migrator');
const { business_day, check_migrations } = require('./bank');
const { equal, fails, phase, run, wait_until } = require('./check');
const { Teller, code } = require('./drizzle_bank');
const {
    url, sessions, MIGRATIONS, MIGRATORS, MIGRATION_LOCK, MIGRATION_RUNS,
} = require('./tenants');

const clients = [];

function connect(connection = {}) {
    const client = postgres(url, { max: 1, onnotice: () => {}, connection });
    clients.push(client);
    return drizzle(client);
}

async function applied(db) {
    const [{ there }] = await db.execute(sql`SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS there`);
    return there ? (await db.execute(sql`SELECT count(*)::int AS count FROM drizzle.__drizzle_migrations`))[0].count : 0;
}

// On the one connection that holds the lock.
async function migrate_once() {
    const db = connect();
    await db.execute(sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    const before = await applied(db);
    await migrate(db, { migrationsFolder: MIGRATIONS });
    const after = await applied(db);
    const answer = await db.execute(sql`SELECT pg_advisory_unlock(${MIGRATION_LOCK}) AS unlocked`);
    equal([...answer], [{ unlocked: true }], 'the lock was still ours');
    return after - before;
}

function open({ name, tenant }) {
    const { zone, schema } = tenant;
    return new Teller(connect({ application_name: name, TimeZone: zone, search_path: `${schema}, public` }), (rows) => rows);
}

async function timeouts() {
    const db = connect({ statement_timeout: 200 });
    await fails(db.execute(sql`SELECT pg_sleep(${30})`), '57014', 'statement_timeout', code);
    await fails(db.transaction((tx) => tx.execute(sql`SELECT pg_sleep(${30})`)), '57014', 'statement_timeout in a transaction', code);
    equal([...await db.execute(sql`SHOW statement_timeout`)], [{ statement_timeout: '200ms' }], 'its own timeout');
    equal([...await connect().execute(sql`SHOW statement_timeout`)], [{ statement_timeout: '0' }], 'nobody else has a timeout');
}

// Drizzle cannot cancel; the driver under it can.
async function cancelled() {
    const db = connect();
    const watcher = connect();
    const sleep = db.$client`SELECT pg_sleep(${30}) /* to be cancelled */`.execute();
    await wait_until(async () => {
        const running = await watcher.execute(sql`SELECT FROM pg_stat_activity
            WHERE state = 'active' AND query LIKE '%to be cancelled%' AND pid <> pg_backend_pid()`);
        return running.count === 1;
    }, 'the statement runs');
    sleep.cancel();
    await fails(sleep, '57014', 'a cancelled statement');
    equal([...await db.execute(sql`SELECT ${9}::int AS nine`)], [{ nine: 9 }], 'the cancelled connection goes on');
}

run(async () => {
    phase('migrations');
    const counts = await Promise.all(Array.from({ length: MIGRATORS }, migrate_once));
    check_migrations(counts, await connect().execute(sql.raw(MIGRATION_RUNS)));

    phase('business');
    const pids = await business_day(sessions, open, async () => {
        phase('timeouts');
        await timeouts();
        phase('cancel');
        await cancelled();
        phase('business after it');
    });
    await Promise.all(clients.map((client) => client.end({ timeout: 5 })));
    return pids;
});
