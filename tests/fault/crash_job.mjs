/*
 * kill -9 of the server while it imports in the background, on both engines: what a person has
 * confirmed on the page is finished by the restarted server, each row once, and the ledger tells
 * the same. The server may be killed several times during one import.
 *
 * HUOZHENG_KILLS: how many for each engine (5; 50 with HUOZHENG_SOAK). HUOZHENG_SEED: other moments.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, ENGINES, huozheng, IS_SOAK, newDatabase, serve } from '../flow/support.mjs';
import { PASSWORD } from './support_acts.mjs';
import { chance, checkUnits, filledForm, scratchFolder, untilAlone, unitFile, unitsOf, writeRegions } from './support_fault.mjs';

const KILLS = Number(process.env.HUOZHENG_KILLS ?? (IS_SOAK ? 50 : 5));
const SEED = Number(process.env.HUOZHENG_SEED ?? 20261122);
const ROWS = 16000;

async function postForm(client, page, change) {
    const form = filledForm(await (await client.get(page)).text(), change.action);
    for (const [name, value] of Object.entries(change.fields ?? {})) form.set(name, value);
    const response = await client.request('POST', change.action, {
        body: form.toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    assert.equal(response.status, 303, `${change.action}: ${response.status} ${(await response.text()).slice(0, 500)}`);
}

/* Uploads a file and starts its trial; returns the address of the import. */
async function upload(client, text, name) {
    const page = await (await client.get('/work/import')).text();
    const form = new FormData();
    for (const [field, value] of filledForm(page, '/work/import')) form.set(field, value);
    form.set('kind', 'unit');
    form.set('file', new Blob([text], { type: 'text/csv' }), name);
    const response = await client.request('POST', '/work/import', { body: form });
    assert.equal(response.status, 303, `upload: ${response.status} ${(await response.text()).slice(0, 500)}`);
    const address = response.headers.get('location');
    await postForm(client, address, { action: `${address}/mapping`, fields: { 'f.source_id': 'source_id', source: 'crash' } });
    return address;
}

/* Waits until the job of the page has ended; its view model. */
async function untilEnded(client, address) {
    for (let i = 0; i < 1200; i++) {
        const model = await client.json(address);
        if (!model.is_running) return model;
        await sleep(100);
    }
    throw new Error(`${address} does not end`);
}

async function startServer(db, client, scratch) {
    const server = await serve(db, { args: ['--data', scratch.folder] });
    client.url = server.url;
    return server;
}

for (const engine of ENGINES) {
    test(`kill -9 during a background import, ${KILLS} times, ${engine}`, { timeout: 3600_000 }, async () => {
        const db = newDatabase(engine);
        const scratch = scratchFolder();
        const random = chance(SEED);
        const client = new Client('http://127.0.0.1');
        let server = null;
        try {
            writeRegions(db, scratch.folder);
            huozheng(['user', 'add', 'clerk', '--roles', 'clerk', '--region', '500000', '--password-stdin'],
                { db: db.url, input: `${PASSWORD}\n` });
            server = await startServer(db, client, scratch);
            await client.signIn({ login: 'clerk', password: PASSWORD });
            let killed = 0;
            let during = 0;
            let wholeMs = 0;
            for (let round = 0; killed < KILLS; round++) {
                const address = await upload(client, unitFile(round, ROWS), `units${round}.csv`);
                await untilEnded(client, address);
                const begun = Date.now();
                await postForm(client, address, { action: `${address}/run`, fields: { mode: round % 3 === 2 ? 'all' : 'skip-bad' } });
                /* Round 0 is left alone and tells how long one takes. */
                for (let again = 0; round > 0 && killed < KILLS && again < 2; again++) {
                    await sleep(random() * wholeMs * 0.8);
                    await server.kill();
                    await untilAlone(db);
                    killed++;
                    const there = unitsOf(db, round).n;
                    if (there > 0 && there < ROWS) during++;
                    checkUnits(db);
                    server = await startServer(db, client, scratch);
                }
                const model = await untilEnded(client, address);
                assert.ok(!model.is_running);
                if (round === 0) wholeMs = Date.now() - begun;
                const there = unitsOf(db, round);
                assert.deepEqual(there, { n: ROWS, last: ROWS - 1 }, `round ${round}: ${JSON.stringify(model).slice(0, 500)}`);
                checkUnits(db);
            }
            huozheng(['doctor'], { db: db.url });
            console.log(`# ${engine}: ${killed} kills, ${during} of them in the middle of a file`);
        } finally {
            if (server) await server.kill();
            await untilAlone(db);
            db.drop();
            scratch.remove();
        }
    });
}
