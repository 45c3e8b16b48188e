// node-postgres: fifty clients, half of which say who they are when they connect and half with SET afterwards.
'use strict';

const { Client, Pool, Query } = require('pg');
const { business_day, check_migrations } = require('./bank');
const { equal, fails, phase, run, wait_until } = require('./check');
const {
    url, sessions, tenants, FACTS, MIGRATORS, MIGRATION_LOCK, MIGRATION_RUNS, migrations, startup_options,
} = require('./tenants');

async function connect(options = {}) {
    const client = new Client({ connectionString: url, ...options });
    await client.connect();
    return client;
}

async function transaction(client, work) {
    await client.query('BEGIN');
    try {
        const result = await work(client);
        await client.query('COMMIT');
        return result;
    } catch (error) {
        await client.query('ROLLBACK');
        throw error;
    }
}

async function migrate() {
    const client = await connect();
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    let applied = 0;
    await client.query('CREATE TABLE IF NOT EXISTS public.applied (tag text PRIMARY KEY)');
    const { rows } = await client.query('SELECT tag FROM public.applied');
    for (const { tag, statements } of migrations()) {
        if (rows.some((row) => row.tag === tag)) continue;
        await transaction(client, async () => {
            for (const statement of statements) await client.query(statement);
            await client.query('INSERT INTO public.applied VALUES ($1)', [tag]);
        });
        applied += 1;
    }
    const answer = await client.query('SELECT pg_advisory_unlock($1) AS unlocked', [MIGRATION_LOCK]);
    equal(answer.rows, [{ unlocked: true }], 'the lock was still ours');
    await client.end();
    return applied;
}

class Teller {
    constructor(client, number) {
        this.client = client;
        // Two texts under one name, as happens when two versions of a program run side by side.
        this.read_text = number % 2
            ? `SELECT pg_backend_pid() AS pid, current_setting('application_name') AS session, balance FROM account WHERE name = $1`
            : `SELECT balance, current_setting('application_name') AS session, pg_backend_pid() AS pid FROM account WHERE name = $1`;
    }

    async rows(name, text, values) {
        return (await this.client.query({ name, text, values })).rows;
    }

    transaction(work) {
        return transaction(this.client, work);
    }

    async savepoint(tx, work) {
        await tx.query('SAVEPOINT part');
        try {
            await work(tx);
            await tx.query('RELEASE SAVEPOINT part');
        } catch (error) {
            await tx.query('ROLLBACK TO SAVEPOINT part');
            throw error;
        }
    }

    async facts() {
        return (await this.rows('facts', FACTS))[0];
    }

    async shown_zone(tx) {
        return (await tx.query('SHOW timezone')).rows[0].TimeZone;
    }

    async balance(tx, account) {
        return (await this.rows('balance', 'SELECT balance FROM account WHERE name = $1', [account]))[0]?.balance;
    }

    async open(tx, account, balance) {
        await tx.query('INSERT INTO account (name, balance) VALUES ($1, $2)', [account, balance]);
    }

    async change(tx, account, amount) {
        await this.rows('change', 'UPDATE account SET balance = balance + $2 WHERE name = $1', [account, amount]);
    }

    async close(tx, account) {
        equal((await tx.query('DELETE FROM account WHERE name = $1', [account])).rowCount, 1, 'accounts closed');
    }

    async write(tx, account, body) {
        await this.rows('write', 'INSERT INTO note (account_id, body) SELECT id, $2 FROM account WHERE name = $1', [account, body]);
    }

    async notes(tx, account) {
        const text = 'SELECT body FROM note JOIN account ON account.id = account_id WHERE account.name = $1 ORDER BY note.id';
        return (await this.rows('notes', text, [account])).map(({ body }) => body);
    }

    async divide(tx) {
        await tx.query('SELECT 1 / $1::int', [0]);
    }

    async read(account) {
        return (await this.rows('read', this.read_text, [account]))[0];
    }

    code(error) {
        return error.code;
    }
}

const clients = [];

async function open({ number, name, tenant }) {
    const at_startup = number % 2 === 0;
    const client = await connect(at_startup ? { application_name: name, options: startup_options(tenant) } : {});
    clients.push(client);
    if (!at_startup) {
        await client.query(`SET application_name = '${name}'`);
        await client.query(`SET TIME ZONE '${tenant.zone}'`);
        await client.query(`SELECT set_config('search_path', $1, false)`, [`${tenant.schema}, public`]);
    }
    return new Teller(client, number);
}

