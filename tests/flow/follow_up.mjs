/*
 * An officer whom a draw has named for an object of another district records a failure there, opens
 * the order to put it right where it is, and serves it; the naming opens nothing else. In a browser
 * without JavaScript, and by the addresses of somebody who was not named. Each refusal is logged.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { rows } from '../fault/support_fault.mjs';
import { follow, press } from './support_job.mjs';
import { addAccount, axeFindings, Client, closeBrowser, ENGINES, openPage, sidewaysScroll, signInBrowser, startCity } from './support.mjs';
import { act, fill } from './support_matter.mjs';

const cities = new Map();

/* The matter of a planned inspection, and accounts in the province's last district: one for the
 * officer who leads it, one for an officer who has nothing to do with it. */
async function prepare(engine) {
    const city = await startCity({ engine, scale: 0.02 });
    cities.set(engine, city);
    const leader = await new Client(city.url).signIn(city.logins.leader);
    const { inspections } = await leader.json('/work/inspections?state=planned');
    const task = inspections.find((one) => one.state_zh === '待检查');
    assert.ok(task, 'the demo city has planned inspections');
    const answer = await leader.get(`/work/inspections/${task.id}`);
    city.matter = /\/work\/matters\/\d+/.exec(answer.headers.get('location'))[0];
    city.task = (await leader.json(city.matter));
    city.pair = [task.lead, task.second];
    city.place = rows(city.db, `SELECT region FROM matter WHERE id = ${city.matter.split('/').at(-1)}`)[0].region;
    city.away = city.place.startsWith('500243') ? '500242' : '500243';
    const other = rows(city.db, `SELECT id FROM officer WHERE id NOT IN (${city.pair.map((one) => one.id)}) ORDER BY id LIMIT 1`)[0].id;
    city.logins.sent = addAccount(city.db, 'inspector', { login: 'flow-sent', region: city.away, officer: city.pair[0].id });
    city.logins.unsent = addAccount(city.db, 'inspector', { login: 'flow-unsent', region: city.away, officer: other });
}

before(async () => {
    for (const engine of ENGINES) await prepare(engine);
});
after(async () => {
    await closeBrowser();
    for (const city of cities.values()) await city.stop();
});

const refusals = (city) => rows(city.db, 'SELECT reason FROM refusal ORDER BY id').map((row) => row.reason);

async function record(page, city) {
    await page.goto(city.matter);
    await follow(page, '记录检查结果');
    await fill(page, { shown: 'yes', companion: '值班经理', signature: 'signed' });
    for (const one of await page.locator('fieldset.item').evaluateAll((all) => all.map((each) => each.id))) {
        const fails = one.endsWith('escape-routes');
        await page.check(`[name="${one}.answer"][value=${fails ? 'fail' : 'pass'}]`);
        if (fails) {
            await page.fill(`[name="${one}.note"]`, '南侧出口堵塞');
            await page.check(`[name="${one}.handled"][value=order]`);
        }
    }
    await press(page, '记录检查结果');
}

for (const engine of ENGINES) {
    test(`the officer who was sent opens the order where the failure is, ${engine}`, async () => {
        const city = cities.get(engine);
        const id = city.matter.split('/').at(-1);
        const page = await openPage(city.url, { script: false });
        await signInBrowser(page, city.logins.sent);
        await record(page, city);
        await page.goto('/work');
        const task = page.locator('li.task').filter({ hasText: city.task.number });
        assert.match(await task.innerText(), /另立“火灾隐患整改”/, 'the desk says what comes next');
        assert.match(await task.locator('.avs').getAttribute('aria-label'), new RegExp(city.pair[0].name));
        await page.goto(city.matter);
        await follow(page, '另立“火灾隐患整改”');
        await fill(page, { violation: '南侧出口堵塞', provision: '消防法第二十八条', kind: 'in-time', 'correct-by': '2099-01-04' });
        for (const [i, one] of city.pair.entries()) await page.fill(`[name=officer-${i + 1}]`, one.certificate);
        await press(page, '责令改正');
        const hazard = new URL(page.url()).pathname;
        assert.notEqual(hazard, city.matter);
        const links = page.locator('[aria-labelledby=links]');
        assert.match(await links.innerText(), /引出本案/);
        await Promise.all([page.waitForNavigation(), links.getByRole('link').click()]);
        assert.equal(new URL(page.url()).pathname, city.matter, 'and the way back is open');
        await act(page, hazard, '送达通知书', { way: 'direct', receiver: '店主', receipt: '回证1' });
        await act(page, city.matter, '告知检查结果和另案', { way: 'spot', receiver: '店主' });
        assert.match(await page.locator('.head .tag').innerText(), /已告知/);
        assert.equal(await page.getByRole('link', { name: '另立“火灾隐患整改”' }).count(), 0, 'nothing more is asked for');
        assert.equal((await page.request.get(`/work/matters/new?kind=hazard&from=${id}`)).status(), 403);
        await page.context().close();
        city.hazard = hazard;
    });

    test(`the naming opens nothing else, and what is refused is logged, ${engine}`, async () => {
        const city = cities.get(engine);
        const id = city.matter.split('/').at(-1);
        const sent = await new Client(city.url).signIn(city.logins.sent);
        const unsent = await new Client(city.url).signIn(city.logins.unsent);
        const before = refusals(city).length;
        const { object_href: object } = await sent.json(city.matter);
        const [, kind, object_id] = /\/work\/(unit|building)s\/(\d+)/.exec(object);
        const closed = [
            [sent, `/work/matters/new?kind=hazard&object_kind=${kind}&object_id=${object_id}`],
            [sent, `/work/matters/new?kind=seal&from=${id}`],
            [unsent, city.matter],
            [unsent, city.hazard],
            [unsent, `/work/matters/new?kind=hazard&from=${id}`],
            [unsent, `/work/matters/new?from=${id}`],
        ];
        for (const [client, target] of closed) assert.equal((await client.get(target)).status, 403, target);
        assert.equal(refusals(city).length, before + closed.length);
        assert.ok(refusals(city).slice(before).every((reason) => /district/.test(reason)), refusals(city).slice(before).join('\n'));
        const chosen = await sent.json(`/work/matters/new?from=${id}`);
        assert.deepEqual(chosen.kinds, [], 'the result is told: nothing is asked for');
    });
}

test('the page of the matter fits a phone and is accessible', async () => {
    const city = cities.get(ENGINES[0]);
    const page = await openPage(city.url, { width: 360 });
    await signInBrowser(page, city.logins.sent);
    for (const path of [city.matter, city.hazard, `/work/matters/new?from=${city.matter.split('/').at(-1)}`]) {
        await page.goto(path);
        assert.equal(await sidewaysScroll(page), 0, path);
        assert.deepEqual(await axeFindings(page), [], path);
    }
    await page.context().close();
});
