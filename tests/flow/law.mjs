/*
 * A legal officer's way: change a rule in a folder, see at once which worked examples it changes;
 * ask for a deadline and for a power. Nothing is compiled.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { press } from './support_job.mjs';
import { BINARY, closeBrowser, openPage, ROOT, signInBrowser, startCity } from './support.mjs';

let folder;
before(() => { folder = mkdtempSync(path.join(process.env.HUOZHENG_TEST_SCRATCH ?? tmpdir(), 'law-')); });
after(async () => {
    await closeBrowser();
    rmSync(folder, { recursive: true, force: true });
});

function law(...args) {
    const done = spawnSync(BINARY, ['law', ...args], { encoding: 'utf8' });
    return { code: done.status, out: done.stdout, err: done.stderr, json: args.includes('--json') && done.stdout ? JSON.parse(done.stdout) : null };
}

/* A copy of law/ in which one file is changed; returns the folder. */
function changed(name, file, from, to) {
    const copy = path.join(folder, name);
    cpSync(path.join(ROOT, 'law'), copy, { recursive: true });
    const target = path.join(copy, file);
    const text = readFileSync(target, 'utf8');
    assert.ok(text.includes(from), `${file} has "${from}"`);
    writeFileSync(target, text.replace(from, to));
    return copy;
}

test('every rule and example of the checkout holds, as inside the binary', () => {
    const inside = law('check', '--json');
    assert.equal(inside.code, 0, inside.err);
    assert.ok(inside.json.examples >= 120);
    const outside = law('check', '--json', '--law', path.join(ROOT, 'law'));
    assert.equal(outside.code, 0, outside.err);
    assert.deepEqual({ ...outside.json, ms: 0 }, { ...inside.json, ms: 0 });
});

test('a changed deadline names every example that it changes, with its place', () => {
    const copy = changed('deadline', 'national/terms.yaml',
        '    table: [{amount: 15, unit: calendar-days}]', '    table: [{amount: 10, unit: working-days}]');
    const found = law('check', '--json', '--law', copy);
    assert.equal(found.code, 1);
    assert.equal(found.json.valid, false);
    const national = found.json.failed.filter((line) => line.includes('(national)'));
    assert.ok(national.length >= 2, found.json.failed.join('\n'));
    for (const line of national) assert.match(line, /^law\/national\/examples\/terms\.yaml:\d+:\d+: example payment-[\d-]+ \(national\): payment is due [\d-]+, not [\d-]+$/);
    assert.match(law('deadline', 'payment', '--from', '2026-03-02', '--law', copy).err, /examples do not come out/);
});

test('a dangling article, an unknown key and a lost example are refused with file, line and column', () => {
    const cases = [
        ['dangling', 'national/powers.yaml', 'basis: [行政强制法/17]', 'basis: [行政强制法/171]', /law\/national\/powers\.yaml:\d+:13: no article "行政强制法\/171"/],
        ['need', 'national/procedures/inspection.yaml', 'basis: [公安部令120/19, 消防法/54]}', 'basis: [公安部令120/19, 消防法/540]}', /law\/national\/procedures\/inspection\.yaml:\d+:\d+: no article "消防法\/540"/],
        ['key', 'chongqing/powers.yaml', '    allow: true', '    allows: true', /law\/chongqing\/powers\.yaml:\d+:5: unknown key "allows"/],
        ['border', 'chongqing/adjacent-districts.yaml', 'name: 渝中区', 'name: 江北区', /law\/chongqing\/adjacent-districts\.yaml:\d+:5: no district 500103 is called 江北区/],
        ['too-early', 'chongqing/adjacent-districts.yaml', 'from: 2025-11-06', 'from: 2025-11-05', /no district 500157 is called 两江新区 on all days/],
        ['example', 'national/examples/terms.yaml', 'rule: fire-service, from: 2026-03-02', 'rule: payment, from: 2026-03-02', /example fire-service-2026-03-02/],
    ];
    for (const [name, file, from, to, message] of cases) {
        const found = law('check', '--law', changed(name, file, from, to));
        assert.equal(found.code, 1, name);
        assert.match(found.err, message);
    }
});

