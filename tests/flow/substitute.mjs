/*
 * After a draw an object is closed and an officer cannot go: by form, with a look at who will come
 * before anything is done, in a browser without JavaScript; the matters follow, the public sees it, a
 * stranger's verifier finds the same, and nobody gets past the rule by reassigning.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { rows } from '../fault/support_fault.mjs';
import { press } from './support_job.mjs';
import { axeFindings, BINARY, Client, closeBrowser, ENGINES, huozheng, openPage, sidewaysScroll, startCity } from './support.mjs';
import { signedIn } from './support_matter.mjs';

const ENGINE = ENGINES.at(-1); /* the rules run on both engines in src/draw/draw_substitute_test.c */
let city;

async function makeDraw() {
    const leader = await new Client(city.url).signIn(city.logins.leader);
    const form = await leader.json('/work/plans/new');
    const fields = { title: '替换测试计划', year: form.year.value, agency: '演示支队', kind: 'unit', region: form.region.value, action: 'save' };
    fields[form.rows[0].quota_id] = '3';
    fields[form.rows[0].reserves_id] = '2';
    const made = await leader.post('/work/plans/new', fields);
    const plan = /(\d+)$/.exec(made.headers.get('location'))[1];
    assert.equal((await leader.post(`/work/plans/${plan}/publish`, {})).status, 303);
    const draw = (...args) => JSON.parse(huozheng(['draw', ...args, '--json'], { db: city.db.url, env: city.clock }));
    const { number, id } = draw('freeze', `P${plan}`, '--open', '--hash', 'sha256');
    draw('commit', number, '--beacon', `dice10 20 ${new Date(Date.now() + 900e3).toISOString()}`);
    const early = await leader.get(`/work/draws/${id}/substitute`);
    assert.equal(early.status, 409, 'nothing to substitute before the draw');
    city.forward(1200);
    draw('run', number, '--value', '48151623423141592653');
    return { id, number, page: `/work/draws/${id}`, leader };
}

before(async () => {
    city = await startCity({ engine: ENGINE });
    city.draw = await makeDraw();
});
after(async () => {
    await closeBrowser();
    await city.stop();
});

const stateOf = (id) => rows(city.db, `SELECT matter_id, state, lead_name, second_name FROM inspection
    WHERE draw_id = ${city.draw.id} AND object_id = ${id}`)[0];

async function fillForm(page, who, reason, note) {
    await page.getByRole('radio').nth(who).check();
    await page.selectOption('#reason', reason);
    await page.fill('#note', note);
    await press(page, '看看由谁接替');
}

test('a closed object is followed by the first reserve, an officer by the next in order', async () => {
    const { page: home, leader } = city.draw;
    const { targets } = await leader.json(home);
    const [out, other] = targets.filter((one) => !one.is_reserve && one.lead);
    const reserve = targets.find((one) => one.is_reserve);
    assert.ok(out && other && reserve, 'the demo city is large enough');
    const page = await signedIn(city, 'clerk');
    await page.goto(home);
    assert.match(await page.locator('#substitutions').innerText(), /还没有替换/);
    assert.match(await page.locator('#substitutions').textContent(), /能重抽，就等于可以一直抽到满意为止/);
    await page.goto(`${home}/substitute?place=${out.order}`);
    await fillForm(page, 0, 'CLOSED', '到现场，门锁着');
    const text = await page.locator('main').innerText();
    assert.ok(text.includes(`${reserve.name}（${reserve.id}）`), 'who comes stands there before it is done');
    assert.deepEqual((await leader.json(home)).substitutions, [], 'and nothing is done');
    assert.equal(stateOf(out.id.slice(1)).state, 'planned');
    await press(page, '确认替换');
    assert.match(await page.locator('main').innerText(), /第 1 号替换已写进账本/);
    assert.equal(stateOf(out.id.slice(1)).state, 'closed');
    /* The officers stay; those who are too far from the reserve give way in lines of their own. */
    const nameOf = (text) => text.split('（')[0];
    const [swap, ...others] = (await leader.json(home)).substitutions;
    assert.ok(swap.is_object && others.every((one) => !one.is_object && one.reason_zh === '回避名单或者区县范围不允许'), JSON.stringify(others));
    const team = [out.lead, out.second].map((name) => nameOf(others.find((one) => nameOf(one.out) === name)?.in ?? name));
    const came = stateOf(reserve.id.slice(1));
    assert.deepEqual([came.state, [came.lead_name, came.second_name].sort()], ['planned', team.sort()]);

    await page.click(`a[href="${home}/substitute?place=${other.order}"]`);
    await fillForm(page, 1, 'AWAY', '培训');
    await press(page, '确认替换');
    assert.match(await page.locator('main').innerText(), new RegExp(`第 ${others.length + 2} 号替换已写进账本`));
    const now = stateOf(other.id.slice(1));
    assert.ok(![now.lead_name, now.second_name].includes(other.lead), 'another officer goes');
    const all = (await leader.json(home)).substitutions;
    assert.deepEqual(all.map((one) => one.n), all.map((_, i) => i + 1));
    assert.deepEqual([all.length, all.at(-1).is_object, nameOf(all.at(-1).out)], [others.length + 2, false, other.lead]);
    await page.context().close();
    city.draw.matter = now.matter_id;
    city.draw.object = other;
});

