// What tests/survival/python/survivor.py does, for the drivers of JavaScript. A program calls survive(unit, code), where
// unit(id) does one unit of work and code(error) finds the SQLSTATE.
'use strict';

const { setTimeout: pause } = require('timers/promises');

const { SURVIVAL_NAME: name, SURVIVAL_URL: url } = process.env;
const workers = Number(process.env.SURVIVAL_WORKERS);
const pause_ms = 1000 * Number(process.env.SURVIVAL_PAUSE);
// So old a connection is replaced by a new one, so that logins meet every weather, too.
const LIFETIME_SECONDS = 2;

const PACE = 'SELECT client_seconds FROM pace, pg_sleep(server_seconds)';
const INSERT = 'INSERT INTO work (id) VALUES ($1)';

function say(...words) {
    console.log(words.map((word) => String(word).replace(/\s+/g, ' ')).join(' '));
}

// For the pools that tell when a connection that nobody uses is lost.
function lost(error) {
    say('lost', error.code ?? '-----', error.message);
}

// What the application does in the middle of its transaction.
function busy(seconds) {
    return pause(1000 * seconds);
}

async function survive(unit, code = (error) => error.code) {
    let ending = false;
    process.stdin.on('end', () => { ending = true; }).resume();

    async function work(number) {
        for (let turn = 1; !ending; turn += 1) {
            const id = `${name}/${number}/${turn}`;
            try {
                await unit(id);
                say('done', id);
            } catch (error) {
                say('failed', id, code(error) ?? '-----', error.message, error.detail ?? '');
            }
            await pause(pause_ms);
        }
    }

    await Promise.all(Array.from({ length: workers }, (_, number) => work(number)));
}

module.exports = { survive, lost, busy, url, workers, PACE, INSERT, LIFETIME_SECONDS };
