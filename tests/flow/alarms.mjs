/*
 * The alarm centre from the device's frame to the closed alarm: on both engines what two operators, the
 * ladder and the outbox do; in the browser what an operator sees, without a page being loaded again,
 * without a script, on a phone and by keyboard.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { addAccount, axeFindings, Client, closeBrowser, ENGINES, openPage, sidewaysScroll, signInBrowser, startCity } from './support.mjs';
import { bindDevice, Device, hookSink, mailSink } from './support_alarm.mjs';

const FIRE = 2;
const NORMAL = 1;
const REGION = '500103';
const FLOORS = { 14: '12', 17: '12', 20: '13', 21: '14', 22: '15', 23: '16', 24: '17', 25: '18', 26: '19' };
const cities = new Map();
let folder;

before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'outbox-'));
    for (const engine of ENGINES) {
        const mail = await mailSink();
        const hook = await hookSink(1);
        const secret = path.join(folder, 'secret');
        const outbox = path.join(folder, `${engine}.json`);
        writeFileSync(secret, 'key-of-119\n');
        writeFileSync(outbox, JSON.stringify({
            smtp: { url: mail.url, from: 'alarm@example.invalid' },
            sms: { url: `${hook.url}/sms`, body: { to: '{{address}}', content: '【演示】{{text}}' } },
            dispatch: { url: `${hook.url}/119`, secret_file: secret },
            people: [
                { role: 'shift-leader', region: REGION, way: 'email', address: 'leader@example.invalid' },
                { role: 'leader', region: '50', way: 'sms', address: '10000' },
            ],
        }));
        const city = await startCity({ engine, scale: 0.005, env: { HUOZHENG_OUTBOX: outbox } });
        Object.assign(city, { mail, hook, other: addAccount(city.db, 'duty_officer', { login: 'flow-second' }) });
        bindDevice(city.db, { address: 77, region: REGION, floors: FLOORS });
        city.device = await new Device(77).connect(city.server);
        city.client = async (login = city.logins.duty_officer) => new Client(city.url).signIn(login);
        cities.set(engine, city);
    }
});

after(async () => {
    await closeBrowser();
    for (const city of cities.values()) {
        city.device.close();
        city.mail.close();
        city.hook.close();
        await city.stop();
    }
    rmSync(folder, { recursive: true, force: true });
});

const waiting = (model) => model.groups.find((group) => group.word === 'waiting').rows;
const found = async (client, floor) => waiting(await client.json('/work/alarms')).find((row) => row.title.endsWith(`${floor} 层`));

/* Asks until the page of the alarm warns so that somebody has to telephone; "" is no warning. */
async function said(client, at, warning) {
    for (let tries = 0; tries < 300; tries++) {
        if (warning.test((await client.json(at)).alarm.dispatch_warning ?? '')) return;
    }
    assert.fail(`${at} never warns ${warning}`);
}

