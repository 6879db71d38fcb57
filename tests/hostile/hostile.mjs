/*
 * What a hostile client can send to the real binary: the answer must be a clear refusal, the server
 * must stay alive and its memory bounded. No dependencies; raw sockets.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, huozheng, newDatabase, serve } from '../flow/support.mjs';

const MIB = 1024 * 1024;
const IDLE_S = 3;
const RSS_GROWTH_MAX = 100 * MIB;
const RSS_GROWTH_MAX_ASAN = 700 * MIB; /* it keeps freed memory in quarantine */
const LOGIN = { login: 'hostile', password: `Zx9-${randomBytes(9).toString('hex')}` };

let db;
let server;
let rssAtStart;

function status(field) {
    const text = readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(text)[1]) * 1024;
}

before(async () => {
    db = newDatabase();
    server = await serve(db, { args: ['--idle-timeout', String(IDLE_S)] });
    huozheng(['user', 'add', LOGIN.login, '--name', '测试', '--roles', 'clerk', '--region', '500000',
        '--password-stdin'], { db: db.url, input: `${LOGIN.password}\n` });
    await expectAlive();
    rssAtStart = status('VmHWM');
});

after(async () => {
    await server.stop();
    db.drop();
});

async function expectAlive() {
    const response = await fetch(`${server.url}/`);
    assert.equal(response.status, 200);
    await response.arrayBuffer();
}

function expectBounded() {
    const grown = status('VmHWM') - rssAtStart;
    const isSanitized = readFileSync(`/proc/${server.child.pid}/maps`, 'utf8').includes('libasan');
    assert.ok(grown < (isSanitized ? RSS_GROWTH_MAX_ASAN : RSS_GROWTH_MAX), `memory grew by ${Math.round(grown / MIB)} MiB`);
}

/*
 * Sends `head`, then what `produce()` yields until it returns null or the server closes; resolves with
 * what the server said and how many bytes it let us send.
 */
function talk(head, produce = () => null, { timeout = 60_000 } = {}) {
    return new Promise((resolve, reject) => {
        const socket = net.connect(server.port, '127.0.0.1');
        const heard = [];
        let sent = 0;
        let isOver = false;
        const timer = setTimeout(() => {
            socket.destroy();
            reject(new Error(`no end after ${timeout} ms; heard ${Buffer.concat(heard).toString().slice(0, 200)}`));
        }, timeout);
        const finish = () => {
            isOver = true;
            clearTimeout(timer);
            resolve({ text: Buffer.concat(heard).toString(), sent });
        };
        const pump = () => {
            while (!isOver) {
                const chunk = produce();
                if (chunk === null) return;
                sent += chunk.length;
                if (!socket.write(chunk)) {
                    socket.once('drain', pump);
                    return;
                }
            }
        };
        socket.on('data', (data) => heard.push(data));
        socket.on('error', finish);
        socket.on('close', finish);
        socket.on('connect', () => {
            socket.write(head);
            pump();
        });
    });
}

const upTo = (total, chunk) => {
    let left = total;
    return () => {
        if (left <= 0) return null;
        left -= chunk.length;
        return chunk;
    };
};

const head = (line, headers) => `${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${
    headers.map((header) => `${header}\r\n`).join('')}\r\n`;

const statusOf = (text) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0);

const FORM = 'Content-Type: application/x-www-form-urlencoded';
const MULTIPART = 'Content-Type: multipart/form-data; boundary=x';

test('a 2 GB form that says so is refused before it is read', async () => {
    const { text, sent } = await talk(head('POST /signin', [FORM, `Content-Length: ${2048 * MIB}`]),
        upTo(2048 * MIB, Buffer.alloc(64 * 1024, 'a')));
    assert.equal(statusOf(text), 413);
    assert.ok(sent < 64 * MIB, `${sent} bytes were taken`);
    await expectAlive();
    expectBounded();
});

