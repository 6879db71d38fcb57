/*
 * From a plan to a draw that a stranger recomputes: form, freeze, commit, shares, beacon, run, secrecy
 * while the inspections run, opening, download, verification without a database, ledger proofs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { axeFindings, Client, closeBrowser, ENGINES, huozheng, openPage, ROOT, sidewaysScroll, startCity } from './support.mjs';

const DICE = '4 8 1 5 1 6 2 3 4 2 3 1 4 1 5 9 2 6 5 3';
const PROOFS = ['commit.tlog-proof', 'result.tlog-proof'];

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

/* Frozen: nothing is public, everything can still be taken back once. */
async function freezePlan(client, plan, mode) {
    const from = `/work/draws/new?plan=${plan}`;
    const form = await client.json(from);
    const fields = new URLSearchParams({
        title: '流程测试抽查', date_from: form.date_from.value, date_to: form.date_to.value,
        plan, mode, hash: mode === 'open' ? 'sha256' : 'sm3', officer_cap: '0', rotate: '1',
    });
    for (const row of form.rows) fields.append('strata', row.stratum);
    const wrong = await client.post('/work/draws/new', fields, { from });
    assert.equal(wrong.status, 422);
    assert.match(await wrong.text(), /每人上限写/);
    fields.set('officer_cap', '60');
    const confirm = await client.post('/work/draws/new', fields, { from });
    assert.equal(confirm.status, 200);
    assert.match(await confirm.text(), /不能重抽/);
    const done = await client.post('/work/draws/freeze', fields, { from });
    assert.equal(done.status, 303);
    const again = await client.post('/work/draws/freeze', fields, { from });
    assert.notEqual(again.status, 303);
    const id = idIn(done);
    assert.equal((await client.post(`/work/draws/${id}/drop`, {}, { from: `/work/draws/${id}` })).status, 303);
    const second = await client.post('/work/draws/freeze', fields, { from });
    assert.equal(second.status, 303, 'what was dropped can be frozen again');
    return idIn(second);
}

/* A party makes its share in its own browser, which has no network any more when it does. */
async function shareInBrowser(city, number, hash, party) {
    const page = await openPage(city.url, { width: 360 });
    await page.goto(`/verify/share?draw=${number}&hash=${hash}`);
    await page.waitForSelector('[data-share]:not([hidden])');
    await page.waitForLoadState('networkidle');
    assert.deepEqual(await axeFindings(page), []);
    await page.context().setOffline(true);
    await page.fill('#party', '演示:公证处');
    await page.press('#party', 'Enter');
    assert.match(await page.textContent('[data-share-out]'), /不能有冒号/);
    await page.fill('#party', party);
    await page.press('#party', 'Enter');
    await page.waitForSelector('[data-value=commit]');
    assert.ok(await page.evaluate(() => document.activeElement.classList.contains('note')), 'what was made has the focus');
    const [share, commit, line] = await Promise.all(['share', 'commit', 'line'].map((name) => page.textContent(`[data-value=${name}]`)));
    assert.equal(line, `${party} ${commit}`);
    assert.equal(await sidewaysScroll(page), 0);
    assert.deepEqual(await axeFindings(page), []);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
    return { party, share, commit };
}

/* Without a script the page says two ways to do the same; the shell's is looked at where its tools are. */
async function checkShareByHand(city, number, hash, party) {
    const page = await openPage(city.url, { script: false });
    await page.goto(`/verify/share?draw=${number}&hash=${hash}`);
    assert.ok(!(await page.isVisible('[data-share]')), 'a form that cannot work is not shown');
    assert.ok(await page.isVisible(`text=huozheng draw share ${number}`));
    const command = (await page.textContent('[data-by-hand]')).replace("'名称'", `'${party}'`);
    await page.context().close();
    if (spawnSync('bash', ['-c', 'command -v xxd && command -v openssl']).status !== 0) return;
    const [share, commit] = spawnSync('bash', ['-c', command], { encoding: 'utf8' }).stdout.split('\n');
    assert.ok(commit.endsWith(commitOf({ party, share }, number, hash)), commit);
}