for (const engine of ENGINES) {
    test(`two detectors are one alarm; one of two operators reports it to 119, ${engine}`, async () => {
        const city = cities.get(engine);
        const cheng = await city.client();
        const wu = await city.client(city.other);
        await city.device.tell(14, FIRE);
        await city.device.tell(17, FIRE);
        const row = await found(cheng, 12);
        assert.match(row.text, /共 2 个点位/);
        const at = `/work/alarms/${row.id}`;
        const { alarm } = await cheng.json(at);
        assert.equal(alarm.next_name, '值班长');
        assert.equal(alarm.phones[0].phone, '023-00000000');
        assert.deepEqual(alarm.steps.map((step) => step.step), ['join', 'arrive']);
        assert.equal((await cheng.get(alarm.steps[1].proof.href)).status, 200);
        /* Wu opens it, Cheng is faster */
        const sent = { version: alarm.version };
        assert.equal((await cheng.post(`${at}/acts/report`, {}, { from: at })).status, 303);
        const refused = await wu.post(`${at}/acts/dispatch`, sent, { from: '/work/alarms' });
        assert.equal(refused.status, 409);
        assert.match(await refused.text(), /演示值班人员 已在 \d\d:\d\d 做了“转 119”/);
        /* 119 refuses once and hears it in the end, with the key that stands in a file */
        assert.equal(await city.hook.refused(), '/119');
        await said(cheng, at, /还没有送到/);
        city.forward(10);
        const told = await city.hook.next();
        assert.deepEqual([told.path, told.key], ['/119', 'Bearer key-of-119']);
        assert.match(told.body.text, /12 层/);
        await said(cheng, at, /^$/);
        /* it became a matter, linked both ways */
        const after = (await wu.json(at)).alarm;
        assert.deepEqual([after.state, after.result_zh], ['reported', '属实']);
        const matter = await (await city.client(city.logins.clerk)).json(`/work/matters/${after.matter_id}`);
        assert.ok(JSON.stringify(matter).includes(at), 'the matter names the alarm');
        const blank = await wu.post(`${at}/finish`, { note: ' ' });
        assert.equal(blank.status, 422);
        assert.equal((await wu.post(`${at}/finish`, { note: '微型站扑灭，没有伤亡' })).status, 303);
        assert.equal((await wu.json(at)).alarm.state, 'closed');
    });

    test(`nobody acts: the server tells the next person, ${engine}`, async () => {
        const city = cities.get(engine);
        await city.device.tell(20, FIRE, new Date(Date.now() + 10_000));
        city.forward(130);
        const mail = await city.mail.next();
        assert.deepEqual([mail.from, mail.to], ['alarm@example.invalid', ['leader@example.invalid']]);
        assert.match(mail.subject, /没有人确认的火警：.*13 层/);
        assert.match(mail.text, /报警编号/);
        city.forward(200);
        assert.match((await city.hook.next()).body.content, /^【演示】.*13 层/);
        const client = await city.client();
        const row = await found(client, 13);
        const { alarm } = await client.json(`/work/alarms/${row.id}`);
        assert.deepEqual(alarm.steps.map((step) => step.title), ['没有人确认，已升级到负责人', '没有人确认，已升级到值班长', '报警']);
    });

    test(`who may not, may not; another district sees nothing, ${engine}`, async () => {
        const city = cities.get(engine);
        const away = await city.client(addAccount(city.db, 'duty_officer', { login: 'flow-away', region: '500106' }));
        const worker = await city.client(city.logins.township_worker);
        const { id } = await found(await city.client(), 13);
        assert.equal((await away.get(`/work/alarms/${id}`)).status, 403);
        assert.deepEqual(waiting(await away.json('/work/alarms')), []);
        assert.equal((await worker.get(`/work/alarms/${id}/reason`)).status, 403);
        assert.ok(!/name="token"/.test(await (await worker.get(`/work/alarms/${id}`)).text()), 'no acts are offered');
        assert.equal((await worker.get('/work/alarms/export?list=history')).status, 403);
    });

    test(`history, rates, hand-over and duty check, ${engine}`, async () => {
        const city = cities.get(engine);
        const cheng = await city.client();
        const wu = await city.client(city.other);
        const leader = await city.client(city.logins.leader);
        const row = await found(cheng, 13);
        assert.equal((await cheng.post(`/work/alarms/${row.id}/reason`, { act: 'false', note: '做饭油烟' })).status, 303);
        /* it was a mistake: opened again with a reason, and judged anew */
        const at = `/work/alarms/${row.id}`;
        assert.equal((await cheng.post(`${at}/reopen`, { note: ' ' })).status, 422);
        assert.equal((await cheng.post(`${at}/reopen`, { note: '点错了' })).status, 303);
        assert.deepEqual((await cheng.json('/work/alarms/history?result=false')).rows, []);
        assert.equal((await cheng.post(`${at}/note`, { note: '' })).status, 422);
        assert.equal((await cheng.post(`${at}/note`, { note: '保安到了' })).status, 303);
        assert.equal((await cheng.post(`${at}/reason`, { act: 'false', note: '做饭油烟' })).status, 303);
        assert.deepEqual((await cheng.json(at)).alarm.steps.slice(0, 4).map((step) => step.step), ['false', 'note', 'reopen', 'false']);
        const all = await cheng.json('/work/alarms/history?result=false');
        assert.deepEqual(all.rows.map((one) => one.tag), ['火警 误报']);
        assert.deepEqual((await cheng.json('/work/alarms/history?class=gas')).rows, []);
        assert.equal((await cheng.get('/work/alarms/history?day=heute')).status, 422);
        const csv = await (await leader.get('/work/alarms/export?list=history&result=false')).text();
        assert.equal(csv.trim().split('\r\n').length, 2);
        for (const by of ['device', 'building']) assert.equal((await cheng.json(`/work/alarms/rates?by=${by}`)).rows[0].false_count, 1);
        assert.match(await (await leader.get('/work/alarms/export?list=rates&by=building')).text(), /每月误报/);
        /* one leaves, the other confirms */
        assert.equal((await cheng.post('/work/duty/shift/begin', {}, { from: '/work/duty' })).status, 303);
        assert.equal((await cheng.post('/work/duty/shift/offer', { note: '' }, { from: '/work/duty' })).status, 422);
        assert.equal((await cheng.post('/work/duty/shift/offer', { note: '水泵检修' }, { from: '/work/duty' })).status, 303);
        assert.equal((await wu.post('/work/duty/shift/take', {}, { from: '/work/duty' })).status, 303);
        const duty = await wu.json('/work/duty?device=77');
        assert.deepEqual([duty.is_mine, duty.past[0].note, duty.devices.length], [true, '水泵检修', 1]);
        /* who leaves without a word is relieved by another, who says why */
        assert.equal((await cheng.post('/work/duty/shift/relieve', { note: '' }, { from: '/work/duty' })).status, 422);
        assert.equal((await cheng.post('/work/duty/shift/relieve', { note: '去了医院' }, { from: '/work/duty' })).status, 303);
        const relieved = await cheng.json('/work/duty');
        assert.deepEqual([relieved.is_mine, relieved.past[0].is_relieved, relieved.past[0].note], [true, true, '去了医院']);
        assert.equal((await wu.post('/work/duty/ask', { device: '77', minutes: '5' }, { from: '/work/duty?q=%E6%BC%94%E7%A4%BA' })).status, 303);
        assert.equal((await wu.json('/work/duty')).checks.length, 1);
    });
}

