/*
 * Every page of the site, as every role: answers, is well formed, accessible, quiet, and as wide as
 * the screen. Pages are found by following links; the route tables say whether any was forgotten.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { axeFindings, Client, closeBrowser, IS_SOAK, openPage, sidewaysScroll, signInBrowser, startCity } from './support.mjs';
import { devicePort, registerDevice, states, TransmissionDevice } from './support_devices.mjs';
import { openComplaint, verifiedComplaint } from './support_matter.mjs';
import { draftReport } from './support_report.mjs';
import { crawlAll, routeOf, routes } from './support_site.mjs';

let city;
let reached;

before(async () => {
    city = await startCity();
    await importWithRefusedRow(city);
    await makeMatters(city);
    const { keyPage, alarmPages } = await makeDevices(city);
    const resident = new Client(city.url);
    await draftReport(resident, '商业');
    const codes = await makeCodes(city, resident);
    reached = await crawlAll(city, {
        '': ['/report/where', '/report/contact', '/report/check', '/report/sent', '/keeper', '/keeper/book', ...codes],
        clerk: ['/work/plans/1/publish', '/work/draws/new?plan=1', '/work/draws/1/publish', await exportOfUnits(city), keyPage],
        duty_officer: alarmPages,
    }, resident);
});

after(async () => {
    await closeBrowser();
    await city?.stop();
});

/* A device with a fault (verified), a shielded point and a fire, an order about the fault, and a device with a key; pages that no link of the crawl leads to. */
async function makeDevices({ url, server, logins }) {
    const clerk = await new Client(url).signIn(logins.clerk);
    const [building] = (await clerk.json('/work/buildings')).rows;
    await registerDevice(clerk, { code: 9001, name: '页面测试装置', building: building.id });
    const withKey = await registerDevice(clerk, { code: 'page-1', name: '页面测试压力计', building: building.id, protocol: 'http' });
    const device = new TransmissionDevice(await devicePort(server), 9001);
    await device.tell(states([{ type: 42, address: 65537, state: 4 }, { type: 23, address: 65538, state: 8 }], Date.now()), Date.now());
    const duty = await new Client(url).signIn(logins.duty_officer);
    const [alarm, other] = (await duty.json('/work/alarms')).groups[0].rows;
    assert.equal((await duty.post(`/work/alarms/${other.id}/reason`, { act: 'test', note: '页面测试' })).status, 303);
    assert.equal((await duty.post(`/work/alarms/${alarm.id}/acts/confirm`, {}, { from: `/work/alarms/${alarm.id}` })).status, 303);
    await device.tell(states([{ type: 42, address: 65539, state: 2 }], Date.now()), Date.now()); /* and one that waits */
    device.close();
    const [waiting] = (await duty.json('/work/alarms')).groups[0].rows;
    const [fault] = (await clerk.json('/work/facilities/faults')).rows;
    const sent = await clerk.post('/work/maintenance/new', {
        subject: '烟感故障', task: '更换后试验', service_body: '演示维保（演示）', service_contact: '', due: '',
    }, { from: fault.new_href });
    assert.equal(sent.status, 303);
    return { keyPage: `/work/devices/${withKey}/key`, alarmPages: [`/work/alarms/${alarm.id}/finish`, `/work/alarms/${waiting.id}/reason`,
        `/work/alarms/${waiting.id}/note`, `/work/alarms/${other.id}/reopen`] };
}

/* Codes on all doors; the resident also keeps one of the buildings. Returns the public address of that one. */
async function makeCodes({ url, logins }, resident) {
    const clerk = await new Client(url).signIn(logins.clerk);
    assert.equal((await clerk.post('/work/codes/issue', {}, { from: '/work/codes' })).status, 303);
    const { id } = (await clerk.json('/work/codes')).rows[0];
    const page = `/work/codes/${id}`;
    const made = await clerk.post(`${page}/keepers`, { label: '物业值班室', days: '30' }, { from: page });
    const key = /class="big-code">([^<]+)</.exec(await made.text())[1];
    assert.equal((await resident.post('/keeper', { key })).status, 303);
    const code = (await clerk.json(page)).public_href;
    return [code, `${code}/score`];
}