async function statement_and_lock_timeouts() {
    const timed = await connect({ statement_timeout: 200, options: startup_options(tenants[1]) });
    await fails(timed.query('SELECT pg_sleep(30)'), '57014', 'statement_timeout');
    await fails(transaction(timed, () => timed.query('SELECT pg_sleep($1)', [30])), '57014', 'statement_timeout in a transaction');
    equal((await timed.query('SHOW statement_timeout')).rows[0].statement_timeout, '200ms', 'its own timeout');

    const locked = await connect({ lock_timeout: 200, options: startup_options(tenants[1]) });
    await transaction(timed, async () => {
        await timed.query(`SELECT * FROM account WHERE name = 'common' FOR UPDATE`);
        await fails(locked.query(`UPDATE account SET balance = 0 WHERE name = 'common'`), '55P03', 'lock_timeout');
    });
    equal((await locked.query('SHOW lock_timeout')).rows[0].lock_timeout, '200ms', 'its own lock timeout');
    await timed.end();
    await locked.end();
}

async function client_side_timeouts() {
    const client = await connect();
    equal((await client.query('SHOW statement_timeout')).rows[0].statement_timeout, '0', 'nobody else has a timeout');
    await fails(client.query({ text: 'SELECT pg_sleep(0.5)', query_timeout: 100 }), 'Query read timeout', 'query_timeout',
        (error) => error.message);
    equal((await client.query('SELECT 7 AS seven')).rows, [{ seven: 7 }], 'the client goes on');
    await client.end();

    const pool = new Pool({ connectionString: url, max: 2, query_timeout: 200 });
    await fails(pool.query('SELECT pg_sleep(1)'), 'Query read timeout', 'query_timeout of a pool', (error) => error.message);
    await pool.query('SELECT 8 AS eight').then(({ rows }) => equal(rows, [{ eight: 8 }], 'the pool goes on'));
    await pool.end();
}

async function cancelled() {
    const client = await connect();
    const watcher = await connect();
    const sleep = new Query('SELECT pg_sleep(30) /* to be cancelled */');
    const outcome = new Promise((resolve, reject) => { sleep.on('end', resolve); sleep.on('error', reject); });
    client.query(sleep);
    const running = `SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%to be cancelled%' AND pid <> pg_backend_pid()`;
    await wait_until(async () => (await watcher.query(running)).rowCount === 1, 'the statement runs');
    new Client({ connectionString: url }).cancel(client, sleep);
    await fails(outcome, '57014', 'a cancelled statement');
    equal((await client.query('SELECT 9 AS nine')).rows, [{ nine: 9 }], 'the cancelled client goes on');
    equal((await watcher.query('SELECT 10 AS ten')).rows, [{ ten: 10 }], 'nobody else was cancelled');
    await client.end();
    await watcher.end();
}

async function pipelined() {
    const client = await connect({ pipeline: true, options: startup_options(tenants[2]) });
    const values = await Promise.all(Array.from({ length: 20 }, (_, number) =>
        client.query({ name: `number ${number % 3}`, text: 'SELECT $1::int AS number, current_schema() AS schema', values: [number] })));
    equal(values.map(({ rows }) => rows[0]), values.map((_, number) => ({ number, schema: 'tenant_2' })), 'a pipeline');
    const outcomes = await Promise.allSettled([
        client.query('BEGIN'), client.query('SELECT 1 / $1::int', [0]), client.query('SELECT $1::int AS number', [1]),
        client.query('ROLLBACK'), client.query('SELECT $1::int AS number', [2]),
    ]);
    equal(outcomes.map(({ reason, value }) => reason?.code ?? value.rows[0]?.number ?? value.command),
        ['BEGIN', '22012', '25P02', 'ROLLBACK', 2], 'a pipeline with an error');
    await client.end();
}

run(async () => {
    phase('migrations');
    const applied = await Promise.all(Array.from({ length: MIGRATORS }, migrate));
    const client = await connect();
    check_migrations(applied, (await client.query(MIGRATION_RUNS)).rows);
    await client.end();

    phase('business');
    const pids = await business_day(sessions, open, async () => {
        phase('timeouts');
        await statement_and_lock_timeouts();
        await client_side_timeouts();
        phase('cancel');
        await cancelled();
        phase('pipeline');
        await pipelined();
        phase('business after it');
    });
    await Promise.all(clients.map((each) => each.end()));
    return pids;
});
