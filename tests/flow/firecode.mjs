/*
 * The code on a building's door: issued by the clerk, printed, scanned by a resident on a phone of
 * 360 px with and without JavaScript, who reports a hazard of that building; a caretaker records a
 * patrol with a photo by a link without an account and the colour follows with its reason; an old code and a link
 * that was taken back say why they do nothing.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { rows } from '../fault/support_fault.mjs';
import { addAccount, axeFindings, Client, closeBrowser, ENGINES, openPage, ROOT, sidewaysScroll, signInBrowser, startCity } from './support.mjs';

const SHOTS = process.env.HUOZHENG_SHOTS; /* a folder: the pages as they are looked at */

after(closeBrowser);

for (const engine of ENGINES) describe(`codes on doors, ${engine}`, () => {
    let city;
    let clerk; /* a Client */
    let building; /* {id, name, district} */
    let code; /* of the building */
    let key; /* of its caretaker */
    let photo; /* that the caretaker took: an address */

    before(async () => {
        city = await startCity({ engine, scale: 0.02 });
        clerk = await new Client(city.url).signIn(city.logins.clerk);
        [building] = rows(city.db, `SELECT b.id, b.name, b.district FROM building b WHERE b.height_class >= 2 AND NOT EXISTS
            (SELECT 1 FROM matter m WHERE m.object_kind = 'building' AND m.object_id = b.id) ORDER BY b.id LIMIT 1`);
    });

    after(async () => {
        await city?.stop();
    });

    /* No wider than the screen at both widths; accessible and with one h1 on a phone. Pages look the
     * same whatever stores them: one engine is enough. */
    async function look(page, name) {
        if (engine !== ENGINES[0]) return;
        for (const width of [1280, 360]) {
            await page.setViewportSize({ width, height: 740 });
            assert.equal(await sidewaysScroll(page), 0, `${page.url()} scrolls sideways at ${width}`);
            if (SHOTS) {
                mkdirSync(SHOTS, { recursive: true });
                await page.screenshot({ path: path.join(SHOTS, `${name}-${width}.png`), fullPage: true });
            }
        }
        assert.deepEqual(await axeFindings(page), [], page.url());
        assert.equal(await page.locator('h1').count(), 1, page.url());
    }

    const path_of = (id) => `/work/codes/${id}`;

    test('the clerk issues the codes that are missing; the list has them, worst first', async () => {
        const before = await clerk.json('/work/codes');
        assert.ok(before.missing > 0);
        const answer = await clerk.post('/work/codes/issue', {}, { from: '/work/codes' });
        assert.equal(answer.status, 303);
        const list = await clerk.json('/work/codes');
        assert.ok(list.rows.length > 1);
        assert.deepEqual(list.rows.map((row) => row.score), list.rows.map((row) => row.score).sort((a, b) => a - b));
        const found = await clerk.json(`/work/codes?q=${encodeURIComponent(building.name)}`);
        assert.ok(found.rows.some((row) => row.id === building.id));
        const green = await clerk.json('/work/codes?colour=green');
        assert.ok(green.rows.every((row) => row.colour === 'green'));
        const page = await signInBrowser(await openPage(city.url), city.logins.clerk);
        await page.goto('/work/codes');
        await look(page, 'codes');
        await page.goto(path_of(building.id));
        await look(page, 'building');
        const csv = await (await clerk.get(`/work/codes.csv?q=${encodeURIComponent(building.name)}`)).text();
        assert.match(csv, new RegExp(building.name));
        await page.context().close();
    });

    test('the sheet can be printed and its QR code leads to the page of the building', async () => {
        const page = await signInBrowser(await openPage(city.url), city.logins.clerk);
        await page.goto(`${path_of(building.id)}/sheet`);
        await look(page, 'sheet');
        const image = await page.locator('svg.qr').screenshot();
        const read = spawnSync('zbarimg', ['--quiet', '--raw', '-'], { input: image, encoding: 'utf8' });
        assert.equal(read.status, 0, read.stderr);
        const url = new URL(read.stdout.trim());
        assert.equal(url.origin, city.url);
        code = url.pathname;
        assert.match(code, /^\/b\/[0-9A-HJKMNP-TV-Z]{12}$/);
        const printed = await clerk.json(`/work/codes/sheets?region=${building.district}`);
        assert.ok(printed.sheets.some((sheet) => sheet.public_href === code));
        await page.context().close();
    });

    test('everybody sees colour, reasons and what is not known, without a script; no answer that is not public', async () => {
        const page = await openPage(city.url, { script: false, width: 360, height: 740 });
        await page.goto(code);
        const text = await page.locator('main').innerText();
        assert.match(text, /[绿黄橙红]码：/);
        assert.match(text, /还不知道的 \d+ 项，不当作没有问题/);
        assert.doesNotMatch(await page.content(), /信用 [ABCD] 级|七十岁/);
        const model = await new Client(city.url).json(code);
        assert.doesNotMatch(JSON.stringify(model), /credit|elderly|false-alarms/);
        assert.match(model.hidden, /不对公众公开/);
        await page.goto(`${code}/score`);
        assert.match(await page.locator('main').innerText(), /消防码是提醒，不是检查结论/);
        await page.context().close();
        const shown = await openPage(city.url);
        await shown.goto(code);
        await look(shown, 'public');
        await shown.goto(`${code}/score`);
        await look(shown, 'score');
        assert.deepEqual(shown.complaints, []);
        await shown.context().close();
    });

    test('a hazard of this building is reported with the place filled in', async () => {
        const page = await openPage(city.url, { script: false, width: 360, height: 740 });
        await page.goto(code);
        await Promise.all([page.waitForNavigation(), page.getByRole('link', { name: '举报这栋楼的隐患' }).click()]);
        assert.match(await page.locator('main').innerText(), new RegExp(`举报的地方：${building.name}`));
        await page.check('[name=content][value=blocked-exit]');
        await page.fill('#description', '一层东门上了锁');
        await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: '下一步' }).click()]);
        assert.equal(await page.inputValue('#where'), building.name);
        assert.equal(await page.inputValue('[name=object]:checked'), `building:${building.id}`);
        await page.context().close();
    });

    test('a caretaker records by a link on a phone, and the colour follows with its reason', async () => {
        const page = await signInBrowser(await openPage(city.url), city.logins.clerk);
        await page.goto(path_of(building.id));
        await page.fill('#label', '物业值班室');
        await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: '做一个值守链接' }).click()]);
        await look(page, 'key');
        const image = await page.locator('svg.qr').screenshot();
        key = spawnSync('zbarimg', ['--quiet', '--raw', '-'], { input: image, encoding: 'utf8' }).stdout.trim();
        await page.context().close();

        const phone = await openPage(city.url, { script: false, width: 360, height: 740 });
        await phone.goto(key);
        await Promise.all([phone.waitForNavigation(), phone.getByRole('button', { name: '打开这栋楼的登记' }).click()]);
        assert.equal(await phone.locator('h1').innerText(), building.name);
        await Promise.all([phone.waitForNavigation(), phone.getByRole('link', { name: '记日巡查' }).click()]);
        await Promise.all([phone.waitForNavigation(), phone.getByRole('button', { name: '记下来' }).click()]);
        assert.match(await phone.locator('.problems').innerText(), /疏散通道和安全出口/);
        for (const [field, value] of Object.entries({ exits: 'blocked', lane: 'clear', doors: 'closed', lights: 'good', water: 'good', ebikes: 'no' })) {
            await phone.check(`[name="f-${field}"][value="${value}"]`);
        }
        await phone.fill('[name="f-found"]', '一层东门上锁');
        await phone.setInputFiles('#f-photos', { name: '王某拍的.png', mimeType: 'image/png', buffer: Buffer.from('\x89PNG\r\n\x1a\n', 'latin1') });
        await Promise.all([phone.waitForNavigation(), phone.getByRole('button', { name: '记下来' }).click()]);
        assert.match(await phone.locator('#f-photos-error').innerText(), /不是 JPEG 照片/);
        await phone.setInputFiles('#f-photos', path.join(ROOT, 'tests/data/evidence.jpg'));
        await Promise.all([phone.waitForNavigation(), phone.getByRole('button', { name: '记下来' }).click()]);
        assert.match(await phone.locator('.flash').innerText(), /已记下日巡查，编号 \d+/);
        await phone.context().close();

        const resident = await new Client(city.url).json(code);
        assert.equal(resident.colour, 'orange');
        assert.match(resident.bad[0].says, /堵塞、上锁/);
        assert.equal(resident.bad[0].at_least_zh, '至少橙码');
        const inside = await clerk.json(path_of(building.id));
        assert.equal(inside.history[0].cause, '楼里的记录');
        assert.match(inside.history[0].lines[0], /堵塞、上锁/);
        assert.equal(inside.records[0].who, '物业值班室');
        /* the photo says nothing about place, time and device, and stays in the region */
        photo = inside.records[0].photos[0].href;
        const seen = await clerk.get(photo);
        assert.equal(seen.headers.get('content-type'), 'image/jpeg');
        assert.ok(readFileSync(path.join(ROOT, 'tests/data/evidence.jpg')).includes('Exif'));
        assert.ok(!Buffer.from(await seen.arrayBuffer()).includes('Exif'));
        assert.equal((await clerk.get(photo.replace(/\/records\/\d+/, '/records/999'))).status, 404);
        const csv = await (await clerk.get(`${path_of(building.id)}/records.csv`)).text();
        assert.match(csv, /堵住或者上锁/);
        const worse = await clerk.json('/work/codes/worse');
        const mine = worse.rows.find((row) => row.id === building.id);
        assert.ok(mine.fall > 0);
        assert.match(mine.why[0].says, /堵塞、上锁/);
    });

    if (engine === ENGINES[0]) test('the pages of a caretaker and of a worse building are accessible', async () => {
        const keeper = await openPage(city.url);
        await keeper.goto(key);
        await look(keeper, 'door');
        await Promise.all([keeper.waitForNavigation(), keeper.getByRole('button', { name: '打开这栋楼的登记' }).click()]);
        await look(keeper, 'book');
        await keeper.goto('/keeper/record/patrol');
        await look(keeper, 'patrol');
        await keeper.context().close();
        const page = await signInBrowser(await openPage(city.url), city.logins.clerk);
        await page.goto('/work/codes/worse');
        await look(page, 'worse');
        await page.goto(`${path_of(building.id)}/records`);
        await look(page, 'records');
        await page.goto(path_of(building.id));
        await look(page, 'building-orange');
        await page.context().close();
    });

    test('a link that was taken back opens nothing; an old code says why it ended', async () => {
        const model = await clerk.json(path_of(building.id));
        const live = model.keepers.find((one) => one.is_live);
        const door = await new Client(city.url).post('/keeper', { key: new URL(key).searchParams.get('k') });
        assert.equal(door.status, 303);
        assert.equal((await clerk.post(`${path_of(building.id)}/keepers/${live.keeper_id}/end`, {}, { from: path_of(building.id) })).status, 303);
        const shut = await new Client(city.url).post('/keeper', { key: new URL(key).searchParams.get('k') });
        assert.equal(shut.status, 422);
        const empty = await clerk.post(`${path_of(building.id)}/issue`, { reason: ' ' }, { from: path_of(building.id) });
        assert.equal(empty.status, 422);
        assert.equal((await clerk.post(`${path_of(building.id)}/issue`, { reason: '贴纸被撕' }, { from: path_of(building.id) })).status, 303);
        const page = await openPage(city.url);
        const old = await page.goto(code);
        assert.equal(old.status(), 410);
        assert.match(await page.locator('main').innerText(), /贴纸被撕/);
        await look(page, 'ended');
        assert.equal((await page.goto('/b/000000000000')).status(), 404);
        await page.context().close();
    });

    test('another district sees nothing of it, and nobody records for it', async () => {
        const [other] = rows(city.db, `SELECT district FROM building WHERE district <> ${building.district} LIMIT 1`);
        const stranger = await new Client(city.url).signIn(addAccount(city.db, 'township_worker', { login: 'flow-away', region: String(other.district) }));
        assert.equal((await stranger.get(path_of(building.id))).status, 403);
        assert.equal((await stranger.get(`/work/codes?region=${building.district}`)).status, 403);
        assert.equal((await stranger.get(`${path_of(building.id)}/new/patrol`)).status, 403);
        assert.equal((await stranger.get(photo)).status, 403);
        /* a leader of the region reads, and writes nothing */
        const leader = await new Client(city.url).signIn(city.logins.leader);
        assert.equal((await leader.get(path_of(building.id))).status, 200);
        assert.equal((await leader.get(`${path_of(building.id)}/new/patrol`)).status, 403);
    });
});
