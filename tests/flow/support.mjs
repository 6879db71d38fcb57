/*
 * What flow tests stand on: the real binary with a demo city, a plain HTTP client with cookies, and
 * a real browser. Nothing here knows a page's content.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const BINARY = process.env.HUOZHENG_BINARY ?? path.join(ROOT, 'build/huozheng');
export const SHARED_DATA = path.join(ROOT, '../shared/data');
export const IS_SOAK = process.env.HUOZHENG_SOAK === '1';
export const IS_PG_THERE = Boolean(process.env.HUOZHENG_TEST_PG);

/* The engines this run can use; PostgreSQL only below tools/with-postgres. */
export const ENGINES = IS_PG_THERE ? ['sqlite', 'postgresql'] : ['sqlite'];

/* Runs a command of the binary; throws with its output unless it ends with `code`. */
export function huozheng(args, { db, code = 0, input, env = {} } = {}) {
    const done = spawnSync(BINARY, args, {
        encoding: 'utf8',
        input: input ?? '',
        env: { ...process.env, ...(db ? { HUOZHENG_DB: db } : {}), ...env },
        maxBuffer: 256 * 1024 * 1024,
    });
    assert.equal(done.status, code,
        `huozheng ${args.join(' ')} ended with ${done.status ?? done.signal}\n${done.stdout}\n${done.stderr}`);
    return done.stdout;
}

function psql(sql) {
    const done = spawnSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', pgUrlOf('postgres'), '-c', sql],
        { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
}

function pgUrlOf(database) {
    const base = process.env.HUOZHENG_TEST_PG;
    const [head, query] = base.split('?');
    const afterScheme = head.indexOf('//') + 2;
    const slash = head.indexOf('/', afterScheme);
    const server = slash < 0 ? head : head.slice(0, slash);
    return `${server}/${database}${query ? `?${query}` : ''}`;
}

/* An empty database of its own; `drop()` removes every trace. */
export function newDatabase(engine = 'sqlite') {
    const folder = mkdtempSync(path.join(process.env.HUOZHENG_TEST_SCRATCH ?? tmpdir(), 'flow-'));
    if (engine === 'sqlite') {
        return {
            folder, engine,
            url: `sqlite:${path.join(folder, 'huozheng.db')}`,
            drop: () => rmSync(folder, { recursive: true, force: true }),
        };
    }
    const name = `flow_${randomBytes(6).toString('hex')}`;
    psql(`CREATE DATABASE ${name}`);
    return {
        folder, engine,
        url: pgUrlOf(name),
        drop: () => {
            psql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
            rmSync(folder, { recursive: true, force: true });
        },
    };
}

/* Starts `huozheng serve` and waits until it listens. `stop()` ends it and waits. */
export async function serve(db, { args = [], env = {} } = {}) {
    const child = spawn(BINARY, ['serve', '--address', '127.0.0.1', '--port', '0', '--strict', ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, HUOZHENG_DB: db.url, HUOZHENG_DATA: path.join(db.folder, 'data'), ...env },
    });
    const log = [];
    let ended = false;
    const exit = new Promise((resolve) => child.once('exit', (code, signal) => {
        ended = true;
        resolve({ code, signal });
    }));
    const port = await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`server did not listen:\n${log.join('\n')}`)), 60_000);
        for (const stream of [child.stdout, child.stderr]) {
            createInterface({ input: stream }).on('line', (line) => {
                log.push(line);
                const match = /listening on \S*?:(\d+)/.exec(line);
                if (match) {
                    clearTimeout(timer);
                    resolve(Number(match[1]));
                }
            });
        }
        exit.then(({ code }) => {
            clearTimeout(timer);
            reject(new Error(`server ended with ${code}:\n${log.join('\n')}`));
        });
    });
    return {
        url: `http://127.0.0.1:${port}`,
        port, child, log, exit,
        isAlive: () => !ended,
        kill: async () => {
            child.kill('SIGKILL');
            await exit;
        },
        stop: async () => {
            if (ended) return;
            child.kill('SIGTERM');
            const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
            const { code, signal } = await exit;
            clearTimeout(timer);
            assert.ok(code === 0, `server ended with ${code ?? signal}:\n${log.slice(-20).join('\n')}`);
        },
    };
}

