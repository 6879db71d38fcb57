/* The steps of the main job as a person does them in the browser; all work without JavaScript. */
import assert from 'node:assert/strict';

/* Presses a button of the page; the next page must show no problem. */
export async function press(page, name) {
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name }).first().click()]);
    const problems = await page.locator('.problems').allInnerTexts();
    assert.deepEqual(problems, [], `after pressing ${name}`);
}

export async function follow(page, name) {
    await Promise.all([page.waitForNavigation(), page.locator('main').getByRole('link', { name }).first().click()]);
}

/* Writes a plan with two objects of the first category that has any, and publishes it. */
export async function makePlan(page, title, kind = 'unit') {
    await page.goto('/work/plans');
    await follow(page, '编制计划');
    await page.fill('input[name=title]', title);
    await page.fill('input[name=agency]', '流程测试消防救援支队（演示）');
    if (kind !== 'unit') {
        await page.selectOption('select[name=kind]', kind);
        await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: '看覆盖率' }).click()]);
    }
    const row = page.locator('#quotas tbody tr').filter({ hasText: /\d/ }).first();
    await row.locator('input').nth(0).fill('2');
    await row.locator('input').nth(1).fill('1');
    await press(page, '存为草稿');
    await follow(page, '公开这份计划');
    await press(page, '公开计划');
    return Number(/\/work\/plans\/(\d+)/.exec(page.url())[1]);
}

/* Twenty throws of a ten-sided die. */
export const DICE = '3 1 4 1 5 9 2 6 5 3 5 8 9 7 9 3 2 3 8 4';

/* Freezes from `plan`, commits to dice, waits for their time, draws and opens the draw. */
export async function draw(page, city, plan, title) {
    await page.goto(`/work/plans/${plan}`);
    await follow(page, '抽取检查对象');
    await page.fill('input[name=title]', title);
    for (const box of await page.locator('input[name=strata]').all()) await box.check();
    await press(page, '下一步：核对');
    await press(page, '冻结名单');
    await press(page, '封存，不能撤销');
    const id = Number(/\/work\/draws\/(\d+)/.exec(page.url())[1]);
    assert.match(await page.locator('main').innerText(), /还没有到时间/);
    city.forward(1200);
    await page.goto(`/work/draws/${id}`);
    await page.fill('input[name=value]', DICE);
    await page.fill('input[name=note]', '流程测试见证人');
    await press(page, '填入随机数');
    await press(page, '按规则抽取');
    await follow(page, '公开全部资料');
    await press(page, '公开全部资料');
    return id;
}

/* The matter that a draw has opened for an inspection, by its old address. */
export async function matterOf(page, inspection) {
    await page.goto(`/work/inspections/${inspection}`);
    return /\/work\/matters\/\d+/.exec(page.url())[0];
}

/* Answers the checklist: the second item fails and is put right at once, all others pass; then the
 * unit is told. */
export async function record(page, matter) {
    await page.goto(matter);
    await follow(page, '记录检查结果');
    const items = await page.locator('fieldset.item').all();
    assert.ok(items.length >= 12, `${items.length} items`);
    for (const [number, item] of items.entries()) {
        await item.locator('.seg label').nth(number === 1 ? 1 : 0).click();
        if (number !== 1) continue;
        await item.locator('textarea').fill('二层东侧安全出口上锁');
        await item.getByText('已当场改正').click();
    }
    await page.check('[name="f-shown"][value=yes]');
    await page.fill('[name="f-companion"]', '值班经理');
    await page.check('[name="f-signature"][value=signed]');
    await press(page, '记录检查结果');
    assert.match(await page.locator('main').innerText(), /二层东侧安全出口上锁/);
    await follow(page, '告知检查结果');
    await page.check('[name="f-way"][value=spot]');
    await page.fill('[name="f-receiver"]', '值班经理');
    await press(page, '告知检查结果');
}

/* On this site. */
export async function publish(page, matter) {
    await page.goto(matter);
    await follow(page, '公开检查结果');
    await page.check('[name="f-where"][value=site]');
    await press(page, '公开检查结果');
}

/* What a stranger can see and check; returns the ledger places of the page's proofs. */
export async function seenInPublic(page, target, words) {
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
