/*
 * Import through the page, in a real browser without JavaScript: columns, trial, refused rows with
 * line and reason, confirmation, the same file again; and a real city's open data.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { rows } from '../fault/support_fault.mjs';
import { draw, makePlan, press, seenInPublic } from './support_job.mjs';
import { addAccount, Client, closeBrowser, fileIfThere, openPage, SHARED_DATA, signInBrowser, startCity } from './support.mjs';

const TORONTO = path.join(SHARED_DATA, 'toronto_highrise_inspections.csv');
const TORONTO_ROWS = 23_914;
let city;

before(async () => {
    city = await startCity({ scale: 0.02 });
});

after(async () => {
    await closeBrowser();
    await city?.stop();
});

/* Chooses the file and the kind; ends on the page that asks which column is what. */
async function upload(page, file, kind) {
    await page.goto('/work/import');
    await page.selectOption('select[name=kind]', kind);
    await page.setInputFiles('input[name=file]', file);
    await press(page, '上传并对列');
    assert.equal(await page.locator('h1').innerText(), '哪一列是什么');
}

/* Says which column is which field: {field: column's name}. */
async function chooseColumns(page, columns) {
    for (const [field, label] of Object.entries(columns)) await page.locator(`select[name="f.${field}"]`).selectOption({ label });
}

/* The page refreshes itself while the job runs; done when the button or tag is there. */
async function waitFor(page, selector, timeout = 120_000) {
    await page.locator(selector).first().waitFor({ timeout });
}

/* {新增: 3, …} of the page. */
async function counts(page) {
    const text = await page.locator('dl.kv').first().innerText();
    const numbers = {};
    for (const [, name, number] of text.matchAll(/(新增|修改|与库里一样|有问题|有提醒)\s*([\d,]+)/g)) {
        numbers[name] = Number(number.replaceAll(',', ''));
    }
    return numbers;
}

async function confirm(page, mode) {
    await page.check(`input[name=mode][value=${mode}]`);
    await press(page, '确认导入');
    await waitFor(page, 'h1:has-text("已导入")');
}

test('a file with a bad row: the trial says which and why, the rest goes in, again changes nothing', async () => {
    const page = await openPage(city.url, { script: false });
    await signInBrowser(page, city.logins.clerk);
    const file = path.join(city.db.folder, '对象.csv');
    writeFileSync(file, '\ufeff名称,统一社会信用代码,地址,所在区域,类别\n'
        + '流程测试火锅店甲,,流程路1号,500103,饭店\n'
        + ',,没有名称的路2号,500103,饭店\n'
        + '流程测试茶楼乙,,流程路3号,500103,饭店\n');
    const client = await new Client(city.url).signIn(city.logins.clerk);

    await upload(page, file, 'unit');
    await chooseColumns(page, { region: '所在区域' });
    await press(page, '试导入');
    await waitFor(page, 'button:has-text("确认导入")');
    const trial = await counts(page);
    assert.equal(trial.新增, 2);
    assert.equal(trial.有问题, 1);
    const refused = page.locator('table', { has: page.locator('caption', { hasText: '有问题的行' }) });
    assert.match(await refused.innerText(), /3/, 'the line of the file');
    const before = await client.json('/work/units?q=流程测试');
    assert.equal(before.units.length, 0, 'a trial writes nothing');

    await confirm(page, 'skip-bad');
    assert.equal((await counts(page)).新增, 2);
    const found = await client.json('/work/units?q=流程测试');
    assert.equal(found.units.length, 2);

    await upload(page, file, 'unit');
    await chooseColumns(page, { region: '所在区域' });
    await press(page, '试导入');
    await waitFor(page, 'button:has-text("确认导入")');
    const again = await counts(page);
    assert.equal(again.新增, 0);
    assert.equal(again.与库里一样, 2);
    await page.context().close();
});

test('the open inspection data of Toronto goes in through its saved mapping', async (t) => {
    if (!fileIfThere(TORONTO)) {
        t.skip('toronto_highrise_inspections.csv is not beside this project');
        return;
    }
    const page = await openPage(city.url, { script: false });
    /* Somebody whose region is that city: in the library of Chongqing it would be refused row by row. */
    const clerk = addAccount(city.db, 'clerk', { login: 'toronto', region: '99' });
    await signInBrowser(page, clerk);
    await upload(page, TORONTO, 'past_inspection');
    const option = await page.locator('select[name=mapping] option', { hasText: '多伦多' }).getAttribute('value');
    await page.selectOption('select[name=mapping]', option);
    await press(page, '重新读取');
    await press(page, '试导入');
    await waitFor(page, 'button:has-text("确认导入")');
    const trial = await counts(page);
    assert.ok(trial.新增 > TORONTO_ROWS * 0.9, JSON.stringify(trial));
    await confirm(page, 'skip-bad');
    const client = await new Client(city.url).signIn(clerk);
    const buildings = await client.json('/work/buildings?q=Gloucester');
    assert.ok(buildings.rows.some((one) => JSON.stringify(one).includes('60 Gloucester St')));

    /* Officers of that region, then plan, draw and publication on the real buildings. */
    const officers = path.join(city.db.folder, '人员.csv');
    writeFileSync(officers, '姓名,执法证号,有效期至,机构,区划代码,在岗,主办资格\n'
        + Array.from({ length: 8 }, (_, i) => `流程测试员${i},FLOW-${1000 + i},2099-12-31,流程测试消防机构（演示）,990001,是,${i % 2 ? '是' : '否'}\n`).join(''));
    await upload(page, officers, 'officer');
    await chooseColumns(page, { name: '姓名', certificate: '执法证号', certificate_until: '有效期至', agency: '机构', region: '区划代码', in_post: '在岗', can_lead: '主办资格' });
    await press(page, '试导入');
    await waitFor(page, 'button:has-text("确认导入")');
    await confirm(page, 'all');
    assert.equal((await counts(page)).新增, 8);
    const plan = await makePlan(page, '多伦多高层建筑抽查计划', 'building');
    const drawn = await draw(page, city, plan, '多伦多高层建筑抽查');
    const [{ tasks }] = rows(city.db, `SELECT count(*) AS tasks FROM inspection WHERE draw_id = ${drawn} AND object_kind = 'building' AND lead_id <> second_id`);
    assert.equal(Number(tasks), 2, 'two buildings with two officers each');
    const anybody = await openPage(city.url, { script: false });
    await seenInPublic(anybody, `/draws/${drawn}`, ['多伦多高层建筑抽查']);
    await page.context().close();
});
