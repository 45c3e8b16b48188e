// postgres.js, whose client is a pool.
'use strict';

const postgres = require('postgres');
const { survive, busy, url, workers, LIFETIME_SECONDS } = require('./survivor');

const sql = postgres(url, { max: workers, max_lifetime: LIFETIME_SECONDS });

async function unit(id) {
    await sql.begin(async (transaction) => {
        const [{ client_seconds }] = await transaction`SELECT client_seconds FROM pace, pg_sleep(server_seconds)`;
        await busy(client_seconds);
        await transaction`INSERT INTO work (id) VALUES (${id})`;
    });
}

survive(unit).then(() => sql.end());
