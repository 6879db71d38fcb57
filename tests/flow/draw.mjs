/*
 * From a plan to a draw that a stranger recomputes: form, publication, draw, secrecy while the
 * inspections run, publication, download, verification without a database, ledger proofs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { axeFindings, Client, closeBrowser, ENGINES, huozheng, openPage, startCity } from './support.mjs';

const SEED = '48151623423141592653';

const idIn = (response) => Number(/\/(\d+)$/.exec(response.headers.get('location'))[1]);

/* The open form's fields as a browser would send them, with some quotas filled in. */
async function makePlan(client) {
    const form = await client.json('/work/plans/new');
    const rows = form.rows.slice(0, 3);
    assert.ok(rows.length > 0, 'the demo city has units');
    const fields = { title: '流程测试计划', year: form.year.value, agency: '演示支队', kind: 'unit', region: form.region.value, action: 'save' };
    for (const row of rows) {
        fields[row.quota_id] = '2';
        fields[row.reserves_id] = '1';
    }
    const wrong = await client.post('/work/plans/new', { ...fields, title: '', [rows[0].quota_id]: 'viel' });
    assert.equal(wrong.status, 422);
    const text = await wrong.text();
    assert.match(text, /写计划名称/);
    assert.match(text, /抽查数写 0 至 100000 的整数/);
    const preview = await client.post('/work/plans/new', { ...fields, action: 'preview' });
    assert.equal(preview.status, 200);
    assert.match(await preview.text(), /%/);
    const made = await client.post('/work/plans/new', fields);
    assert.equal(made.status, 303);
    return idIn(made);
}

async function drawPlan(client, plan) {
    const from = `/work/draws/new?plan=${plan}`;
    const form = await client.json(from);
    const fields = new URLSearchParams({
        title: '流程测试抽查', date_from: form.date_from.value, date_to: form.date_to.value,
        plan, seed: '123456', hash: 'sm3', officer_cap: '60',
    });
    for (const row of form.rows) fields.append('strata', row.stratum);
    const weak = await client.post('/work/draws/new', fields, { from });
    assert.equal(weak.status, 422);
    assert.match(await weak.text(), /种子太容易猜/);
    fields.set('seed', SEED);
    const confirm = await client.post('/work/draws/new', fields, { from });
    assert.equal(confirm.status, 200);
    assert.match(await confirm.text(), /不能重抽/);
    const done = await client.post('/work/draws/run', fields, { from });
    assert.equal(done.status, 303);
    const again = await client.post('/work/draws/run', fields, { from });
    assert.notEqual(again.status, 303);
    return idIn(done);
}

/* While the inspections run the public sees fingerprints, and nothing that leads to the names. */
async function checkSecret(url, id, targets) {
    const stranger = new Client(url);
    const page = await (await stranger.get(`/draws/${id}`)).text();
    const json = JSON.stringify(await stranger.json(`/draws/${id}`));
    const list = JSON.stringify(await stranger.json('/draws'));
    for (const text of [page, json, list]) {
        assert.ok(!text.includes(SEED), 'seed is not public yet');
        for (const target of targets) assert.ok(!text.includes(target.name), `${target.name} is not public yet`);
    }
    for (const file of ['pool.tsv', 'beacon.txt', 'result.tsv']) {
        assert.equal((await stranger.get(`/draws/${id}/files/${file}`)).status, 404);
    }
    const asked = await (await stranger.get(`/draws/${id}?unit=${targets[0].id}`)).text();
    assert.ok(!asked.includes('抽中</b>'));
    assert.equal((await stranger.get(`/work/draws/${id}`)).status, 303);
}

async function checkPublic(city, id, targets) {
    const stranger = new Client(city.url);
    const model = await stranger.json(`/draws/${id}`);
    assert.deepEqual(model.targets.map((one) => one.name), targets.map((one) => one.name));
    const found = await stranger.json(`/draws/${id}?unit=${targets[0].id}`);
    assert.equal(found.found.length, 1);
    assert.equal(found.found[0].outcome, '抽中');
    /* xxd and openssl are the reader's tools, not ours: looked at only where they are. */
    if (spawnSync('bash', ['-c', 'command -v xxd && command -v openssl']).status === 0) {
        const hand = spawnSync('bash', ['-c', model.by_hand.command], { encoding: 'utf8' });
        assert.match(hand.stdout.split('\n')[0], new RegExp(`${model.by_hand.ticket}$`), 'the shell finds the same ticket');
    }
    const folder = path.join(city.db.folder, `bundle-${id}`);
    mkdirSync(folder);
    for (const file of model.files) {
        const response = await stranger.get(file.href);
        assert.equal(response.status, 200, file.href);
        writeFileSync(path.join(folder, file.name), Buffer.from(await response.arrayBuffer()));
    }
    const verdict = JSON.parse(huozheng(['draw', 'verify', folder, '--json']));
    assert.deepEqual([verdict.valid, verdict.commit, verdict.result], [true, model.commit, model.result]);
    huozheng(['draw', 'verify', folder, '--commit', model.commit, '--result', model.result]);
    huozheng(['draw', 'verify', folder, '--commit', model.result], { code: 1 });
    const pool = path.join(folder, 'pool.tsv');
    writeFileSync(pool, readFileSync(pool, 'utf8').replace(/\t1\t-\n/, '\t2\t-\n'));
    huozheng(['draw', 'verify', folder], { code: 1 });
    const exported = path.join(city.db.folder, `export-${id}`);
    huozheng(['draw', 'export', `D${id}`, exported], { db: city.db.url });
    huozheng(['draw', 'verify', exported, '--result', model.result]);
    return model;
}

