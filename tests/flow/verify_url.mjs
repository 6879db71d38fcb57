/*
 * `huozheng verify URL`: a running server's log, one of its draws and one proof; then mirrors of that
 * log with one bit changed, which the verdict names; addresses that must not be followed.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BINARY, Client, huozheng, ROOT, startCity } from './support.mjs';

/* Runs `huozheng verify`; our own event loop must stay free, for the mirror is in it. */
async function verify(url, { code, args = [], temporary }) {
    const child = spawn(BINARY, ['verify', url, '--json', ...args], { env: { ...process.env, TMPDIR: temporary } });
    const output = ['', ''];
    child.stdout.on('data', (data) => { output[0] += data; });
    child.stderr.on('data', (data) => { output[1] += data; });
    const ended = await new Promise((resolve) => { child.once('close', resolve); });
    assert.equal(ended, code, `${url}: ${output.join('\n')}`);
    assert.deepEqual(readdirSync(temporary), [], 'nothing is kept');
    if (code > 1) return output[1];
    const verdict = JSON.parse(output[0]);
    return { ...verdict, ok: Object.fromEntries(verdict.checks.map((one) => [one.id, one.ok])) };
}

const failed = (verdict) => verdict.checks.find((one) => one.ok === false);

/* Everything below `folder` over HTTP; `answer(name, bytes)` may change it, or say more by a function
 * of the response. */
async function mirror(folder, answer) {
    const server = createServer((request, response) => {
        const name = new URL(request.url, 'http://x/').pathname.replace(/^\/mirror\//, '');
        const file = path.join(folder, name);
        const changed = answer(name, existsSync(file) && statSync(file).isFile() ? readFileSync(file) : null);
        if (typeof changed === 'function') return changed(response);
        response.statusCode = changed ? 200 : 404;
        return response.end(changed ?? 'not here');
    });
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return {
        url: `http://127.0.0.1:${server.address().port}/mirror/`,
        stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections?.(); }),
    };
}

async function until(isTrue, what) {
    for (let i = 0; i < 100; i++) {
        if (await isTrue()) return;
        await sleep(100);
    }
    throw new Error(what);
}

const flip = (bytes, at) => {
    const changed = Buffer.from(bytes);
    changed[at] ^= 1;
    return changed;
};

/* The names of the mirrors' files whose bits are flipped, and the check that must fail. */
function tamperings(folder) {
    const size = Number(readFileSync(path.join(folder, 'checkpoint'), 'utf8').split('\n')[1]);
    const last = size % 256, part = String(Math.floor(size / 256)).padStart(3, '0');
    const tail = last ? `${part}.p/${last}` : '000';
    return [
        [`tile/entries/${tail}`, (bytes) => flip(bytes, bytes.indexOf('\ntype ') + 6), ['entries', 'tiles', 'heads']],
        [`tile/0/${tail}`, (bytes) => flip(bytes, bytes.length - 3), ['tiles']],
        [`sm3/tile/0/${tail}`, (bytes) => flip(bytes, 5), ['tiles-sm3']],
        ['checkpoint', (bytes) => flip(bytes, bytes.indexOf('\n', bytes.indexOf('\n') + 1) + 4), ['signature', 'form']],
        ['sm3/checkpoint', (bytes) => flip(bytes, bytes.length - 9), ['signature', 'form', 'keys']],
    ];
}

