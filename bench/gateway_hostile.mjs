/*
 * Do hostile devices slow the alarms of others? Panels of registered devices send a fire now and then, half of
 * them by a connection made for it, while bench/gateway_attack.c does its worst from other addresses. Measured
 * is from send (or connect) to the confirmation, which is after the commit, and to the event of the new alarm
 * at a signed-in reader; beside it the same without an attack.
 *
 *   node bench/gateway_hostile.mjs [--engine sqlite] [--seconds 20] [--kinds garbage,flood,drip,connects,datagrams]
 *
 * Attackers have the limits that the gateway has as installed: 512 connections from one address. Ends with
 * one line of JSON (see bench/run.py).
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { newestAlarm, numberFires, openReaders, percentiles, program, reached, restore, sendFires, startStage, wait } from './support_live.mjs';

const { values: options } = parseArgs({
    options: {
        engine: { type: 'string', default: 'sqlite' },
        seconds: { type: 'string', default: '20' },
        every: { type: 'string', default: '400' },
        kinds: { type: 'string', default: 'garbage,flood,drip,connects,datagrams' },
    },
});
const TARGET_MS = 1000;
const READERS = 2;
const SECONDS = Number(options.seconds);
const EVERY_MS = Number(options.every);
/* What each attacker does: connections, addresses, connections in all; words for the table. */
const ATTACKS = {
    garbage: { args: [512, 4], words: (run) => `512 connections of 4 addresses, ${megabytes(run)}, cut off ${run.closed} times` },
    flood: { args: [1024, 4], words: (run) => `1,024 connections of 4 addresses send frames of changing states, ${megabytes(run)} sent, most of it still in the kernel` },
    drip: { args: [10000, 40], words: (run) => `10,000 connections of 40 addresses, a byte a second each, ${run.bytes.toLocaleString('en')} bytes` },
    connects: { args: [15000, 60, 100_000], words: (run) => `${run.connects.toLocaleString('en')} connections of 60 addresses that say nothing, 15,000 at a time` },
    datagrams: { args: [512, 4], words: (run) => `512 senders of 4 addresses, good frames and bad, ${megabytes(run)}` },
};
const megabytes = (run) => `${Math.round(run.bytes / 1e6).toLocaleString('en')} MB`;
const memoryMB = (stage) => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${stage.server.child.pid}/status`, 'utf8'))[1]) / 1024);

async function phase(stage, readers) {
    const before = newestAlarm(stage.db);
    const fires = await sendFires(stage, { count: Math.round((SECONDS * 1000) / EVERY_MS), everyMs: EVERY_MS, anew: true });
    await wait(2000);
    numberFires(stage, fires, before);
    const times = (list) => percentiles(list.map((fire) => fire.confirmed - fire.sent));
    return {
        count: fires.length,
        known: times(fires.filter((fire) => !fire.isNew)),
        anew: times(fires.filter((fire) => fire.isNew)),
        told: reached(fires, readers.map((reader) => reader.shown)),
        fires,
    };
}

const worst = (one) => Math.max(one.known.max, one.anew.max, one.told.max);
const words = (one) => `confirmed after ${one.known.max} ms, by a new connection after ${one.anew.max} ms, at the reader after ${one.told.max} ms`;

async function measure() {
    const stage = await startStage({ engine: options.engine });
    const figures = [];
    try {
        const readers = await openReaders(stage, READERS);
        const quiet = await phase(stage, readers);
        await restore(stage, quiet.fires);
        process.stderr.write(`quiet: ${JSON.stringify({ ...quiet, fires: undefined })}\n`);
        for (const kind of options.kinds.split(',')) {
            const { args, words: tell } = ATTACKS[kind];
            const attack = program('gateway_attack', [stage.devicePort, kind, SECONDS + 4, ...args]);
            await wait(1500);
            const hit = await phase(stage, readers);
            const run = await attack.done;
            await restore(stage, hit.fires);
            process.stderr.write(`${kind}: ${JSON.stringify({ ...hit, fires: undefined })} ${JSON.stringify(run)}\n`);
            figures.push({
                name: `${options.engine}: ${kind}, the slowest of ${hit.count} fires of others`, value: worst(hit), unit: 'ms', target: `≤ ${TARGET_MS}`,
                holds: worst(hit) <= TARGET_MS && hit.told.missing === 0,
                comparison: `without an attack ${worst(quiet)} ms`,
                detail: `${words(hit)} (median ${hit.known.p50}, ${hit.anew.p50}, ${hit.told.p50}); ${tell(run)}; server ${memoryMB(stage)} MB`,
            });
        }
        readers.forEach((reader) => reader.close());
        return figures;
    } finally {
        await stage.stop();
    }
}

const figures = await measure();
process.stdout.write(`${JSON.stringify({ title: `Hostile devices beside others, ${options.engine}: ${SECONDS} s each`, figures })}\n`);
process.exit(0);
