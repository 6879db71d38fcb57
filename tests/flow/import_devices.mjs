/*
 * Devices and points from files through the page, in a real browser without JavaScript: an empty table to fill in, bad
 * rows with line and reason, a learned device that is registered by the file and heard as such by the running gateway.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { press } from './support_job.mjs';
import { addAccount, axeFindings, Client, closeBrowser, openPage, sidewaysScroll, signInBrowser, startCity } from './support.mjs';
import { devicePort, states, TransmissionDevice } from './support_devices.mjs';

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

function put(name, lines) {
    const file = path.join(city.db.folder, name);
    writeFileSync(file, `\ufeff${lines.join('\r\n')}\r\n`);
    return file;
}

/* From the start page to the trial's result; columns are found by their names. */
async function tryFile(page, file, kind) {
    await page.goto(`/work/import?kind=${kind}`);
    await page.setInputFiles('input[name=file]', file);
    await press(page, '上传并对列');
    await press(page, '试导入');
    await page.locator('button:has-text("确认导入")').waitFor({ timeout: 120_000 });
}

async function confirm(page, mode) {
    await page.check(`input[name=mode][value=${mode}]`);
    await press(page, '确认导入');
    await page.locator('h1:has-text("已导入")').waitFor({ timeout: 120_000 });
}

async function number(page, name) {
    return page.locator(`dl.kv dt:has-text("${name}") + dd`).first().innerText();
}

test('every kind says how to write its columns and gives an empty table', async () => {
    for (const width of [1280, 360]) {
        const page = await openPage(city.url, { width, script: width === 1280 });
        await signInBrowser(page, city.logins.clerk);
        await page.goto('/work/import/columns?kind=device');
        assert.equal(await page.locator('h1').innerText(), '物联设备的列怎么写');
        assert.equal(await sidewaysScroll(page), 0);
        if (width === 1280) assert.deepEqual(await axeFindings(page), []);
        await page.context().close();
    }
    const template = await clerk.get('/work/import/template?kind=point&format=csv');
    assert.match(await template.text(), /^\ufeff?设备编号,协议,系统类型,系统地址,部件类型,部件地址,[^\n]*\r?\n$/);
    assert.equal((await clerk.get('/work/import/template?kind=cat')).status, 404);
    assert.equal((await clerk.get('/work/import/template?kind=unit&format=exe')).status, 404);
});

test('a file registers, binds and refuses; the running gateway takes the device for registered', async () => {
    const port = await devicePort(city.server);
    const learned = new TransmissionDevice(port, 7101);
    const smoke = { type: 42, address: 14 * 65536 + 2 };
    await learned.tell(states([{ ...smoke, state: 0 }], Date.now()), Date.now());
    const waiting = await clerk.get('/work/export?list=devices&format=csv&state=learning');
    assert.match(await waiting.text(), /7101/, 'who may register them can take out those that wait');

    const page = await openPage(city.url, { script: false });
    await signInBrowser(page, city.logins.clerk);
    const where = `${building.name},${building.region}`;
    await tryFile(page, put('设备.csv', ['设备编号,所在建筑,区划代码,安装位置,维保公司',
        `7101,${where},负一层消防控制室,演示维保（演示）`, `7102,${where},一层,`, '7103,没有这栋楼,500103,,']), 'device');
    assert.equal(await number(page, '新增'), '1 条');
    assert.equal(await number(page, '修改'), '1 条');
    const refused = await page.locator('table', { has: page.locator('caption', { hasText: '有问题的行' }) }).innerText();
    assert.match(refused, /4[\s\S]*所在建筑[\s\S]*没有这栋楼[\s\S]*没有登记建筑/);
    await confirm(page, 'skip-bad');

    await tryFile(page, put('点位.csv', ['设备编号,系统类型,系统地址,部件类型,部件地址,楼层,房间',
        '7101,火灾报警系统,1,点型光电感烟火灾探测器,2 区 14 号,12 层,1203 室',
        '7101,火灾报警系统,1,手动火灾报警按钮,2 区 15 号,12 层,走道']), 'point');
    assert.equal(await number(page, '新增'), '1 条');
    assert.equal(await number(page, '修改'), '1 条');
    await confirm(page, 'all');

    /* No restart: sooner or later the gateway has read the register again, and then a fire is an alarm with its place. */
    const duty = await new Client(city.url).signIn(city.logins.duty_officer);
    let alarms = '';
    for (let i = 0; i < 200 && !alarms.includes('1203 室'); i++) {
        await learned.tell(states([{ ...smoke, state: 2 }], Date.now()), Date.now());
        await learned.tell(states([{ ...smoke, state: 0 }], Date.now()), Date.now());
        alarms = JSON.stringify((await duty.json('/work/alarms')).groups);
    }
    assert.match(alarms, /1203 室/);
    learned.close();
    await page.context().close();
});

test('a district officer cannot bind a device to a building of another district', async () => {
    const home = building.region.slice(0, 6);
    const elsewhere = addAccount(city.db, 'clerk', { login: 'flow-elsewhere', region: home === '500103' ? '500106' : '500103' });
    const page = await openPage(city.url, { script: false });
    await signInBrowser(page, elsewhere);
    await tryFile(page, put('别区.csv', ['编号,建筑系统编号,建筑,区划代码', `7104,${building.id},,`, `7105,,${building.name},${building.region}`]), 'device');
    assert.equal(await number(page, '有问题'), '2 行');
    assert.match(await page.locator('main').innerText(), /不在您的辖区/);
    assert.equal((await clerk.json('/work/devices?q=7104')).rows.length, 0);
    await page.context().close();
});
