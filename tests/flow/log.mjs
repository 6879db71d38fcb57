/*
 * The public log of a running server: heads are signed by themselves, tiles lead to the checkpoints,
 * a database put back from a backup stops the signing, and people are told.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, ENGINES, huozheng, newDatabase, serve } from './support.mjs';

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const leafOf = (bytes) => sha256(Buffer.from([0]), bytes);

/* RFC 9162 2.1.1 over leaf hashes. */
function rootOf(leaves) {
    if (leaves.length === 1) return leaves[0];
    let split = 1;
    while (split * 2 < leaves.length) split *= 2;
    return sha256(Buffer.from([1]), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

const tilePath = (level, n, width) => `tile/${level}/${String(n).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`;

/* Head of the log once it has at least `size` entries. */
async function checkpoint(client, { above = 0, file = 'checkpoint' } = {}) {
    for (let i = 0; i < 100; i++) {
        const response = await client.get(`/log/${file}`);
        const text = await response.text();
        if (response.status === 200) {
            const [origin, size, root] = text.split('\n');
            if (Number(size) > above) return { text, origin, size: Number(size), root, response };
        }
        await sleep(100);
    }
    throw new Error(`no head above ${above} entries`);
}

/* Setting it is one more entry of the log. */
function policyFile(db) {
    const file = path.join(db.folder, 'policy.txt');
    writeFileSync(file, 'quorum none\n');
    return file;
}

const ledgerFolder = (db) => (db.engine === 'sqlite' ? `${db.url.slice('sqlite:'.length)}-ledger`
    : path.join(db.folder, 'data', `ledger-${new URL(db.url.replace('postgresql:///', 'http://x/')).pathname.slice(1)}`));

for (const engine of ENGINES) {
    test(`the public log leads to its own checkpoints, ${engine}`, async () => {
        const db = newDatabase(engine);
        let server;
        try {
            huozheng(['init', '--demo', '--scale', '0.02'], { db: db.url });
            server = await serve(db);
            const client = new Client(server.url);
            const head = await checkpoint(client);
            assert.equal(head.response.headers.get('content-type'), 'text/plain; charset=utf-8');
            assert.equal(head.response.headers.get('cache-control'), 'no-cache');
            assert.match(head.origin, /\/fss$/);
            const leaves = [];
            for (let n = 0; n * 256 < head.size; n++) {
                const width = Math.min(256, head.size - n * 256);
                const response = await client.get(`/log/${tilePath('entries', n, width)}`);
                assert.equal(response.status, 200);
                assert.match(response.headers.get('cache-control'), /immutable/);
                const bundle = Buffer.from(await response.arrayBuffer());
                let at = 0;
                for (let i = 0; i < width; i++) {
                    const length = bundle.readUInt16BE(at);
                    leaves.push(leafOf(bundle.subarray(at + 2, at + 2 + length)));
                    at += 2 + length;
                }
                assert.equal(at, bundle.length);
                const tile = Buffer.from(await (await client.get(`/log/${tilePath(0, n, width)}`)).arrayBuffer());
                assert.deepEqual(tile, Buffer.concat(leaves.slice(n * 256)));
                assert.equal((await client.get(`/log/sm3/${tilePath(0, n, width)}`)).status, 200);
            }
            assert.equal(rootOf(leaves).toString('base64'), head.root);
            const other = await checkpoint(client, { file: 'sm3/checkpoint' });
            assert.equal(other.size, head.size);
            assert.equal(other.origin, `${head.origin}-sm3`);
            const keys = (await (await client.get('/log/keys.txt')).text()).trim().split('\n');
            assert.equal(keys.length, 3);
            assert.equal(await (await client.get('/log/policy.txt')).text(), `log ${keys[0]}\nquorum none\n`);
            for (const bad of ['tile/0/999', 'tile/0/0', 'tile/9/000', 'tile/entries/000.p/0', 'tile/0/x000/000', 'sm3/tile/entries/000']) {
                assert.equal((await client.get(`/log/${bad}`)).status, 404, bad);
            }
            /* What anybody does now is signed within seconds. */
            huozheng(['ledger', 'policy', policyFile(db)], { db: db.url });
            const next = await checkpoint(client, { above: head.size });
            huozheng(['ledger', 'verify'], { db: db.url });
            const proof = huozheng(['ledger', 'prove', String(next.size - 1), '--tlog'], { db: db.url });
            assert.ok(proof.startsWith('c2sp.org/tlog-proof@v1\nextra '));
            /* On disk the same bytes. */
            const folder = path.join(db.folder, 'public');
            huozheng(['ledger', 'export', folder], { db: db.url });
            assert.equal(readFileSync(path.join(folder, 'keys.txt'), 'utf8').trim(), keys.join('\n'));
            assert.deepEqual(readFileSync(path.join(folder, 'tile/0/000.p', String(next.size % 256))).subarray(0, 32), leaves[0]);
        } finally {
            if (server) await server.stop();
            db.drop();
        }
    });

    test(`a database put back from a backup is not signed, ${engine}`, async () => {
        const db = newDatabase(engine);
        let server;
        try {
            huozheng(['init'], { db: db.url });
            server = await serve(db);
            const head = await checkpoint(new Client(server.url));
            const backup = path.join(db.folder, 'old.backup');
            huozheng(['backup', backup], { db: db.url });
            huozheng(['ledger', 'policy', policyFile(db)], { db: db.url });
            const newest = await checkpoint(new Client(server.url), { above: head.size });
            await server.stop();
            huozheng(['restore', '--replace', backup], { db: db.url });
            server = await serve(db);
            const client = new Client(server.url);
            const isTold = async () => {
                for (let i = 0; i < 100; i++) {
                    const page = await client.json('/verify');
                    if (page.signing_problem) return page.signing_problem;
                    await sleep(100);
                }
                return '';
            };
            assert.match(await isTold(), new RegExp(`a head of ${newest.size} entries was signed`));
            assert.ok(server.log.some((line) => /ledger\.not_signing/.test(line)));
            assert.match(await (await client.get('/verify')).text(), /账本暂停签名/);
            const env = { HUOZHENG_LEDGER: ledgerFolder(db) };
            const told = huozheng(['doctor'], { db: db.url, code: 1, env });
            assert.match(told, /bad\s+signing\s+stopped/);
            huozheng(['ledger', 'resume'], { db: db.url, code: 1, env });
            /* Going on from there does not heal it. */
            huozheng(['ledger', 'policy', policyFile(db)], { db: db.url });
            huozheng(['ledger', 'policy', policyFile(db)], { db: db.url });
            huozheng(['ledger', 'sign'], { db: db.url, code: 1, env });
            assert.equal((await checkpoint(client)).size, head.size);
        } finally {
            if (server) await server.stop();
            db.drop();
        }
    });
}

test('a key that others can read does not sign', async () => {
    const db = newDatabase('sqlite');
    let server;
    try {
        huozheng(['init'], { db: db.url });
        huozheng(['ledger', 'keygen', '--origin', 'city.example/fss'], { db: db.url });
        const key = path.join(ledgerFolder(db), 'log.pem');
        chmodSync(key, 0o644);
        server = await serve(db);
        await sleep(1500);
        assert.ok(server.log.some((line) => /may be read by others/.test(line)));
        assert.equal((await new Client(server.url).get('/log/checkpoint')).status, 404);
        chmodSync(key, 0o600);
        const head = await checkpoint(new Client(server.url));
        assert.equal(head.origin, 'city.example/fss');
    } finally {
        if (server) await server.stop();
        db.drop();
    }
});

test('keys that are lost are replaced, and everybody says so', async () => {
    const db = newDatabase('sqlite');
    let server;
    try {
        huozheng(['init'], { db: db.url });
        server = await serve(db);
        const before = await checkpoint(new Client(server.url));
        const old = await (await new Client(server.url).get('/log/keys.txt')).text();
        await server.stop();
        const yes = ['ledger', 'rekey', '--i-have-lost-the-keys'];
        huozheng(yes, { db: db.url, code: 1 });
        unlinkSync(path.join(ledgerFolder(db), 'log.pem'));
        huozheng(['ledger', 'rekey'], { db: db.url, code: 2 });
        huozheng(['ledger', 'sign'], { db: db.url, code: 1 });
        huozheng(yes, { db: db.url });
        huozheng(yes, { db: db.url, code: 1 });
        server = await serve(db);
        const client = new Client(server.url);
        await checkpoint(client, { above: before.size });
        const page = await client.json('/verify');
        assert.equal(page.lost_key_text, String(before.size));
        assert.match(await (await client.get('/verify')).text(), /旧密钥已经遗失/);
        assert.equal((await client.json(page.lost_key_url)).entry.type, 'log.key.lost');
        assert.equal(JSON.parse(huozheng(['ledger', 'verify', '--json'], { db: db.url })).lost_key, before.size);
        assert.match(huozheng(['ledger', 'verify'], { db: db.url }), new RegExp(`from entry ${before.size} on a new key`));
        const keys = await (await client.get('/log/keys.txt')).text();
        assert.ok(keys.endsWith(old) && keys.split('\n').length === 7, 'the old ones are not forgotten');
        const folder = path.join(db.folder, 'copy');
        huozheng(['ledger', 'export', folder], { db: db.url });
        const told = JSON.parse(huozheng(['verify', folder, '--json'])).checks.find(({ id }) => id === 'keys');
        assert.deepEqual([told.ok, told.entry], [null, before.size]);
        /* Whoever kept the old key sees that it is not the one that signs. */
        const kept = JSON.parse(huozheng(['verify', folder, '--json', '--key', old.split('\n')[0]], { code: 1 }));
        assert.equal(kept.checks.find(({ ok }) => ok === false).id, 'key');
    } finally {
        if (server) await server.stop();
        db.drop();
    }
});
