// Runs one statement through a driver with its defaults and prints what came of it as JSON.
//   node probe.js pg|postgres URL query SQL          {"rows": [...]} or {"error": {...}}
//   node probe.js postgres URL cancel SQL            the same; a line on stdin cancels the statement
//   node probe.js pg|postgres URL parameters SQL     the statement takes $1 = 41 and $2 = 'a'
//   node probe.js pg|postgres URL after-error SQL    the statement fails; what the same connection says to SELECT 7
'use strict';

const [driver, url, action, sql] = process.argv.slice(2);

function facts(error) {
    const { code, message, detail, hint, severity } = error;
    return { code, message, detail, hint, severity: severity || error.severity_local };
}

async function with_pg() {
    const { Client } = require('pg');
    const client = new Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    try {
        if (action === 'parameters') return (await client.query(sql, [41, 'a'])).rows;
        if (action === 'after-error') {
            const error = await client.query(sql).then(() => null, (reason) => reason);
            if (!error) throw new Error('the statement did not fail');
            return [...(await client.query('SELECT 7 AS seven')).rows, { code: error.code }];
        }
        return (await client.query(sql)).rows;
    } finally {
        await client.end();
    }
}

async function with_postgres() {
    const postgres = require('postgres');
    const client = postgres(url, { max: 1 });
    try {
        if (action === 'parameters') return [...await client.unsafe(sql, [41, 'a'])];
        if (action === 'after-error') {
            const error = await client.unsafe(sql).then(() => null, (reason) => reason);
            if (!error) throw new Error('the statement did not fail');
            return [...await client`SELECT 7 AS seven`, { code: error.code }];
        }
        if (action === 'cancel') {
            await client`SELECT 1`;
            const running = client.unsafe(sql).execute();
            process.stdin.once('data', () => { running.cancel(); process.stdin.unref(); });
            return [...await running];
        }
        return [...await client.unsafe(sql)];
    } finally {
        await client.end({ timeout: 5 });
    }
}

(driver === 'pg' ? with_pg() : with_postgres()).then(
    (rows) => console.log(JSON.stringify({ rows })),
    (error) => console.log(JSON.stringify({ error: facts(error) })),
);
