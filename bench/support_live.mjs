/*
 * What bench/alarm_live.mjs and bench/gateway_hostile.mjs stand on: a demo city with panels bound to its
 * buildings, fires that they send, and signed-in readers of the alarm list that note when each reached them.
 *
 * All clocks are this process's own (performance.now), except a browser's, whose wall clock is that of
 * the same machine.
 */
import http from 'node:http';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { addAccount, Client, makeCity, newDatabase, openPage, ROOT, serve, signInBrowser } from '../tests/flow/support.mjs';
import { Device, execute } from '../tests/flow/support_alarm.mjs';
import { rows } from '../tests/fault/support_fault.mjs';

const PANELS = 20;
const FLOORS = 60; /* each a detector: the fire of another floor is another alarm */
const FIRST_PANEL = 900_000_000;
const ACCOUNTS = 10;
const SMOKE_NORMAL = 1;
const SMOKE_FIRE = 2;
const CLOSE_EVERY = 20; /* alarms; a list shows 30 that wait, the oldest first */
const CLOSE_BUT = 4; /* the newest stay open */
/* As assets/alarm.js: a page that has shown the row fetches the whole list within this time. */
const SPREAD_MS = 2000;
const PAUSE_MS = 300;
const GIVE_UP_MS = 20_000; /* counts as so long */

export const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
export const wall = () => performance.timeOrigin + performance.now();

export function percentiles(list) {
    const all = [...list].sort((a, b) => a - b);
    const at = (share) => Math.round((all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? NaN) * 10) / 10;
    return { n: all.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

/* A program of build/bench; its stdout when it has ended. */
export function program(name, args) {
    const child = spawn(path.join(ROOT, 'build/bench', name), args.map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    let heard = () => {};
    const connected = new Promise((resolve) => { heard = resolve; });
    child.stdout.on('data', (data) => {
        text += data;
        if (text.includes('"connected"')) heard();
    });
    const done = new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code) => (code === 0 ? resolve(JSON.parse(text.trim().split('\n').at(-1)))
            : reject(new Error(`${name} ended with ${code}: ${text}`))));
    });
    return { child, connected: Promise.race([connected, done]), done };
}

/* --- the city ---------------------------------------------------------------------------------- */

/* Devices in the register that are bound to nothing: what bench/gateway_load.c speaks for. */
function registerLoad(db, count) {
    execute(db, `WITH RECURSIVE n (i) AS (SELECT 1000000 UNION ALL SELECT i + 1 FROM n WHERE i < ${999_999 + count})
        INSERT INTO device (protocol, code, profile, name, state, region, district, building_id, unit_id, place,
        service_body, service_contact, is_online, seen_us, state_bits, version, created_us, changed_us)
        SELECT 'gb26875', CAST(i AS text), 'standard', '', 'active', '', 0, 0, 0, '', '', '', 0, 0, 0, 0, 0, 0 FROM n;`);
}

function registerPanels(db) {
    execute(db, `INSERT INTO device (protocol, code, profile, name, state, region, district, building_id, unit_id, place,
        service_body, service_contact, is_online, seen_us, state_bits, version, created_us, changed_us)
        SELECT 'gb26875', CAST(${FIRST_PANEL} + (SELECT count(*) FROM building o WHERE o.id < b.id) AS text), 'standard', '测量传输装置', 'active', b.region,
        b.district, b.id, 0, '消控室', '', '', 0, 0, 0, 1, 0, 0 FROM building b ORDER BY b.id LIMIT ${PANELS};
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${FLOORS})
        INSERT INTO point (device_id, system_type, system_address, component_type, address, name, floor, room,
        building_id, district, state_bits, state_us, created_us)
        SELECT d.id, 1, 1, 42, n.i, '烟感', CAST(n.i AS text), '', d.building_id, d.district, 0, 0, 0
        FROM device d, n WHERE d.name = '测量传输装置';`);
}

