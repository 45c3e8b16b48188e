// The tenants of the application, each with a schema and a time zone of its own, its sessions, and the
// migrations, which are kept in the form that Drizzle reads.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const url = process.env.MATRIX_URL;
const MIGRATIONS = path.join(__dirname, 'migrations');
// How many sessions start at once and want to migrate.
const MIGRATORS = 5;
const MIGRATION_LOCK = 20240701;

// The zone, noon in UTC as the zone writes it, and noon in the zone as UTC writes it.
const ZONES = [
    ['UTC', '2024-07-01 12:00:00+00', '2024-07-01 12:00:00'],
    ['America/New_York', '2024-07-01 08:00:00-04', '2024-07-01 16:00:00'],
    ['Asia/Kolkata', '2024-07-01 17:30:00+05:30', '2024-07-01 06:30:00'],
    ['Pacific/Auckland', '2024-07-02 00:00:00+12', '2024-07-01 00:00:00'],
    ['Europe/Berlin', '2024-07-01 14:00:00+02', '2024-07-01 10:00:00'],
];

const tenants = ZONES.map(([zone, noon_utc, noon_here], number) => ({
    number, zone, noon_utc, noon_here,
    schema: `tenant_${number}`, place: `place ${number}`, common: 1000 * number,
}));

const sessions = Array.from({ length: Number(process.env.MATRIX_SESSIONS) }, (_, number) => ({
    number, name: `session ${number}`, account: `account ${number}`, tenant: tenants[number % tenants.length],
}));

// What a session sees of its own settings. PostgreSQL reads noon_here, which has no zone, when it parses the
// statement and not when it runs it, and looks up `place` in the search path.
const FACTS = `SELECT pg_backend_pid() AS pid, current_setting('application_name') AS session,
    current_setting('TimeZone') AS zone, current_schema()::text AS schema,
    ('2024-07-01 12:00:00+00'::timestamptz)::text AS noon_utc,
    (timestamptz '2024-07-01 12:00:00' AT TIME ZONE 'UTC')::text AS noon_here,
    (SELECT name FROM place) AS place`;

// [{tag, statements}], in order.
function migrations() {
    const journal = JSON.parse(fs.readFileSync(path.join(MIGRATIONS, 'meta', '_journal.json'), 'utf8'));
    return journal.entries.map(({ tag }) => ({
        tag,
        statements: fs.readFileSync(path.join(MIGRATIONS, `${tag}.sql`), 'utf8').split('--> statement-breakpoint'),
    }));
}

// How often each migration ran.
const MIGRATION_RUNS = 'SELECT tag, count(*)::int AS runs FROM public.migration_run GROUP BY tag ORDER BY tag';

// The startup option that gives a session the tenant's settings.
function startup_options(tenant) {
    return `-c TimeZone=${tenant.zone} -c search_path=${tenant.schema},public`;
}

module.exports = {
    url, tenants, sessions, FACTS, MIGRATIONS, MIGRATORS, MIGRATION_LOCK, MIGRATION_RUNS, migrations, startup_options,
};