test('a wrong example of alarms and limits is told by the check as by the start, with its place', () => {
    const alarms = law('check', '--json', '--law', changed('alarms', 'national/alarm-rules.yaml', 'expect: [gas, fire]', 'expect: [fire, gas]'));
    assert.equal(alarms.code, 1);
    assert.equal(alarms.json.valid, false);
    assert.equal(alarms.json.failed.length, 1);
    assert.match(alarms.json.failed[0], /^law\/national\/alarm-rules\.yaml:\d+:13: the example "[^"]+" does not come out: the alarms are \[gas, fire\] \(national\)$/);
    const limits = law('check', '--law', changed('limits', 'national/sensing-limits.yaml', '    high: 0.3\n', '    high: 0.5\n'));
    assert.equal(limits.code, 1);
    assert.match(limits.err, /law\/national\/sensing-limits\.yaml:\d+:\d+: the example "剩余电流[^"]+" does not come out: 0\.4 is inside/);
    const upkeep = law('check', '--law', changed('upkeep', 'national/sensing-upkeep.yaml', 'id: order-due', 'id: order-dew'));
    assert.equal(upkeep.code, 1);
    assert.match(upkeep.err, /law\/national\/sensing-upkeep\.yaml:\d+:\d+: /);
    /* a city's own file lies over the national one, and its mistakes have their place, too */
    const copy = changed('ladder', 'chongqing/city.yaml', '重庆市', '重庆市');
    const own = path.join(copy, 'chongqing/alarm-rules.yaml');
    writeFileSync(own, 'ladders:\n  - {id: urgent, steps: [{after: 60, to: leader, name: 负责人}], basis: [试行办法], confidence: text}\n');
    const good = law('check', '--json', '--law', copy);
    assert.equal(good.code, 0, good.err);
    assert.ok(good.json.alarm_examples > law('check', '--json').json.alarm_examples, 'the city runs them again');
    writeFileSync(own, 'ladders:\n  - {id: urgent, steps: [{after: 60, to: leader, name: 负责人}], confidence: text}\n');
    const wrong = law('check', '--law', copy);
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /law\/chongqing\/alarm-rules\.yaml:2:5: a line of a city names its basis/);
});

test('a decision table answers with its row and source, differs by city and date, and does not guess', () => {
    const facts = ['place=assembly', 'direct=0', 'listed=3', 'all=3'].flatMap((one) => ['--fact', one]);
    const old = law('decide', 'major-hazard', '--date', '2025-10-31', ...facts, '--json');
    assert.equal(old.code, 0);
    assert.deepEqual([old.json.answers.proposal, old.json.row, old.json.confidence], ['major', 2, 'secondary']);
    assert.match(old.json.trace, /人员密集场所.*不少于 3 条；依据GB 35181-2017/);
    const now = law('decide', 'major-hazard', '--date', '2025-11-01', ...facts, '--json');
    assert.equal(now.code, 1, 'left open by the source');
    assert.deepEqual([now.json.answers.proposal, /对照标准原文/.test(now.json.ask)], [null, true]);
    assert.equal(law('decide', 'complaint-reward', '--city', 'liuzhou', '--fact', 'kind=exit', '--json').json.answers.amount, '50');
    const nowhere = law('decide', 'complaint-reward', '--fact', 'kind=exit');
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.err, /no table "complaint-reward"/);
    const gap = law('check', '--law', changed('gap', 'liuzhou/tables/complaint-reward.yaml',
        'kind: [hot-work, system, exit, dangerous-goods]', 'kind: [hot-work, system, dangerous-goods]'));
    assert.match(gap.err, /law\/liuzhou\/tables\/complaint-reward\.yaml:\d+:7: no row for kind = exit/);
});

