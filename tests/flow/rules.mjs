/*
 * /rules: everybody can read what the program goes by, with source and doubt, and ask it. What the
 * pages say is what the command line and the engine say.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test, { after, before } from 'node:test';
import { BINARY, Client, closeBrowser, openPage, startCity } from './support.mjs';

let city;
before(async () => { city = await startCity(); });
after(async () => {
    await closeBrowser();
    await city?.stop();
});

const law = (...args) => JSON.parse(spawnSync(BINARY, ['law', ...args, '--json'], { encoding: 'utf8' }).stdout);

test('the list finds a rule by a word of its source, says how sure it is, and follows city and day', async () => {
    const client = new Client(city.url);
    const all = await client.json('/rules');
    assert.equal(all.count, all.count_text + all.count_secondary + all.count_memory);
    assert.equal(all.items.length, all.count);
    assert.ok(all.count > 150);
    const found = await client.json(`/rules?kind=terms&q=${encodeURIComponent('公安部令120第18条')}`);
    assert.deepEqual(found.items.map((one) => [one.id, one.confidence]), [['complaint-verification', '原文']]);
    const ids = async (query) => (await client.json(`/rules?kind=tables&${query}`)).items.map((one) => one.name);
    assert.deepEqual(await ids('city=national'), ['重大火灾隐患判定规则（GB 35181-2025）']);
    assert.deepEqual(await ids('city=national&date=2025-10-31'), ['重大火灾隐患判定方法（GB 35181-2017）']);
    assert.ok((await ids('city=liuzhou')).includes('柳州市举报奖励标准'));
    assert.equal((await client.json('/rules?q=zzz')).count, 0);
    for (const path of ['/rules/terms/none', '/rules/none/payment', '/rules/articles/x']) assert.equal((await client.get(path)).status, 404, path);
});

test('without JavaScript: from the list to a term, its article, and the day that it gives', async () => {
    const page = await openPage(city.url, { script: false, width: 360 });
    await page.goto('/rules');
    await page.getByLabel('规则、条文的名称').fill('举报');
    await page.getByLabel('种类').selectOption('terms');
    await page.getByRole('button', { name: '筛选' }).click();
    await page.getByRole('link', { name: '举报投诉实地核查' }).click();
    assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), '举报投诉实地核查');
    const text = await page.locator('main').innerText();
    assert.match(text, /公安部令120第18条/);
    assert.match(text, /24 小时/);
    await page.getByLabel('从哪一天（哪一刻）起算').fill('2026-09-30');
    await page.getByRole('button', { name: '算一算' }).click();
    assert.match(await page.getByRole('alert').innerText(), /每一项都要选/);
    await page.getByLabel('举报内容').selectOption('other');
    await page.getByRole('button', { name: '算一算' }).click();
    const said = await page.getByRole('status').innerText();
    const cli = law('deadline', 'complaint-verification', '--from', '2026-09-30', '--fact', 'content=other');
    assert.equal(cli.due, '2026-10-10');
    assert.match(said, /最晚 2026-10-10（3 个工作日）/);
    for (const line of cli.trace) assert.ok(said.includes(line), line);
    await page.context().close();
});

test('a table answers with its row; what is from memory or left open is a warning, nonsense an error', async () => {
    const client = new Client(city.url);
    const ask = async (date, facts) => (await client.json(`/rules/tables/major-hazard?date=${date}&${Object.entries(facts).map(([k, v]) => `f-${k}=${v}`).join('&')}`)).try;
    const three = { place: 'assembly', direct: 0, listed: 3, all: 3 };
    const old = await ask('2025-10-31', three);
    assert.deepEqual([old.answer, old.is_open, old.error], ['初步判定：构成重大火灾隐患', false, null]);
    assert.match(old.details[0], /第 2 行/);
    assert.equal((await ask('2025-10-31', { ...three, listed: 2 })).is_open, true, 'the row is from memory');
    const now = await ask('2025-11-01', three);
    assert.deepEqual([now.is_open, /对照标准原文/.test(now.answer)], [true, true]);
    assert.match((await ask('2025-10-31', { ...three, direct: 'x' })).error, /不在范围/);
    assert.match((await ask('2025-10-31', { ...three, direct: '' })).error, /每一项/);
});

test('the matrix of powers says in every cell what law may says', async () => {
    const client = new Client(city.url);
    const modes = { 法定: 'statutory', 赋权: 'empowered', 委托: 'delegated' };
    const acts = ['inspect', 'order-correction', 'seal', 'fine'];
    const agencies = ['fire-corps', 'fire-detachment', 'fire-brigade', 'township', 'police-station'];
    const { rows } = await client.json('/rules/matrix?city=chongqing&date=2026-11-22');
    for (const [a, act] of acts.entries()) {
        for (const [g, agency] of agencies.entries()) {
            const shown = rows[a].cells[g].modes.map((one) => one.text);
            for (const [zh, mode] of Object.entries(modes)) {
                const said = law('may', act, '--agency', agency, '--mode', mode, '--city', 'chongqing', '--date', '2026-11-22');
                assert.equal(shown.includes(zh), said.allowed, `${act} ${agency} ${mode}`);
            }
        }
    }
});