test('nobody gets past the rule', async () => {
    const { page: home, leader, matter, object } = city.draw;
    const inspector = await new Client(city.url).signIn(city.logins.inspector);
    const asked = { place: '1', who: 'object', reason: 'CLOSED', note: '演示' };
    const logged = () => rows(city.db, 'SELECT id FROM refusal').length;
    const before = logged();
    assert.equal((await inspector.post(`${home}/substitute`, asked, { from: '/work' })).status, 403);
    const reassign = await leader.get(`/work/matters/${matter}/acts/reassign`);
    assert.equal(reassign.status, 403);
    const html = await reassign.text();
    assert.match(html, /不能改派给挑选的人/);
    const target = `${home}/substitute?object=${object.id}`;
    assert.ok(html.includes(`href="${target}"`), 'the page leads to the form');
    assert.ok(logged() >= before + 2, 'both refusals left a mark');
    const shown = await leader.json(`/work/matters/${matter}`);
    assert.ok(shown.cannot.some((one) => one.instead === target), 'and so does the matter');
    assert.ok((await leader.json(target)).held.can);
    const wrong = await leader.post(`${home}/substitute`, { ...asked, who: '', note: '' }, { from: target });
    assert.equal(wrong.status, 422);
    assert.match(await wrong.text(), /选换下谁/);
    const unreal = await leader.post(`${home}/substitute`, { ...asked, expected: '999999' }, { from: target });
    assert.equal(unreal.status, 409, 'not another one than the page has shown');
    assert.match(await unreal.text(), /已经不是页面上写的那一个/);
});

test('the public sees it and can compute it again', async () => {
    const { id, page: home } = city.draw;
    const stranger = new Client(city.url);
    const model = await stranger.json(`/draws/${id}`);
    assert.ok(model.substitutions.length >= 2);
    assert.ok(model.substitutions.every((one) => one.note === null), 'notes are for officers');
    assert.equal((await stranger.get(model.substitutions[0].proof.href)).status, 200);
    const folder = path.join(city.db.folder, 'bundle');
    huozheng(['draw', 'export', String(id), folder, '--public'], { db: city.db.url });
    const file = model.files.find((one) => one.name === 'substitutions.tsv');
    const text = await (await stranger.get(file.href)).text();
    assert.equal(readFileSync(path.join(folder, 'substitutions.tsv'), 'utf8'), text);
    const verdict = () => {
        const done = spawnSync(BINARY, ['verify', folder, '--json'], { encoding: 'utf8' });
        return JSON.parse(done.stdout).checks.find((one) => one.id === 'substitutions');
    };
    assert.equal(verdict().ok, true);
    const [first, second, ...later] = text.split('\n');
    writeFileSync(path.join(folder, 'substitutions.tsv'), [first, second.replace(/(F\d+\t)F\d+/, '$1F999'), ...later].join('\n'));
    assert.deepEqual([verdict().ok, verdict().line], [false, 2]);
    const page = await openPage(city.url, { width: 360 });
    await page.goto(`/draws/${id}`);
    assert.match(await page.locator('#substitutions').innerText(), /停业、关闭/);
    assert.deepEqual(await axeFindings(page), []);
    assert.equal(await sidewaysScroll(page), 0);
    await page.context().close();
    const clerk = await signedIn(city, 'clerk', { width: 360 });
    for (const target of [home, `${home}/substitute`, `${home}/substitute?place=2`]) {
        await clerk.goto(target);
        assert.deepEqual(await axeFindings(clerk), [], target);
        assert.equal(await sidewaysScroll(clerk), 0, target);
    }
    await fillForm(clerk, 0, 'MOVED', '搬到别处');
    assert.deepEqual(await axeFindings(clerk), []);
    assert.equal(await sidewaysScroll(clerk), 0);
    await clerk.context().close();
});