async function checkServer(city, temporary) {
    const stranger = new Client(city.url);
    const log = await verify(`${city.url}/log/`, { code: 0, temporary });
    assert.equal(log.kind, 'log');
    for (const check of ['signature', 'entries', 'tiles', 'tree', 'tiles-sm3', 'tree-sm3', 'heads', 'order']) assert.equal(log.ok[check], true, check);
    assert.equal(log.ok.key, null, 'the server cannot vouch for itself');
    assert.match(log.checks.find((one) => one.id === 'key').zh, /从这台服务器自己那里取来/);
    const keys = (await (await stranger.get('/log/keys.txt')).text()).trim().split('\n');
    const known = await verify(`${city.url}/log/checkpoint`, { code: 0, temporary, args: ['--key', keys[0]] });
    assert.equal(known.ok.key, true);
    const draw = await verify(`${city.url}/draws/2`, { code: 0, temporary });
    for (const check of ['tickets', 'officers', 'ledger', 'signature']) assert.equal(draw.ok[check], true, check);
    assert.equal(draw.ok.key, null);
    const proof = await verify(`${city.url}/verify/tlog-proof?leaf=3`, { code: 0, temporary, args: ['--key', keys[0]] });
    assert.deepEqual([proof.kind, proof.ok.inclusion, proof.ok.signature, proof.ok.key], ['proof', true, true, true]);
    const other = await verify(`${city.url}/verify/proof?leaf=3`, { code: 0, temporary });
    assert.deepEqual([other.ok.inclusion, other.ok.signature], [true, null]);
    assert.match(await verify(`${city.url}/draws/99999`, { code: 3, temporary }), /draws\/99999\/files\/: neither a log nor/);
    assert.match(await verify('http://127.0.0.1:1/log/', { code: 3, temporary }), /http:\/\/127\.0\.0\.1:1\/log\//);
    await verify('http://name:secret@127.0.0.1/log/', { code: 2, temporary });
}

/* Witnesses that only the server names are no witnesses yet. */
async function checkWitnessed(city, temporary) {
    const folder = path.join(city.db.folder, 'witnessed');
    const done = spawnSync('python3', ['-c', 'import sys, support_write as w; log, *heads = w.make_log(3); log.write(sys.argv[1], *heads)', folder],
        { encoding: 'utf8', env: { ...process.env, PYTHONPATH: path.join(ROOT, 'tests/verify') } });
    assert.equal(done.status, 0, done.stderr);
    const copy = await mirror(folder, (name, bytes) => bytes);
    try {
        const named = await verify(copy.url, { code: 0, temporary });
        assert.equal(named.ok.witness, null);
        assert.match(named.checks.find((one) => one.id === 'witness').zh, /这台服务器自己说的/);
        const known = await verify(copy.url, { code: 0, temporary, args: ['--policy', path.join(folder, 'policy.txt')] });
        assert.equal(known.ok.witness, true);
    } finally {
        await copy.stop();
    }
}

async function checkMirrors(folder, temporary) {
    let change = (name, bytes) => bytes;
    const copy = await mirror(folder, (name, bytes) => change(name, bytes));
    try {
        assert.equal((await verify(copy.url, { code: 0, temporary })).ok.tree, true);
        for (const [file, alter, checks] of tamperings(folder)) {
            change = (name, bytes) => (name === file ? alter(bytes) : bytes);
            const verdict = await verify(copy.url, { code: 1, temporary });
            assert.ok(checks.includes(failed(verdict).id), `${file}: ${verdict.en}`);
            assert.ok(failed(verdict).files.includes(file), `${file}: ${verdict.en}`);
        }
        change = (name, bytes) => (name.startsWith('sm3/tile/') ? null : bytes);
        assert.match(failed(await verify(copy.url, { code: 1, temporary })).en, /sm3\/tile\/0\/.*missing/);
        /* A redirect on the same host is followed, one to another host is not even asked. */
        const lead = (to) => (response) => { response.writeHead(302, { location: to }).end(); };
        change = (name, bytes) => (name === 'old.tlog-proof' ? lead('/mirror/checkpoint') : bytes);
        assert.equal(failed(await verify(`${copy.url}old.tlog-proof`, { code: 1, temporary })).id, 'form');
        change = (name, bytes) => (name === 'checkpoint' ? lead('http://localhost:9/checkpoint') : bytes);
        assert.match(await verify(copy.url, { code: 3, temporary }), /leads to another server, http:\/\/localhost:9\/checkpoint/);
        change = (name, bytes) => (name === 'checkpoint' ? lead('/mirror/checkpoint') : bytes);
        assert.match(await verify(copy.url, { code: 3, temporary }), /circles/);
        /* More than a tile can have, and a server that breaks off. */
        change = (name, bytes) => (name === 'keys.txt' ? Buffer.alloc(3 << 20) : bytes);
        assert.match(await verify(copy.url, { code: 3, temporary }), /keys\.txt: it sends more than can be right/);
        change = (name, bytes) => (name === 'keys.txt' ? (response) => { response.statusCode = 500; response.end(); } : bytes);
        assert.match(await verify(copy.url, { code: 3, temporary }), /keys\.txt: the server answers 500/);
        /* A head that claims more entries than anybody fetches one by one. */
        change = (name, bytes) => (name === 'checkpoint' ? Buffer.from(String(bytes).replace(/\n\d+\n/, '\n900000000000\n')) : bytes);
        assert.match(await verify(copy.url, { code: 3, temporary }), /too many/);
    } finally {
        await copy.stop();
    }
}

test('a log, a draw and a proof are checked from their addresses', async () => {
    const city = await startCity({ scale: 0.005 });
    const temporary = mkdtempSync(path.join(tmpdir(), 'verify-url-'));
    try {
        const stranger = new Client(city.url);
        const { result_proof: sealed } = await stranger.json('/draws/2');
        await until(async () => {
            const head = await stranger.get('/log/checkpoint');
            return head.status === 200 && Number((await head.text()).split('\n')[1]) > sealed.index;
        }, 'the log is signed');
        await checkServer(city, temporary);
        const folder = path.join(city.db.folder, 'copy');
        huozheng(['ledger', 'export', folder], { db: city.db.url });
        await checkMirrors(folder, temporary);
        await checkWitnessed(city, temporary);
    } finally {
        await city.stop();
        rmSync(temporary, { recursive: true, force: true });
    }
});
