/*
 * Matters in a real browser, without JavaScript: a locked exit from the report to the reward, and a
 * permit by commitment to its revocation. One page and one form generator serve both; what may be
 * done stands in law/. Two people at once: one wins, the other loses nothing that was typed.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { rows } from '../fault/support_fault.mjs';
import { press } from './support_job.mjs';
import { axeFindings, closeBrowser, sidewaysScroll, startCity } from './support.mjs';
import { act, fill, officers, signedIn as signedInTo, stateOf } from './support_matter.mjs';

let city;
before(async () => { city = await startCity({ scale: 0.02 }); });
after(async () => {
    await closeBrowser();
    await city?.stop();
});
const signedIn = (role, options) => signedInTo(city, role, options);

test('a locked exit: registered, verified in time, ordered, rechecked, told, rewarded; the reporter stays sealed', async () => {
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
    assert.match(await clerk.locator('main aside').textContent(), /实地核查由检查人员办理/);

    const two = await officers(clerk, district);
    const inspector = await signedIn('inspector');
    await act(inspector, matter, '实地核查', { outcome: 'true-as-reported', findings: '出口用挂锁锁住', measure: 'ordered' }, two);
    assert.equal(await stateOf(inspector), '核查属实，待反馈');
    assert.match(await inspector.locator('main').innerText(), /按时完成/);

    /* the order is a matter of its own, linked to the complaint */
    await inspector.goto(matter);
    await Promise.all([inspector.waitForNavigation(), inspector.getByRole('link', { name: '由本案另立一案' }).click()]);
    await Promise.all([inspector.waitForNavigation(), inspector.getByRole('link', { name: '火灾隐患整改' }).click()]);
    assert.equal(await inspector.inputValue('#title'), '流程测试商店', 'what it is about comes from the complaint');
    await fill(inspector, { violation: '二楼安全出口上琐', provision: '消防法第二十八条', kind: 'in-time', 'correct-by': '2099-01-04' });
    for (const [i, number] of two.entries()) await inspector.fill(`[name=officer-${i + 1}]`, number);
    await Promise.all([inspector.waitForNavigation(), inspector.getByRole('button', { name: '存草稿' }).click()]);
    await inspector.goto(`/work/matters/new?kind=hazard&from=${matter.split('/').at(-1)}`);
    assert.equal(await inspector.inputValue('[name=f-violation]'), '二楼安全出口上琐', 'the draft comes back');
    for (const [i, number] of two.entries()) await inspector.fill(`[name=officer-${i + 1}]`, number);
    await press(inspector, '责令改正');
    const hazard = new URL(inspector.url()).pathname;
    assert.match(await inspector.locator('main').innerText(), /消限字〔\d{4}〕第0001号[\s\S]*待送达/);
    assert.match(await inspector.locator('[aria-labelledby=links]').innerText(), /举〔\d{4}〕第0001号[\s\S]*引出本案/);
    await Promise.all([inspector.waitForNavigation(), inspector.getByRole('link', { name: /更正.*存在的消防/ }).click()]);
    await fill(inspector, { now: '二楼安全出口上锁', reason: '错字' });
    await press(inspector, '更正笔误');
    assert.match(await inspector.locator('.tl').innerText(), /二楼安全出口上锁（[\d-]+ 更正，原写“二楼安全出口上琐”；理由：错字）/);
    await act(inspector, hazard, '送达通知书', { way: 'direct', receiver: '店主', receipt: '回证1' });
    assert.match(await inspector.locator('[aria-labelledby=papers]').innerText(), /\d{4}-\d\d-\d\d 送达/);
    assert.match(await inspector.locator('main aside').textContent(), /“改正期限”到 2099-01-04 才满，不能提前复查/);
    await act(clerk, hazard, '提交整改报告', { done: '锁已拆除', 'asks-recheck': 'yes' });
    await act(inspector, hazard, '复查', { outcome: 'corrected', findings: '出口畅通' }, two);
    assert.equal(await stateOf(inspector), '已改正，待回访');
    await act(clerk, matter, '反馈举报人', { way: 'phone', told: '已核实并责令改正' });

    const leader = await signedIn('leader');
    await leader.goto(matter);
    await press(leader, '查看举报人信息');
    assert.match(await leader.locator('main').innerText(), /举报人某某/);
    await act(leader, matter, '审批奖励', { grant: 'yes', amount: '50', ground: '本地标准' });
    await act(clerk, matter, '发放奖励', { 'paid-on': '2026-11-22', receipt: '凭证1' });
    assert.equal(await stateOf(clerk), '已办结');
    assert.match(await clerk.locator('main aside').innerText(), /已经办结，没有下一步/);
    const leaves = rows(city.db, `SELECT type FROM ledger_entry WHERE object = 'matter:${matter.split('/').at(-1)}' ORDER BY idx`).map((row) => row.type);
    assert.deepEqual(leaves, ['matter.act', 'matter.act', 'matter.act', 'matter.act', 'matter.look', 'matter.act', 'matter.act']);
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
    assert.match(await leader.locator('main aside').textContent(), /撤销许可前要先告知事实、理由和陈述申辩的权利/);
    await act(inspector, matter, '告知拟撤销许可', { grounds: '仍缺一个安全出口', days: '5' });
    const reviewer = await signedIn('legal_reviewer');
    await act(reviewer, matter, '法制审核', { opinion: 'agree', note: '事实清楚，程序合法' });
    await act(leader, matter, '撤销许可', { heard: 'yes' });
    assert.equal(await stateOf(leader), '许可已撤销');
    await Promise.all([leader.waitForNavigation(), leader.getByRole('link', { name: '撤销许可决定书' }).click()]);
    assert.match(await leader.locator('.doc').innerText(), /消撤字〔\d{4}〕第0001号[\s\S]*决定撤销公众聚集场所投入使用/);
    for (const page of [clerk, inspector, leader, reviewer]) await page.context().close();
});