export const ROLES = ['inspector', 'legal_reviewer', 'leader', 'clerk', 'duty_officer', 'township_worker', 'auditor',
    'system_administrator', 'security_administrator'];

/* An account of its own with one role; the password needs no change at the first sign-in. */
export function addAccount(db, role, { login = `flow-${role.replaceAll('_', '-')}`, region = '500000', officer } = {}) {
    const password = `Flow-${randomBytes(9).toString('base64url')}`;
    huozheng(['user', 'add', login, '--name', `流程测试 ${role}`, '--roles', role, '--region', region,
        ...(officer ? ['--officer', String(officer)] : []), '--password-stdin'],
        { db: db.url, input: `${password}\n` });
    return { login, password };
}

/* A demo city on a server. `logins` maps a role word to {login, password}. `forward(seconds)` lets the
 * server's clock run ahead, for what must not happen before its time (base/clock.h, HUOZHENG_NOW). */
export async function startCity({ engine = 'sqlite', scale = 0.02, args = [], env = {} } = {}) {
    const db = newDatabase(engine);
    try {
        const logins = makeCity(db, scale);
        const ahead = path.join(db.folder, 'ahead');
        let seconds = 0;
        const server = await serve(db, { args, env: { HUOZHENG_NOW: `+${ahead}`, ...env } });
        return {
            db, server, logins,
            clock: { HUOZHENG_NOW: `+${ahead}` },
            forward: (more) => {
                seconds += more;
                writeFileSync(ahead, String(seconds));
            },
            url: server.url,
            stop: async () => {
                try {
                    await server.stop();
                } finally {
                    db.drop();
                }
            },
        };
    } catch (error) {
        db.drop();
        throw error;
    }
}

/* Fills `db` with a demo city and returns {role: {login, password}}; every role has one. */
export function makeCity(db, scale) {
    const logins = {};
    for (const account of JSON.parse(huozheng(['init', '--demo', '--scale', String(scale), '--json'], { db: db.url })).accounts) {
        for (const role of account.roles) logins[role] ??= { login: account.login, password: account.password };
    }
    for (const role of ROLES) logins[role] ??= addAccount(db, role);
    return logins;
}

/* Hidden inputs of the form on `html` that posts to `target` (of the first POST form otherwise). */
function hiddenFields(html, target) {
    const forms = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].filter(([, head]) => /method="?post/i.test(head));
    const [, , body] = forms.find(([, head]) => head.includes(`action="${target}"`)) ?? forms[0] ?? ['', '', ''];
    return [...body.matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)].map(([input]) => [
        /\sname="([^"]*)"/.exec(input)?.[1] ?? '', /\svalue="([^"]*)"/.exec(input)?.[1] ?? '']);
}

/* Set-Cookie lines of a response. The fetch of Debian's node 18 has no getSetCookie and joins them by
 * commas; our cookies have no comma of their own (Max-Age, never Expires). */
export function setCookies(response) {
    return response.headers.getSetCookie?.() ?? (response.headers.get('set-cookie') ?? '').split(/,\s*(?=[\w-]+=)/).filter(Boolean);
}

/* A browser without a screen: keeps cookies, follows no redirect. */
export class Client {
    constructor(url) {
        this.url = url;
        this.cookies = new Map();
    }

