/*
 * The officer's desk: a late complaint stands in the right group with the right words, on the start
 * page, the list, the calendar and the board; it is found by name and number; its list goes out as
 * a table. The clock stands at Friday 2026-11-20, 09:12.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { axeFindings, Client, closeBrowser, ENGINES, openPage, sidewaysScroll, signInBrowser, startCity } from './support.mjs';
import { firstDistrict, openComplaint, takeAct, twoOfficers } from './support_matter.mjs';

const NOW = '2026-11-20T09:12:00+08:00';
const CASES = [
    { title: '逾期商店', happened: '2026-11-16T10:00', group: 'over', big: '逾期 1 个工作日', small: '应于 11月19日 周四' },
    { title: '上锁超市', happened: '2026-11-19T15:40', content: 'blocked-exit', group: 'today', big: '剩 6 小时 28 分', small: '今天 15:40 前' },
    { title: '今天餐馆', happened: '2026-11-17T09:00', group: 'today', big: '今天', small: '下班前' },
    { title: '周一书店', happened: '2026-11-18T09:00', group: 'soon', big: '1 个工作日', small: '11月23日 周一' },
];

const cities = new Map();
before(async () => {
    for (const engine of ENGINES) {
        const city = await startCity({ engine, env: { HUOZHENG_NOW: NOW } });
        cities.set(engine, city);
        city.client = async (role) => new Client(city.url).signIn(city.logins[role]);
        const clerk = await city.client('clerk');
        city.region = await firstDistrict(clerk);
        city.matters = [];
        for (const one of CASES) city.matters.push({ ...one, ...await openComplaint(clerk, { ...one, region: city.region }) });
    }
});
after(async () => {
    await closeBrowser();
    for (const city of cities.values()) await city.stop();
});

const titles = (group) => (group?.tasks ?? []).map((task) => task.title);

for (const engine of ENGINES) {
    test(`today: matters by group, with the unit of their rule and the next act, ${engine}`, async () => {
        const city = cities.get(engine);
        const inspector = await city.client('inspector');
        const model = await inspector.json('/work');
        for (const one of city.matters) {
            const group = model.groups.find((each) => each.id === one.group);
            const task = group.tasks.find((each) => each.href === one.path);
            assert.ok(task, `${one.title} in ${one.group}: ${JSON.stringify(titles(group))}`);
            assert.deepEqual([task.due_big, task.due_small, task.act], [one.big, one.small, '实地核查']);
            assert.equal(task.act_href, `${one.path}/acts/verify`);
        }
        const late = Number(model.sum[0].count); /* of the demo's own draws, too */
        assert.ok(late >= 1);
        assert.ok((await (await inspector.get('/work/account')).text()).includes(`今日任务<b class="hot">${late}<span class="vh"> 件逾期`));
        const clerk = await (await city.client('clerk')).json('/work');
        assert.ok(!clerk.groups.some((group) => group.id !== 'wait' && titles(group).some((title) => title.includes('逾期商店'))), 'not the turn of a clerk');
        assert.deepEqual(titles(clerk.groups.find((group) => group.id === 'wait')).length, CASES.length);
    });

    test(`an act hands the matter on: to the clerk, then to the leader, ${engine}`, async () => {
        const city = cities.get(engine);
        const clerk = await city.client('clerk');
        const inspector = await city.client('inspector');
        const leader = await city.client('leader');
        const matter = city.matters[2];
        await takeAct(inspector, matter.path, 'verify', { outcome: 'true-as-reported', findings: '属实', measure: 'ordered' },
            { officers: await twoOfficers(clerk, city.region) });
        const turn = async (client) => (await client.json('/work')).groups.filter((group) => group.id !== 'wait')
            .flatMap((group) => group.tasks).find((task) => task.href === matter.path)?.act;
        assert.equal(await turn(clerk), '反馈举报人');
        await takeAct(clerk, matter.path, 'tell', { way: 'phone', told: '已改正' });
        assert.equal(await turn(clerk), undefined);
        assert.equal(await turn(inspector), undefined);
        assert.equal(await turn(leader), '审批奖励');
        const page = await clerk.json(matter.path);
        assert.equal(page.acts.length, 3);
        assert.equal(new Set(page.acts.map((act) => act.proof.href)).size, 3, 'each act has its own proof');
        assert.ok(page.acts.every((act) => !/^账号/.test(act.actor)), 'people have names');
        for (const act of page.acts) assert.equal((await clerk.get(act.proof.href)).status, 200);
    });

    test(`board and calendar: every figure is the list behind it, ${engine}`, async () => {
        const city = cities.get(engine);
        const leader = await city.client('leader');
        assert.equal((await (await city.client('clerk')).get('/work/team')).status, 403);
        const { kinds, people } = await leader.json('/work/team');
        const complaint = kinds.find((line) => line.open.href.includes('kind=complaint'));
        assert.deepEqual([complaint.open.count, complaint.over.count, complaint.soon.count, complaint.leader.count], [4, 1, 2, 1]);
        for (const line of [...kinds, ...people]) {
            for (const figure of [line.open, line.over, line.soon, line.leader]) {
                if (!figure.href) assert.equal(figure.count, 0);
                else assert.equal((await leader.json(figure.href)).rows.length, figure.count, figure.href);
            }
        }
        const { weeks, previous } = await leader.json('/work/calendar?month=2026-11');
        const days = weeks.flatMap((week) => week.cells).filter((cell) => cell.is_day);
        assert.equal(days.length, 30);
        const late = days.find((day) => day.date === '2026-11-19');
        const due = (await leader.json(late.href)).rows;
        assert.deepEqual([late.count, late.is_late, late.kind], [due.length, true, null]);
        assert.deepEqual(due.filter((row) => row.kind_zh === '举报投诉核查').map((row) => row.title), ['逾期商店']);
        assert.equal(days.find((day) => day.date === '2026-11-21').kind, '周末');
        const october = (await leader.json(previous)).weeks.flatMap((week) => week.cells);
        assert.match(october.find((day) => day.date === '2026-10-01').kind, /放假 .*国庆节/);
        assert.equal(october.find((day) => day.date === '2026-10-10').kind, '调休上班');
        assert.equal((await leader.get('/work/calendar?month=2026-13')).status, 400);
    });

    test(`search, number and export, ${engine}`, async () => {
        const city = cities.get(engine);
        const clerk = await city.client('clerk');
        const [first] = city.matters;
        for (const q of ['逾期商', '〔2026〕第0001', '0001 商店']) {
            assert.deepEqual((await clerk.json(`/work/matters?q=${encodeURIComponent(q)}`)).rows.map((row) => row.title), ['逾期商店'], q);
        }
        assert.equal((await clerk.get('/work/matters?q=x')).status, 422);
        for (const no of [first.number, first.number.replace('〔', '[').replace('〕', ']'), ` ${first.number} `]) {
            const found = await clerk.get(`/go?no=${encodeURIComponent(no)}`);
            assert.deepEqual([found.status, found.headers.get('location')], [303, first.path], no);
        }
        const { papers } = await clerk.json(city.matters[2].path);
        assert.ok(papers.length > 0);
        const missing = await clerk.get(`/go?no=${encodeURIComponent('举〔2026〕第9999号')}`);
        assert.equal(missing.status, 404);
        assert.match(await missing.text(), /没有这个编号/);
        const csv = await clerk.get('/work/export?list=matters&format=csv&due=over&kind=complaint');
        assert.equal(csv.status, 200);
        const lines = (await csv.text()).trim().split(/\r?\n/);
        assert.equal(lines.length, 2, lines.join('\n'));
        assert.match(lines[1], /逾期商店.*2026-11-19.*逾期 1 个工作日/);
        assert.equal((await clerk.get('/work/export?list=matters&format=xlsx')).status, 200);
        const { entry } = await clerk.json('/verify?q=list:matters');
        assert.equal(entry.type, 'list.export');
    });

    test(`expediting: who waits asks by a form, once a working day, and whose turn it is sees it, ${engine}`, async () => {
        const city = cities.get(engine);
        const [matter] = city.matters;
        const clerk = await openPage(city.url, { script: false });
        await signInBrowser(clerk, city.logins.clerk);
        await clerk.goto('/work');
        const row = clerk.locator('li.task').filter({ hasText: matter.title });
        assert.match(await row.innerText(), /等 \d+ 天[\s\S]*等检查人员|今天转出[\s\S]*等检查人员/);
        await Promise.all([clerk.waitForNavigation(), row.getByRole('link', { name: /^催办/ }).click()]);
        assert.equal(new URL(clerk.url()).pathname, `${matter.path}/acts/expedite`);
        assert.match(await clerk.locator('main .note').innerText(), /现在轮到检查人员办理/);
        await clerk.fill('[name=f-note]', '举报人又来电');
        await Promise.all([clerk.waitForNavigation(), clerk.getByRole('button', { name: '催办' }).click()]);
        assert.match(await clerk.locator('.flash').innerText(), /已催办/);
        assert.match(await clerk.locator('.tl').innerText(), /催办[\s\S]*催谁：检查人员[\s\S]*附言：举报人又来电/);
        assert.match(await clerk.locator('#do').innerText(), /被催办[\s\S]*今天 09:12 催办/);
        assert.equal(await clerk.locator('#do').getByRole('link', { name: '催办' }).count(), 0, 'not twice on one day');
        assert.match(await clerk.locator('main aside').textContent(), /您在这个工作日已经催办过，下一个工作日才能再催办/);
        await clerk.goto('/work');
        assert.match(await row.innerText(), /被催办[\s\S]*看进度/);
        await clerk.context().close();

        const again = await city.client('clerk');
        const refused = await again.get(`${matter.path}/acts/expedite`);
        assert.equal(refused.status, 403);
        assert.match(await refused.text(), /下一个工作日才能再催办/);
        const { version } = await again.json(`${city.matters[1].path}/acts/expedite`);
        const forged = await again.request('POST', `${city.matters[1].path}/acts/expedite`, {
            body: new URLSearchParams({ version, happened: '2026-11-20T09:12' }).toString(),
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
        });
        assert.equal(forged.status, 403, 'a form of another site does not expedite');

        const inspector = await openPage(city.url, { width: 360 });
        await signInBrowser(inspector, city.logins.inspector);
        await inspector.goto('/work');
        const task = inspector.locator('li.task').filter({ hasText: `实地核查：${matter.title}` });
        assert.match(await task.innerText(), /被催办[\s\S]*今天 09:12 催办/);
        assert.equal(await sidewaysScroll(inspector), 0);
        assert.deepEqual(await axeFindings(inspector), []);
        assert.equal((await inspector.request.get(`${matter.path}/acts/expedite`)).status(), 403, 'the turn is the own');
        await inspector.context().close();
        const page = await again.json(matter.path);
        assert.equal((await again.get(page.acts.find((act) => act.name === '催办').proof.href)).status, 200);
    });

    test(`avatars: who is responsible stands on each row, ${engine}`, async () => {
        const city = cities.get(engine);
        const clerk = await city.client('clerk');
        const { groups } = await clerk.json('/work');
        const told = groups.flatMap((group) => group.tasks).find((task) => task.href === city.matters[2].path);
        assert.equal(told.people.length, 2, 'those who have verified it');
        assert.equal(told.people_text, told.people.map((one) => one.name).join('、'));
        const page = await openPage(city.url, { script: false });
        await signInBrowser(page, city.logins.clerk);
        await page.goto('/work');
        const avatars = page.locator('li.task').filter({ hasText: city.matters[2].title }).locator('.avs');
        assert.equal(await avatars.getAttribute('aria-label'), `承办：${told.people_text}`);
        assert.deepEqual(await avatars.locator('.av').allInnerTexts(), told.people.map((one) => one.initial));
        await page.context().close();
    });
}

