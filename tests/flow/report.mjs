/*
 * A resident reports a locked exit on a phone of 360 px, without JavaScript and without an account;
 * officers verify it in time and tell the reporter, who reads it at /track and adds a photo. What was
 * typed survives mistakes and leaving; nothing is opened twice; a wrong code is locked out; nobody
 * but those that law/ names sees who it was; the copy of a photo says nothing about place and device.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { rows } from '../fault/support_fault.mjs';
import { axeFindings, Client, closeBrowser, openPage, ROOT, sidewaysScroll, startCity } from './support.mjs';
import { act, officers, signedIn } from './support_matter.mjs';

const photo = readFileSync(path.join(ROOT, 'tests/data/evidence.jpg'));
const turned = readFileSync(path.join(ROOT, 'tests/data/evidence-turned.jpg'));
const asFile = (name, buffer) => ({ name, mimeType: 'image/jpeg', buffer });
const NAME = '测试居民甲';
const PHONE = '000 0000 1234';

let city;
let resident;
let place; /* a registered building: {name, district} */
let sent; /* {number, code} */
const shown = []; /* the pages of the resident, for axe */

before(async () => {
    city = await startCity({ scale: 0.02 });
    resident = await openPage(city.url, { script: false, width: 360, height: 740 });
    /* where two officers can verify */
    const [building] = rows(city.db, `SELECT name, district FROM building b WHERE 2 <= (SELECT COUNT(*) FROM officer o WHERE
        o.district = b.district AND o.in_post = 1 AND o.certificate_until > '2027-06-01') ORDER BY id LIMIT 1`);
    place = { name: building.name, district: String(building.district) };
});

after(async () => {
    await closeBrowser();
    await city?.stop();
});

const press = (page, name) => Promise.all([page.waitForNavigation(), page.getByRole('button', { name, exact: true }).click()]);
const problems = (page) => page.locator('.problems a').allInnerTexts();
const title = (page) => page.locator('h1').innerText();

/* Every page is looked at as it is shown: accessible, one h1, no wider than the screen. */
async function look(page) {
    for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 740 });
        assert.equal(await sidewaysScroll(page), 0, `${page.url()} scrolls sideways at ${width}`);
    }
    await page.setViewportSize({ width: 360, height: 740 });
    assert.equal(await page.locator('h1').count(), 1, page.url());
    shown.push({ url: page.url(), html: await page.content() });
}