/* --- the browser ------------------------------------------------------------------------------ */

const shown = (page, floor) => page.locator('[data-group=waiting] [data-alarm]', { hasText: `${floor} 层` });

test('an alarm comes while the list is open, and moves nothing that is in use', async () => {
    const city = cities.get('sqlite');
    const page = await openPage(city.url, { width: 1280 });
    await signInBrowser(page, city.logins.duty_officer);
    await page.goto('/work/alarms');
    await page.evaluate(() => { window.isSamePage = true; });
    await city.device.tell(21, FIRE);
    await shown(page, 14).waitFor();
    assert.ok(await page.evaluate(() => window.isSamePage), 'without being loaded again');
    await page.waitForFunction(() => /^（\d+）报警中心/.test(document.title));
    assert.match(await page.locator('[data-sound]').innerText(), /^声音/);
    /* the pointer is in the list: the next one waits behind a button */
    await shown(page, 14).hover();
    const before = await shown(page, 14).boundingBox();
    await city.device.tell(22, FIRE);
    const button = page.getByRole('button', { name: '有 1 条新报警，点这里显示' });
    await button.waitFor();
    assert.deepEqual(await shown(page, 14).boundingBox(), before);
    await button.click();
    await shown(page, 15).waitFor();
    await page.goto('/work/alarms');
    await page.getByRole('button', { name: /^声音/ }).click();
    await page.getByRole('button', { name: '声音 关' }).waitFor();
    assert.deepEqual(await axeFindings(page), []);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
});