test('without a script: from the summary to the act; with one: j and Enter', async () => {
    const city = cities.get(ENGINES[0]);
    const page = await openPage(city.url, { script: false });
    await signInBrowser(page, city.logins.inspector);
    await page.goto('/work');
    await page.getByRole('link', { name: '已逾期' }).click();
    assert.match(page.url(), /#over$/);
    const row = page.locator('li.task').filter({ hasText: '逾期商店' });
    assert.match(await row.innerText(), /逾期 1 个工作日[\s\S]*应于 11月19日 周四[\s\S]*实地核查：逾期商店/);
    await Promise.all([page.waitForNavigation(), row.getByRole('link', { name: '实地核查：逾期商店' }).last().click()]);
    assert.match(page.url(), /acts\/verify$/);
    await page.goto(city.matters[0].path);
    assert.match(await page.locator('#state').innerText(), /11月19日 周四[\s\S]*逾期 1 个工作日[\s\S]*起算[\s\S]*第 3 天/);
    await page.context().close();
    const keys = await openPage(city.url);
    await signInBrowser(keys, city.logins.inspector);
    await keys.goto('/work');
    await keys.keyboard.press('j');
    await Promise.all([keys.waitForNavigation(), keys.keyboard.press('Enter')]);
    assert.match(keys.url(), /\/work\/(matters|inspections)\/\d+$/);
    await keys.context().close();
});

test('the desk fits a phone and has no axe finding', async () => {
    const city = cities.get(ENGINES[0]);
    const page = await openPage(city.url, { width: 360 });
    await signInBrowser(page, city.logins.leader);
    for (const path of ['/work', '/work/team', '/work/calendar', '/work/matters?due=over', '/work/matters?q=%E9%80%BE%E6%9C%9F', '/go', '/go?no=x', city.matters[0].path, `${city.matters[3].path}/acts/expedite`]) {
        await page.goto(path);
        assert.equal(await sidewaysScroll(page), 0, path);
        assert.deepEqual(await axeFindings(page), [], path);
    }
    await page.context().close();
});
