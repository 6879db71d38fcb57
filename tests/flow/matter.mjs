/*
 * Matters in a real browser, without JavaScript: a locked exit from the report to the reward, and a
 * permit by commitment to its revocation. One page and one form generator serve both; what may be
 * done stands in law/. Two people at once: one wins, the other loses nothing that was typed.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { rows } from '../fault/support_fault.mjs';
import { press } from './support_job.mjs';
import { axeFindings, closeBrowser, openPage, sidewaysScroll, signInBrowser, startCity } from './support.mjs';

let city;
before(async () => { city = await startCity({ scale: 0.02 }); });
after(async () => {
    await closeBrowser();
    await city?.stop();
});

async function signedIn(role, options = { script: false }) {
    const page = await openPage(city.url, options);
    await signInBrowser(page, city.logins[role]);
    return page;
}

/* {field: text, or the value of a radio button or box}. */
async function fill(page, fields) {
    for (const [name, value] of Object.entries(fields)) {
        const named = page.locator(`[name="f-${name}"]`);
        if (await named.first().evaluate((one) => one.type === 'radio' || one.type === 'checkbox')) {
            for (const one of [value].flat()) await page.check(`[name="f-${name}"][value="${one}"]`);
        } else {
            await named.fill(value);
        }
    }
}

/* Certificate numbers of two officers who serve in the matter's district. */
async function officers(page, district) {
    await page.goto(`/work/officers?state=serving&region=${district}`);
    const rows = await page.locator('tbody tr').evaluateAll((all) => all.map((row) => row.innerText));
    const numbers = rows.map((text) => /\b[A-Z0-9-]{6,}\b/.exec(text.replaceAll('\n', ' '))?.[0]).filter(Boolean);
    assert.ok(numbers.length >= 2, `two officers serve in ${district}: ${rows.slice(0, 2).join(' | ')}`);
    return numbers.slice(0, 2);
}

async function act(page, matter, step, fields, who = []) {
    await page.goto(matter);
    await Promise.all([page.waitForNavigation(), page.locator('main aside').getByRole('link', { name: step, exact: true }).click()]);
    await fill(page, fields);
    for (const [i, number] of who.entries()) await page.fill(`[name=officer-${i + 1}]`, number);
    await press(page, step);
}

const stateOf = (page) => page.locator('.head .tag').innerText();

test('a locked exit: registered, verified in time, told, rewarded, closed; the reporter stays sealed', async () => {
    const clerk = await signedIn('clerk');
    await clerk.goto('/work/matters/new?kind=complaint');
    await clerk.fill('#title', '流程测试商店');
    const district = await clerk.locator('#region option').nth(1).getAttribute('value');
    await clerk.selectOption('#region', district);
    await fill(clerk, { channel: 'hotline', content: 'blocked-exit', description: '二楼安全出口上锁', place: '流程路1号', named: 'yes', 'reporter-name': '举报人某某' });
    await Promise.all([clerk.waitForNavigation(), clerk.getByRole('button', { name: '登记举报投诉' }).click()]);
    assert.match(await clerk.locator('.problems').innerText(), /举报人电话：请填写/);
    assert.equal(await clerk.inputValue('[name=f-description]'), '二楼安全出口上锁');
    await clerk.fill('[name=f-reporter-phone]', '10000000');
    await press(clerk, '登记举报投诉');
    const matter = new URL(clerk.url()).pathname;
    assert.match(await clerk.locator('.flash').innerText(), /编号 举〔\d{4}〕第\d{4}号/);
    const body = await clerk.locator('main').innerText();
    assert.match(body, /剩 2[34] 小时/);
    assert.match(body, /公安部令120第18条/);
    assert.ok(!body.includes('举报人某某'), 'the reporter is sealed');
    assert.match(await clerk.locator('main aside').innerText(), /实地核查由检查人员办理/);

    const two = await officers(clerk, district);
    const inspector = await signedIn('inspector');
    await act(inspector, matter, '实地核查', { outcome: 'true-as-reported', findings: '出口用挂锁锁住', measure: 'ordered' }, two);
    assert.equal(await stateOf(inspector), '核查属实，待反馈');
    assert.match(await inspector.locator('main').innerText(), /按时完成/);
    await act(clerk, matter, '反馈举报人', { way: 'phone', told: '已核实并责令改正' });

    const leader = await signedIn('leader');
    await leader.goto(matter);
    await press(leader, '查看举报人信息');
    assert.match(await leader.locator('main').innerText(), /举报人某某/);
    await act(leader, matter, '审批奖励', { grant: 'yes', amount: '50', ground: '本地标准' });
    await act(clerk, matter, '发放奖励', { 'paid-on': '2026-11-22', receipt: '凭证1' });
    assert.equal(await stateOf(clerk), '已办结');
    assert.match(await clerk.locator('main aside').innerText(), /已经办结，没有下一步/);
    const leaves = rows(city.db, "SELECT type FROM ledger_entry WHERE object = 'matter:1' ORDER BY idx").map((row) => row.type);
    assert.deepEqual(leaves, ['matter.act', 'matter.act', 'matter.act', 'matter.look', 'matter.act', 'matter.act']);
    for (const page of [clerk, inspector, leader]) await page.context().close();
});

