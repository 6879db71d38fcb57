/*
 * kill -9 of the server at random moments while it signs heads, on both engines: whatever head a
 * stranger has been shown is still the log's only head of that size, the log verifies, and signing
 * goes on without anybody's help.
 *
 * HUOZHENG_KILLS: how many for each engine (5; 50 with HUOZHENG_SOAK). HUOZHENG_SEED: other moments.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, ENGINES, huozheng, IS_SOAK, newDatabase, serve } from '../flow/support.mjs';
import { chance, rows, untilAlone } from './support_fault.mjs';

const KILLS = Number(process.env.HUOZHENG_KILLS ?? (IS_SOAK ? 50 : 5));
const SEED = Number(process.env.HUOZHENG_SEED ?? 20261122);

/* One more entry of the log. */
function append(db) {
    const file = path.join(db.folder, 'policy.txt');
    writeFileSync(file, 'quorum none\n');
    huozheng(['ledger', 'policy', file], { db: db.url });
}

/* Reads the checkpoint again and again until the server dies. */
async function watch(url, shown, isOver) {
    const client = new Client(url);
    try {
        while (!isOver()) {
            const response = await client.get('/log/checkpoint');
            if (response.status === 200) {
                const text = await response.text();
                shown.set(Number(text.split('\n')[1]), text);
            }
            await sleep(5);
        }
    } catch (error) {
        if (!isOver()) throw error;
    }
}

for (const engine of ENGINES) {
    test(`kill -9 during head signing, ${KILLS} times, ${engine}`, { timeout: 3600_000 }, async () => {
        const db = newDatabase(engine);
        const random = chance(SEED);
        const shown = new Map();
        let server = null;
        try {
            huozheng(['init'], { db: db.url });
            for (let round = 0; round < KILLS; round++) {
                append(db);
                server = await serve(db);
                let isOver = false;
                const watching = watch(server.url, shown, () => isOver);
                watching.catch(() => {});
                append(db);
                await sleep(random() * 1500); /* it signs at its start and a second later */
                isOver = true;
                await server.kill();
                server = null;
                await watching;
                await untilAlone(db);
                huozheng(['ledger', 'verify'], { db: db.url });
                const kept = new Map(rows(db, 'SELECT size, note FROM ledger_signed').map((row) => [Number(row.size), row.note]));
                for (const [size, text] of shown) assert.equal(kept.get(size), text, `the head of ${size} entries is another now`);
            }
            const before = Math.max(0, ...shown.keys());
            append(db);
            server = await serve(db);
            let isOver = false;
            const watching = watch(server.url, shown, () => isOver);
            for (let i = 0; i < 100 && Math.max(0, ...shown.keys()) <= before; i++) await sleep(100);
            isOver = true;
            await watching;
            assert.ok(Math.max(0, ...shown.keys()) > before, `signing went on:\n${server.log.join('\n')}`);
            assert.ok(!server.log.some((line) => /not_signing/.test(line)), server.log.join('\n'));
            console.log(`# ${engine}: ${KILLS} kills, ${shown.size} heads shown`);
        } finally {
            if (server) await server.kill();
            await untilAlone(db);
            db.drop();
        }
    });
}
