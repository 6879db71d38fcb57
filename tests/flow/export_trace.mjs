/*
 * A list leaves the house on three ways: page, background job, command line. Each leaves an entry in
 * the ledger, and a refused one does not.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Client, ENGINES, addAccount, huozheng, newDatabase, serve } from './support.mjs';

/* The newest entry on the list, as everybody can look it up; null when there is none. */
async function trace(client, list) {
    const page = await client.get(`/verify?q=list:${list}`, { headers: { accept: 'application/json' } });
    return (await page.json()).entry;
}

for (const engine of ENGINES) {
    test(`every export leaves a trace, ${engine}`, async () => {
        const db = newDatabase(engine);
        let server;
        try {
            huozheng(['init'], { db: db.url });
            server = await serve(db);
            const client = await new Client(server.url).signIn(addAccount(db, 'clerk'));

            const before = await trace(client, 'units');
            const direct = await client.get('/work/export?list=units&format=csv&q=%E5%BC%A0%E4%B8%89');
            assert.equal(direct.status, 200);
            assert.match(await direct.text(), /单位名称/);
            const first = await trace(client, 'units');
            assert.equal(before, null);
            assert.equal(first.type, 'list.export');
            assert.match(first.actor, /^account:\d+$/);

            const started = await client.post('/work/export', { list: 'units', format: 'xlsx' }, { from: '/work' });
            assert.equal(started.status, 303);
            const job = started.headers.get('location');
            let state;
            for (let i = 0; i < 200 && state !== 'done'; i++) {
                await new Promise((resolve) => setTimeout(resolve, 100));
                state = (await client.json(job)).job.state;
            }
            assert.equal(state, 'done');
            const second = await trace(client, 'units');
            assert.equal(second.actor, first.actor);
            assert.equal(second.previous_url, `/verify?leaf=${first.index}`);

            const out = path.join(db.folder, 'units.csv');
            huozheng(['export', '--list', 'units', '--out', out], { db: db.url });
            assert.match(readFileSync(out, 'utf8'), /单位名称/);
            const third = await trace(client, 'units');
            assert.equal(third.actor, 'cli');
            assert.equal(third.previous_url, `/verify?leaf=${second.index}`);

            assert.equal((await client.get('/work/export?list=units&format=csv&region=11')).status, 403);
            assert.equal((await trace(client, 'units')).index, third.index);
            huozheng(['ledger', 'verify'], { db: db.url });
        } finally {
            await server?.stop();
            db.drop();
        }
    });
}
