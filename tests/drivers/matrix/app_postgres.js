// postgres.js: fifty instances of one connection each; every statement is a named prepared one, COMMIT included.
'use strict';

const postgres = require('postgres');
const { business_day, check_migrations } = require('./bank');
const { equal, fails, phase, run, wait_until } = require('./check');
const {
    url, sessions, tenants, FACTS, MIGRATORS, MIGRATION_LOCK, MIGRATION_RUNS, migrations,
} = require('./tenants');

const clients = [];

function connect(options = {}) {
    const sql = postgres(url, { max: 1, onnotice: () => {}, ...options });
    clients.push(sql);
    return sql;
}

async function migrate() {
    const sql = connect();
    await sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`;
    await sql`CREATE TABLE IF NOT EXISTS public.applied (tag text PRIMARY KEY)`;
    let applied = 0;
    const done = await sql`SELECT tag FROM public.applied`;
    for (const { tag, statements } of migrations()) {
        if (done.some((row) => row.tag === tag)) continue;
        await sql.begin(async (tx) => {
            for (const statement of statements) await tx.unsafe(statement);
            await tx`INSERT INTO public.applied ${tx({ tag })}`;
        });
        applied += 1;
    }
    const answer = await sql`SELECT pg_advisory_unlock(${MIGRATION_LOCK}) AS unlocked`;
    equal([...answer], [{ unlocked: true }], 'the lock was still ours');
    return applied;
}

class Teller {
    constructor(sql) {
        this.sql = sql;
    }

    transaction(work) {
        return this.sql.begin(work);
    }

    savepoint(tx, work) {
        return tx.savepoint(work);
    }

    // As a tagged template, for the driver does not prepare what comes through unsafe().
    async facts(tx) {
        return (await tx(Object.assign([FACTS], { raw: [FACTS] })))[0];
    }

    async shown_zone(tx) {
        return (await tx`SHOW timezone`)[0].TimeZone;
    }

    async balance(tx, account) {
        return (await tx`SELECT balance FROM account WHERE name = ${account}`)[0]?.balance;
    }

    async open(tx, name, balance) {
        await tx`INSERT INTO account ${tx({ name, balance })}`;
    }

    async change(tx, account, amount) {
        await tx`UPDATE account SET balance = balance + ${amount} WHERE name = ${account}`;
    }

    async close(tx, account) {
        equal((await tx`DELETE FROM account WHERE name = ${account}`).count, 1, 'accounts closed');
    }

    async write(tx, account, body) {
        await tx`INSERT INTO note (account_id, body) SELECT id, ${body} FROM account WHERE name = ${account}`;
    }

    async notes(tx, account) {
        const rows = await tx`SELECT body FROM note JOIN account ON account.id = account_id WHERE name = ${account} ORDER BY note.id`;
        return rows.map(({ body }) => body);
    }

    async divide(tx) {
        await tx`SELECT 1 / ${0}::int`;
    }

    async read(account) {
        const rows = await this.sql`SELECT pg_backend_pid() AS pid, current_setting('application_name') AS session, balance
            FROM account WHERE name = ${account}`;
        return rows[0];
    }

    code(error) {
        return error.code;
    }
}

async function open({ number, name, tenant }) {
    if (number % 2 === 0) {
        const { zone, schema } = tenant;
        return new Teller(connect({ connection: { application_name: name, TimeZone: zone, search_path: `${schema}, public` } }));
    }
    const sql = connect();
    await sql`SET application_name = ${sql(name)}`;
    await sql.unsafe(`SET TIME ZONE '${tenant.zone}'; SET search_path TO ${tenant.schema}, public`);
    return new Teller(sql);
}

async function cancelled(sql, watcher) {
    const sleep = sql`SELECT pg_sleep(30) /* to be cancelled */`.execute();
    await wait_until(async () => {
        const running = await watcher`SELECT FROM pg_stat_activity
            WHERE state = 'active' AND query LIKE '%to be cancelled%' AND pid <> pg_backend_pid()`;
        return running.count === 1;
    }, 'the statement runs');
    sleep.cancel();
    await fails(sleep, '57014', 'a cancelled statement');
    equal([...await sql`SELECT ${9}::int AS nine`], [{ nine: 9 }], 'the cancelled connection goes on');
    equal([...await watcher`SELECT ${10}::int AS ten`], [{ ten: 10 }], 'nobody else was cancelled');
}

// A statement that waits in the driver is taken back without the server knowing.
async function cancelled_in_the_queue(sql) {
    const first = sql.begin((tx) => tx`SELECT pg_sleep(0.2), 1 AS one`);
    const second = sql`SELECT 2 AS two`.execute();
    second.cancel();
    await fails(second, '57014', 'a statement cancelled before it was sent');
    equal((await first)[0].one, 1, 'the transaction before it');
}

async function timed(sql) {
    await fails(sql`SELECT pg_sleep(30)`, '57014', 'statement_timeout');
    await fails(sql.begin((tx) => tx`SELECT pg_sleep(${30})`), '57014', 'statement_timeout in a transaction');
    equal([...await sql`SHOW statement_timeout`], [{ statement_timeout: '200ms' }], 'its own timeout');
    equal([...await connect()`SHOW statement_timeout`], [{ statement_timeout: '0' }], 'nobody else has a timeout');
}

// The driver's default pool of ten, and several statements in flight on each connection.
async function pipelined() {
    const sql = connect({ max: undefined, connection: { search_path: 'tenant_2' } });
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    const rows = await Promise.all(numbers.map((number) => sql`SELECT ${number}::int AS number, current_schema() AS schema`));
    equal(rows.map((row) => row[0]), numbers.map((number) => ({ number, schema: 'tenant_2' })), 'statements in flight');
    const results = await sql.begin((tx) => numbers.slice(0, 20).map((number) => tx`SELECT ${number}::int + 1 AS next`));
    equal(results.map((row) => row[0].next), numbers.slice(1, 21), 'statements in flight in a transaction');
    await fails(sql.begin((tx) => [tx`SELECT 1 / ${0}::int`, tx`SELECT 1`]), '22012', 'an error in flight in a transaction');
    const outcomes = await Promise.allSettled([sql`SELECT 1 / ${0}::int`, sql`SELECT ${3}::int AS three`]);
    equal(outcomes.map(({ reason, value }) => reason?.code ?? value[0].three), ['22012', 3], 'an error among statements in flight');
}

// A table gets a column under a statement that was prepared before.
async function changed_table(sql, other) {
    await other`CREATE TABLE public.growing (id int)`;
    await other`INSERT INTO public.growing VALUES (1)`;
    const read = () => sql`SELECT * FROM public.growing WHERE id = ${1}`;
    equal([...await read()], [{ id: 1 }], 'the table before');
    await other`ALTER TABLE public.growing ADD COLUMN name text NOT NULL DEFAULT 'new'`;
    equal([...await read()], [{ id: 1, name: 'new' }], 'the table after');
}

run(async () => {
    phase('migrations');
    const applied = await Promise.all(Array.from({ length: MIGRATORS }, migrate));
    check_migrations(applied, await connect().unsafe(MIGRATION_RUNS));

    phase('business');
    const pids = await business_day(sessions, open, async () => {
        phase('cancel');
        await cancelled(connect(), connect());
        await cancelled_in_the_queue(connect());
        phase('timeouts');
        await timed(connect({ connection: { statement_timeout: 200, search_path: tenants[1].schema } }));
        phase('pipeline');
        await pipelined();
        phase('a changed table');
        await changed_table(connect(), connect());
        phase('business after it');
    });
    await Promise.all(clients.map((sql) => sql.end({ timeout: 5 })));
    return pids;
});
