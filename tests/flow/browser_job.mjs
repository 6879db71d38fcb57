/*
 * The main job in a real browser without JavaScript, on a desk and on a phone: plan, publish it,
 * draw, publish the draw, record a result as the officer who was drawn, publish it, and as anybody
 * find all three in public and check them against the ledger.
 */
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { addAccount, closeBrowser, ENGINES, huozheng, openPage, sidewaysScroll, signInBrowser, startCity } from './support.mjs';
import { value } from '../fault/support_fault.mjs';

after(closeBrowser);

async function press(page, name) {
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name }).first().click()]);
    const problems = await page.locator('.problems').allInnerTexts();
    assert.deepEqual(problems, [], `after pressing ${name}`);
}

async function follow(page, name) {
    await Promise.all([page.waitForNavigation(), page.locator('main').getByRole('link', { name }).first().click()]);
}

async function makePlan(page, title) {
    await page.goto('/work/plans');
    await follow(page, '编制计划');
    await page.fill('input[name=title]', title);
    await page.fill('input[name=agency]', '流程测试消防救援支队（演示）');
    const row = page.locator('#quotas tbody tr').filter({ hasText: /\d/ }).first();
    await row.locator('input').nth(0).fill('2');
    await row.locator('input').nth(1).fill('1');
    await press(page, '存为草稿');
    await follow(page, '公开这份计划');
    await press(page, '公开计划');
    return Number(/\/work\/plans\/(\d+)/.exec(page.url())[1]);
}

async function draw(page, plan, title) {
    await page.goto(`/work/plans/${plan}`);
    await follow(page, '抽取检查对象');
    await page.fill('input[name=title]', title);
    await page.fill('input[name=seed]', '31415926535897932384626433');
    for (const box of await page.locator('input[name=strata]').all()) await box.check();
    await press(page, '下一步：核对');
    await press(page, '现在抽取');
    const id = Number(/\/work\/draws\/(\d+)/.exec(page.url())[1]);
    await follow(page, '公开全部资料');
    await press(page, '公开全部资料');
    return id;
}

async function record(page, inspection) {
    await page.goto(`/work/inspections/${inspection}`);
    await follow(page, '开始检查');
    const items = await page.locator('fieldset.item').all();
    assert.ok(items.length >= 12, `${items.length} items`);
    for (const [number, item] of items.entries()) {
        await item.locator('.seg label').nth(number === 1 ? 1 : 0).click();
        if (number === 1) await item.locator('textarea').fill('二层东侧安全出口上锁');
    }
    await press(page, '保存检查结果');
    assert.match(await page.locator('main').innerText(), /二层东侧安全出口上锁/);
}

/* What a stranger can see and check; returns the ledger places of the page's proofs. */
async function seenInPublic(page, target, words) {
    const response = await page.goto(target);
    assert.equal(response.status(), 200, target);
    const text = await page.locator('main').innerText();
    for (const word of words) assert.ok(text.includes(word), `${target} says ${word}:\n${text.slice(0, 1500)}`);
    const proofs = await page.locator('a[href*="/verify"]').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    const leaves = proofs.filter((href) => /\d/.test(href));
    assert.ok(leaves.length > 0, `${target} carries a proof`);
    await page.goto(leaves[0]);
    assert.match(await page.locator('main').innerText(), /在账本|真实|未改动/, leaves[0]);
}

const MODES = [
    { name: 'on a desk', width: 1440, height: 900 },
    { name: 'on a phone', width: 360, height: 740 },
];

for (const [index, mode] of MODES.entries()) {
    const engine = ENGINES[index % ENGINES.length];
    test(`plan, draw, inspect, publish without JavaScript ${mode.name}, ${engine}`, { timeout: 300_000 }, async () => {
        const city = await startCity({ engine });
        try {
            const open = async (login) => {
                const page = await openPage(city.url, { ...mode, script: false });
                return login ? signInBrowser(page, login) : page;
            };
            const clerk = await open(city.logins.clerk);
            const plan = await makePlan(clerk, '流程测试计划');
            const drawn = await draw(clerk, plan, '流程测试抽查');
            const inspection = Number(value(city.db, `SELECT min(id) FROM inspection WHERE draw_id = ${drawn}`));
            assert.ok(inspection > 0, 'the draw set tasks');
            const officer = value(city.db, `SELECT lead_id FROM inspection WHERE id = ${inspection}`);
            const lead = await open(addAccount(city.db, 'inspector', { login: 'flow-lead', officer }));
            await lead.goto('/work');
            assert.equal(await lead.locator(`a[href="/work/inspections/${inspection}"]`).count() > 0, true, 'the task is on the officer\'s page');
            await record(lead, inspection);
            assert.equal(await sidewaysScroll(lead), 0);
            await clerk.goto(`/work/inspections/${inspection}`);
            await follow(clerk, '公开结果');
            await press(clerk, '公开结果');

            const anybody = await open(null);
            await seenInPublic(anybody, `/draws/${drawn}`, ['流程测试抽查', '31415926535897932384626433']);
            await seenInPublic(anybody, `/inspections/${inspection}`, ['二层东侧安全出口上锁']);
            for (const [kind, word] of [['plan', '流程测试计划'], ['draw', '流程测试抽查']]) {
                await anybody.goto(`/records?kind=${kind}`);
                assert.ok((await anybody.locator('main').innerText()).includes(word), `${kind} is in the public list`);
            }
            const all = await lead.context().browser().contexts();
            for (const context of all) for (const page of context.pages()) assert.deepEqual(page.complaints, []);
            assert.match(huozheng(['ledger', 'verify'], { db: city.db.url }), /\d/);
        } finally {
            await closeBrowser();
            await city.stop();
        }
    });
}