    async request(method, target, { body, headers = {} } = {}) {
        const response = await fetch(new URL(target, this.url), {
            method, body, redirect: 'manual',
            headers: {
                ...(this.cookies.size > 0
                    ? { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') } : {}),
                ...headers,
            },
        });
        for (const line of setCookies(response)) {
            const [pair] = line.split(';');
            const at = pair.indexOf('=');
            if (/max-age=0/i.test(line)) this.cookies.delete(pair.slice(0, at));
            else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
        }
        return response;
    }

    get(target, options) {
        return this.request('GET', target, options);
    }

    /* The view model of a page. */
    async json(target) {
        const response = await this.get(target, { headers: { accept: 'application/json' } });
        const text = await response.text();
        assert.equal(response.status, 200, `${target}: ${response.status} ${text.slice(0, 500)}`);
        return JSON.parse(text);
    }

    /* Posts a form as a browser does: with the hidden fields it has on the page `from`. */
    async post(target, fields, { from = target, headers } = {}) {
        const page = await this.get(from);
        const form = new URLSearchParams([...hiddenFields(await page.text(), target)]);
        for (const [name, value] of fields instanceof URLSearchParams ? fields : Object.entries(fields)) form.append(name, value);
        return this.request('POST', target, {
            body: form.toString(),
            headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        });
    }

    /* Posts a multipart form; `fields` may hold Blobs (files). */
    async postFiles(target, fields, { from = target } = {}) {
        const page = await this.get(from);
        const form = new FormData();
        for (const [name, value] of hiddenFields(await page.text(), target)) form.append(name, value);
        for (const [name, value] of Object.entries(fields)) {
            if (value instanceof Blob) form.append(name, value, `${name}.csv`);
            else form.append(name, value);
        }
        return this.request('POST', target, { body: form });
    }

    async signIn({ login, password }) {
        const response = await this.post('/signin', { login, password });
        assert.equal(response.status, 303, `sign-in as ${login}: ${response.status}`);
        return this;
    }
}

/* --- browser ---------------------------------------------------------------------------------- */

let browserOnce;

/* One Chromium for the whole test file. */
export async function browser() {
    browserOnce ??= (async () => {
        const { chromium } = await import('playwright-core');
        return chromium.launch({
            executablePath: process.env.HUOZHENG_CHROMIUM ?? '/usr/bin/chromium',
            args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage',
                '--disable-background-networking', '--disable-component-update', '--disable-sync'],
        });
    })();
    return browserOnce;
}

export async function closeBrowser() {
    if (browserOnce) await (await browserOnce).close();
    browserOnce = undefined;
}

/* A fresh window. Everything the page complains about lands in `page.complaints`. */
export async function openPage(url, { width = 1440, height = 900, dark = false, script = true, cookies } = {}) {
    const context = await (await browser()).newContext({
        baseURL: url,
        viewport: { width, height },
        colorScheme: dark ? 'dark' : 'light',
        javaScriptEnabled: script,
        locale: 'zh-CN',
        timezoneId: 'Asia/Shanghai',
    });
    if (cookies) await context.addCookies(cookies);
    const page = await context.newPage();
    page.complaints = [];
    page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) page.complaints.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => page.complaints.push(`script: ${error.message}`));
    page.on('requestfailed', (request) => {
        const reason = request.failure()?.errorText ?? '';
        if (reason !== 'net::ERR_ABORTED') page.complaints.push(`request: ${request.url()} ${reason}`);
    });
    return page;
}

export async function signInBrowser(page, { login, password }) {
    await page.goto('/signin');
    await page.fill('input[name=login]', login);
    await page.fill('input[name=password]', password);
    await Promise.all([page.waitForNavigation(), page.press('input[name=password]', 'Enter')]);
    assert.ok(!page.url().includes('/signin'), `signed in as ${login}: still at ${page.url()}`);
    return page;
}

const axeSource = () => readFileSync(path.join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
let axeText;

/* Serious and critical findings of axe-core as sentences. */
export async function axeFindings(page) {
    axeText ??= axeSource();
    /* Evaluated by the debugger, so the page's CSP does not forbid it. */
    await page.evaluate(axeText);
    const found = await page.evaluate(() => globalThis.axe.run(document, {
        resultTypes: ['violations'],
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }));
    return found.violations
        .filter((one) => ['serious', 'critical'].includes(one.impact))
        .map((one) => `${one.id} (${one.impact}): ${one.help}: ${one.nodes.slice(0, 3).map((n) => n.html.slice(0, 200)).join(' | ')}`);
}

/* How far the page can be scrolled sideways, in px. */
export function sidewaysScroll(page) {
    return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

export function fileIfThere(file) {
    return existsSync(file) ? file : null;
}
