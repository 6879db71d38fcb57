/*
 * A draw verified by whoever has its files: in the visitor's browser (Chromium, /verify/offline, from
 * choosing the files to the verdict), by `huozheng verify`, and by the Python verifier.
 *
 *   node bench/verify_browser.mjs [--units 100000]
 *
 * The bundle is written by the reference writer of tests/verify: every unit in one of three strata,
 * two of which are drawn, 1 to 4 tickets each, SM3 and SHA-256. Prints one JSON document:
 * {"title", "figures": [{name, value, unit, target, holds, comparison}]}.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { BINARY, closeBrowser, openPage, ROOT, startCity } from '../tests/flow/support.mjs';

const { values: options } = parseArgs({ options: { units: { type: 'string', default: '100000' } } });
const UNITS = Number(options.units), TARGET_S = 10;

function writeBundle(folder, hash) {
    const script = `import sys; sys.path.insert(0, 'tests/verify'); import support_write as w; w.make_bundle(${JSON.stringify(folder)}, units=${UNITS}, officers=300, kind='${hash}', quota=${Math.ceil(UNITS / 100)})`;
    const done = spawnSync('python3', ['-c', script], { cwd: ROOT, encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
}

const seconds = (from) => Number(((performance.now() - from) / 1000).toFixed(2));

function timed(command, args) {
    const from = performance.now(), done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
    assert.equal(done.status, 0, done.stdout + done.stderr);
    return seconds(from);
}

async function inBrowser(url, folder) {
    const page = await openPage(url);
    await page.goto('/verify/offline');
    await page.waitForSelector('[data-offline]:not([hidden])');
    await page.setInputFiles('#files', readdirSync(folder).map((name) => path.join(folder, name)));
    const from = performance.now();
    await page.click('[data-offline] button[type=submit]');
    await page.waitForSelector('[data-verdict] .note', { timeout: 300_000 });
    const took = seconds(from);
    assert.equal(await page.getAttribute('[data-verdict]', 'data-valid'), 'true');
    assert.equal(await page.getAttribute('[data-check=officers]', 'data-ok'), 'true');
    await page.context().close();
    return took;
}

const city = await startCity({ scale: 0.005 });
const figures = [];
try {
    for (const [hash, name] of [['sm3', 'SM3'], ['sha256', 'SHA-256']]) {
        const folder = path.join(city.db.folder, hash);
        writeBundle(folder, hash);
        const ours = timed(BINARY, ['verify', folder]), python = timed('python3', [path.join(ROOT, 'tools/verify/verify.py'), folder]);
        const browser = await inBrowser(city.url, folder);
        figures.push({
            name: `Verify a draw of ${UNITS.toLocaleString('en')} units in the visitor's browser, ${name}`,
            value: browser, unit: 's', target: `< ${TARGET_S}`, holds: browser < TARGET_S,
            comparison: `huozheng verify ${ours} s, tools/verify/verify.py ${python} s`,
        });
    }
} finally {
    await closeBrowser();
    await city.stop();
}
console.log(JSON.stringify({ title: 'Verifying a draw from its files', figures }));