/* Without scripts axe cannot run in the page itself: the same HTML in a window that has them. */
async function axe(html) {
    const page = await openPage(city.url, { width: 360, height: 740 });
    await page.route('**/looked-at', (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await page.goto('/looked-at');
    const found = await axeFindings(page);
    await page.context().close();
    return found;
}

test('the start page and the navigation lead to it; it says how fast somebody comes', async () => {
    await resident.goto('/');
    assert.equal(await resident.locator('nav[aria-label=主导航] a[href="/report"]').innerText(), '举报隐患');
    await Promise.all([resident.waitForNavigation(), resident.locator('.intents a[href="/report"]').click()]);
    assert.equal(await title(resident), '是什么问题？');
    const choices = await resident.locator('label.pick').allInnerTexts();
    assert.match(choices[0], /占用、堵塞、封闭疏散通道[\s\S]*24 小时内到现场核查/);
    assert.match(choices.at(-1), /其他[\s\S]*3 个工作日内到现场核查/);
    assert.match(await resident.locator('main').innerText(), /依据公安部令120第18条（原文）/);
    await look(resident);
});

test('what was typed survives a mistake, a draft and coming back', async () => {
    await resident.fill('#description', '三楼东侧的安全出口上了锁');
    await press(resident, '下一步');
    assert.deepEqual(await problems(resident), ['选一种情况；拿不准就选最后一种']);
    assert.equal(await resident.inputValue('#description'), '三楼东侧的安全出口上了锁');
    await look(resident);
    await resident.check('[name=content][value=blocked-exit]');
    await press(resident, '下一步');
    assert.equal(await title(resident), '隐患在哪里？');
    assert.match(await resident.locator('.answer').innerText(), /24 小时内到现场核查/);
    await look(resident);
    await press(resident, '下一步');
    assert.deepEqual(await problems(resident), ['写楼名、店名或路名']);

    await resident.fill('#where', place.name);
    await press(resident, '存草稿');
    assert.match(await resident.locator('.flash').innerText(), /草稿已存，还没有发出/);
    await resident.goto('/');
    await resident.goto('/report');
    assert.ok(await resident.isChecked('[name=content][value=blocked-exit]'));
    await Promise.all([resident.waitForNavigation(), resident.getByRole('link', { name: '接着填' }).click()]);
    assert.equal(await resident.inputValue('#where'), place.name);
    await resident.goBack();
    assert.equal(await title(resident), '是什么问题？');
    await resident.goForward();
    assert.equal(await title(resident), '隐患在哪里？');
});

test('the registry is searched, a photo is kept through a mistake, one that is none is refused', async () => {
    await press(resident, '查找');
    assert.match(await resident.locator('label.pick').first().innerText(), new RegExp(place.name));
    assert.match(await resident.locator('label.pick').last().innerText(), /都不是/);
    await resident.setInputFiles('#photos', [asFile('锁.jpg', photo), asFile('程序.jpg', Buffer.from('MZ\x90\0\x03', 'latin1'))]);
    await resident.fill('#inside', '3 楼东侧楼梯口');
    await press(resident, '下一步');
    const wrong = await problems(resident);
    assert.equal(wrong[0], '选是哪一处；都不是就选最后一项');
    assert.match(wrong[1], /“程序.jpg”不是能收的种类/);
    assert.deepEqual(await resident.locator('.kept b').allInnerTexts(), ['锁.jpg']);
    assert.equal(await resident.inputValue('#inside'), '3 楼东侧楼梯口');
    await look(resident);
    await resident.check('[name=object] >> nth=0');
    await press(resident, '下一步');
    assert.equal(await title(resident), '留不留姓名？');
});

test('who may see the name is what law/ says; a name without a telephone is not enough', async () => {
    assert.match(await resident.locator('main').innerText(), /只有负责人能打开，每打开一次都记入账本/);
    await look(resident);
    await resident.check('[name=named][value=yes]');
    await resident.fill('#name', NAME);
    await press(resident, '下一步');
    assert.deepEqual(await problems(resident), ['写能打通的电话']);
    await resident.fill('#phone', '123');
    await press(resident, '下一步');
    assert.match((await problems(resident))[0], /电话写 7 到 20 位数字/);
    await resident.fill('#phone', PHONE);
    await press(resident, '下一步');
    assert.equal(await title(resident), '核对一遍，再发出');
    const text = await resident.locator('main').innerText();
    for (const words of ['三楼东侧的安全出口上了锁', place.name, '3 楼东侧楼梯口', '1 个', NAME]) assert.ok(text.includes(words), words);
    assert.match(text, /\d+月\d+日 周. \d\d:\d\d 前到现场核查/);
    assert.equal(await resident.getByRole('link', { name: /修改\s*问题类型/ }).getAttribute('href'), '/report');
    await look(resident);
});

test('sent twice it is one matter; number and receipt code are shown to this browser only', async () => {
    const form = resident.locator('form[action="/report/check"]');
    const csrf = await form.locator('[name=csrf]').inputValue();
    const [one, two] = await Promise.all([1, 2].map(() => resident.request.post('/report/check', { form: { csrf }, maxRedirects: 0 })));
    assert.deepEqual([one.status(), two.status()], [303, 303]);
    await press(resident, '发出举报');
    assert.equal(await title(resident), '举报已收到');
    const [number, code] = await resident.locator('dl b').allInnerTexts();
    sent = { number, code };
    assert.match(number, /^举〔\d{4}〕第\d{4}号$/);
    assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/);
    await look(resident);
    await resident.reload();
    assert.equal((await resident.locator('dl b').allInnerTexts())[1], code);
    assert.equal(rows(city.db, "SELECT COUNT(*) AS n FROM matter WHERE kind = 'complaint'")[0].n, 1);
    assert.equal(rows(city.db, 'SELECT COUNT(*) AS n FROM report_receipt')[0].n, 1);
    const stranger = new Client(city.url);
    assert.equal((await stranger.get('/report/sent')).headers.get('location'), '/report');
    await press(resident, '已经记下，从这台设备上清除');
    await resident.goto('/report/sent');
    assert.equal(await title(resident), '是什么问题？');
});

test('somebody else who looks for the place does not hear that it was reported', async () => {
    const other = await openPage(city.url, { script: false, width: 360, height: 740 });
    await other.goto('/report');
    await other.check('[name=content][value=blocked-exit]');
    await other.fill('#description', '也看到了');
    await press(other, '下一步');
    await other.fill('#where', place.name);
    await press(other, '查找');
    const text = await other.locator('main').innerText();
    for (const words of ['有人报过', '同类问题', NAME, '三楼东侧', '3 楼东侧', sent.number]) assert.ok(!text.includes(words), words);
    assert.equal(await other.locator('[data-locate]').isVisible(), false, 'without a script there is no button');
    await other.goto('/report');
    await press(other, '删除草稿');
    assert.match(await other.locator('.flash').innerText(), /草稿已删除/);
    await other.context().close();
});

test('where the device is: asked on one page only, offers the nearest building, and is stored nowhere', async () => {
    const [building] = rows(city.db, 'SELECT id, name, longitude, latitude FROM building WHERE latitude IS NOT NULL ORDER BY id LIMIT 1');
    const point = { longitude: Number(building.longitude) + 0.00012, latitude: Number(building.latitude) };
    const page = await openPage(city.url, { width: 360, height: 740 });
    await page.context().grantPermissions(['geolocation'], { origin: city.url });
    await page.context().setGeolocation(point);
    const policy = async (path) => (await page.goto(path)).headers()['permissions-policy'];
    assert.match(await policy('/report'), /geolocation=\(\)/);
    await page.check('[name=content][value=other]');
    await page.fill('#description', '楼道堆满纸箱');
    await press(page, '下一步');
    assert.match(await policy('/report/where'), /geolocation=\(self\)/);
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: '用我的位置找' }).click()]);
    assert.ok(!page.url().includes('longitude'), page.url());
    const offered = page.locator('[name=object]');
    assert.equal(await offered.first().getAttribute('value'), `building:${building.id}`);
    assert.match(await page.locator('main').innerText(), /您附近登记的建筑，近的在前/);
    await look(page);
    const [draft] = rows(city.db, `SELECT data FROM report_guest WHERE data LIKE '%"near"%'`);
    assert.ok(!/longitude|latitude/.test(draft.data) && !draft.data.includes(point.latitude.toFixed(3)), draft.data);
    await offered.first().check();
    await press(page, '下一步');
    assert.match(page.url(), /\/report\/contact$/);
    assert.match(await page.locator('main').innerText(), new RegExp(building.name.replace(/[()]/g, '.')));
    assert.equal(rows(city.db, `SELECT data FROM report_guest WHERE data LIKE '%"near"%'`).length, 0, 'what stands around is forgotten');
    assert.match(await policy('/report/contact'), /geolocation=\(\)/);

    /* far from everything, and a person who says no */
    await page.context().setGeolocation({ longitude: 0, latitude: 0 });
    await page.goto('/report/where');
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: '用我的位置找' }).click()]);
    assert.match(await page.locator('main').innerText(), /附近 500 米内没有登记的建筑/);
    await page.context().clearPermissions();
    await page.goto('/report/where');
    await page.getByRole('button', { name: '用我的位置找' }).click();
    await page.getByText('浏览器没有给出位置').waitFor();
    await look(page);
    assert.ok(!city.server.log.some((line) => line.includes(point.latitude.toFixed(3))), 'the log has no point');
    await page.context().close();
});