test('a permit by commitment: granted, a mismatch, still failing, revoked', async () => {
    const clerk = await signedIn('clerk');
    const inspector = await signedIn('inspector');
    const leader = await signedIn('leader');
    await clerk.goto('/work/units');
    await Promise.all([clerk.waitForNavigation(), clerk.locator('tbody th a').first().click()]);
    const region = /（(\d{6})\d*）/.exec(await clerk.locator('main').innerText())[1];
    await Promise.all([clerk.waitForNavigation(), clerk.getByRole('link', { name: '立案', exact: true }).click()]);
    await Promise.all([clerk.waitForNavigation(), clerk.getByRole('link', { name: /开业|营业前/ }).click()]);
    assert.notEqual(await clerk.inputValue('[name=f-place-kind]'), '', 'the category comes from the library');
    await fill(clerk, { route: 'commitment', channel: 'online', 'place-kind': '歌舞厅', area: '260', materials: ['letter', 'licence'] });
    await press(clerk, '收到申请');
    const matter = new URL(clerk.url()).pathname;
    await act(clerk, matter, '审查材料', { complete: 'complete', route: 'commitment' });
    await act(leader, matter, '按承诺许可', {});
    assert.match(await leader.locator('main').innerText(), /20 个工作日/);
    const two = await officers(clerk, region);
    await act(inspector, matter, '现场核查', { outcome: 'mismatch', attended: 'yes', findings: '缺一个出口', 'correct-by': '2026-12-01' }, two);
    assert.equal(await stateOf(inspector), '与承诺不符，限期改正');
    await act(inspector, matter, '复查', { outcome: 'failing', findings: '仍缺' }, two);
    await leader.goto(matter);
    assert.match(await leader.locator('main aside').innerText(), /撤销许可前要先告知事实、理由和陈述申辩的权利/);
    await act(inspector, matter, '告知拟撤销许可', { grounds: '仍缺一个安全出口', days: '5' });
    const reviewer = await signedIn('legal_reviewer');
    await act(reviewer, matter, '法制审核', { opinion: 'agree', note: '事实清楚，程序合法' });
    await act(leader, matter, '撤销许可', { heard: 'yes' });
    assert.equal(await stateOf(leader), '许可已撤销');
    await Promise.all([leader.waitForNavigation(), leader.getByRole('link', { name: '撤销许可决定书' }).click()]);
    assert.match(await leader.locator('.doc').innerText(), /消撤字〔\d{4}〕第0001号[\s\S]*决定撤销公众聚集场所投入使用/);
    for (const page of [clerk, inspector, leader, reviewer]) await page.context().close();
});

test('a small kind that is YAML alone: a visit to a fire station', async () => {
    const clerk = await signedIn('clerk');
    await clerk.goto('/work/matters/new?kind=station-visit');
    await clerk.fill('#title', '流程测试小学');
    await clerk.selectOption('#region', { index: 1 });
    await fill(clerk, { who: 'school', people: '400', wished: '2026-12-01', 'contact-name': '联系人某', 'contact-phone': '0' });
    await Promise.all([clerk.waitForNavigation(), clerk.getByRole('button', { name: '登记参观预约' }).click()]);
    assert.match(await clerk.locator('.problems').innerText(), /人数：写 1 到 60 的整数/);
    await clerk.fill('[name=f-people]', '40');
    await press(clerk, '登记参观预约');
    const matter = new URL(clerk.url()).pathname;
    await act(clerk, matter, '答复预约', { answer: 'yes', day: '2026-12-02' });
    assert.match(await clerk.locator('main').innerText(), /参观日期/);
    await act(clerk, matter, '记录参观', { came: 'yes', people: '38' });
    assert.equal(await stateOf(clerk), '已参观');
    await clerk.context().close();
});

test('two people at once: the second is told what happened and keeps what was typed', async () => {
    const clerk = await signedIn('clerk');
    await clerk.goto('/work/matters/new?kind=complaint');
    await clerk.fill('#title', '同时办理的商店');
    const district = await clerk.locator('#region option').nth(1).getAttribute('value');
    await clerk.selectOption('#region', district);
    await fill(clerk, { channel: 'web', content: 'other', description: '没有灭火器', place: '流程路2号', named: 'no' });
    await press(clerk, '登记举报投诉');
    const matter = new URL(clerk.url()).pathname;
    const two = await officers(clerk, district);
    const one = await signedIn('inspector');
    const other = await signedIn('inspector');
    await other.goto(`${matter}/acts/verify`);
    await fill(other, { outcome: 'partly', findings: '我写了很长的一段', measure: 'corrected-on-spot' });
    for (const [i, number] of two.entries()) await other.fill(`[name=officer-${i + 1}]`, number);
    await act(one, matter, '实地核查', { outcome: 'unfounded', findings: '灭火器齐全' }, two);
    await Promise.all([other.waitForNavigation(), other.getByRole('button', { name: '实地核查' }).click()]);
    assert.match(await other.locator('[role=alert]').first().innerText(), /办理了“实地核查”/);
    assert.equal(await other.inputValue('[name=f-findings]'), '我写了很长的一段');
    for (const page of [clerk, one, other]) await page.context().close();
});

test('list, matter and form fit a phone and have no serious axe finding', async () => {
    const page = await signedIn('clerk', { script: true, width: 360 });
    for (const path of ['/work/matters', '/work/matters?closed=1', '/work/matters/1', '/work/matters/new', '/work/matters/new?kind=complaint', '/work/matters/new?kind=permit']) {
        await page.goto(path);
        assert.equal(await sidewaysScroll(page), 0, path);
        assert.deepEqual(await axeFindings(page), [], path);
    }
    await page.context().close();
});
