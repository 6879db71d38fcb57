/*
 * Devices from the first frame to the closed order: learned, bound, fault on the ledger, order, repaired, exported;
 * looked at on a screen and a phone.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { axeFindings, Client, closeBrowser, openPage, sidewaysScroll, signInBrowser, startCity } from './support.mjs';
import { devicePort, registerDevice, states, TransmissionDevice } from './support_devices.mjs';

let city;
let clerk;
let building;

before(async () => {
    city = await startCity();
    clerk = await new Client(city.url).signIn(city.logins.clerk);
    building = (await clerk.json('/work/buildings')).rows[0];
});

after(async () => {
    await closeBrowser();
    await city?.stop();
});

const SMOKE = { type: 42, address: 14 * 65536 + 2 };
const now = () => Date.now();

test('a device that nobody registered is learned, bound by a clerk and then belongs to the building', async () => {
    const device = new TransmissionDevice(await devicePort(city.server), 7001);
    await device.tell(states([{ ...SMOKE, state: 0 }], now()), now());
    device.close();

    const list = await clerk.json('/work/devices?state=learning');
    assert.equal(list.rows.length, 1);
    const [learned] = list.rows;
    assert.equal(learned.code, '7001');
    assert.match(list.learning_text, /没有登记/);
    const found = await clerk.json(`/work/devices/${learned.id}/bind?q=${encodeURIComponent(building.name.slice(0, 4))}`);
    assert.ok(found.found.length > 0);

    const nowhere = await clerk.post(`/work/devices/${learned.id}/bind`, { building: '' },
        { from: `/work/devices/${learned.id}/bind?building=${building.id}` });
    assert.equal(nowhere.status, 303, 'the hidden field of the chosen building counts');
    const page = await clerk.json(`/work/devices/${learned.id}`);
    assert.equal(page.building, building.name);
    assert.equal(page.points.length, 1);
    assert.equal(page.history[0].action_zh, '绑定');
    assert.ok(page.proof.index_text, 'the change is in the ledger');
    assert.ok((await clerk.json(`/work/buildings/${building.id}`)).sections.some((one) => one.id === 'sensing'));
});

test('a fault stands on the ledger until it is over; its order goes from sent to verified', async () => {
    const id = await registerDevice(clerk, { code: 7002, name: '流程测试装置', building: building.id });
    const device = new TransmissionDevice(await devicePort(city.server), 7002);
    await device.tell(states([{ ...SMOKE, state: 4 }, { type: 23, address: 65537, state: 8 }], now() - 7200_000), now());

    const open = (await clerk.json('/work/facilities/faults?open=1')).rows;
    assert.equal(open.length, 1);
    assert.equal(open[0].building, building.name);
    assert.match(open[0].new_href, /edge=\d+/);
    assert.equal((await clerk.json('/work/facilities/shields?open=1')).rows.length, 1);
    const figures = (await clerk.json('/work/facilities')).figures.map((one) => [one.name, one.value]);
    assert.deepEqual(figures.slice(0, 3), [['火警点位', '0'], ['故障点位', '1'], ['屏蔽点位', '1']]);
    assert.equal((await clerk.json('/work/devices?trouble=fault')).rows[0].id, id);
    assert.equal((await clerk.json(`/work/devices?q=${encodeURIComponent('流程测试')}`)).rows.length, 1);

    const empty = await clerk.post(open[0].new_href.split('?')[0], { subject: '', task: '', service_body: '', service_contact: '', due: '2020-01-01' },
        { from: open[0].new_href });
    assert.equal(empty.status, 422);
    const made = await clerk.post('/work/maintenance/new', {
        subject: '感烟探测器故障', task: '更换，修好后试验一次', service_body: '演示维保一号（演示）', service_contact: '', due: '',
    }, { from: open[0].new_href });
    assert.equal(made.status, 303, await made.text());
    const order = made.headers.get('location').split('?')[0];
    /* from a page without a form of its own, so that only the token is taken from there */
    const step = (version, state) => clerk.post(order, { version: String(version), state, person: '维保值班员', note: '已看过' },
        { from: '/work/facilities' });
    for (const [at, state] of ['accepted', 'done', 'accepted', 'done', 'verified'].entries()) {
        assert.equal((await step(at + 1, state)).status, 303, state);
    }
    assert.equal((await step(5, 'done')).status, 409, 'somebody else was quicker');
    assert.equal((await step(6, 'cancelled')).status, 409, 'a closed order does not move');
    assert.match((await clerk.json('/work/facilities/faults')).rows[0].told, /已核实/);

    await device.tell(states([{ ...SMOKE, state: 0 }], now()), now());
    device.close();
    assert.equal((await clerk.json('/work/facilities/faults?open=1')).rows.length, 0);
    const [closed] = (await clerk.json('/work/facilities/faults')).rows;
    assert.ok(closed.until);
    const csv = await (await clerk.get('/work/export?list=faults&format=csv')).text();
    assert.match(csv, new RegExp(building.name));
    assert.match(await (await clerk.get('/work/export?list=maintenance&format=csv&closed=1')).text(), /WX-\d{4}-00001/);
});

