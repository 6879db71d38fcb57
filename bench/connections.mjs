/*
 * 10,000 idle keep-alive connections and 10,000 event streams at once: memory of the server, and
 * whether ordinary pages still answer. Beside it the same load on bench/conn_baseline.c, the least
 * program that libmicrohttpd allows.
 *
 *   node bench/connections.mjs [--idle 10000] [--streams 10000]
 *
 * Where the hard limit of open files is lower, as many as fit are opened and the figures say so.
 * Ends with one line of JSON (see bench/run.py).
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BINARY, Client, huozheng, newDatabase, serve } from '../tests/flow/support.mjs';

const { values: options } = parseArgs({
    options: {
        idle: { type: 'string', default: '10000' },
        streams: { type: 'string', default: '10000' },
        /* what a helper process of this same file is told */
        port: { type: 'string' },
        kind: { type: 'string' },
        count: { type: 'string' },
        path: { type: 'string' },
        cookie: { type: 'string' },
    },
});

const HEARTBEAT_S = 15;
const TARGET_MB = 400;
const OPENING_AT_ONCE = 200;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* --- a helper holds one kind of connections: a process's own limit of files applies to it too --- */

async function hold() {
    const port = Number(options.port);
    const count = Number(options.count);
    const isStream = options.kind === 'streams';
    const state = { open: 0, lost: 0, heard: 0 };
    const request = `GET ${options.path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${
        options.cookie ? `Cookie: ${options.cookie}\r\n` : ''}\r\n`;
    const openOne = (number) => new Promise((resolve) => {
        /* Several source addresses: one pair of addresses has only 28,000 ports. */
        const socket = net.connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (number % 4)}` });
        let isOpen = false;
        socket.on('connect', () => socket.write(request));
        socket.on('data', (data) => {
            if (isOpen) {
                state.heard += 1;
            } else if (data.includes('HTTP/1.1 200')) {
                isOpen = true;
                state.open += 1;
                resolve();
            }
        });
        socket.on('error', () => {});
        socket.on('close', () => {
            if (isOpen) state.open -= 1;
            state.lost += 1;
            resolve();
        });
    });
    let next = 0;
    await Promise.all(Array.from({ length: OPENING_AT_ONCE }, async () => {
        while (next < count) await openOne(next++);
    }));
    process.stdout.write('open\n');
    createInterface({ input: process.stdin }).on('line', () => process.stdout.write(`${JSON.stringify(state)}\n`));
}

/* --- the measurement --- */

class Helper {
    constructor(kind, count, port, target, cookie) {
        this.child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--kind', kind, '--count', String(count),
            '--port', String(port), '--path', target, ...(cookie ? ['--cookie', cookie] : [])],
        { stdio: ['pipe', 'pipe', 'inherit'] });
        this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    }

    async opened() {
        assert.equal((await this.lines.next()).value, 'open');
    }

    async state() {
        this.child.stdin.write('?\n');
        return JSON.parse((await this.lines.next()).value);
    }

    stop() {
        this.child.kill();
    }
}

const memoryMB = (pid, field) => Number(new RegExp(`${field}:\\s+(\\d+) kB`)
    .exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function latencies(url, times) {
    const all = [];
    for (let i = 0; i < times; i++) {
        const started = process.hrtime.bigint();
        const response = await fetch(url);
        assert.equal(response.status, 200);
        await response.arrayBuffer();
        all.push(Number(process.hrtime.bigint() - started) / 1e6);
    }
    all.sort((a, b) => a - b);
    return { p50: all[Math.floor(times * 0.5)], p99: all[Math.floor(times * 0.99)], max: all[times - 1] };
}

async function measure({ pid, port, events, idle, cookie, page }, counts) {
    const url = `http://127.0.0.1:${port}${page}`;
    const quiet = await latencies(url, 200);
    const before = memoryMB(pid, 'VmRSS');
    const started = Date.now();
    const helpers = [new Helper('streams', counts.streams, port, events, cookie), new Helper('idle', counts.idle, port, idle)];
    try {
        await Promise.all(helpers.map((helper) => helper.opened()));
        const openedMs = Date.now() - started;
        const loaded = await latencies(url, 200);
        await sleep((HEARTBEAT_S + 2) * 1000); /* each stream gets a heartbeat meanwhile */
        const [streams, idles] = await Promise.all(helpers.map((helper) => helper.state()));
        return {
            before, after: memoryMB(pid, 'VmRSS'), peak: memoryMB(pid, 'VmHWM'), quiet, loaded, openedMs,
            streams: streams.open, idle: idles.open, heartbeats: streams.heard, lost: streams.lost + idles.lost,
        };
    } finally {
        helpers.forEach((helper) => helper.stop());
    }
}

async function measureHuozheng(counts) {
    const db = newDatabase();
    const server = await serve(db, { args: ['--idle-timeout', '600'] });
    try {
        const login = { login: 'bench', password: 'Kw7-lantern-Orbit-8119' };
        huozheng(['user', 'add', login.login, '--name', '测量', '--roles', 'inspector', '--region', '500000', '--password-stdin'],
            { db: db.url, input: `${login.password}\n` });
        const client = await new Client(server.url).signIn(login);
        const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        return await measure({
            pid: server.child.pid, port: server.port, cookie, events: '/work/jobs/events', idle: '/healthz', page: '/',
        }, counts);
    } finally {
        await server.stop();
        db.drop();
    }
}

async function measureBaseline(counts) {
    const child = spawn(path.join(path.dirname(BINARY), 'bench/conn_baseline'), [], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
        const line = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
        const port = Number(/:(\d+)$/.exec(line.value)[1]);
        return await measure({ pid: child.pid, port, events: '/events', idle: '/', page: '/' }, counts);
    } finally {
        child.kill();
    }
}

function countsThatFit() {
    const hard = Number(spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout) || Infinity;
    const idle = Number(options.idle);
    const streams = Number(options.streams);
    const share = Math.min(1, (hard - 200) / (idle + streams));
    return { idle: Math.floor(idle * share), streams: Math.floor(streams * share), hard };
}

const round = (number) => Math.round(number * 10) / 10;

async function main() {
    const counts = countsThatFit();
    const bare = await measureBaseline(counts);
    const ours = await measureHuozheng(counts);
    const asked = `${options.idle} + ${options.streams}`;
    const held = `${ours.idle} + ${ours.streams}`;
    const isWhole = ours.idle === counts.idle && ours.streams === counts.streams;
    const detail = counts.idle < Number(options.idle) ? `only ${held} of ${asked}: hard limit of ${counts.hard} open files here` : '';
    const figures = [
        { name: 'Connections held (idle + event streams)', value: held, unit: '', target: asked,
            /* neither held nor missed where this machine does not allow as many */
            holds: isWhole && detail ? undefined : isWhole,
            comparison: `bare libmicrohttpd ${bare.idle} + ${bare.streams}`, detail: detail || `opened in ${round(ours.openedMs / 1000)} s` },
        { name: 'Memory of the server with them', value: round(ours.peak), unit: 'MB', target: `< ${TARGET_MB} MB`, holds: ours.peak < TARGET_MB && isWhole,
            comparison: `bare libmicrohttpd ${round(bare.peak)} MB`,
            detail: `peak; ${round(ours.before)} MB before, ${round((ours.after - ours.before) * 1024 / (ours.idle + ours.streams))} KiB per connection` },
        { name: 'Start page meanwhile, p99', value: round(ours.loaded.p99), unit: 'ms', target: '< 100 ms', holds: ours.loaded.p99 < 100,
            comparison: `${round(ours.quiet.p99)} ms without them`, detail: `p50 ${round(ours.loaded.p50)} ms, one after the other` },
        { name: 'Event streams that heard a heartbeat', value: ours.heartbeats, unit: '', target: `≥ ${ours.streams}`, holds: ours.heartbeats >= ours.streams,
            comparison: `bare libmicrohttpd ${bare.heartbeats}`, detail: `within ${HEARTBEAT_S + 2} s; ${ours.lost} connections lost` },
    ];
    process.stdout.write(`${JSON.stringify({ title: 'Many connections', figures })}\n`);
}

if (options.kind) await hold();
else await main();
