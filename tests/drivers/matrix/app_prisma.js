// Prisma with its driver adapter for node-postgres: a client of ten connections for each tenant. The models'
// statements name the tenant's schema, the raw ones rely on the search path.
'use strict';

const { Pool } = require('pg');
const { PrismaClient } = require('@prisma/client');
const { PrismaPg } = require('@prisma/adapter-pg');
const { business_day, check_migrations } = require('./bank');
const { equal, fails, phase, run } = require('./check');
const {
    url, sessions, tenants, FACTS, MIGRATORS, MIGRATION_LOCK, MIGRATION_RUNS, migrations, startup_options,
} = require('./tenants');

// Fifty sessions share one processor here: Prisma's own two seconds to start a transaction could pass by themselves.
const PATIENCE = { maxWait: 20_000, timeout: 20_000 };

function connect(pool, options = {}) {
    return new PrismaClient({
        adapter: new PrismaPg(pool, { disposeExternalPool: true, ...options }), transactionOptions: PATIENCE,
    });
}

// Prisma's own migrations need its engine. A pool of one connection, for the lock belongs to it.
async function migrate() {
    const prisma = connect({ connectionString: url, max: 1 });
    await prisma.$executeRaw`SELECT pg_advisory_lock(${MIGRATION_LOCK}::bigint)`;
    await prisma.$executeRaw`CREATE TABLE IF NOT EXISTS public.applied (tag text PRIMARY KEY)`;
    const done = await prisma.$queryRaw`SELECT tag FROM public.applied`;
    let applied = 0;
    for (const { tag, statements } of migrations()) {
        if (done.some((row) => row.tag === tag)) continue;
        await prisma.$transaction([
            ...statements.map((statement) => prisma.$executeRawUnsafe(statement)),
            prisma.$executeRaw`INSERT INTO public.applied VALUES (${tag})`,
        ]);
        applied += 1;
    }
    const answer = await prisma.$queryRaw`SELECT pg_advisory_unlock(${MIGRATION_LOCK}::bigint) AS unlocked`;
    equal(answer, [{ unlocked: true }], 'the lock was still ours');
    await prisma.$disconnect();
    return applied;
}

class Teller {
    constructor(prisma) {
        this.prisma = prisma;
    }

    transaction(work) {
        return this.prisma.$transaction(work);
    }

    savepoint(tx, work) {
        return tx.$transaction(work);
    }

    async facts(tx) {
        return (await tx.$queryRawUnsafe(FACTS))[0];
    }

    async shown_zone(tx) {
        return (await tx.$queryRaw`SHOW timezone`)[0].TimeZone;
    }

    async balance(tx, name) {
        return (await tx.account.findUnique({ where: { name } }))?.balance;
    }

    async open(tx, name, balance) {
        const { id } = await tx.account.create({ data: { name, balance } });
        equal(typeof id, 'number', 'the id of a new account');
    }

    async change(tx, name, amount) {
        await tx.account.update({ where: { name }, data: { balance: { increment: amount } } });
    }

    async close(tx, name) {
        equal((await tx.account.deleteMany({ where: { name } })).count, 1, 'accounts closed');
    }

    async write(tx, name, body) {
        await tx.note.create({ data: { body, account: { connect: { name } } } });
    }

    async notes(tx, name) {
        const account = await tx.account.findUniqueOrThrow({ where: { name }, include: { notes: { orderBy: { id: 'asc' } } } });
        return account.notes.map(({ body }) => body);
    }

    async divide(tx) {
        await tx.$queryRaw`SELECT 1 / ${0}::int`;
    }

    async read(name) {
        const rows = await this.prisma.$queryRaw`SELECT pg_backend_pid() AS pid, current_setting('application_name') AS session,
            balance FROM account WHERE name = ${name}`;
        return rows[0];
    }

    code(error) {
        return code(error);
    }
}

// Prisma's own code for what it knows, and PostgreSQL's for raw statements.
function code(error) {
    return error.code === 'P2002' ? '23505' : error.meta?.driverAdapterError?.cause?.originalCode;
}

// The adapter names a statement when it is told how: then the driver prepares it, BEGIN and COMMIT included.
function open_bank(tenant) {
    let number = 0;
    const pool = new Pool({
        connectionString: url,
        options: startup_options(tenant),
        onConnect: (client) => client.query(`SET application_name = '${tenant.schema} ${number += 1}'`),
    });
    const names = new Map();
    const statementNameGenerator = ({ sql }) => {
        if (!names.has(sql)) names.set(sql, `prisma ${names.size}`);
        return names.get(sql);
    };
    return connect(pool, { schema: tenant.schema, ...(tenant.number % 2 ? { statementNameGenerator } : {}) });
}

async function timeouts() {
    const prisma = connect({ connectionString: url, max: 1, statement_timeout: 200 });
    await fails(prisma.$queryRaw`SELECT 1 AS one FROM pg_sleep(30)`, '57014', 'statement_timeout', code);
    await fails(prisma.$transaction((tx) => tx.$queryRaw`SELECT 1 AS one FROM pg_sleep(30)`), '57014',
        'statement_timeout in a transaction', code);
    equal(await prisma.$queryRaw`SHOW statement_timeout`, [{ statement_timeout: '200ms' }], 'its own timeout');
    await prisma.$disconnect();

    const impatient = connect({ connectionString: url, max: 1 });
    await fails(impatient.$transaction(async (tx) => {
        await tx.$executeRaw`CREATE TABLE public.never (id int)`;
        await tx.$queryRaw`SELECT 1 AS one FROM pg_sleep(0.5)`;
        await tx.$queryRaw`SELECT 1 AS one`;
    }, { timeout: 200 }), 'P2028', 'the timeout of a transaction', (error) => error.code);
    equal(await impatient.$queryRaw`SELECT to_regclass('public.never') IS NULL AS gone`, [{ gone: true }], 'it was rolled back');
    equal(await impatient.$queryRaw`SHOW statement_timeout`, [{ statement_timeout: '0' }], 'nobody else has a timeout');
    await impatient.$disconnect();
}

async function isolation(prisma) {
    const shown = await prisma.$transaction((tx) => tx.$queryRaw`SHOW transaction_isolation`, { isolationLevel: 'Serializable' });
    equal(shown, [{ transaction_isolation: 'serializable' }], 'the isolation asked for');
    equal(await prisma.$queryRaw`SHOW transaction_isolation`, [{ transaction_isolation: 'read committed' }], 'the default again');
}

run(async () => {
    phase('migrations');
    const applied = await Promise.all(Array.from({ length: MIGRATORS }, migrate));
    const banks = tenants.map(open_bank);
    check_migrations(applied, await banks[0].$queryRawUnsafe(MIGRATION_RUNS));

    phase('business');
    const open = ({ tenant }) => new Teller(banks[tenant.number]);
    const pids = await business_day(sessions, open, async () => {
        phase('timeouts');
        await timeouts();
        phase('isolation');
        await isolation(banks[1]);
        phase('business after it');
    });
    await Promise.all(banks.map((prisma) => prisma.$disconnect()));
    return pids;
});
