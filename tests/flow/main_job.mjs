/*
 * The main job from end to end, as people do it: plan, publish, draw, give the drawn officer an
 * account, record the result, publish it; a stranger sees it and checks its proof offline. On both
 * engines, over plain HTTP, without script.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Client, ENGINES, huozheng, startCity } from './support.mjs';
import { takeAct } from './support_matter.mjs';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const day = (offset) => new Date(Date.now() + 8 * 3600e3 + offset * 86400e3).toISOString().slice(0, 10);

function idAt(response, where) {
    assert.equal(response.status, 303, `${where}: ${response.status}`);
    const match = /\/(\d+)$/.exec(response.headers.get('location').split('?')[0]);
    assert.ok(match, `${where}: ${response.headers.get('location')}`);
    return Number(match[1]);
}

/* Hidden inputs of the form that posts to `target`, as they stand on the page now. */
async function formOf(client, from, target) {
    const html = await (await client.get(from)).text();
    const form = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].find(([, head]) => head.includes(`action="${target}"`));
    assert.ok(form, `${from} has a form to ${target}`);
    return [...form[2].matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)].map(([input]) => [
        /\sname="([^"]*)"/.exec(input)[1], /\svalue="([^"]*)"/.exec(input)[1]]);
}

const send = (client, target, fields) => client.request('POST', target, { headers: FORM, body: new URLSearchParams(fields).toString() });

/* Plan of one hotel and two restaurants of the whole city, published. */
async function publishPlan(leader) {
    const fresh = await leader.json('/work/plans/new');
    const region = (fresh.region_options.find((one) => one.is_selected) ?? fresh.region_options[0]).value;
    const plan = idAt(await leader.post('/work/plans/new', {
        title: '主流程测试计划', year: day(0).slice(0, 4), agency: '演示机构', kind: 'unit', region,
        quota_hotel: '1', reserves_hotel: '1', quota_restaurant: '2', reserves_restaurant: '0', action: 'save',
    }), 'plan');
    idAt(await leader.post(`/work/plans/${plan}/publish`, {}), 'publish plan');
    return plan;
}

async function draw(city, leader, plan) {
    const form = `/work/draws/new?plan=${plan}`;
    const hidden = await formOf(leader, form, '/work/draws/new');
    const fields = [...hidden, ['title', '主流程测试抽查'], ['date_from', day(0)], ['date_to', day(10)],
        ['strata', 'hotel'], ['strata', 'restaurant'], ['mode', 'sealed'], ['hash', 'sm3'], ['officer_cap', '20'], ['rotate', '0']];
    const shown = await send(leader, '/work/draws/new', fields);
    assert.equal(shown.status, 200, await shown.text());
    const id = idAt(await send(leader, '/work/draws/freeze', fields), 'freeze');
    const page = `/work/draws/${id}`;
    const { beacon_rows, open_by_value } = await leader.json(page);
    idAt(await leader.post(`${page}/commit`, { source_1: 'dice10', round_1: '20', time_1: beacon_rows[0].time, open_by: open_by_value }, { from: page }), 'commit');
    city.forward(1200);
    const form2 = await formOf(leader, page, `${page}/beacon`);
    idAt(await send(leader, `${page}/beacon`, [...form2, ['value', '48151623421079386524'], ['note', '']]), 'beacon');
    idAt(await leader.post(`${page}/run`, {}, { from: page }), 'run');
    idAt(await leader.post(`${page}/publish`, {}), 'publish draw');
    return id;
}