test('who may only look changes nothing, and another district is refused', async () => {
    const inspector = await new Client(city.url).signIn(city.logins.inspector);
    const [device] = (await clerk.json('/work/devices?state=active')).rows;
    assert.equal((await inspector.get(`/work/devices/${device.id}/edit`)).status, 403);
    assert.equal((await inspector.get('/work/devices?region=110101')).status, 403);
});

test('names and limits of a point are set by form, mistakes stay beside their field', async () => {
    const [device] = (await clerk.json(`/work/devices?q=${encodeURIComponent('流程测试')}`)).rows;
    const [point] = (await clerk.json(`/work/devices/${device.id}`)).points;
    const named = await clerk.post(`/work/points/${point.id}`, { name: '三层走廊烟感', floor: '3 层', room: '走廊' });
    assert.equal(named.status, 303, await named.text());
    assert.equal((await clerk.json(`/work/points/${point.id}`)).title, '三层走廊烟感');
    const limit = (fields) => clerk.post(`/work/points/${point.id}/limits/5`, fields, { from: `/work/points/${point.id}` });
    assert.equal((await limit({ low_5: '12.345' })).status, 422);
    assert.equal((await limit({ low_5: '100', high_5: '90', hysteresis_5: '1' })).status, 422);
    assert.equal((await limit({ low_5: '70', high_5: '', hysteresis_5: '2' })).status, 303);
    const [value] = (await clerk.json(`/work/points/${point.id}`)).values;
    assert.match(value.limit_text, /下限 70.0 kPa，上限 无/);
    assert.equal((await limit({ do: 'default' })).status, 303);
    assert.equal((await clerk.json(`/work/points/${point.id}`)).values.length, 0);
});

test('a device is taken out of use and comes back; a key is shown once', async () => {
    const id = await registerDevice(clerk, { code: 'hydrant-0012', name: '消火栓压力计', building: building.id, protocol: 'http' });
    const page = await clerk.post(`/work/devices/${id}/key`, {});
    assert.match(await page.text(), /[0-9a-f]{32}/);
    assert.doesNotMatch(await (await clerk.get(`/work/devices/${id}/key`)).text(), /<b class="mono">/);
    assert.equal((await clerk.json(`/work/devices/${id}`)).has_key, true);
    assert.equal((await clerk.post(`/work/devices/${id}/retire`, {})).status, 303);
    assert.equal((await clerk.json(`/work/devices/${id}`)).state.text, '停用');
    assert.equal((await clerk.post(`/work/devices/${id}/retire`, {})).status, 303);
    assert.equal((await clerk.json(`/work/devices/${id}`)).state.text, '在用');
    const twice = await clerk.post('/work/devices/new', { protocol: 'http', code: 'hydrant-0012', name: '', profile: 'standard', service_body: '', service_contact: '' });
    assert.equal(twice.status, 422);
    assert.match(await twice.text(), /已经登记过/);
});

test('pages are accessible and fit a phone', async () => {
    const [device] = (await clerk.json(`/work/devices?q=${encodeURIComponent('流程测试')}`)).rows;
    const [point] = (await clerk.json(`/work/devices/${device.id}`)).points;
    const [order] = (await clerk.json('/work/maintenance?closed=1')).rows;
    const pages = ['/work/devices', '/work/devices/new', `/work/devices/${device.id}`, `/work/devices/${device.id}/edit`,
        `/work/devices/${device.id}/bind?q=${encodeURIComponent('演示')}`, `/work/devices/${device.id}/bind?building=${building.id}`,
        `/work/devices/${device.id}/retire`, `/work/points/${point.id}`, '/work/facilities', '/work/facilities/faults',
        '/work/facilities/shields?open=1', '/work/maintenance', `/work/maintenance/${order.id}`,
        `/work/maintenance/new?point=${point.id}`, `/work/buildings/${building.id}`];
    for (const width of [1280, 360]) {
        const page = await openPage(city.url, { width });
        await signInBrowser(page, city.logins.clerk);
        for (const [at, path] of pages.entries()) {
            await page.goto(path);
            assert.deepEqual(await axeFindings(page), [], `${path} at ${width}`);
            assert.equal(await sidewaysScroll(page), 0, `${path} at ${width}`);
            if (process.env.HUOZHENG_SHOTS) {
                await page.screenshot({ path: `${process.env.HUOZHENG_SHOTS}/${width}-${at}.png`, fullPage: true });
            }
        }
        assert.deepEqual(page.complaints, []);
        await page.context().close();
    }
});