test('an inspection with its checklist: a failing item leads to a matter of its own before the result is told', async () => {
    const leader = await signedIn('leader');
    await leader.goto('/work/matters/new?kind=inspection');
    await leader.fill('#title', '流程测试市场');
    const district = await leader.locator('#region option').nth(1).getAttribute('value');
    await leader.selectOption('#region', district);
    await fill(leader, { source: 'campaign', reference: '专项1号', due: '2099-01-04' });
    await press(leader, '下达检查任务');
    const matter = new URL(leader.url()).pathname;
    const two = await officers(leader, district);
    const inspector = await signedIn('inspector');
    await inspector.goto(`${matter}/acts/record`);
    await fill(inspector, { shown: 'yes', companion: '市场经理', signature: 'signed' });
    const items = await inspector.locator('fieldset.item').evaluateAll((all) => all.map((one) => one.id));
    assert.ok(items.length > 10);
    for (const item of items) await inspector.check(`[name="${item}.answer"][value=${item.endsWith('escape-routes') ? 'fail' : 'pass'}]`);
    for (const [i, number] of two.entries()) await inspector.fill(`[name=officer-${i + 1}]`, number);
    await Promise.all([inspector.waitForNavigation(), inspector.getByRole('button', { name: '记录检查结果' }).click()]);
    assert.match(await inspector.locator('.problems').innerText(), /不合格的写清在哪里、什么情况/);
    await inspector.fill('[name="f-items.escape-routes.note"]', '南侧出口锁闭');
    await inspector.check('[name="f-items.escape-routes.handled"][value=order]');
    await press(inspector, '记录检查结果');
    assert.equal(await stateOf(inspector), '责令改正，待另案和告知');
    assert.match(await inspector.locator('.tl').innerText(), /不合格 1 项：1\. 疏散通道[\s\S]*南侧出口锁闭；责令改正/);
    assert.match(await inspector.locator('main aside').textContent(), /要先另立“火灾隐患整改”或者“临时查封”/);
    await inspector.goto(`/work/matters/new?kind=hazard&from=${matter.split('/').at(-1)}`);
    await fill(inspector, { violation: '出口锁闭', provision: '消防法第二十八条', kind: 'at-once' });
    for (const [i, number] of two.entries()) await inspector.fill(`[name=officer-${i + 1}]`, number);
    await press(inspector, '责令改正');
    await act(inspector, matter, '告知检查结果和另案', { way: 'spot', receiver: '市场经理' });
    assert.equal(await stateOf(inspector), '已告知，待公开');
    for (const page of [leader, inspector]) await page.context().close();
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
    /* of the demo's draws one that is open and one that has a paper, of this file the complaint and its hazard */
    const [{ planned, told, complaint, hazard }] = rows(city.db, `SELECT min(CASE WHEN state = 'planned' THEN id END) AS planned,
        min(CASE WHEN state = 'published' THEN id END) AS told, min(CASE WHEN kind = 'complaint' THEN id END) AS complaint,
        min(CASE WHEN kind = 'hazard' THEN id END) AS hazard FROM matter`);
    const [{ paper }] = rows(city.db, `SELECT min(id) AS paper FROM matter_paper WHERE matter_id = ${hazard}`);
    for (const path of ['/work/matters', '/work/matters?closed=1', `/work/matters/${complaint}`, '/work/matters/new', '/work/matters/new?kind=complaint', '/work/matters/new?kind=permit', '/work/matters/new?kind=inspection', `/work/matters/${hazard}`, `/work/matters/${hazard}/papers/${paper}`,
        `/work/matters/${planned}`, `/work/matters/${told}`]) {
        await page.goto(path);
        assert.equal(await sidewaysScroll(page), 0, path);
        assert.deepEqual(await axeFindings(page), [], path);
    }
    await page.context().close();
});