test('the row of a new alarm comes with the event, before the page is asked for', async () => {
    const city = cities.get('sqlite');
    const page = await openPage(city.url, { width: 1280 });
    await signInBrowser(page, city.logins.duty_officer);
    const isList = (response) => response.url().endsWith('/work/alarms') && response.request().resourceType() === 'fetch';
    await Promise.all([page.waitForResponse(isList), page.goto('/work/alarms')]);
    await page.route('**/work/alarms', () => {}); /* from here on the list is never answered */
    const rows = page.locator('[data-group=waiting] [data-alarm]');
    const before = await rows.count();
    await city.device.tell(24, FIRE);
    await shown(page, 17).waitFor();
    assert.equal(await rows.count(), before + 1);
    const client = await city.client();
    assert.deepEqual(await rows.evaluateAll((all) => all.map((one) => Number(one.dataset.alarm))),
        waiting(await client.json('/work/alarms')).map((one) => one.id), 'where the list has it');
    assert.equal(await page.locator('#g-waiting [data-count]').innerText(), `${before + 1} 条`);
    assert.ok((await page.title()).startsWith(`（${before + 1}）`));
    /* the row is the one that the page has */
    const words = (html) => html.replace(/<small[^>]*>[^<]*/, '').replace(/\s+/g, ' ').trim();
    const id = await shown(page, 17).getAttribute('data-alarm');
    const whole = await (await client.get('/work/alarms')).text();
    const row = new RegExp(`<li data-alarm="${id}"[\\s\\S]*?</li>`).exec(whole)[0];
    const parsed = await page.evaluate((html) => { const ul = document.createElement('ul'); ul.innerHTML = html; return ul.innerHTML; }, row);
    assert.equal(words(await shown(page, 17).evaluate((one) => one.outerHTML)), words(parsed));
    await page.context().close();
});

test('by keyboard: open, send somebody, then false with a reason', async () => {
    const city = cities.get('sqlite');
    const page = await openPage(city.url, { width: 1280 });
    await signInBrowser(page, city.logins.duty_officer);
    await page.goto('/work/alarms');
    await page.keyboard.press('j');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await page.keyboard.press('f');
    assert.match(await page.evaluate(() => document.activeElement.textContent), /是火警，转 119/, 'F reaches 119 and sends nothing');
    assert.deepEqual(await axeFindings(page), []);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('v')]);
    assert.match(await page.locator('.flash').innerText(), /派人核实/);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('n')]);
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: '记录并办结' }).click()]);
    assert.match(await page.locator('.errmsg').innerText(), /写一句原因/);
    assert.deepEqual(await axeFindings(page), []);
    await page.fill('textarea[name=note]', '厨房水汽');
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: '记录并办结' }).click()]);
    assert.match(await page.locator('[data-detail]').innerText(), /核实为误报，办结[\s\S]*厨房水汽/);
    assert.deepEqual(page.complaints.filter((one) => !/422/.test(one)), []);
    await page.context().close();
});

test('on a phone and without a script: list, alarm, 119', async () => {
    const city = cities.get('sqlite');
    await city.device.tell(23, FIRE);
    const page = await openPage(city.url, { width: 360, height: 780, script: false });
    await signInBrowser(page, city.logins.duty_officer);
    await page.goto('/work/alarms');
    assert.ok(await sidewaysScroll(page) <= 0);
    await Promise.all([page.waitForNavigation(), shown(page, 16).locator('a').click()]);
    assert.ok(await page.locator('[data-list]').isHidden(), 'list and alarm are separate pages');
    assert.ok(await sidewaysScroll(page) <= 0);
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: /^是火警，转 119/ }).click()]);
    assert.match(await page.locator('[data-detail]').innerText(), /已报 119/);
    for (const at of ['/work/alarms/history', '/work/alarms/rates', '/work/alarms/outbox', '/work/duty?q=演示']) {
        await page.goto(at);
        assert.ok(await sidewaysScroll(page) <= 0, at);
    }
    await page.context().close();
    const scripted = await openPage(city.url, { width: 360 });
    await signInBrowser(scripted, city.logins.duty_officer);
    for (const at of ['/work/alarms', '/work/alarms/history', '/work/alarms/rates', '/work/alarms/outbox', '/work/duty?q=演示']) {
        await scripted.goto(at);
        assert.deepEqual(await axeFindings(scripted), [], at);
    }
    await scripted.context().close();
});
