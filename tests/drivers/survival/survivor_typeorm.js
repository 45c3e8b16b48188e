// TypeORM on node-postgres.
'use strict';

const { DataSource } = require('typeorm');
const { survive, busy, url, workers, PACE, INSERT, LIFETIME_SECONDS } = require('./survivor');

const source = new DataSource({ type: 'postgres', url, poolSize: workers, extra: { maxLifetimeSeconds: LIFETIME_SECONDS } });

async function unit(id) {
    await source.transaction(async (manager) => {
        const [{ client_seconds }] = await manager.query(PACE);
        await busy(client_seconds);
        await manager.query(INSERT, [id]);
    });
}

async function main() {
    await source.initialize();
    await survive(unit, (error) => error.driverError?.code ?? error.code);
    await source.destroy();
}

main();
