/*
 * kill -9 at random moments of an import, on both engines. After each: every row that was
 * acknowledged ("committed N") is there, no chunk is half there, the ledger tells of exactly the
 * rows that are there and verifies, and importing the same file again completes it.
 *
 * HUOZHENG_KILLS: how many for each engine (5; 50 with HUOZHENG_SOAK). HUOZHENG_SEED: other moments.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { BINARY, ENGINES, huozheng, IS_SOAK, newDatabase } from '../flow/support.mjs';
import { chance, checkUnits, scratchFolder, unitFile, unitsOf, untilAlone, value, writeRegions } from './support_fault.mjs';

const KILLS = Number(process.env.HUOZHENG_KILLS ?? (IS_SOAK ? 50 : 5));
const SEED = Number(process.env.HUOZHENG_SEED ?? 20261122);
const ROWS = 3000;
const CHUNK = 250;

const argumentsFor = (file, isAllOrNothing) => ['import', '--kind', 'unit', '--source', 'crash',
    ...(isAllOrNothing ? [] : ['--skip-bad', '--chunk', String(CHUNK)]), file];

/* Runs an import and kills it after `afterMs` (never: null). Returns {acknowledged, ended, ms}. */
async function importAndKill(db, file, { isAllOrNothing, afterMs }) {
    const begun = process.hrtime.bigint();
    const child = spawn(BINARY, argumentsFor(file, isAllOrNothing), {
        stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HUOZHENG_DB: db.url },
    });
    let acknowledged = 0;
    let complaint = '';
    createInterface({ input: child.stdout }).on('line', (line) => {
        const match = /^committed (\d+)$/.exec(line);
        if (match) acknowledged = Number(match[1]);
    });
    child.stderr.on('data', (data) => { complaint += data; });
    const timer = afterMs === null ? null : setTimeout(() => child.kill('SIGKILL'), afterMs);
    const ended = await new Promise((resolve) => {
        child.once('close', (code, signal) => resolve({ code, signal }));
    });
    clearTimeout(timer);
    assert.ok(ended.signal === 'SIGKILL' || ended.code === 0, `import ended with ${ended.code}: ${complaint}`);
    return { acknowledged, wasKilled: ended.signal !== null, ms: Number(process.hrtime.bigint() - begun) / 1e6 };
}

for (const engine of ENGINES) {
    test(`kill -9 during import, ${KILLS} times, ${engine}`, { timeout: 3600_000 }, async () => {
        const db = newDatabase(engine);
        const scratch = scratchFolder();
        const random = chance(SEED);
        try {
            const file = path.join(scratch.folder, 'units.csv');
            writeRegions(db, scratch.folder);
            writeFileSync(file, unitFile(0, ROWS));
            const whole = await importAndKill(db, file, { isAllOrNothing: false, afterMs: null });
            assert.equal(whole.acknowledged, ROWS, 'an undisturbed import acknowledges every row');
            assert.equal(unitsOf(db, 0).n, ROWS, 'and every row is there');
            checkUnits(db);
            let killed = 0;
            let partly = 0;
            for (let round = 1; killed < KILLS; round++) {
                assert.ok(round <= KILLS * 4, 'most imports end before they are killed');
                const isAllOrNothing = round % 3 === 0;
                writeFileSync(file, unitFile(round, ROWS));
                const run = await importAndKill(db, file, { isAllOrNothing, afterMs: random() * whole.ms });
                await untilAlone(db);
                if (run.wasKilled) killed++;
                const there = unitsOf(db, round);
                const what = `round ${round}: ${run.acknowledged} acknowledged, ${there.n} there`;
                assert.ok(there.n >= run.acknowledged, what);
                assert.equal(there.last, there.n - 1, `${what}: without a gap`);
                assert.ok(isAllOrNothing ? [0, ROWS].includes(there.n) : there.n === ROWS || there.n % CHUNK === 0,
                    `${what}: in whole chunks`);
                if (there.n > 0 && there.n < ROWS) partly++;
                checkUnits(db);
                await importAndKill(db, file, { isAllOrNothing, afterMs: null });
                assert.equal(unitsOf(db, round).n, ROWS, 'importing again completes the file');
            }
            checkUnits(db);
            assert.equal(Number(value(db, 'SELECT count(*) AS n FROM unit')) % ROWS, 0, 'no row is there twice');
            huozheng(['doctor'], { db: db.url });
            console.log(`# ${engine}: ${killed} kills, ${partly} of them in the middle of a file`);
        } finally {
            await untilAlone(db);
            db.drop();
            scratch.remove();
        }
    });
}
