/*
 * From the frame of a panel to the browsers of those on duty, while the gateway takes 20,000 frames a second
 * from 10,000 other devices: 98 signed-in readers that read what the alarm page reads, and two real pages
 * of Chromium, whose document is watched.
 *
 *   node bench/alarm_live.mjs [--engine sqlite|postgresql] [--rate 20000] [--readers 98] [--seconds 60]
 *
 * PostgreSQL needs tools/with-postgres. Beside it the same without the load, and the confirmation of the same
 * frame to its panel. Ends with one line of JSON (see bench/run.py).
 */
import { parseArgs } from 'node:util';
import { closeBrowser } from '../tests/flow/support.mjs';
import { newestAlarm, numberFires, openBrowserPage, openReaders, percentiles, program, reached, restore, sendFires, startStage, wait } from './support_live.mjs';

const { values: options } = parseArgs({
    options: {
        engine: { type: 'string', default: 'sqlite' },
        rate: { type: 'string', default: '20000' },
        devices: { type: 'string', default: '10000' },
        readers: { type: 'string', default: '98' },
        pages: { type: 'string', default: '2' },
        seconds: { type: 'string', default: '60' },
        every: { type: 'string', default: '500' },
    },
});
const TARGET_MS = 200;
const QUIET_S = 15;
const RATE = Number(options.rate);
const EVERY_MS = Number(options.every);

/* Fires for some seconds: what readers, pages and panels saw. */
async function phase(stage, readers, pages, seconds) {
    const before = newestAlarm(stage.db);
    const fetched = readers.reduce((sum, reader) => sum + reader.pages, 0);
    const started = performance.now();
    const fires = await sendFires(stage, { count: Math.round((seconds * 1000) / EVERY_MS), everyMs: EVERY_MS });
    const tookS = (performance.now() - started) / 1000;
    await wait(2500);
    numberFires(stage, fires, before);
    const shown = [];
    for (const page of pages) shown.push(await page.shown());
    const result = {
        alarms: new Set(fires.map((fire) => fire.id)).size,
        readers: reached(fires, readers.map((reader) => reader.shown)),
        pages: reached(fires, shown, 'wall'),
        confirmed: percentiles(fires.map((fire) => fire.confirmed - fire.sent)),
        fetches: (readers.reduce((sum, reader) => sum + reader.pages, 0) - fetched) / tookS,
        count: fires.length,
    };
    await restore(stage, fires);
    return result;
}

const say = (name, one) => process.stderr.write(`${name}: readers ${JSON.stringify(one.readers)} pages ${JSON.stringify(one.pages)} `
    + `confirmed ${JSON.stringify(one.confirmed)} ${one.alarms} alarms of ${one.count}, ${one.fetches.toFixed(0)} pages fetched a second\n`);

async function measure() {
    const stage = await startStage({ engine: options.engine, load: Number(options.devices), args: ['--device-per-address', '1000000'] });
    try {
        const readers = await openReaders(stage, Number(options.readers));
        const pages = [];
        for (let i = 0; i < Number(options.pages); i++) pages.push(await openBrowserPage(stage, i));
        const quiet = await phase(stage, readers, pages, Math.min(QUIET_S, Number(options.seconds)));
        say('quiet', quiet);
        const load = program('gateway_load', [stage.devicePort, options.devices, Number(options.seconds) + 4, 0, 1_000_000, RATE]);
        await load.connected;
        await wait(2000);
        const loaded = await phase(stage, readers, pages, Number(options.seconds));
        say('loaded', loaded);
        const run = await load.done;
        readers.forEach((reader) => reader.close());
        return { quiet, loaded, rate: run.confirmed / run.seconds, load: run };
    } finally {
        await closeBrowser();
        await stage.stop();
    }
}

const { quiet, loaded, rate, load } = await measure();
const isWhole = loaded.alarms === loaded.count && rate >= RATE * 0.97;
const figure = (name, part, comparison) => ({
    name: `${options.engine}: ${name}`, value: part(loaded).p99, unit: 'ms p99', target: `≤ ${TARGET_MS}`,
    holds: isWhole && part(loaded).missing === 0 && part(loaded).p99 <= TARGET_MS,
    comparison: `${part(quiet).p99} ms without the load; ${comparison}`,
    detail: `p50 ${part(loaded).p50}, max ${part(loaded).max}, ${part(loaded).n} arrivals of ${loaded.count} alarms`
        + `${part(loaded).missing > 0 ? `, ${part(loaded).missing} missing` : ''}`,
});
const confirmed = `confirmed to its panel ${loaded.confirmed.p99} ms`;
const figures = [
    figure(`fire to ${options.readers} listeners of the alarm list`, (one) => one.readers, confirmed),
    figure(`fire to the document of ${options.pages} Chromium pages`, (one) => one.pages, confirmed),
    {
        name: `${options.engine}: frames confirmed meanwhile`, value: Math.round(rate), unit: 'frames/s', target: `≥ ${Math.round(RATE * 0.97)}`,
        holds: rate >= RATE * 0.97, comparison: `sent ${RATE}/s by ${options.devices} devices`,
        detail: `each confirmed after ${load.median_ms} ms, 99 of 100 after ${load.p99_ms} ms; ${loaded.fetches.toFixed(0)} pages fetched a second by the listeners`,
    },
];
process.stdout.write(`${JSON.stringify({ title: `From alarm to browser, ${options.engine}: ${RATE} frames/s, ${Number(options.readers) + Number(options.pages)} browsers, a fire each ${EVERY_MS} ms`, figures })}\n`);
process.exit(0);