/* An account for the officer, made by one administrator and given its role by the other. */
async function officerAccount(city, officer, login) {
    const system = await new Client(city.url).signIn(city.logins.system_administrator);
    const security = await new Client(city.url).signIn(city.logins.security_administrator);
    const made = await system.post('/work/admin/accounts/new', { login, name: officer.name });
    const page = await made.text();
    assert.equal(made.status, 200, page);
    const first = /class="hash">([^<]+)</.exec(page)[1];
    const { accounts } = await security.json(`/work/admin/roles?q=${login}`);
    const target = `/work/admin/roles/${accounts[0].id}`;
    const granted = await security.post(target, { role: 'inspector', region: '500000', agency: '0', officer: String(officer.id) });
    assert.equal(granted.status, 303, await granted.text());

    const client = await new Client(city.url).signIn({ login, password: first });
    const away = await client.get('/work/inspections');
    assert.equal(away.headers.get('location'), '/work/account/password', 'a one-time password opens nothing else');
    const changed = await client.post('/work/account/password', { old: first, new: 'Feng-huo-2026', again: 'Feng-huo-2026' });
    assert.equal(changed.status, 303, await changed.text());
    return client;
}

/* The checklist of the matter: what is missing comes back beside its item, then it is saved once. */
async function record(client, task, matter) {
    const target = `${matter}/acts/record`;
    const form = await client.json(target);
    const items = form.fields.find((field) => field.is_checklist).items.map((item) => item.name);
    const hidden = await formOf(client, target, target);
    const all = (answers) => [...hidden, ...answers];
    assert.deepEqual(form.officers.map((one) => one.value), [task.lead.certificate, task.second.certificate], 'the drawn officers stand in the form');
    const good = [['happened', form.happened.value], ['f-shown', 'yes'], ['f-companion', '陪同人在场'], ['f-signature', 'signed'],
        ...form.officers.map((one) => [one.name, one.value]),
        ...items.map((item, i) => [`${item}.answer`, i === 4 ? 'fail' : i === 5 ? 'na' : 'pass']),
        [`${items[4]}.note`, '南侧出口堆放货物'], [`${items[4]}.handled`, 'corrected']];

    /* What is missing is said beside the item, and nothing typed is lost. */
    const forgotten = await send(client, target, all(good.filter(([name]) => name !== `${items[7]}.answer`)));
    const again = await forgotten.text();
    assert.equal(forgotten.status, 422);
    assert.ok(again.includes(`href="#${items[7]}"`) && again.includes('南侧出口堆放货物') && again.includes('陪同人在场'));
    const tomorrow = await send(client, target, all(good.map(([name, value]) => [name, name === 'happened' ? `${day(1)}T09:00` : value])));
    assert.equal(tomorrow.status, 422);
    assert.match(await tomorrow.text(), /发生时间还没有到/);
    const noNote = await send(client, target, all(good.filter(([name]) => name !== `${items[4]}.note`)));
    assert.equal(noNote.status, 422);
    const alone = await send(client, target, all(good.map(([name, value]) => [name, name === 'officer-2' ? task.lead.certificate : value])));
    assert.equal(alone.status, 403);
    assert.match(await alone.text(), /2 名不同的执法人员/);

    /* A double press saves once. */
    const [one, two] = await Promise.all([send(client, target, all(good)), send(client, target, all(good))]);
    assert.deepEqual([one.status, two.status], [303, 303]);
    const saved = await client.json(matter);
    assert.equal(saved.acts.length, 2, 'recorded once');
    assert.equal(saved.state_zh, '当场改正，待告知');
    assert.equal(saved.papers.length, 1, 'with its paper');
}

async function checkProof(city, stranger, leaf) {
    const proof = await stranger.get(`/verify/proof?leaf=${leaf}`);
    assert.equal(proof.status, 200);
    const text = await proof.text();
    const file = path.join(city.db.folder, `proof-${leaf}.json`);
    writeFileSync(file, text);
    huozheng(['ledger', 'check', file]);
    /* One changed digit of the root and it no longer holds. */
    const broken = { ...JSON.parse(text) };
    broken.root = (broken.root[0] === '0' ? '1' : '0') + broken.root.slice(1);
    writeFileSync(file, JSON.stringify(broken));
    huozheng(['ledger', 'check', file], { code: 1 });
}