/* A server with a city, panels, and sessions of duty officers of the whole city. */
export async function startStage({ engine, load = 0, args = [] }) {
    const db = newDatabase(engine);
    try {
        makeCity(db, 0.05);
        registerPanels(db);
        if (load > 0) registerLoad(db, load);
        const logins = Array.from({ length: ACCOUNTS }, (_, i) => addAccount(db, 'duty_officer', { login: `bench-duty-${i}` }));
        const server = await serve(db, { args });
        const cookies = [];
        for (const login of logins) {
            const client = await new Client(server.url).signIn(login);
            cookies.push([...client.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
        }
        const panels = [];
        for (let i = 0; i < PANELS; i++) panels.push(await new Device(FIRST_PANEL + i).connect(server));
        return {
            db, server, logins, cookies, panels,
            devicePort: Number(/devices at \S*?:(\d+)/.exec(server.log.join('\n'))[1]),
            stop: async () => {
                panels.forEach((panel) => panel.close());
                if (server.isAlive()) await server.kill();
                db.drop();
            },
        };
    } catch (error) {
        db.drop();
        throw error;
    }
}

const GZIP = 0x1f;
const text = (bytes) => (bytes[0] === GZIP ? gunzipSync(bytes) : bytes).toString();

/* --- readers ----------------------------------------------------------------------------------- */

/*
 * Reads what the alarm page reads: the event stream, and the page itself after an event, in the rhythm of
 * assets/alarm.js. An alarm has reached it when the event brings its row, else when the page does.
 */
export class Reader {
    constructor(server, cookie) {
        this.server = server;
        this.headers = { cookie, accept: 'text/html' };
        this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        this.shown = new Map(); /* id of the alarm -> performance.now() */
        this.told = new Set();
        this.pages = 0;
    }

    get(target, onData) {
        return new Promise((resolve, reject) => {
            const isStream = target.endsWith('/events');
            const headers = isStream ? this.headers : { ...this.headers, 'accept-encoding': 'gzip' };
            this.request = http.get(this.server.url + target, { headers, agent: isStream ? false : this.agent }, (response) => {
                if (response.statusCode !== 200) reject(new Error(`${target}: ${response.statusCode}`));
                if (isStream) response.setEncoding('utf8');
                response.on('data', onData);
                response.on('end', resolve);
                if (isStream) resolve(response);
            });
            this.request.on('error', (error) => (this.isOver ? resolve() : reject(error)));
        });
    }

    async open() {
        let text = '';
        this.stream = await this.get('/work/alarms/events', (data) => {
            text += data;
            for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
                const line = text.slice(0, end).split('\n').find((one) => one.startsWith('data: '));
                text = text.slice(end + 2);
                if (line) this.hear(JSON.parse(line.slice(6)));
            }
        });
        return this;
    }

    hear(news) {
        if (news.step === 'arrive') this.told.add(news.id);
        if (news.step === 'arrive' && news.row && !this.shown.has(news.id)) this.shown.set(news.id, performance.now());
        this.soon(news.row ? Math.random() * SPREAD_MS : 0);
    }

    soon(ms) {
        const due = performance.now() + ms;
        if (this.timer && this.due <= due) return;
        clearTimeout(this.timer);
        this.due = due;
        this.timer = setTimeout(() => {
            this.timer = null;
            this.renew();
        }, ms);
    }

    async renew() {
        if (this.isBusy) {
            this.isAgain = true;
            return;
        }
        this.isBusy = true;
        this.isAgain = false;
        const parts = [];
        await this.get('/work/alarms', (data) => { parts.push(data); });
        this.pages += 1;
        const now = performance.now();
        const isNeeded = [...this.told].some((id) => !this.shown.has(id)); /* else this process saves itself the work */
        const page = isNeeded ? text(Buffer.concat(parts)) : '';
        for (const [, id] of page.matchAll(/data-alarm="(\d+)"/g)) if (!this.shown.has(Number(id))) this.shown.set(Number(id), now);
        setTimeout(() => {
            this.isBusy = false;
            if (this.isAgain && !this.isOver) this.renew();
        }, PAUSE_MS);
    }

    close() {
        this.isOver = true;
        clearTimeout(this.timer);
        this.stream?.destroy();
        this.agent.destroy();
    }
}

export async function openReaders(stage, count) {
    const readers = [];
    for (let i = 0; i < count; i++) readers.push(await new Reader(stage.server, stage.cookies[i % stage.cookies.length]).open());
    return readers;
}

/* A real page of Chromium; shown() gives what its document has held and since when (wall clock). */
export async function openBrowserPage(stage, i) {
    const page = await openPage(stage.server.url, { width: 1280 });
    await signInBrowser(page, stage.logins[i % stage.logins.length]);
    await page.addInitScript(() => {
        globalThis.seen = {};
        const look = () => document.querySelectorAll('[data-list] [data-alarm]').forEach((row) => {
            globalThis.seen[row.dataset.alarm] ??= performance.timeOrigin + performance.now();
        });
        new MutationObserver(look).observe(document, { childList: true, subtree: true });
    });
    await page.goto('/work/alarms');
    return { page, shown: async () => new Map(Object.entries(await page.evaluate(() => globalThis.seen)).map(([id, at]) => [Number(id), at])) };
}

/* --- fires ------------------------------------------------------------------------------------- */

/* Sends `count` fires, each of another floor, `everyMs` apart (not in step with any timer of the server).
 * Returns [{code, address, sent, confirmed}] by performance.now(). `anew`: every second one comes by a
 * connection that is made for it, and `sent` is before it is made. */
export async function sendFires(stage, { count, everyMs, anew = false }) {
    const fires = [];
    const pending = [];
    for (let i = 0; i < count; i++) {
        const code = FIRST_PANEL + (i % PANELS);
        const address = 1 + Math.floor(i / PANELS);
        const fire = { code, address, sent: performance.now(), wall: wall(), isNew: anew && i % 2 === 1 };
        fires.push(fire);
        pending.push(tellFire(stage, fire));
        await wait(everyMs * (0.75 + Math.random() / 2));
        if (i % CLOSE_EVERY === CLOSE_EVERY - 1) closeAlarms(stage.db, CLOSE_BUT);
    }
    await Promise.all(pending);
    return fires;
}

async function tellFire(stage, fire) {
    const known = stage.panels[fire.code - FIRST_PANEL];
    const panel = fire.isNew ? await new Device(fire.code).connect(stage.server) : known;
    if (fire.isNew) panel.serial = known.serial++;
    await Promise.race([panel.tell(fire.address, SMOKE_FIRE), wait(GIVE_UP_MS)]);
    fire.confirmed = performance.now();
    if (fire.isNew) panel.close();
}

/* As if people had been at them; the pages hear of it when they look next. */
function closeAlarms(db, but) {
    execute(db, `UPDATE alarm SET state = 'closed', result = 'test', closed_us = arrived_us WHERE state <> 'closed' AND id <=
        (SELECT max(id) FROM alarm) - ${but};`);
}

/* After a phase: all detectors are normal again and all alarms closed, so that the next fire is a new one. */
export async function restore(stage, fires) {
    for (const { code, address } of fires) await stage.panels[code - FIRST_PANEL].tell(address, SMOKE_NORMAL);
    closeAlarms(stage.db, 0);
}

/* Adds the alarm's number to each fire; fires of earlier phases have lower ones. */
export function numberFires(stage, fires, afterId) {
    const found = rows(stage.db, `SELECT a.alarm_id AS id, d.code AS code, p.address AS address FROM alarm_point a
        JOIN device d ON d.id = a.device_id JOIN point p ON p.id = a.point_id WHERE a.alarm_id > ${afterId} AND d.name = '测量传输装置'`);
    const ids = new Map(found.map(({ id, code, address }) => [`${code}:${address}`, Number(id)]));
    for (const fire of fires) fire.id = ids.get(`${fire.code}:${fire.address}`);
}

export const newestAlarm = (db) => Number(rows(db, 'SELECT coalesce(max(id), 0) AS id FROM alarm')[0].id);

/* Milliseconds from each fire to each reader, and how many never came. */
export function reached(fires, maps, clock = 'sent') {
    const times = [];
    let missing = 0;
    for (const map of maps) {
        for (const fire of fires) {
            const at = map.get(fire.id);
            if (at === undefined) missing += 1;
            else times.push(at - fire[clock]);
        }
    }
    return { ...percentiles(times), missing };
}
