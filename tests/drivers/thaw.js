// A client that is frozen in the middle of a transaction and thaws when a line comes on stdin.
//   node thaw.js pg|postgres URL statement   its next statement fails; it rolls back as the driver does
//   node thaw.js pg|postgres URL commit      its next statement is COMMIT
// Prints "frozen", and when it has thawed {"code": ..., "seven": ...}: what the error was, and what a transaction
// after it says on the same connection.
'use strict';

const [driver, url, next] = process.argv.slice(2);

function thawed() {
    return new Promise((resolve) => process.stdin.once('data', () => { process.stdin.unref(); resolve(); }));
}

async function with_pg() {
    const { Client } = require('pg');
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT 1');
    console.log('frozen');
    await thawed();
    let code = null;
    try {
        if (next === 'statement') await client.query('SELECT $1::int', [2]);
        await client.query('COMMIT');
    } catch (error) {
        code = error.code;
        await client.query('ROLLBACK');
    }
    await client.query('BEGIN');
    const { rows } = await client.query('SELECT $1::int AS seven', [7]);
    await client.query('COMMIT');
    await client.end();
    return { code, seven: rows[0].seven };
}

async function with_postgres() {
    const client = require('postgres')(url, { max: 1 });
    let code = null;
    await client.begin(async (transaction) => {
        await transaction`SELECT 1`;
        console.log('frozen');
        await thawed();
        if (next === 'statement') await transaction`SELECT ${2}::int`;
    }).catch((error) => { code = error.code; });
    const rows = await client.begin((transaction) => transaction`SELECT ${7}::int AS seven`);
    await client.end({ timeout: 5 });
    return { code, seven: rows[0].seven };
}

(driver === 'pg' ? with_pg() : with_postgres()).then((result) => console.log(JSON.stringify(result)));
