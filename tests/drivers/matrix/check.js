// Checks that are counted, waiting with deadlines, and the frame of an application of the driver matrix: it
// ends with one line of JSON, or with the reason it failed on stderr and exit code 1.
'use strict';

const { isDeepStrictEqual, inspect } = require('node:util');

const DEADLINE_MS = 100_000;
const WAIT_MS = 20_000;
// What the driver still has to close when the application is done.
const CLOSING_MS = 10_000;

let checks = 0;
let phase_name = 'start';

// Names what comes next, so that whoever reads about a deadline knows where it passed.
function phase(name) {
    phase_name = name;
    console.error(`${(performance.now() / 1000).toFixed(2)} s: ${name}`);
}

function equal(actual, expected, what) {
    checks += 1;
    if (!isDeepStrictEqual(actual, expected)) {
        throw new Error(`${what}: ${inspect(actual)} instead of ${inspect(expected)}`);
    }
}

function ok(condition, what) {
    equal(Boolean(condition), true, what);
}

// The promise must be rejected; code_of(error) must be the code. Returns the error.
async function fails(promise, code, what, code_of = (error) => error.code) {
    const error = await promise.then(() => null, (reason) => reason);
    if (!error) throw new Error(`${what}: it did not fail`);
    if (code_of(error) !== code) throw new Error(`${what}: no ${code}`, { cause: error });
    checks += 1;
    return error;
}

async function wait_until(condition, what) {
    const end = performance.now() + WAIT_MS;
    while (!await condition()) {
        if (performance.now() > end) throw new Error(`not within ${WAIT_MS} ms: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

function fail(error) {
    console.error(`failed during: ${phase_name}`);
    console.error(error);
    process.exit(1);
}

// Runs an application: work() returns the pids that each session met, transaction by transaction.
function run(work) {
    const deadline = setTimeout(() => fail(new Error(`not done within ${DEADLINE_MS} ms`)), DEADLINE_MS);
    work().then((pids) => {
        clearTimeout(deadline);
        setTimeout(() => fail(new Error('it left connections open')), CLOSING_MS).unref();
        console.log(JSON.stringify({ pids, checks }));
    }).catch(fail);
}

module.exports = { phase, equal, ok, fails, wait_until, run };