test('deadline and may answer with basis and trace; a year without calendar is no guess', () => {
    const due = law('deadline', 'complaint-verification', '--from', '2026-09-30', '--fact', 'content=other', '--json').json;
    assert.equal(due.due, '2026-10-10');
    assert.deepEqual(due.counted, ['2026-10-08', '2026-10-09', '2026-10-10']);
    assert.deepEqual(due.basis, ['公安部令120/18']);
    assert.ok(due.trace.some((line) => line.includes('国庆')));
    const far = law('deadline', 'penalty-service', '--from', '2026-12-29', '--json');
    assert.equal(far.code, 1);
    assert.equal(far.json.due, null);
    assert.match(far.err, /WARNING.*2027/);
    const seal = law('may', 'seal', '--agency', 'township', '--mode', 'delegated', '--city', 'chongqing', '--date', '2026-11-22', '--json').json;
    assert.equal(seal.allowed, false);
    assert.deepEqual(seal.basis, ['行政强制法/17']);
    assert.equal(law('may', 'seal', '--agency', 'nobody', '--mode', 'delegated').code, 1);
    assert.equal(law('deadline', 'payment').code, 2);
    assert.equal(law('check', '--law', path.join(folder, 'nowhere')).code, 3);
});

test('a server started with a changed folder follows it: the deadline on the page, without a compiler', async () => {
    const copy = changed('served', 'national/terms.yaml',
        '      - {when: {content: [other]}, amount: 3, unit: working-days}', '      - {when: {content: [other]}, amount: 5, unit: working-days}');
    for (const file of ['national/examples/terms.yaml', 'national/examples/complaint.yaml']) {
        /* its author has to say what changes: here, the examples of this content are taken out */
        const target = path.join(copy, file);
        const kept = readFileSync(target, 'utf8').split(/(?=^ {2}- id: )/m)
            .filter((part) => !part.includes('content: other') || part.includes('refused: '));
        writeFileSync(target, kept.join(''));
    }
    writeFileSync(path.join(copy, 'national/examples/changed.yaml'), `examples:
  - id: complaint-other-five-days
    name: 改过的期限
    deadline: {rule: complaint-verification, from: 2026-06-01, facts: {content: other}}
    expect: {due: 2026-06-08}
  - id: complaint-other-five-days-course
    name: 改过的期限，到办结
    walk:
      procedure: complaint
      acts:
        - {act: register, at: "2026-06-01T09:00", by: 1, data: {channel: letter, content: other, description: 没有灭火器, place: 演示路2号, named: "no"}}
        - {act: verify, at: "2026-06-08T17:00", by: 2, officers: [2, 3], data: {outcome: unfounded, findings: 齐全}}
        - {act: tell-unfounded, at: "2026-06-09T09:00", by: 1, data: {way: impossible, why-impossible: 匿名}}
    expect: {state: closed, clocks: {complaint-verification: met 2026-06-08}}
`);
    const checked = law('check', '--law', copy);
    assert.equal(checked.code, 0, checked.err);
    const city = await startCity({ scale: 0.02, args: ['--law', copy] });
    try {
        const page = await openPage(city.url, { script: false });
        await signInBrowser(page, city.logins.clerk);
        await page.goto('/work/matters/new?kind=complaint');
        await page.fill('#title', '期限改过的举报');
        await page.selectOption('#region', { index: 1 });
        await page.check('[name=f-channel][value=web]');
        await page.check('[name=f-content][value=other]');
        await page.fill('[name=f-description]', '没有灭火器');
        await page.fill('[name=f-place]', '流程路2号');
        await page.check('[name=f-named][value=no]');
        await press(page, '登记举报投诉');
        assert.match(await page.locator('main').innerText(), /还剩 5 个工作日/);
        await page.context().close();
    } finally {
        await city.stop();
    }
});
