// TypeORM on node-postgres: a data source of ten connections for each tenant.
'use strict';

const { DataSource, EntitySchema, MigrationExecutor } = require('typeorm');
const { business_day, check_migrations } = require('./bank');
const { equal, fails, phase, run, wait_until } = require('./check');
const {
    url, sessions, tenants, FACTS, MIGRATORS, MIGRATION_LOCK, MIGRATION_RUNS, migrations, startup_options,
} = require('./tenants');

const id = { type: Number, primary: true, generated: true };
const Account = new EntitySchema({
    name: 'account', columns: { id, name: { type: String, unique: true }, balance: { type: 'int' } },
});
const Note = new EntitySchema({
    name: 'note',
    columns: { id, body: { type: 'text' } },
    relations: { account: { type: 'many-to-one', target: 'account', joinColumn: { name: 'account_id' } } },
});

// TypeORM takes the order of migrations from the time at the end of their names.
const migration_classes = migrations().map(({ tag, statements }, number) => class {
    name = `${tag}_${1720000000000 + number}`;

    async up(runner) {
        for (const statement of statements) await runner.query(statement);
    }

    async down() {}
});

async function connect(options = {}) {
    return new DataSource({ type: 'postgres', url, ...options }).initialize();
}

// Asks for the lock again and again, then migrates on the connection that holds it.
async function migrate() {
    const source = await connect({ migrations: migration_classes });
    const runner = source.createQueryRunner();
    await wait_until(async () => (await runner.query('SELECT pg_try_advisory_lock($1) AS locked', [MIGRATION_LOCK]))[0].locked,
        'the lock is free');
    const applied = await new MigrationExecutor(source, runner).executePendingMigrations();
    const answer = await runner.query('SELECT pg_advisory_unlock($1) AS unlocked', [MIGRATION_LOCK]);
    equal(answer, [{ unlocked: true }], 'the lock was still ours');
    await runner.release();
    await source.destroy();
    return applied.length;
}

class Teller {
    constructor(source) {
        this.source = source;
    }

    transaction(work) {
        return this.source.transaction(work);
    }

    savepoint(tx, work) {
        return tx.transaction(work);
    }

    async facts(tx) {
        const client = await tx.queryRunner.connect();
        return (await client.query({ name: 'facts', text: FACTS })).rows[0];
    }

    async shown_zone(tx) {
        return (await tx.query('SHOW timezone'))[0].TimeZone;
    }

    async balance(tx, name) {
        return (await tx.findOneBy(Account, { name }))?.balance;
    }

    async open(tx, name, balance) {
        const saved = await tx.save(Account, { name, balance });
        equal(typeof saved.id, 'number', 'the id of a new account');
    }

    async change(tx, name, amount) {
        equal((await tx.increment(Account, { name }, 'balance', amount)).affected, 1, 'accounts changed');
    }

    async close(tx, name) {
        equal((await tx.delete(Account, { name })).affected, 1, 'accounts closed');
    }

    async write(tx, name, body) {
        await tx.save(Note, { body, account: await tx.findOneByOrFail(Account, { name }) });
    }

    async notes(tx, name) {
        const notes = await tx.find(Note, { where: { account: { name } }, relations: { account: true }, order: { id: 'ASC' } });
        return notes.map(({ body }) => body);
    }

    async divide(tx) {
        await tx.query('SELECT 1 / $1::int', [0]);
    }

    // TypeORM prepares nothing; its connections do when asked by name.
    async read(name) {
        const runner = this.source.createQueryRunner();
        try {
            const client = await runner.connect();
            const text = `SELECT pg_backend_pid() AS pid, current_setting('application_name') AS session, balance
                FROM account WHERE name = $1`;
            return (await client.query({ name: 'read', text, values: [name] })).rows[0];
        } finally {
            await runner.release();
        }
    }

    code(error) {
        return code(error);
    }
}

function code(error) {
    return error.driverError?.code ?? error.code;
}

function open_bank(tenant) {
    let number = 0;
    return connect({
        entities: [Account, Note],
        poolSize: 10,
        extra: {
            options: startup_options(tenant),
            onConnect: (client) => client.query(`SET application_name = '${tenant.schema} ${number += 1}'`),
        },
    });
}

async function timeouts() {
    const source = await connect({ extra: { statement_timeout: 200 } });
    await fails(source.query('SELECT pg_sleep(30)'), '57014', 'statement_timeout', code);
    await fails(source.transaction((tx) => tx.query('SELECT pg_sleep($1)', [30])), '57014', 'statement_timeout in a transaction', code);
    equal(await source.query('SHOW statement_timeout'), [{ statement_timeout: '200ms' }], 'its own timeout');
    await source.destroy();

    const impatient = await connect({ poolSize: 1, extra: { query_timeout: 200 } });
    await fails(impatient.query('SELECT pg_sleep(1)'), 'Query read timeout', 'query_timeout', (error) => error.driverError.message);
    // The connection is still busy: what is asked meanwhile fails the same way, and then it goes on.
    await wait_until(() => impatient.query('SELECT 1').then(() => true, () => false), 'the connection goes on');
    equal(await impatient.query('SHOW statement_timeout'), [{ statement_timeout: '0' }], 'nobody else has a timeout');
    await impatient.destroy();
}

async function locked_rows(bank) {
    await bank.transaction('SERIALIZABLE', async (tx) => {
        equal(await tx.query('SHOW transaction_isolation'), [{ transaction_isolation: 'serializable' }], 'the isolation asked for');
        const common = await tx.findOne(Account, { where: { name: 'common' }, lock: { mode: 'pessimistic_write' } });
        await fails(bank.transaction((other) => other.findOne(Account, {
            where: { id: common.id }, lock: { mode: 'pessimistic_write', onLocked: 'nowait' },
        })), '55P03', 'a locked row', code);
    });
    equal(await bank.query('SHOW transaction_isolation'), [{ transaction_isolation: 'read committed' }], 'the default again');
}

run(async () => {
    phase('migrations');
    const applied = await Promise.all(Array.from({ length: MIGRATORS }, migrate));
    const banks = await Promise.all(tenants.map(open_bank));
    check_migrations(applied, await banks[0].query(MIGRATION_RUNS));

    phase('business');
    const open = ({ tenant }) => new Teller(banks[tenant.number]);
    const pids = await business_day(sessions, open, async () => {
        phase('timeouts');
        await timeouts();
        phase('locks');
        await locked_rows(banks[1]);
        phase('business after it');
    });
    await Promise.all(banks.map((bank) => bank.destroy()));
    return pids;
});