const commitOf = ({ party, share }, number, hash) => JSON.parse(huozheng(['draw', 'share', number, '--party', party, '--hash', hash, '--share', share, '--json'])).commit;

/* ... and hands it in on the public page, without an account. */
async function handInInBrowser(city, id, { party, share }) {
    const page = await openPage(city.url, { width: 360 });
    const send = async (typed) => {
        await page.selectOption('#party', party);
        await page.fill('#share', typed);
        await Promise.all([page.waitForNavigation(), page.press('#share', 'Enter')]);
        return page.textContent('main');
    };
    await page.goto(`/draws/${id}`);
    assert.match(await send('ab'.repeat(32)), /和封存时的承诺值对不上/);
    page.complaints = page.complaints.filter((line) => !line.includes('422'));
    const text = await send(share.toUpperCase());
    assert.match(text, /份额已收下/);
    assert.ok(!text.includes(share), 'it stays secret in a sealed draw');
    assert.equal(await page.$(`option[value="${party}"]`), null);
    assert.deepEqual(await axeFindings(page), []);
    assert.equal(await sidewaysScroll(page), 0);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
}

/* Strangers cannot work the server with shares: a token, a share of the right form, so many an hour. */
async function checkStrangers(city, id, party) {
    const stranger = new Client(city.url), target = `/draws/${id}/reveal`;
    const [, csrf] = /name="csrf" value="([^"]*)"/.exec(await (await stranger.get(`/draws/${id}`)).text());
    const send = (fields) => stranger.request('POST', target, {
        body: new URLSearchParams(fields).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    assert.equal((await send({ party, share: 'ab'.repeat(32) })).status, 403, 'no token');
    assert.equal((await send({ csrf, party: '不认识', share: 'ab'.repeat(32) })).status, 404);
    let status = 422;
    for (let i = 0; i < 31 && status === 422; i++) status = (await send({ csrf, party, share: 'kurz' })).status;
    assert.equal(status, 429);
}

/* Four parties: the platform, one that does all in its browser, one that comes too late, one through the clerk. */
async function walk(city, client, id) {
    const page = `/work/draws/${id}`;
    const post = (step, fields) => client.post(`${page}/${step}`, fields, { from: page });
    const { beacon_rows: rows, open_by_value: day, number, hash } = await client.json(page);
    const share = (party) => JSON.parse(huozheng(['draw', 'share', number, '--party', party, '--hash', hash, '--json']));
    const parties = [await shareInBrowser(city, number, hash, '演示公证处'), share('演示大学'), share('演示街道办')];
    assert.equal(commitOf(parties[0], number, hash), parties[0].commit);
    await checkShareByHand(city, number, hash, '演示大学');
    const good = { source_1: 'dice10', round_1: '20', time_1: rows[0].time, open_by: day,
        parties: parties.map((one) => `${one.party} ${one.commit}`).join('\n') };
    for (const [bad, word] of [[{ round_1: '12' }, /不到 60 比特/], [{ time_1: '2026-01-01T10:00' }, /太近/], [{ parties: '没有承诺值' }, /承诺值/]]) {
        const refused = await post('commit', { ...good, ...bad });
        assert.equal(refused.status, 422);
        assert.match(await refused.text(), word);
    }
    assert.equal((await new Client(city.url).get(`/draws/${id}`)).status, 404, 'what is frozen is not public');
    assert.equal((await post('commit', good)).status, 303);
    assert.equal((await post('commit', good)).status, 409, 'one commit');
    assert.equal((await post('drop', {})).status, 409, 'not taken back any more');
    assert.equal((await post('reveal', { party: parties[0].party, share: parties[1].share })).status, 422);
    assert.equal((await post('reveal', { party: parties[2].party, share: parties[2].share })).status, 303);
    await handInInBrowser(city, id, parties[0]);
    await checkStrangers(city, id, parties[1].party);
    assert.equal((await post('beacon', { j: '1', value: DICE, note: '' })).status, 403, 'not before its time');
    assert.equal((await post('run', {})).status, 409);
    city.forward(1200);
    assert.equal((await post('reveal', { party: parties[1].party, share: parties[1].share })).status, 403, 'too late');
    assert.equal((await post('beacon', { j: '1', value: '1 2 3', note: '' })).status, 422);
    assert.equal((await post('beacon', { j: '1', value: DICE, note: '流程测试见证人' })).status, 303);
    assert.equal((await post('beacon', { j: '1', value: DICE, note: '' })).status, 409, 'one value');
    assert.equal((await post('run', {})).status, 303);
    assert.equal((await post('run', {})).status, 409, 'one draw');
    return parties;
}

/* While the inspections run the public sees fingerprints, and nothing that leads to the names. */
async function checkSecret(url, id, targets, parties) {
    const stranger = new Client(url);
    const page = await (await stranger.get(`/draws/${id}`)).text();
    const json = JSON.stringify(await stranger.json(`/draws/${id}`));
    const list = JSON.stringify(await stranger.json('/draws'));
    for (const text of [page, json, list]) {
        for (const one of parties) assert.ok(!text.includes(one.share), 'shares are not public yet');
        for (const target of targets) assert.ok(!text.includes(target.name), `${target.name} is not public yet`);
    }
    for (const file of ['pool.tsv', 'reveals.txt', 'salt.txt', 'result.tsv']) {
        assert.equal((await stranger.get(`/draws/${id}/files/${file}`)).status, 404);
    }
    assert.ok(page.includes(DICE), 'the beacon is public');
    for (const file of ['params.txt', 'commit.txt', 'beacon.txt']) {
        assert.equal((await stranger.get(`/draws/${id}/files/${file}`)).status, 200);
    }
    const asked = await (await stranger.get(`/draws/${id}?unit=${targets[0].id}`)).text();
    assert.ok(!asked.includes('抽中</b>'));
    assert.equal((await stranger.get(`/work/draws/${id}`)).status, 303);
}

/* What is read once the server has signed a head that holds the entry; it signs every second. */
async function soon(read, isReady) {
    for (let i = 0; i < 100; i++) {
        const model = await read();
        if (isReady(model)) return model;
        await sleep(200);
    }
    return read();
}

async function checkPublic(city, id, targets) {
    const stranger = new Client(city.url);
    const model = await soon(() => stranger.json(`/draws/${id}`), ({ files }) => files.some((file) => file.name === PROOFS[1]));
    assert.deepEqual(model.targets.map((one) => one.name), targets.map((one) => one.name));
    for (const name of ['reveals.txt', 'salt.txt', 'result.tsv', ...PROOFS]) {
        assert.ok(model.files.some((file) => file.name === name), `${name} is offered`);
    }
    const found = await stranger.json(`/draws/${id}?unit=${targets[0].id}`);
    assert.equal(found.found.length, 1);
    assert.equal(found.found[0].outcome, '抽中');
    assert.equal(found.found[0].place, targets[0].order);
    assert.equal(found.found[0].ticket, targets[0].ticket);
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
    const whole = JSON.parse(huozheng(['verify', folder, '--json']));
    assert.ok(whole.valid, whole.zh);
    assert.deepEqual(whole.checks.filter(({ ok }) => ok !== true).map(({ id }) => id), ['signature', 'witness', 'key', 'time'], 'no key was given');
    const python = spawnSync('python3', [path.join(ROOT, 'tools/verify/verify.py'), folder, '--json'], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(python.stdout), whole, 'the Python verifier says the same of what the page lists');
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
        const page = await soon(() => stranger.json(badge.href), ({ entry }) => entry.tlog_url);
        assert.equal(page.verdict, 'real', badge.href);
        assert.ok(page.steps.every((step) => step.is_ok));
        const tlog = path.join(city.db.folder, `entry-${badge.index}.tlog-proof`);
        writeFileSync(tlog, await (await stranger.get(page.entry.tlog_url)).text());
        assert.equal(JSON.parse(huozheng(['verify', tlog, '--json'])).valid, true, badge.href);
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

async function checkLooks(city, targets) {
    const page = await openPage(city.url, { width: 360 });
    for (const target of targets) {
        await page.goto(target);
        assert.deepEqual(await axeFindings(page), [], target);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, target);
    }
    assert.deepEqual(page.complaints, []);
    await page.context().close();
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
        const id = await freezePlan(client, plan, 'sealed');
        const parties = await walk(city, client, id);
        const work = await client.json(`/work/draws/${id}`);
        assert.ok(work.targets.length > 0);
        assert.deepEqual(work.parties.map((one) => one.counts), [true, true, false, true], 'the platform and who gave a share');
        const csv = await (await client.get(`/work/draws/${id}/targets.csv`)).text();
        assert.equal(csv.trim().split('\r\n').length, work.targets.length + 1);
        await checkSecret(city.url, id, work.targets, parties);
        await checkLooks(city, [`/draws/${id}`]);
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
        await checkLooks(city, [`/draws/${id}`, '/draws', '/verify?leaf=0', '/verify']);
    });

    test(`a draw in the open, from the terminal (${engine})`, async (t) => {
        const city = await startCity({ engine });
        t.after(() => city.stop());
        const client = await new Client(city.url).signIn(city.logins.leader);
        const stranger = new Client(city.url);
        const plan = await makePlan(client);
        assert.equal((await client.post(`/work/plans/${plan}/publish`, {})).status, 303);
        const draw = (args, code = 0) => huozheng(['draw', ...args, ...(code === 0 ? ['--json'] : [])], { db: city.db.url, env: city.clock, code });
        const { number, id } = JSON.parse(draw(['freeze', `P${plan}`, '--open', '--hash', 'sha256']));
        const party = JSON.parse(draw(['share', number, '--party', '演示大学', '--hash', 'sha256']));
        const at = new Date(Date.now() + 900e3).toISOString();
        draw(['commit', number, '--beacon', `dice10 9 ${at}`], 1);
        draw(['commit', number, '--beacon', `dice10 9 ${at}`, '--beacon', `drand ${at}`, '--party', `演示大学:${party.commit}`]);
        const before = await stranger.json(`/draws/${id}`);
        assert.deepEqual([before.state, before.is_run], ['committed', false]);
        assert.equal((await stranger.get(`/draws/${id}/files/pool.tsv`)).status, 200, 'the pool is public before the beacon');
        await checkLooks(city, [`/draws/${id}`]);
        draw(['reveal', number, '--party', '演示大学', '--share', party.commit], 1);
        draw(['reveal', number, '--party', '演示大学', '--share', party.share]);
        draw(['run', number, '--value', '123456789', '--value', 'ab'.repeat(48)], 1);
        city.forward(1200);
        draw(['run', number, '--value', '123456789'], 1);
        draw(['run', number, '--value', '12345678', '--value', 'ab'.repeat(48)], 1);
        const done = JSON.parse(draw(['run', number, '--value', '123456789', '--value', 'ab'.repeat(48), '--note', '演示']));
        assert.deepEqual([done.state, done.published], ['published', true], 'an open draw is public at once');
        draw(['run', number], 1);
        const model = await stranger.json(`/draws/${id}`);
        assert.equal(model.result, done.result);
        assert.equal(model.parties[0].share, party.share);
        const folder = path.join(city.db.folder, 'open');
        for (let i = 0; i < 100 && !existsSync(path.join(folder, 'result.tlog-proof')); i++) {
            huozheng(['draw', 'export', number, folder, '--public'], { db: city.db.url });
            await sleep(200); /* the server signs a head every second */
        }
        for (const [name, word] of [['commit.tlog-proof', done.commit], ['result.tlog-proof', done.result]]) {
            const lines = readFileSync(path.join(folder, name), 'utf8').split('\n');
            assert.equal(lines[0], 'c2sp.org/tlog-proof@v1');
            assert.ok(Buffer.from(lines[1].split(' ')[1], 'base64').includes(word), `${name} seals this draw`);
        }
        huozheng(['draw', 'verify', folder, '--commit', done.commit, '--result', done.result]);
        await checkLooks(city, [`/draws/${id}`]);
    });
}

test.after(closeBrowser);
