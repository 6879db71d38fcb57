/*
 * Evidence in a real browser, without JavaScript: a photo that comes with a mistake elsewhere in the
 * form is kept, through an error, a refused kind of file and a draft; the page of the matter shows it
 * with fingerprint and proof; the original is the same byte for byte, the public copy shows the same
 * picture and says nothing about place, time and device. Who must not see or use it is refused.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { rows } from '../fault/support_fault.mjs';
import { press } from './support_job.mjs';
import { addAccount, axeFindings, Client, closeBrowser, openPage, ROOT, sidewaysScroll, signInBrowser, startCity } from './support.mjs';

const photo = readFileSync(path.join(ROOT, 'tests/data/evidence.jpg'));
const turned = readFileSync(path.join(ROOT, 'tests/data/evidence-turned.jpg'));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const asFile = (name, buffer, mimeType = 'image/jpeg') => ({ name, mimeType, buffer });

let city;
let clerk;
let matter;
before(async () => {
    city = await startCity({ scale: 0.02 });
    clerk = await signedIn('clerk');
    matter = await openComplaint(clerk);
});
after(async () => {
    await closeBrowser();
    await city?.stop();
});

async function signedIn(role, options = {}) {
    const page = await openPage(city.url, { script: false, ...options });
    await signInBrowser(page, city.logins[role]);
    return page;
}

async function openComplaint(page) {
    await page.goto('/work/matters/new?kind=complaint');
    await page.fill('#title', '证据测试商店');
    await page.selectOption('#region', await page.locator('#region option').nth(1).getAttribute('value'));
    for (const [name, value] of [['channel', 'hotline'], ['content', 'other'], ['named', 'no']]) await page.check(`[name=f-${name}][value=${value}]`);
    await page.fill('[name=f-description]', '通道堆放纸箱');
    await page.fill('[name=f-place]', '证据路1号');
    await press(page, '登记举报投诉');
    return new URL(page.url()).pathname;
}

const submit = (page, name) => Promise.all([page.waitForNavigation(), page.getByRole('button', { name, exact: true }).click()]);
const kept = (page) => page.locator('.kept li').evaluateAll((all) => all.map((one) => one.querySelector('b').textContent));

test('a photo survives a mistake elsewhere, a file that is not taken and a draft', async () => {
    await clerk.goto(matter);
    await Promise.all([clerk.waitForNavigation(), clerk.locator('main aside').getByRole('link', { name: '补充证据' }).click()]);
    assert.equal(await clerk.locator('main form[enctype="multipart/form-data"]').count(), 1);
    assert.match(await clerk.locator('main').innerText(), /最多 20 个，每个不超过 20 MB；能收JPEG/);
    await clerk.setInputFiles('#f-files', asFile('三层走道.jpg', photo));
    await clerk.fill('[name=f-proves]', '三层走道堆放纸箱');
    await clerk.fill('[name=f-source]', '检查人员现场拍摄');
    await submit(clerk, '补充证据');
    assert.match(await clerk.locator('.problems').innerText(), /证据种类：请选择/);
    assert.doesNotMatch(await clerk.locator('.problems').innerText(), /文件/);
    assert.deepEqual(await kept(clerk), ['三层走道.jpg']);
    assert.match(await clerk.locator('.kept').innerText(), /已存，2 KB/);

    await clerk.check('[name=f-kind][value=audiovisual]');
    await clerk.setInputFiles('#f-files', [asFile('程序.jpg', Buffer.from('MZ\x90\0\x03', 'latin1')), asFile('侧拍.jpg', turned), asFile('笔录.txt', Buffer.from('当事人说知道了\n'), 'text/plain')]);
    await submit(clerk, '补充证据');
    assert.match(await clerk.locator('.problems').innerText(), /文件：“程序.jpg”不是能收的种类；能收JPEG/);
    await Promise.all([clerk.waitForURL(/#f-files$/), clerk.locator('.problems a').click()]);
    assert.match(await clerk.locator('#f-files-error').innerText(), /程序.jpg/);
    assert.deepEqual(await kept(clerk), ['三层走道.jpg', '侧拍.jpg', '笔录.txt']);

    await clerk.check(`[name="f-files.remove"][value="${sha256(turned)}"]`);
    await submit(clerk, '存草稿');
    await clerk.goto(`${matter}/acts/add-evidence`);
    assert.match(await clerk.locator('[role=status]').innerText(), /草稿/);
    assert.deepEqual(await kept(clerk), ['三层走道.jpg', '笔录.txt']);
    await press(clerk, '补充证据');
    assert.match(await clerk.locator('.flash').innerText(), /已补充证据/);
});

test('the page of the matter shows it with what it proves, fingerprint and proof', async () => {
    await clerk.goto(matter);
    const section = clerk.locator('section', { has: clerk.locator('#evidence') });
    const text = await section.innerText();
    assert.match(text, /证据\s+2 件/);
    assert.match(text, /证 1　三层走道堆放纸箱/);
    assert.match(text, /三层走道\.jpg（JPEG 图片，2 KB）　第 2 步，/);
    assert.match(text, /2026-11-20 14:22:03 拍摄（设备的钟）；位置 29\.563000, 106\.551600（WGS 84）；设备 Xuanwu YW-CAM7/);
    assert.ok(text.includes(sha256(photo)), 'the fingerprint is shown');
    assert.match(text, /没有公开副本/); /* of the text */
    assert.equal(await section.locator('img.shot').count(), 1);
    await section.locator('img.shot').scrollIntoViewIfNeeded();
    await clerk.waitForFunction(() => document.querySelector('img.shot').naturalWidth > 0);
    assert.equal(await section.locator('img.shot').evaluate((image) => image.naturalWidth), 157);
    const leaf = rows(city.db, "SELECT MAX(idx) AS idx FROM ledger_entry WHERE type = 'matter.act'")[0].idx;
    assert.equal(await section.locator('.proof').first().getAttribute('href'), `/verify?leaf=${leaf}`);
    const complaints = clerk.complaints.filter((one) => !one.includes('422'));
    assert.deepEqual(complaints, []);
});

