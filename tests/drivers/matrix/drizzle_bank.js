// The application on Drizzle, whichever driver is under it.
'use strict';

const { eq, sql, asc } = require('drizzle-orm');
const { integer, pgTable, serial, text } = require('drizzle-orm/pg-core');
const { equal } = require('./check');

const place = pgTable('place', { name: text('name').notNull() });
const account = pgTable('account', {
    id: serial('id').primaryKey(), name: text('name').notNull().unique(), balance: integer('balance').notNull(),
});
const note = pgTable('note', {
    id: serial('id').primaryKey(), account_id: integer('account_id').notNull(), body: text('body').notNull(),
});

// tenants.js FACTS, in Drizzle's words.
const facts = {
    pid: sql`pg_backend_pid()`,
    session: sql`current_setting('application_name')`,
    zone: sql`current_setting('TimeZone')`,
    schema: sql`current_schema()::text`,
    noon_utc: sql`('2024-07-01 12:00:00+00'::timestamptz)::text`,
    noon_here: sql`(timestamptz '2024-07-01 12:00:00' AT TIME ZONE 'UTC')::text`,
    place: place.name,
};

class Teller {
    // rows(answer) is what the driver under Drizzle makes of a text of our own.
    constructor(db, rows) {
        Object.assign(this, { db, rows });
        this.prepared_read = db.select({ pid: facts.pid, session: facts.session, balance: account.balance })
            .from(account).where(eq(account.name, sql.placeholder('name'))).prepare('read');
    }

    transaction(work) {
        return this.db.transaction(work);
    }

    savepoint(tx, work) {
        return tx.transaction(work);
    }

    async facts(tx) {
        return (await tx.select(facts).from(place).prepare('facts').execute())[0];
    }

    async shown_zone(tx) {
        return this.rows(await tx.execute(sql`SHOW timezone`))[0].TimeZone;
    }

    async balance(tx, name) {
        const query = tx.select({ balance: account.balance }).from(account).where(eq(account.name, sql.placeholder('name')));
        return (await query.prepare('balance').execute({ name }))[0]?.balance;
    }

    async open(tx, name, balance) {
        const [{ id }] = await tx.insert(account).values({ name, balance }).returning({ id: account.id });
        equal(typeof id, 'number', 'the id of a new account');
    }

    async change(tx, name, amount) {
        await tx.update(account).set({ balance: sql`${account.balance} + ${amount}` }).where(eq(account.name, name));
    }

    async close(tx, name) {
        equal((await tx.delete(account).where(eq(account.name, name)).returning()).length, 1, 'accounts closed');
    }

    async write(tx, name, body) {
        const [{ id }] = await tx.select({ id: account.id }).from(account).where(eq(account.name, name));
        await tx.insert(note).values({ account_id: id, body });
    }

    async notes(tx, name) {
        const rows = await tx.select({ body: note.body }).from(note).innerJoin(account, eq(account.id, note.account_id))
            .where(eq(account.name, name)).orderBy(asc(note.id));
        return rows.map(({ body }) => body);
    }

    async divide(tx) {
        await tx.execute(sql`SELECT 1 / ${0}::int`);
    }

    async read(name) {
        return (await this.prepared_read.execute({ name }))[0];
    }

    code(error) {
        return code(error);
    }
}

// Drizzle wraps what the driver threw.
function code(error) {
    return error.cause?.code ?? error.code;
}

module.exports = { Teller, code };
