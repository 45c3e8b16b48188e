// The application itself: a bank for each tenant. Every driver of the matrix gives it tellers, which do the same
// in the driver's own way:
//   transaction(work)            work(tx) within a transaction, rolled back when it throws
//   savepoint(tx, work)          work(part) within a savepoint of tx, rolled back to when it throws
//   facts(tx)                    the row of tenants.js FACTS
//   shown_zone(tx)               SHOW timezone
//   balance(tx, account)         a number, or undefined when there is no such account
//   open(tx, account, balance), change(tx, account, amount), close(tx, account)
//   write(tx, account, body), notes(tx, account)
//   divide(tx)                   fails with 22012
//   read(account)                {session, pid, balance}, in one statement: its own transaction, prepared before
//   code(error)                  the SQLSTATE
'use strict';

const { equal, fails, ok } = require('./check');
const { MIGRATION_RUNS, migrations, tenants } = require('./tenants');

// The transactions of one turn.
const PER_TURN = 6;
const TURNS = Math.max(2, Math.ceil(Number(process.env.MATRIX_ROUNDS) / PER_TURN));
const START = 1000;

// Which server every session met, transaction by transaction. A session is known by its application_name.
class Journal {
    constructor() {
        this.pids = new Map();
    }

    record(session, pid) {
        if (!this.pids.has(session)) this.pids.set(session, []);
        this.pids.get(session).push(pid);
    }

    lists() {
        return [...this.pids.values()];
    }
}

class Abandoned extends Error {}

// One customer, who asks the teller for one transaction after the other.
class Customer {
    constructor(teller, { account, name, tenant }, journal) {
        Object.assign(this, { teller, account, tenant, journal });
        this.session = name;
        this.balance = START;
    }

    // The session must be itself, on whichever server it is now.
    async look(tx) {
        const { pid, session, ...facts } = await this.teller.facts(tx);
        this.journal.record(session, pid);
        const { schema, zone, noon_utc, noon_here, place } = this.tenant;
        equal(facts, { zone, schema, noon_utc, noon_here, place }, `${this.session} and its settings`);
        return pid;
    }

    async arrive() {
        await this.teller.transaction(async (tx) => {
            await this.look(tx);
            await this.teller.open(tx, this.account, START);
        });
    }

    async pay() {
        await this.teller.transaction(async (tx) => {
            const pid = await this.look(tx);
            equal(await this.teller.balance(tx, this.account), this.balance, `${this.account} before it pays`);
            await this.teller.change(tx, this.account, -1);
            await this.teller.change(tx, 'common', 1);
            equal((await this.teller.facts(tx)).pid, pid, 'one transaction, one server');
        });
        this.balance -= 1;
    }

    async pay_in_parts() {
        const { teller, account } = this;
        const child = `${account}'s child`;
        await teller.transaction(async (tx) => {
            await this.look(tx);
            await teller.change(tx, account, -5);
            await teller.savepoint(tx, (part) => teller.open(part, child, 4));
            await fails(teller.savepoint(tx, async (part) => {
                await teller.change(part, account, -50);
                await teller.open(part, account, 0);
            }), '23505', 'an account that exists', teller.code);
            equal(await teller.balance(tx, account), this.balance - 5, 'after the rollback to the savepoint');
            await fails(teller.savepoint(tx, async (part) => {
                await teller.close(part, child);
                throw new Abandoned();
            }), true, 'a savepoint given up', (error) => error instanceof Abandoned);
            equal(await teller.balance(tx, child), 4, 'the account that was not closed after all');
            await teller.write(tx, child, `from ${account}`);
            equal(await teller.notes(tx, child), [`from ${account}`], 'the notes');
            await teller.close(tx, child);
        });
        this.balance -= 5;
    }

    async think_again() {
        await fails(this.teller.transaction(async (tx) => {
            await this.look(tx);
            await this.teller.change(tx, this.account, -10);
            throw new Abandoned();
        }), true, 'a transaction given up', (error) => error instanceof Abandoned);
    }

    async miscalculate() {
        await fails(this.teller.transaction(async (tx) => {
            await this.look(tx);
            await this.teller.change(tx, this.account, -10);
            await this.teller.divide(tx);
        }), '22012', 'a division by zero', this.teller.code);
    }

    async read() {
        const { session, pid, balance } = await this.teller.read(this.account);
        this.journal.record(session, pid);
        equal(balance, this.balance, `${this.account}, read by a prepared statement`);
    }

    async check_clock() {
        await this.teller.transaction(async (tx) => {
            await this.look(tx);
            equal(await this.teller.shown_zone(tx), this.tenant.zone, 'SHOW timezone');
        });
    }

    async turn() {
        await this.pay();
        await this.pay_in_parts();
        await this.read();
        await this.think_again();
        await this.miscalculate();
        await this.check_clock();
    }
}

// All customers at once, turn after turn.
async function do_business(customers, turns) {
    await Promise.all(customers.map(async (customer) => {
        for (let turn = 0; turn < turns; turn += 1) await customer.turn();
    }));
}

// The whole day: everybody arrives and takes turns, the interlude happens, everybody takes one more turn, and
// the sums are right. `open(session)` gives the teller of a session. Returns the pids of each session.
async function business_day(sessions, open, interlude) {
    const journal = new Journal();
    const customers = await Promise.all(sessions.map(async (session) =>
        new Customer(await open(session), session, journal)));
    await Promise.all(customers.map((customer) => customer.arrive()));
    await do_business(customers, TURNS - 1);
    await interlude();
    await do_business(customers, 1);
    for (const tenant of tenants) {
        const mine = customers.filter((customer) => customer.tenant === tenant);
        const { teller } = mine[0];
        const common = await teller.transaction((tx) => teller.balance(tx, 'common'));
        equal(common, tenant.common + mine.length * TURNS, `the common account of ${tenant.schema}`);
    }
    equal(journal.pids.size, sessions.length, 'sessions that were seen');
    return journal.lists();
}

// Several sessions started at once and wanted to migrate: every migration must have run once, whoever did it.
// `applied` says how many each of them did, `runs` is the answer to MIGRATION_RUNS.
function check_migrations(applied, runs) {
    const all = migrations();
    equal(applied.reduce((sum, count) => sum + count, 0), all.length, 'migrations applied by somebody');
    ok(applied.every((count) => count === 0 || count === all.length), `who applied what: ${applied}`);
    equal(runs.map(({ tag, runs: count }) => [tag, Number(count)]), all.map(({ tag }) => [tag, 1]), MIGRATION_RUNS);
}

module.exports = { business_day, check_migrations };