/* The badge leads to a page that says it is real; the downloaded proof holds without the server. */
async function checkProof(city, model) {
    const stranger = new Client(city.url);
    for (const badge of [model.commit_proof, model.result_proof, model.publish_proof]) {
        const page = await stranger.json(badge.href);
        assert.equal(page.verdict, 'real', badge.href);
        assert.ok(page.steps.every((step) => step.is_ok));
        const proof = await (await stranger.get(page.entry.proof_url)).text();
        const file = path.join(city.db.folder, `proof-${badge.index}.json`);
        writeFileSync(file, proof);
        huozheng(['ledger', 'check', file]);
        const pasted = await stranger.json(`/verify?q=${encodeURIComponent(proof)}`);
        assert.equal(pasted.verdict, 'real');
        writeFileSync(file, proof.replace(/"index":(\d+)/, (_, n) => `"index":${Number(n) + 1}`));
        huozheng(['ledger', 'check', file], { code: 1 });
    }
    const lost = await stranger.get('/verify?leaf=999,999,999', { headers: { accept: 'application/json' } });
    assert.equal(lost.status, 404);
    assert.equal((await lost.json()).verdict, 'unknown');
    const forged = await stranger.get(`/verify?q=${encodeURIComponent('{"format":"huozheng-proof/1"}')}`);
    assert.equal(forged.status, 404);
    huozheng(['ledger', 'verify'], { db: city.db.url });
}

async function checkLooks(city, id, plan) {
    const page = await openPage(city.url, { width: 360 });
    for (const target of [`/draws/${id}`, '/draws', '/verify?leaf=0', '/verify']) {
        await page.goto(target);
        assert.deepEqual(await axeFindings(page), [], target);
    }
    assert.deepEqual(page.complaints, []);
    await page.context().close();
    void plan;
}

for (const engine of ENGINES) {
    test(`plan, draw, secrecy, publication, verification (${engine})`, async (t) => {
        const city = await startCity({ engine });
        t.after(() => city.stop());
        const client = await new Client(city.url).signIn(city.logins.leader);
        const plan = await makePlan(client);
        const early = await client.get(`/work/draws/new?plan=${plan}`);
        assert.equal(early.status, 409, 'a draft cannot be drawn');
        const published = await client.post(`/work/plans/${plan}/publish`, {});
        assert.equal(published.status, 303);
        const id = await drawPlan(client, plan);
        const work = await client.json(`/work/draws/${id}`);
        assert.ok(work.targets.length > 0);
        const csv = await (await client.get(`/work/draws/${id}/targets.csv`)).text();
        assert.equal(csv.trim().split('\r\n').length, work.targets.length + 1);
        await checkSecret(city.url, id, work.targets);
        const inspector = await new Client(city.url).signIn(city.logins.inspector);
        assert.equal((await inspector.post(`/work/draws/${id}/publish`, {}, { from: '/work' })).status, 403);
        assert.equal((await client.post(`/work/draws/${id}/publish`, {})).status, 303);
        assert.equal((await client.post(`/work/draws/${id}/publish`, {}, { from: `/work/plans/new` })).status, 409);
        const model = await checkPublic(city, id, work.targets);
        await checkProof(city, model);
        for (const target of ['/work/plans', `/work/plans/${plan}`, '/work/draws', '/work/draws/rules', `/work/plans/new?from=${plan}`]) {
            assert.equal((await client.get(target)).status, 200, target);
        }
        const recused = await client.post('/work/draws/rules/recuse', { object: work.targets[0].id, officer: 'F1', code: 'KIN', note: '演示' }, { from: '/work/draws/rules' });
        assert.equal(recused.status, 303);
        const unknown = await client.post('/work/draws/rules/exclude', { x_object: 'U99999999', x_reason: 'CLOSED', x_note: '停业' }, { from: '/work/draws/rules' });
        assert.equal(unknown.status, 422);
        await checkLooks(city, id, plan);
    });
}

test.after(closeBrowser);