test('a place that is not registered goes by words and district, without a name', async () => {
    const other = await openPage(city.url, { script: false, width: 360, height: 740 });
    await other.goto('/report');
    await other.check('[name=content][value=other]');
    await other.fill('#description', '楼道堆满纸箱');
    await press(other, '下一步');
    await other.fill('#where', '登记册里没有的一条小巷');
    await press(other, '下一步');
    assert.deepEqual(await problems(other), ['选是哪一处；都不是就选最后一项']);
    assert.match(await other.locator('#object').innerText(), /登记册里没有找到这个名字/);
    await press(other, '下一步');
    assert.deepEqual(await problems(other), ['选所在区县']);
    await other.selectOption('#region', place.district);
    await press(other, '下一步');
    await other.check('[name=named][value=no]');
    await press(other, '下一步');
    assert.match(await other.locator('main').innerText(), /不留姓名/);
    await press(other, '发出举报');
    assert.equal(await title(other), '举报已收到');
    await other.context().close();
});

let clerk;
let matter;
test('officers see it at once with twenty-four hours, the photo as evidence and no name', async () => {
    clerk = await signedIn(city, 'clerk');
    await clerk.goto(`/go?no=${encodeURIComponent(sent.number)}`);
    matter = new URL(clerk.url()).pathname;
    const text = await clerk.locator('main').innerText();
    for (const words of [place.name, '待核查', '公众（网上）', '三楼东侧的安全出口上了锁', '3 楼东侧楼梯口', '证 1', '举报人信息已密封']) {
        assert.ok(text.includes(words), words);
    }
    assert.match(text, /29\.563000, 106\.551600/); /* kept as evidence */
    assert.ok(!(await clerk.content()).includes(NAME));
    assert.ok(!(await clerk.content()).includes(PHONE));
    const [row] = rows(city.db, `SELECT opened_us, due_us FROM matter WHERE number = '${sent.number}'`);
    assert.equal(Number(row.due_us) - Number(row.opened_us), 24 * 3600 * 1e6);
    const inspector = await signedIn(city, 'inspector');
    await inspector.goto('/work');
    assert.ok((await inspector.locator('main').innerText()).includes(place.name), 'it stands on the desk');
    const leader = await signedIn(city, 'leader');
    await leader.goto(matter);
    await press(leader, await leader.locator('form[action$="/sealed"] button').innerText());
    assert.ok((await leader.locator('main').innerText()).includes(NAME), 'the leader may open it');
    const public_ = await clerk.request.get(`${await clerk.locator('main').getByRole('link', { name: /公开副本/ }).first().getAttribute('href')}`);
    const bytes = await public_.body();
    for (const word of ['Exif', 'Xuanwu', 'secret']) assert.ok(photo.includes(word) && !bytes.includes(word), `${word} is gone`);
});