test('the original is the same byte for byte; the public copy shows the same and says nothing', async () => {
    const address = `${matter}/files/${sha256(photo)}`;
    const original = await clerk.request.get(address);
    assert.equal(original.status(), 200);
    assert.equal(original.headers()['content-type'], 'image/jpeg');
    assert.match(original.headers()['content-security-policy'], /sandbox/);
    assert.ok(photo.equals(await original.body()));
    const copy = await clerk.request.get(`${address}?copy=public`);
    const bytes = await copy.body();
    assert.equal(copy.headers()['content-type'], 'image/jpeg');
    assert.match(copy.headers()['content-disposition'], /^attachment;/);
    for (const word of ['Exif', 'secret', 'Xuanwu']) {
        assert.ok(photo.includes(word), word);
        assert.ok(!bytes.includes(word), `${word} is gone`);
    }
    const note = await clerk.request.get(`${matter}/files/${sha256(Buffer.from('当事人说知道了\n'))}`);
    assert.equal(note.headers()['content-type'], 'text/plain; charset=utf-8');
    assert.match(note.headers()['content-disposition'], /^attachment;.*%E7%AC%94%E5%BD%95\.txt$/);
    for (const wrong of [`${address}?copy=other`, `${matter}/files/${'0'.repeat(64)}`, `${note.url()}?copy=public`]) {
        assert.equal((await clerk.request.get(wrong)).status(), 404, wrong);
    }
    const viewer = await signedIn('clerk', { script: true });
    await viewer.goto(matter);
    const isSame = await viewer.evaluate(async (where) => {
        const pixels = async (from) => {
            const image = await createImageBitmap(await (await fetch(from)).blob());
            const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
            canvas.drawImage(image, 0, 0);
            return canvas.getImageData(0, 0, image.width, image.height).data;
        };
        const [one, other] = [await pixels(where), await pixels(`${where}?copy=public`)];
        return one.length === other.length && one.every((value, i) => value === other[i]);
    }, address);
    assert.ok(isSame, 'every pixel is the same');
    await viewer.context().close();
});

test('another district sees nothing, another account may not name a file that is not its own', async () => {
    const waiting = Buffer.from('还没有办理的笔录\n');
    await clerk.goto(`${matter}/acts/add-evidence`);
    await clerk.setInputFiles('#f-files', asFile('笔录.txt', waiting, 'text/plain'));
    await clerk.fill('[name=f-proves]', '说明');
    await clerk.fill('[name=f-source]', '现场');
    await submit(clerk, '补充证据');
    assert.deepEqual(await kept(clerk), ['笔录.txt']);

    const inspector = await new Client(city.url).signIn(city.logins.inspector);
    const target = `${matter}/acts/add-evidence`;
    const now = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 16);
    const answers = { 'f-kind': 'electronic', 'f-proves': '说明', 'f-source': '现场', happened: now };
    const refused = await inspector.post(target, { ...answers, 'f-files': sha256(waiting) });
    assert.equal(refused.status, 422);
    assert.match(await refused.text(), /有文件不是您传来的/);
    const good = await inspector.post(target, { ...answers, 'f-files': sha256(photo) });
    assert.equal(good.status, 303, 'a file of this matter may be named again');

    const abroad = await new Client(city.url).signIn(addAccount(city.db, 'inspector', { region: '500230' }));
    assert.equal((await abroad.get(`${matter}/files/${sha256(photo)}`)).status, 403);
    assert.equal((await new Client(city.url).get(`${matter}/files/${sha256(photo)}`)).status, 303);
});

test('a changed byte is seen and not shown', async () => {
    const note = sha256(Buffer.from('当事人说知道了\n'));
    const done = spawnSync('sqlite3', ['-bail', city.db.url.slice('sqlite:'.length), `UPDATE case_file_part SET bytes = CAST('当事人说不知道' AS BLOB) WHERE sha256 = '${note}'`]);
    assert.equal(done.status, 0, String(done.stderr));
    const answer = await clerk.request.get(`${matter}/files/${note}`);
    assert.equal(answer.status(), 500);
    const text = await answer.text();
    assert.match(text, /和它的指纹对不上/);
    assert.doesNotMatch(text, /不知道/);
});

test('the form with files and the evidence fit a narrow screen and are accessible', async () => {
    const page = await signedIn('clerk', { script: true, width: 360 });
    await page.goto(`${matter}/acts/add-evidence`);
    await page.setInputFiles('#f-files', asFile(`${'很长的名字'.repeat(12)}.jpg`, turned));
    await page.fill('[name=f-proves]', '说明');
    await page.fill('[name=f-source]', '现场');
    await submit(page, '补充证据');
    assert.equal((await kept(page)).length, 1);
    for (const where of [null, matter]) {
        if (where) await page.goto(where);
        assert.equal(await sidewaysScroll(page), 0, where ?? 'form');
        assert.deepEqual(await axeFindings(page), [], where ?? 'form');
    }
    await page.context().close();
});
