// node-postgres and its pool.
'use strict';

const { Pool } = require('pg');
const { survive, lost, busy, url, workers, PACE, INSERT, LIFETIME_SECONDS } = require('./survivor');

const pool = new Pool({ connectionString: url, max: workers, maxLifetimeSeconds: LIFETIME_SECONDS });
pool.on('error', lost);

async function unit(id) {
    const client = await pool.connect();
    try {
        await client.query('BEGIN');
        const { rows } = await client.query({ name: 'pace', text: PACE });
        await busy(rows[0].client_seconds);
        await client.query({ name: 'insert', text: INSERT, values: [id] });
        await client.query('COMMIT');
    } catch (error) {
        await client.query('ROLLBACK');
        throw error;
    } finally {
        client.release();
    }
}

survive(unit).then(() => pool.end());