test('a 2 GB form in chunks is refused at its limit', async () => {
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65536, 'a'), Buffer.from('\r\n')]);
    const { text, sent } = await talk(head('POST /signin', [FORM, 'Transfer-Encoding: chunked']), upTo(2048 * MIB, chunk));
    assert.equal(statusOf(text), 413);
    assert.ok(sent < 64 * MIB, `${sent} bytes were taken`);
    await expectAlive();
    expectBounded();
});

test('a stranger cannot upload a file at all', async (t) => {
    const { text, sent } = await talk(head('POST /work/import', [MULTIPART, `Content-Length: ${200 * MIB}`]),
        upTo(200 * MIB, Buffer.alloc(64 * 1024, 'a')));
    if (statusOf(text) === 404) return t.skip('this build has no import page');
    assert.equal(statusOf(text), 401);
    assert.ok(sent < 64 * MIB, `${sent} bytes were taken`);
    expectBounded();
    return undefined;
});

test('a signed-in clerk cannot upload 2 GB', async (t) => {
    const client = await new Client(server.url).signIn(LOGIN);
    if ((await client.get('/work/import')).status === 404) return t.skip('this build has no import page');
    const cookie = `Cookie: ${[...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')}`;
    const announced = await talk(head('POST /work/import', [MULTIPART, cookie, `Content-Length: ${2048 * MIB}`]),
        upTo(2048 * MIB, Buffer.alloc(64 * 1024, 'a')));
    assert.equal(statusOf(announced.text), 413);
    /* Without a length the bytes are counted as they arrive, on disk, and deleted. */
    const first = Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n');
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MIB, 'a'), Buffer.from('\r\n')]);
    let isFirst = true;
    const rest = upTo(2048 * MIB, chunk);
    const { text, sent } = await talk(
        head('POST /work/import', [MULTIPART, cookie, 'Transfer-Encoding: chunked']),
        () => {
            if (!isFirst) return rest();
            isFirst = false;
            return Buffer.concat([Buffer.from(`${first.length.toString(16)}\r\n`), first, Buffer.from('\r\n')]);
        }, { timeout: 120_000 });
    assert.equal(statusOf(text), 413);
    assert.ok(sent > 400 * MIB && sent < 700 * MIB, `${sent} bytes were taken`);
    assert.deepEqual(readdirSync(path.join(db.folder, 'data/uploads')), []);
    await expectAlive();
    expectBounded();
    return undefined;
});

test('a 10 MB field is refused', async () => {
    const field = Buffer.alloc(10 * MIB, 'a');
    const plain = await talk(head('POST /signin', [FORM, `Content-Length: ${field.length}`]), upTo(field.length, field));
    assert.equal(statusOf(plain.text), 413);
    const part = Buffer.from('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n');
    const parts = [part, field];
    const multi = await talk(head('POST /signin', [MULTIPART, 'Transfer-Encoding: chunked']), () => {
        const next = parts.shift();
        return next ? Buffer.concat([Buffer.from(`${next.length.toString(16)}\r\n`), next, Buffer.from('\r\n')]) : null;
    });
    assert.equal(statusOf(multi.text), 413);
    await expectAlive();
    expectBounded();
});

test('a million fields are refused', async () => {
    const body = Buffer.from('a=1&'.repeat(1_000_000));
    const { text } = await talk(head('POST /signin', [FORM, `Content-Length: ${body.length}`]), upTo(body.length, body));
    assert.equal(statusOf(text), 413);
    /* As many as fit into a form's bytes. */
    const fitting = Buffer.from('&a'.repeat(32_000));
    const second = await talk(head('POST /signin', [FORM, `Content-Length: ${fitting.length}`]), upTo(fitting.length, fitting));
    assert.equal(statusOf(second.text), 413);
    const query = await talk(head(`GET /?${'a&'.repeat(2000)}`, []));
    assert.equal(statusOf(query.text), 400);
    await expectAlive();
});

