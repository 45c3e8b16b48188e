// Drizzle on node-postgres: a pool of ten connections for each tenant.
'use strict';

const { Client, Pool } = require('pg');
const { sql } = require('drizzle-orm');
const { drizzle } = require('drizzle-orm/node-postgres');
const { migrate } = require('drizzle-orm/node-postgres/migrator');
const { business_day, check_migrations } = require('./bank');
const { equal, fails, phase, run } = require('./check');
const { Teller, code } = require('./drizzle_bank');
const {
    url, sessions, tenants, MIGRATIONS, MIGRATORS, MIGRATION_LOCK, MIGRATION_RUNS, startup_options,
} = require('./tenants');

const APPLIED = sql`SELECT count(*)::int AS count FROM drizzle.__drizzle_migrations`;

async function applied(db) {
    const { rows } = await db.execute(sql`SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS there`);
    return rows[0].there ? (await db.execute(APPLIED)).rows[0].count : 0;
}

// On the one connection that holds the lock.
async function migrate_once() {
    const client = new Client({ connectionString: url });
    await client.connect();
    const db = drizzle(client);
    await db.execute(sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    const before = await applied(db);
    await migrate(db, { migrationsFolder: MIGRATIONS });
    const after = await applied(db);
    const { rows } = await db.execute(sql`SELECT pg_advisory_unlock(${MIGRATION_LOCK}) AS unlocked`);
    equal(rows, [{ unlocked: true }], 'the lock was still ours');
    await client.end();
    return after - before;
}

function make_pool(tenant) {
    let number = 0;
    return new Pool({
        connectionString: url,
        options: startup_options(tenant),
        onConnect: (client) => client.query(`SET application_name = '${tenant.schema} ${number += 1}'`),
    });
}

async function timeouts() {
    const pool = new Pool({ connectionString: url, max: 1, statement_timeout: 200 });
    const db = drizzle(pool);
    await fails(db.execute(sql`SELECT pg_sleep(${30})`), '57014', 'statement_timeout', code);
    await fails(db.transaction((tx) => tx.execute(sql`SELECT pg_sleep(${30})`)), '57014', 'statement_timeout in a transaction', code);
    equal((await db.execute(sql`SHOW statement_timeout`)).rows, [{ statement_timeout: '200ms' }], 'its own timeout');
    await pool.end();

    const impatient = new Pool({ connectionString: url, max: 1, query_timeout: 200 });
    const other = drizzle(impatient);
    await fails(other.execute(sql`SELECT pg_sleep(${1})`), 'Query read timeout', 'query_timeout', (error) => error.cause.message);
    equal((await other.execute(sql`SHOW statement_timeout`)).rows, [{ statement_timeout: '0' }], 'nobody else has a timeout');
    await impatient.end();
}

run(async () => {
    phase('migrations');
    const counts = await Promise.all(Array.from({ length: MIGRATORS }, migrate_once));
    const pools = tenants.map(make_pool);
    const banks = pools.map((pool) => drizzle(pool));
    check_migrations(counts, (await banks[0].execute(sql.raw(MIGRATION_RUNS))).rows);

    phase('business');
    const open = ({ tenant }) => new Teller(banks[tenant.number], ({ rows }) => rows);
    const pids = await business_day(sessions, open, async () => {
        phase('timeouts');
        await timeouts();
        phase('business after it');
    });
    await Promise.all(pools.map((pool) => pool.end()));
    return pids;
});