for (const engine of ENGINES) {
    test(`plan, draw, inspect, publish, verify (${engine})`, async () => {
        const city = await startCity({ engine, scale: 0.05 });
        try {
            const leader = await new Client(city.url).signIn(city.logins.leader);
            const stranger = new Client(city.url);
            const drawn = await draw(city, leader, await publishPlan(leader));
            const { inspections } = await leader.json('/work/inspections?state=planned');
            const tasks = inspections.filter((one) => one.draw_id === drawn);
            assert.ok(tasks.length >= 1 && tasks.length <= 3, `${tasks.length} tasks`);
            const task = tasks[0];
            assert.notEqual(task.lead.id, task.second.id);

            const officer = await officerAccount(city, task.lead, 'flow-officer');
            const moved = await officer.get(`/work/inspections/${task.id}`);
            assert.equal(moved.status, 303);
            const matter = moved.headers.get('location');
            assert.match(matter, /^\/work\/matters\/\d+$/);
            for (const old of ['check', 'publish', 'close']) {
                assert.equal((await officer.get(`/work/inspections/${task.id}/${old}`)).headers.get('location'), matter);
            }
            const shown = await leader.json(matter);
            assert.deepEqual(shown.elsewhere.map((link) => link.href), [`/work/draws/${drawn}`], 'the matter leads back to the draw');
            const task_of = async (client) => (await client.json('/work')).groups.filter((group) => group.id !== 'wait')
                .flatMap((group) => group.tasks).find((one) => one.href === matter);
            const waiting = await task_of(officer);
            assert.equal(waiting.act_href, `${matter}/acts/record`, 'the task is on the first page');
            assert.deepEqual(waiting.people.map((one) => one.name), [task.lead.name, task.second.name]);
            const outsider = await new Client(city.url).signIn(city.logins.inspector);
            const mine = await outsider.json('/work/account');
            if (mine.officer_id !== task.lead.id && mine.officer_id !== task.second.id) {
                const refused = await outsider.get(`${matter}/acts/record`);
                assert.equal(refused.status, 403);
                assert.match(await refused.text(), /本案指定了检查人员/);
                assert.equal(await task_of(outsider), undefined, 'it is nobody else\'s task');
            }
            assert.equal((await stranger.get(`/inspections/${task.id}`)).status, 404, 'not public yet');
            await record(officer, task, matter);
            assert.equal((await leader.get(`${matter}/acts/publish`)).status, 403, 'not before it was told');
            await takeAct(officer, matter, 'tell', { way: 'spot', receiver: '店主' });
            assert.equal((await officer.get(`${matter}/acts/publish`)).status, 403, 'officers do not publish');
            const [row] = (await leader.json('/work/inspections?state=recorded')).inspections.filter((one) => one.id === task.id);
            assert.deepEqual([row.failed, row.conclusion], [1, '发现 1 项不合格']);
            assert.match(row.publish_by, /^\d{4}-\d\d-\d\d$/, 'the deadline of law/');
            assert.equal((await stranger.get(`/inspections/${task.id}`)).status, 404, 'still not public');

            await takeAct(leader, matter, 'publish', { where: 'site' });
            const twice = await leader.get(`${matter}/acts/publish`);
            assert.equal(twice.status, 403, 'published once');
            assert.match(await twice.text(), /现在是“已公开”/);
            assert.ok((await leader.json(matter)).elsewhere.some((link) => link.href === `/inspections/${task.id}`));
            const page = await (await stranger.get(`/inspections/${task.id}`)).text();
            for (const text of [task.object_name, task.lead.certificate, '南侧出口堆放货物', '演示数据']) assert.ok(page.includes(text), text);
            const model = await stranger.json(`/inspections/${task.id}`);
            assert.equal(model.lead.id, undefined, 'no internal number of an officer is public');
            for (const proof of [model.record_proof, model.publish_proof]) {
                await checkProof(city, stranger, Number(new URL(proof.href, city.url).searchParams.get('leaf')));
            }
            const list = await (await stranger.get('/records?kind=inspection')).text();
            assert.ok(list.includes(`/inspections/${task.id}`), 'the list of records has it');
            assert.match(huozheng(['ledger', 'verify'], { db: city.db.url }), /^valid/);
        } finally {
            await city.stop();
        }
    });
}