test('a million parts are refused', async () => {
    const part = Buffer.from('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'.repeat(1000));
    const chunk = Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
    const { text } = await talk(head('POST /signin', [MULTIPART, 'Transfer-Encoding: chunked']), upTo(1000 * chunk.length, chunk));
    assert.equal(statusOf(text), 413);
    await expectAlive();
    expectBounded();
});

test('headers that two readers could read differently are refused', async () => {
    const heads = [
        ['Content-Length: 3', 'Content-Length: 3'],
        ['Content-Length: 3', 'Transfer-Encoding: chunked'],
        ['Host: b'],
        ['Cookie: hz_session=a', 'Cookie: hz_session=b'],
        ['X-CSRF-Token: a', 'X-CSRF-Token: b'],
        ['Transfer-Encoding: chunked, chunked'],
        ['Content-Length: +3'],
        ['Content-Length: 3, 3'],
    ];
    for (const headers of heads) {
        const { text } = await talk(`${head('POST /signin', [FORM, ...headers])}a=b`);
        assert.equal(statusOf(text), 400, `${headers}: ${text.slice(0, 40)}`);
    }
    await expectAlive();
});

test('a hundred thousand headers are refused', async () => {
    let number = 0;
    const { text } = await talk('GET / HTTP/1.1\r\nHost: a\r\n',
        () => (number < 100_000 ? Buffer.from(`X-${number++}: ${'v'.repeat(40)}\r\n`) : null));
    assert.equal(statusOf(text), 431);
    await expectAlive();
    expectBounded();
});

test('garbage does not stop the server', async () => {
    const one = async () => {
        const { text } = await talk(randomBytes(4096 + Math.floor(Math.random() * 60_000)), () => null, { timeout: 20_000 });
        assert.notEqual(statusOf(text), 200);
    };
    for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 40 }, one));
    await expectAlive();
    expectBounded();
});

test('clients that leave in the middle leave nothing behind', async () => {
    const texts = [
        'GET / HT', 'GET / HTTP/1.1\r\nHost: a\r\n', head('POST /signin', [FORM, 'Content-Length: 900']),
        `${head('POST /signin', [MULTIPART, 'Content-Length: 9000'])}--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nabc`,
    ];
    await Promise.all(Array.from({ length: 200 }, (_, i) => new Promise((resolve) => {
        const socket = net.connect(server.port, '127.0.0.1', () => {
            socket.write(texts[i % texts.length], () => setTimeout(() => {
                socket.resetAndDestroy?.() ?? socket.destroy();
                resolve();
            }, 50));
        });
        socket.on('error', resolve);
    })));
    await expectAlive();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(readdirSync(path.join(db.folder, 'data/uploads')), []);
});

test('slow heads and slow bodies are cut, whoever is quick is served meanwhile', async () => {
    const drip = (first, byte) => new Promise((resolve) => {
        const started = Date.now();
        const socket = net.connect(server.port, '127.0.0.1', () => {
            socket.write(first);
            const timer = setInterval(() => socket.write(byte), 200);
            const finish = () => {
                clearInterval(timer);
                resolve(Date.now() - started);
            };
            socket.on('close', finish);
            socket.on('error', () => {});
            socket.resume();
        });
    });
    const slow = [
        ...Array.from({ length: 300 }, () => drip('GET / HTTP/1.1\r\nHost: a\r\n', 'X')),
        ...Array.from({ length: 100 }, () => drip(head('POST /signin', [FORM, 'Content-Length: 60000']), 'a')),
    ];
    await new Promise((resolve) => setTimeout(resolve, 500));
    const started = Date.now();
    await expectAlive();
    assert.ok(Date.now() - started < 2000);
    const worst = Math.max(...await Promise.all(slow));
    assert.ok(worst < (IDLE_S + 4) * 1000, `the last slow client was cut after ${worst} ms`);
    await expectAlive();
});
