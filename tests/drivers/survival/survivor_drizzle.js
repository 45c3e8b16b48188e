// Drizzle on node-postgres.
'use strict';

const { Pool } = require('pg');
const { sql } = require('drizzle-orm');
const { drizzle } = require('drizzle-orm/node-postgres');
const { survive, lost, busy, url, workers, LIFETIME_SECONDS } = require('./survivor');

const pool = new Pool({ connectionString: url, max: workers, maxLifetimeSeconds: LIFETIME_SECONDS });
pool.on('error', lost);
const db = drizzle(pool);

async function unit(id) {
    await db.transaction(async (transaction) => {
        const { rows } = await transaction.execute(sql`SELECT client_seconds FROM pace, pg_sleep(server_seconds)`);
        await busy(rows[0].client_seconds);
        await transaction.execute(sql`INSERT INTO work (id) VALUES (${id})`);
    });
}

survive(unit, (error) => error.cause?.code ?? error.code).then(() => pool.end());