/* So that the pages of an import and of its job have something to show. */
async function importWithRefusedRow({ url, logins }) {
    const client = await new Client(url).signIn(logins.clerk);
    const uploaded = await client.postFiles('/work/import', {
        kind: 'unit', file: new Blob(['名称,地址,区划代码\n页面测试店,页面路1号,500103\n,无名路2号,500103\n']),
    });
    assert.equal(uploaded.status, 303, await uploaded.text());
    const task = uploaded.headers.get('location').split('?')[0];
    const model = await client.json(task);
    const fields = {};
    for (const field of model.fields) {
        const column = { name: '名称', address: '地址', region: '区划代码' }[field.word];
        fields[`f.${field.word}`] = column ? field.options.find((one) => one.text === column).value : '';
    }
    const mapped = await client.post(`${task}/mapping`, fields, { from: task });
    assert.equal(mapped.status, 303, await mapped.text());
    const isReady = async () => JSON.stringify(await client.json(task)).includes('"may_confirm":true');
    for (let i = 0; i < 100 && !(await isReady()); i++) await new Promise((resolve) => setTimeout(resolve, 200));
    const confirmed = await client.post(`${task}/run`, { mode: 'skip-bad' }, { from: task });
    assert.equal(confirmed.status, 303, await confirmed.text());
    for (let i = 0; i < 100 && (await client.json(task)).task.state !== 'done'; i++) await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal((await client.json(task)).task.state, 'done');
}

/* So that the desk, the list and the pages of matters have something to show. */
async function makeMatters({ url, logins }) {
    const clerk = await new Client(url).signIn(logins.clerk);
    const inspector = await new Client(url).signIn(logins.inspector);
    const { region } = await verifiedComplaint(clerk, inspector, '页面测试案件');
    await openComplaint(clerk, { title: '页面测试商店', region });
}

/* A list long enough to be exported in the background; returns the page of the job. */
async function exportOfUnits({ url, logins }) {
    const client = await new Client(url).signIn(logins.clerk);
    const response = await client.post('/work/export', { list: 'units', format: 'csv' }, { from: '/work' });
    assert.equal(response.status, 303, await response.text());
    return response.headers.get('location');
}

/* Routes that are no pages to look at, each with the reason. */
const NO_PAGES = new Map([
    ['/healthz', 'for monitors'],
    ['/work/inspections/{id}/{old}', 'addresses of before there were matters, which lead on (main_job.mjs)'],
    ['/a/{file}', 'styles, scripts, icons'],
    ['/verify/js/{version}/{file}', 'the modules that /verify/offline loads (verify_offline.mjs)'],
    ['/track/files/{file}', 'the copy of a photo, for who sent it (report.mjs)'],
    ['/work/jobs/events', 'a stream that a page opens while a job runs'],
    ['/work/codes/{id}/records/{record}/{photo}', 'a photo of a record (firecode.mjs)'],
    ['/work/alarms/events', 'a stream that the alarm centre opens (alarms.mjs)'],
    ['/work/overview/events', 'a stream that map, dashboard and wall open (overview.mjs)'],
]);

test('every link answers the role that sees it', () => {
    const bad = [];
    for (const [role, pages] of reached) {
        for (const page of pages) {
            if (![200, 303].includes(page.status)) {
                bad.push(`${role || 'public'}: ${page.target} is ${page.status}, linked from ${page.from}`);
            }
        }
    }
    assert.deepEqual(bad, []);
});

