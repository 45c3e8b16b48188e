// Knex on node-postgres: one instance for each tenant, with Knex's default pool of up to ten connections.
'use strict';

const create = require('knex');
const { business_day, check_migrations } = require('./bank');
const { equal, fails, phase, run } = require('./check');
const {
    url, sessions, tenants, FACTS, MIGRATORS, MIGRATION_LOCK, MIGRATION_RUNS, migrations,
} = require('./tenants');

const migration_source = {
    getMigrations: async () => migrations(),
    getMigrationName: ({ tag }) => tag,
    getMigration: async ({ statements }) => ({
        up: async (knex) => {
            for (const statement of statements) await knex.raw(statement);
        },
        down: async () => {},
    }),
};

// One connection, for the lock belongs to it.
async function migrate() {
    const knex = create({
        client: 'pg', connection: url, pool: { min: 1, max: 1 }, migrations: { migrationSource: migration_source },
    });
    await knex.raw('SELECT pg_advisory_lock(?)', [MIGRATION_LOCK]);
    const [, applied] = await knex.migrate.latest();
    const { rows } = await knex.raw('SELECT pg_advisory_unlock(?) AS unlocked', [MIGRATION_LOCK]);
    equal(rows, [{ unlocked: true }], 'the lock was still ours');
    await knex.destroy();
    return applied.length;
}

// Gives every new connection a name and its tenant's zone; the search path is Knex's own option.
function welcome(tenant) {
    let number = 0;
    return (connection, done) => {
        const text = `SET application_name = '${tenant.schema} ${number += 1}'; SET TIME ZONE '${tenant.zone}'`;
        connection.query(text, (error) => done(error, connection));
    };
}

const banks = tenants.map((tenant) => create({
    client: 'pg',
    connection: url,
    searchPath: [tenant.schema, 'public'],
    pool: { afterCreate: welcome(tenant) },
}));

class Teller {
    constructor(knex) {
        this.knex = knex;
    }

    transaction(work) {
        return this.knex.transaction(work);
    }

    savepoint(tx, work) {
        return tx.transaction(work);
    }

    async facts(tx) {
        return (await tx.raw(FACTS).options({ name: 'facts' })).rows[0];
    }

    async shown_zone(tx) {
        return (await tx.raw('SHOW timezone')).rows[0].TimeZone;
    }

    async balance(tx, name) {
        return (await tx('account').where({ name }).first('balance'))?.balance;
    }

    async open(tx, name, balance) {
        const [{ id }] = await tx('account').insert({ name, balance }).returning('id');
        equal(typeof id, 'number', 'the id of a new account');
    }

    async change(tx, name, amount) {
        equal(await tx('account').where({ name }).increment('balance', amount), 1, 'accounts changed');
    }

    async close(tx, name) {
        equal(await tx('account').where({ name }).del(), 1, 'accounts closed');
    }

    async write(tx, name, body) {
        const { id } = await tx('account').where({ name }).first('id');
        await tx('note').insert({ account_id: id, body });
    }

    notes(tx, name) {
        return tx('note').join('account', 'account.id', 'account_id').where({ name }).orderBy('note.id').pluck('body');
    }

    async divide(tx) {
        await tx.raw('SELECT 1 / ?::int', [0]);
    }

    // Knex hands its options to the driver, which prepares what has a name.
    async read(name) {
        return this.knex('account').where({ name }).options({ name: 'read' }).first({
            pid: this.knex.raw('pg_backend_pid()'), session: this.knex.raw(`current_setting('application_name')`), balance: 'balance',
        });
    }

    code(error) {
        return error.code;
    }
}

async function timeouts() {
    const knex = create({ client: 'pg', connection: { connectionString: url, statement_timeout: 200 } });
    await fails(knex.raw('SELECT pg_sleep(30)'), '57014', 'statement_timeout');
    await fails(knex.transaction((tx) => tx.raw('SELECT pg_sleep(?)', [30])), '57014', 'statement_timeout in a transaction');
    equal((await knex.raw('SHOW statement_timeout')).rows, [{ statement_timeout: '200ms' }], 'its own timeout');
    await knex.destroy();

    // Knex gives up the connection; or, asked to cancel, calls pg_cancel_backend() with the pid the driver
    // was given at login, which a pooler may not honour: the statement then ends by itself.
    const one = create({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
    equal((await one.raw('SHOW statement_timeout')).rows, [{ statement_timeout: '0' }], 'nobody else has a timeout');
    const name = (error) => error.name;
    await fails(one.raw('SELECT pg_sleep(1)').timeout(100), 'KnexTimeoutError', 'a timeout', name);
    equal((await one.raw('SELECT ?::int AS seven', [7])).rows, [{ seven: 7 }], 'the pool goes on');
    await fails(one.raw('SELECT pg_sleep(1)').timeout(100, { cancel: true }), 'KnexTimeoutError', 'a timeout that cancels', name);
    equal((await one.raw('SELECT ?::int AS eight', [8])).rows, [{ eight: 8 }], 'the pool goes on after it');
    await one.destroy();
}

run(async () => {
    phase('migrations');
    const applied = await Promise.all(Array.from({ length: MIGRATORS }, migrate));
    check_migrations(applied, (await banks[0].raw(MIGRATION_RUNS)).rows);

    phase('business');
    const open = ({ tenant }) => new Teller(banks[tenant.number]);
    const pids = await business_day(sessions, open, async () => {
        phase('timeouts');
        await timeouts();
        phase('business after it');
    });
    await Promise.all(banks.map((knex) => knex.destroy()));
    return pids;
});
