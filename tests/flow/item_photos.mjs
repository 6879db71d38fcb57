/*
 * Photos at the items of a checklist, in a real browser without JavaScript: two at a failing item
 * survive a mistake elsewhere, a refused kind and a draft; one is taken away; then they stand beside
 * the item in the record and among the evidence of the matter. Nobody else sees what waits. The form
 * fits a phone and is accessible; with JavaScript a failure opens the photos.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { press } from './support_job.mjs';
import { axeFindings, closeBrowser, ROOT, sidewaysScroll, startCity } from './support.mjs';
import { fill, officers, signedIn as signedInTo } from './support_matter.mjs';

const photo = readFileSync(path.join(ROOT, 'tests/data/evidence.jpg'));
const turned = readFileSync(path.join(ROOT, 'tests/data/evidence-turned.jpg'));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const asFile = (name, buffer, mimeType = 'image/jpeg') => ({ name, mimeType, buffer });
const EXITS = 'f-items.escape-routes';

let city;
let inspector;
let matter;
let two;
before(async () => {
    city = await startCity({ scale: 0.02 });
    const leader = await signedIn('leader');
    await leader.goto('/work/matters/new?kind=inspection');
    await leader.fill('#title', '逐项照片测试市场');
    const district = await leader.locator('#region option').nth(1).getAttribute('value');
    await leader.selectOption('#region', district);
    await fill(leader, { source: 'campaign', reference: '专项2号', due: '2099-01-04' });
    await press(leader, '下达检查任务');
    matter = new URL(leader.url()).pathname;
    two = await officers(leader, district);
    inspector = await signedIn('inspector');
});
after(async () => {
    await closeBrowser();
    await city?.stop();
});
const signedIn = (role, options) => signedInTo(city, role, options);
const submit = (page, name) => Promise.all([page.waitForNavigation(), page.getByRole('button', { name, exact: true }).click()]);
const item = (page) => page.locator(`fieldset[id="${EXITS}"]`);
const kept = (page) => item(page).locator('.kept li').evaluateAll((all) => all.map((one) => one.querySelector('b').textContent));
const choose = (page, files) => page.setInputFiles(`[id="${EXITS}.photos"]`, files);

async function answerAll(page) {
    await fill(page, { shown: 'yes', companion: '市场经理', signature: 'signed' });
    for (const one of await page.locator('fieldset.item').evaluateAll((all) => all.map((each) => each.id))) {
        await page.check(`[name="${one}.answer"][value=${one === EXITS ? 'fail' : 'pass'}]`);
    }
    for (const [i, number] of two.entries()) await page.fill(`[name=officer-${i + 1}]`, number);
}

test('photos at a failing item survive a mistake, a refused kind and a draft', async () => {
    await inspector.goto(`${matter}/acts/record`);
    assert.equal(await inspector.locator('fieldset.item input[type=file][capture=environment]').count(), await inspector.locator('fieldset.item').count());
    await answerAll(inspector);
    await item(inspector).locator('summary', { hasText: '照片' }).click();
    await choose(inspector, [asFile('南出口.jpg', photo), asFile('锁.jpg', turned), asFile('程序.jpg', Buffer.from('MZ\x90\0\x03', 'latin1'))]);
    await submit(inspector, '记录检查结果');
    assert.match(await inspector.locator('.problems').innerText(), /不合格的写清在哪里、什么情况/);
    assert.match(await inspector.locator('.problems').innerText(), /“程序.jpg”不是能收的种类/);
    assert.match(await inspector.locator(`[id="${EXITS}.photos-error"]`).innerText(), /程序.jpg/);
    assert.deepEqual(await kept(inspector), ['南出口.jpg', '锁.jpg']);
    assert.ok(await inspector.isChecked(`[name="${EXITS}.answer"][value=fail]`));
    await item(inspector).locator('img.shot').first().scrollIntoViewIfNeeded();
    await inspector.waitForFunction(() => document.querySelector('.item img.shot').naturalWidth > 0);

    await inspector.fill(`[name="${EXITS}.note"]`, '南侧出口锁闭');
    await inspector.check(`[name="${EXITS}.photos.remove"][value="${sha256(turned)}"]`);
    await submit(inspector, '存草稿');
    await inspector.goto(`${matter}/acts/record`);
    assert.match(await inspector.locator('[role=status]').innerText(), /草稿/);
    assert.deepEqual(await kept(inspector), ['南出口.jpg']);
});

test('what waits is seen by the account that sent it and by nobody else', async () => {
    const own = await inspector.request.get(`/work/uploads/${sha256(photo)}`);
    assert.equal(own.status(), 200);
    assert.match(own.headers()['content-security-policy'], /sandbox/);
    assert.ok(photo.equals(await own.body()));
    const other = await signedIn('leader');
    assert.equal((await other.request.get(`/work/uploads/${sha256(photo)}`)).status(), 404);
    await other.context().close();
});

test('the form fits a phone, is accessible, and with JavaScript a failure opens the photos', async () => {
    const page = await signedIn('inspector', { script: true, width: 360 });
    await page.goto(`${matter}/acts/record`);
    assert.equal(await sidewaysScroll(page), 0);
    assert.deepEqual(await axeFindings(page), []);
    const lanes = page.locator('fieldset.item').first();
    assert.equal(await lanes.locator('details[data-shots]').getAttribute('open'), null);
    await lanes.locator('input.n').check({ force: true });
    assert.notEqual(await lanes.locator('details[data-shots]').getAttribute('open'), null);
    await page.context().close();
});

test('the record shows them beside the item, the matter among its evidence', async () => {
    await inspector.goto(`${matter}/acts/record`);
    await inspector.check(`[name="${EXITS}.handled"][value=order]`);
    await choose(inspector, asFile('门锁近照.jpg', turned));
    for (const [i, number] of two.entries()) await inspector.fill(`[name=officer-${i + 1}]`, number);
    await press(inspector, '记录检查结果');
    const told = inspector.locator('.tl li', { hasText: '记录检查结果' });
    assert.match(await told.innerText(), /南侧出口锁闭；责令改正；照片 2 张/);
    const hrefs = await told.locator('.shots a').evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    assert.deepEqual(hrefs, [photo, turned].map((bytes) => `${matter}/files/${sha256(bytes)}`));
    assert.match(await told.locator('.shots img').first().getAttribute('alt'), /^证 1：.*(疏散|出口)/);
    const evidence = await inspector.locator('section', { has: inspector.locator('#evidence') }).innerText();
    assert.match(evidence, /证据\s+2 件/);
    assert.match(evidence, /证 1　.*(疏散|出口)/);
    assert.match(evidence, /证 2[\s\S]*门锁近照\.jpg/);
    assert.equal((await inspector.request.get(`/work/uploads/${sha256(photo)}`)).status(), 404, 'it waits no longer');
    const page = await signedIn('inspector', { script: true, width: 360 });
    await page.goto(matter);
    assert.equal(await sidewaysScroll(page), 0);
    assert.deepEqual(await axeFindings(page), []);
    await page.context().close();
});
