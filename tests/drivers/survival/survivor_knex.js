// Knex, which has a pool of its own over node-postgres.
'use strict';

const create = require('knex');
const { survive, busy, url, workers } = require('./survivor');

const knex = create({
    client: 'pg',
    connection: url,
    // Connections that are not needed for this long are closed, so that there are always new ones.
    pool: { min: 0, max: workers, idleTimeoutMillis: 100 },
    // It would write to standard output what the application is told anyway.
    log: { warn() {} },
});

async function unit(id) {
    await knex.transaction(async (transaction) => {
        const { rows } = await transaction.raw('SELECT client_seconds FROM pace, pg_sleep(server_seconds)');
        await busy(rows[0].client_seconds);
        await transaction('work').insert({ id });
    });
}

survive(unit).then(() => knex.destroy());