test('every GET route is reached by some role', () => {
    const table = routes();
    const hit = new Set();
    for (const pages of reached.values()) {
        for (const page of pages) {
            const route = routeOf(table, 'GET', new URL(page.target, 'http://x').pathname);
            if (route) hit.add(route.path);
        }
    }
    const missed = table.filter((route) => route.method === 'GET' && !hit.has(route.path)
        && !NO_PAGES.has(route.path)).map((route) => `${route.path} (${route.file})`);
    assert.deepEqual(missed, []);
});

test('every page answers JSON with the same model', async () => {
    const client = await new Client(city.url).signIn(city.logins.leader ?? Object.values(city.logins)[0]);
    for (const page of reached.get(city.logins.leader ? 'leader' : [...reached.keys()][1])) {
        if (page.type !== 'text/html' || page.status !== 200) continue;
        const response = await client.get(page.target, { headers: { accept: 'application/json' } });
        assert.equal(response.status, 200, page.target);
        assert.match(response.headers.get('content-type'), /^application\/json/, page.target);
        JSON.parse(await response.text());
    }
});

/* One entry for each different page: who can see it, and one address. */
function differentPages() {
    const pages = new Map();
    for (const [role, list] of reached) {
        for (const page of list) {
            if (page.type !== 'text/html' || page.status !== 200) continue;
            const bare = page.key.split('?')[0];
            /* A list with a filter looks like the list; the first two forms of each are enough. */
            const variants = [...pages.keys()].filter((key) => key.split('?')[0] === bare).length;
            if (!pages.has(page.key) && (variants < 2 || IS_SOAK)) pages.set(page.key, { role, target: page.target });
        }
    }
    return [...pages.values()];
}

const LOOKS = [
    { width: 1440, dark: false },
    { width: 360, dark: true },
    { width: 1440, dark: true },
    { width: 360, dark: false },
];

// The first two meet every width and every colour once; the soak adds the crossed pairs.
for (const look of IS_SOAK ? LOOKS : LOOKS.slice(0, 2)) {
    const name = `${look.width} px, ${look.dark ? 'dark' : 'light'}`;
    test(`every page is accessible and quiet at ${name}`, async () => {
        const bad = [];
        const windows = new Map();
        for (const { role, target } of differentPages()) {
            let page = windows.get(role);
            if (!page) {
                page = await openPage(city.url, look);
                if (role) await signInBrowser(page, city.logins[role]);
                windows.set(role, page);
            }
            page.complaints.length = 0;
            const response = await page.goto(target);
            const say = (sentence) => bad.push(`${role || 'public'} ${target}: ${sentence}`);
            if (response.status() !== 200) say(`status ${response.status()}`);
            const headings = await page.locator('h1').count();
            if (headings !== 1) say(`${headings} h1`);
            if (!(await page.title())) say('no title');
            for (const finding of await axeFindings(page)) say(finding);
            const sideways = await sidewaysScroll(page);
            if (sideways > 0) say(`scrolls ${sideways} px sideways at ${look.width}`);
            if (look.width === 360) {
                await page.setViewportSize({ width: 320, height: 640 });
                const narrow = await sidewaysScroll(page);
                if (narrow > 0) say(`scrolls ${narrow} px sideways at 320`);
                await page.setViewportSize({ width: 360, height: 740 });
            }
            for (const complaint of page.complaints) say(complaint);
        }
        for (const page of windows.values()) await page.context().close();
        assert.deepEqual(bad, []);
    });
}

test('every page carries the security headers', async () => {
    const client = new Client(city.url);
    for (const page of reached.get('')) {
        const response = await client.get(page.target);
        await response.body?.cancel();
        const csp = response.headers.get('content-security-policy') ?? '';
        assert.match(csp, /default-src 'none'/, page.target);
        assert.doesNotMatch(csp, /unsafe/, page.target);
        assert.equal(response.headers.get('x-content-type-options'), 'nosniff', page.target);
        assert.ok(response.headers.get('referrer-policy'), page.target);
    }
});
