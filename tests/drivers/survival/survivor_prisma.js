// Prisma with its adapter for node-postgres.
'use strict';

const { Pool } = require('pg');
const { PrismaClient } = require('@prisma/client');
const { PrismaPg } = require('@prisma/adapter-pg');
const { survive, lost, busy, url, workers, PACE, LIFETIME_SECONDS } = require('./survivor');

const pool = new Pool({ connectionString: url, max: workers, maxLifetimeSeconds: LIFETIME_SECONDS });
// Prisma's own two seconds to start a transaction, and five to end it, are less than an outage takes.
const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { disposeExternalPool: true, onPoolError: lost }),
    transactionOptions: { maxWait: 60_000, timeout: 60_000 },
});

async function unit(id) {
    await prisma.$transaction(async (transaction) => {
        const [{ client_seconds }] = await transaction.$queryRawUnsafe(PACE);
        await busy(client_seconds);
        await transaction.$executeRaw`INSERT INTO work (id) VALUES (${id})`;
    });
}

// What fails in COMMIT comes as the adapter's own error.
function code(error) {
    return (error.meta?.driverAdapterError ?? error).cause?.originalCode ?? error.code;
}

survive(unit, code).then(() => prisma.$disconnect());
