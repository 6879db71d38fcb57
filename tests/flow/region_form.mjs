/*
 * The region in forms, without JavaScript: a district, then a street of it; nothing typed is lost in
 * between. The same on the page of roles, with agencies from the table.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Client, addAccount, closeBrowser, openPage, signInBrowser, startCity } from './support.mjs';

let city;

before(async () => {
    city = await startCity();
});

after(async () => {
    await closeBrowser();
    await city?.stop();
});

async function model(response, status) {
    const text = await response.text();
    assert.equal(response.status, status, text.slice(0, 2000));
    return JSON.parse(text);
}

const json = { accept: 'application/json' };
const chosen = (options) => options.find((one) => one.is_selected)?.value;

const FORMS = {
    units: { name: '选街道饭店', address: '解放碑 1 号', phone: '023-1' },
    buildings: { name: '选街道大厦', address: '解放碑 2 号', height_m: '30' },
    officers: { name: '演示选街', certificate: 'X-500-1', agency: '演示支队' },
};

for (const [list, fields] of Object.entries(FORMS)) {
    test(`${list}: first the district, then its street`, async () => {
        const client = await new Client(city.url).signIn(addAccount(city.db, 'clerk', { login: `flow-region-${list}` }));
        const target = `/work/${list}/new`;
        const fresh = await client.json(target);
        assert.equal(fresh.has_districts, true);
        assert.equal(fresh.has_streets, false);
        assert.ok(fresh.district_options.some((one) => one.value === '500103' && one.text === '渝中区'));
        assert.ok(!fresh.district_options.some((one) => /江北区/.test(one.text)), 'it ended in 2025');

        const asked = await model(await client.post(target, { ...fields, region: '500103', step: 'streets' }, { headers: json }), 200);
        for (const [name, value] of Object.entries(fields)) assert.equal(asked[name].value, value);
        assert.equal(chosen(asked.district_options), '500103');
        assert.equal(chosen(asked.street_options), '500103', 'a street may be left open');
        const street = asked.street_options.find((one) => one.value.length === 9).value;

        const moved = await model(await client.post(target, { ...fields, district: '500106', region: street }, { headers: json }), 422);
        assert.equal(moved.problems[0].field, 'region');
        assert.equal(moved.name.value, fields.name);
        assert.ok(moved.street_options.some((one) => one.value.startsWith('500106') && one.value.length === 9));

        const nowhere = await model(await client.post(target, { ...fields, region: '999999' }, { headers: json }), 422);
        assert.equal(nowhere.problems[0].field, 'region');

        const made = await client.post(target, { ...fields, district: '500103', region: street });
        assert.equal(made.status, 303, await made.text());
        const edit = `${made.headers.get('location')}/edit`;
        const kept = await client.json(edit);
        assert.equal(chosen(kept.street_options), street);
        const other = await model(await client.post(edit, { ...fields, district: '500106', region: street, step: 'streets' }, { headers: json }), 200);
        assert.equal(chosen(other.district_options), '500106');
        const done = await client.post(edit, { ...fields, district: '500106', region: '' });
        assert.equal(done.status, 303, await done.text());
        assert.equal(chosen((await client.json(edit)).street_options), '500106');
    });
}

test('roles: region and agency are chosen, and checked on the server', async () => {
    const account = addAccount(city.db, 'township_worker', { login: 'flow-township' });
    const client = await new Client(city.url).signIn(city.logins.security_administrator);
    const { accounts } = await client.json(`/work/admin/roles?q=${account.login}`);
    const target = `/work/admin/roles/${accounts[0].id}`;
    const form = await client.json(target);
    assert.equal(chosen(form.district_options), '50');
    assert.equal(chosen(form.agency_options), '0');
    const agency = form.agency_options[1].value;
    const fields = { role: 'township_worker', agency, officer: '7' };

    const asked = await model(await client.post(target, { ...fields, region: '500103', step: 'streets' }, { headers: json }), 200);
    assert.equal(chosen(asked.agency_options), agency);
    assert.equal(asked.fields[0].value, '7');
    assert.ok(asked.boxes.find((box) => box.word === 'township_worker').checked);
    const street = asked.street_options.find((one) => one.value.length === 9).value;

    const bad = await model(await client.post(target, { ...fields, officer: '0', region: '77', agency: '123456789' }, { headers: json }), 422);
    assert.deepEqual(bad.problems.map((one) => one.field), ['region', 'agency']);
    const moved = await model(await client.post(target, { ...fields, officer: '0', district: '500106', region: street }, { headers: json }), 422);
    assert.deepEqual(moved.problems.map((one) => one.field), ['region']);

    const done = await client.post(target, { ...fields, officer: '0', district: '500103', region: street });
    assert.equal(done.status, 303, await done.text());
    const after = await client.json(target);
    assert.equal(chosen(after.street_options), street);
    assert.equal(chosen(after.agency_options), agency);
});

test('a person without JavaScript registers a unit in a street, on a telephone', async () => {
    const page = await openPage(city.url, { width: 360, height: 740, script: false });
    await signInBrowser(page, addAccount(city.db, 'clerk', { login: 'flow-phone' }));
    await page.goto('/work/units/new');
    await page.fill('#name', '手机登记饭店');
    await page.selectOption('#region', '500103');
    await page.click('button[value=streets]');
    assert.equal(await page.inputValue('#name'), '手机登记饭店');
    await page.selectOption('#region', { index: 1 });
    await page.fill('#address', '解放碑 3 号');
    if (process.env.HUOZHENG_SHOTS) await page.screenshot({ path: `${process.env.HUOZHENG_SHOTS}/unit-360.png`, fullPage: true });
    const width = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => 360);
    assert.ok(width <= 360, `${width} px wide`);
    /* Enter in a text field registers; it does not press the button beside the district. */
    await page.press('#address', 'Enter');
    await page.waitForURL(/\/work\/units\/\d+$/);
    await page.context().close();
});