test('number and code open the progress; a wrong code says nothing, and is locked out', async () => {
    await resident.goto('/track');
    await look(resident);
    await resident.fill('#number', sent.number.replace(/\D+/g, ' '));
    await resident.fill('#code', sent.code.toLowerCase().replaceAll('-', ' '));
    await press(resident, '查进度');
    const text = await resident.locator('main').innerText();
    for (const words of ['办理中', '待核查', '实地核查', sent.number]) assert.ok(text.includes(words), words);
    assert.ok(!text.includes(NAME));
    await look(resident);

    const guesser = new Client(city.url);
    const statuses = [];
    let last;
    for (let i = 0; i < 6; i++) {
        last = await guesser.post('/track', { number: sent.number, code: `AAAA-BBBB-CCC${i}` });
        statuses.push(last.status);
        last = await last.text();
    }
    assert.deepEqual(statuses, [422, 422, 422, 422, 422, 429]);
    assert.match(last, /请过 \d+ 分钟再试/);
    const right = await guesser.post('/track', { number: sent.number, code: sent.code });
    assert.equal(right.status, 429, 'even the right code waits');
    const none = await new Client(city.url).post('/track', { number: '2026-9999', code: sent.code });
    assert.match(await none.text(), /编号或查询码不对/);
    assert.ok(!city.server.log.some((line) => line.includes(sent.code) || line.includes(NAME)), 'the log has no secret');
    assert.ok(city.server.log.some((line) => line.includes('report.limited') && !line.includes('127.0.0.1')), 'that it happened is noted');
});

test('what officers found is told to the reporter, who adds a photo', async () => {
    const inspector = await signedIn(city, 'inspector');
    const two = await officers(inspector, place.district);
    await act(inspector, matter, '实地核查', { outcome: 'true-as-reported', findings: '内部意见：店主不配合', measure: 'ordered' }, two);
    await act(clerk, matter, '反馈举报人', { way: 'message', told: '情况属实，已责令当天改正' });
    await resident.goto('/track');
    let text = await resident.locator('main').innerText();
    assert.match(text, /告诉您：情况属实，已责令当天改正/);
    assert.match(text, /已反馈，待定奖励/);
    for (const words of ['内部意见', ...two]) assert.ok(!text.includes(words), words);
    await press(resident, '发出补充');
    assert.deepEqual(await problems(resident), ['写补充的情况，或者选照片']);
    await resident.setInputFiles('#photos', asFile('又锁上.jpg', turned));
    await press(resident, '发出补充');
    assert.match(await resident.locator('.flash').innerText(), /补充已收到/);
    await look(resident);
    const copy = await resident.request.get(await resident.getByRole('link', { name: /去掉位置的副本\s*：又锁上/ }).getAttribute('href'));
    assert.equal(copy.headers()['content-type'], 'image/jpeg');
    const bytes = await copy.body(); /* which way is up stays, in a segment of our own */
    for (const word of ['Xuanwu', 'secret', '2026:11:20']) assert.ok(turned.includes(word) && !bytes.includes(word), word);
    await clerk.goto(matter);
    text = await clerk.locator('main').innerText();
    assert.match(text, /举报人补充/);
    assert.match(text, /又锁上\.jpg/);
    await press(resident, '退出查询');
    assert.equal((await resident.request.get('/track', { headers: { accept: 'application/json' } })).ok(), true);
    assert.equal(await title(resident), '查举报进度');
});

test('a large body of a stranger is refused before it is read; too many reports wait', async () => {
    const stranger = new Client(city.url);
    await (await stranger.get('/report')).text();
    const form = new FormData();
    form.append('photos.new', new Blob([Buffer.alloc(200 * 1024)]), 'x.jpg');
    const refused = await stranger.request('POST', '/report/where', { body: form });
    assert.equal(refused.status, 403);
    await refused.text();
    let status = 303;
    for (let i = 0; i < 40 && status === 303; i++) {
        const client = new Client(city.url);
        const answer = await client.post('/report', { content: 'other', description: '测试' });
        status = answer.status;
        if (status === 429) assert.match(await answer.text(), /请过 \d+ 分钟再试/);
    }
    assert.equal(status, 429);
});

test('every page of it is accessible', async () => {
    const bad = [];
    for (const { url, html } of shown) for (const finding of await axe(html)) bad.push(`${url}: ${finding}`);
    assert.deepEqual(bad, []);
    assert.ok(shown.length >= 10);
    assert.deepEqual(resident.complaints.filter((one) => !one.includes('422')), []);
});
