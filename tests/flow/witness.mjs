/*
 * Two real witnesses and a real server: a quorum of two, what they refuse, kill -9 of a witness in
 * between, and a database put back that only the witnesses still know of.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BINARY, Client, huozheng, newDatabase, serve } from './support.mjs';

/* `huozheng witness`; a second start with the same folder goes on with key, state and port. */
async function startWitness(folder, name, logKey, port = 0) {
    const child = spawn(BINARY, ['witness', '--name', `${name}.example`, '--key', path.join(folder, `${name}.pem`),
        '--state', path.join(folder, `${name}.db`), '--log', logKey, '--port', String(port)], { stdio: ['ignore', 'pipe', 'pipe'] });
    const lines = [];
    const exit = new Promise((resolve) => { child.once('exit', resolve); });
    const listening = await new Promise((resolve, reject) => {
        for (const stream of [child.stdout, child.stderr]) {
            createInterface({ input: stream }).on('line', (line) => {
                lines.push(line);
                const match = /listening on (http:\S+)/.exec(line);
                if (match) resolve(match[1]);
            });
        }
        exit.then(() => reject(new Error(`the witness ended:\n${lines.join('\n')}`)));
    });
    return {
        url: listening,
        port: Number(new URL(listening).port),
        vkey: /^witness (\S+)$/m.exec(lines.join('\n'))[1],
        kill: async () => { child.kill('SIGKILL'); await exit; },
    };
}

const read = async (client) => {
    const response = await client.get('/log/checkpoint');
    return response.status === 200 ? response.text() : '';
};
const sizeOf = (text) => Number(text.split('\n')[1] ?? 0);
const linesOf = (text, name) => text.split('\n').filter((line) => line.startsWith(`— ${name}.example `)).length;

/* A checkpoint above `size` entries with the lines of all these witnesses. */
async function cosigned(client, names, above = 0) {
    let text = '';
    for (let i = 0; i < 450; i++) {
        text = await read(client);
        if (sizeOf(text) > above && names.every((name) => linesOf(text, name) === 1)) return text;
        await sleep(100);
    }
    throw new Error(`no cosigned head above ${above}:\n${text}`);
}

function append(db, policy) {
    const file = path.join(db.folder, 'policy.txt');
    writeFileSync(file, policy);
    huozheng(['ledger', 'policy', file], { db: db.url });
}

test('two witnesses, a quorum of two, and one history', { timeout: 300_000 }, async () => {
    const db = newDatabase('sqlite');
    const running = [];
    let server;
    try {
        huozheng(['init'], { db: db.url });
        const { keys: [logKey] } = JSON.parse(huozheng(['ledger', 'keygen', '--origin', 'city.example/fss', '--json'], { db: db.url }));
        let one = await startWitness(db.folder, 'w1', logKey);
        const two = await startWitness(db.folder, 'w2', logKey);
        running.push(one, two);
        const policy = `witness one ${one.vkey} ${one.url}\nwitness two ${two.vkey} ${two.url}/\ngroup both all one two\nquorum both\n`;
        append(db, policy);
        server = await serve(db);
        const client = new Client(server.url);
        const first = await cosigned(client, ['w1', 'w2']);
        huozheng(['ledger', 'verify'], { db: db.url });
        assert.equal(await (await client.get('/log/policy.txt')).text(), `log ${logKey}\n${policy}`);

        /* What a witness refuses, by its status. */
        const post = (body) => fetch(`${two.url}/add-checkpoint`, { method: 'POST', body });
        const size = sizeOf(first);
        const stale = await post(`old 0\n\n${first}`);
        assert.equal(stale.status, 409);
        assert.equal(stale.headers.get('content-type'), 'text/x.tlog.size');
        assert.equal(await stale.text(), `${size}\n`);
        assert.equal((await post(`old ${size}\n\n${first.replace(/\n\d+\n/, `\n${size + 1}\n`)}`)).status, 403, 'a forged head');
        assert.equal((await post(`old ${size}\n\n${first.replace(/^city/, 'town')}`)).status, 404, 'an unknown log');
        assert.equal((await post(`old ${size + 1}\n\n${first}`)).status, 400);
        const again = await post(`old ${size}\n\n${first}`);
        assert.equal(again.status, 200);
        assert.match(await again.text(), /^— w2\.example \S+\n$/);

        /* One is killed again and again while heads are signed: what it has signed it still knows. */
        const backup = path.join(db.folder, 'early.backup');
        huozheng(['backup', backup], { db: db.url });
        for (let round = 0; round < 4; round++) {
            append(db, policy);
            await sleep(200 + 400 * round);
            await one.kill();
            one = await startWitness(db.folder, 'w1', logKey, one.port);
            running.push(one);
        }
        append(db, policy);
        const last = await cosigned(client, ['w1', 'w2'], size);
        huozheng(['ledger', 'verify'], { db: db.url });
        const proof = huozheng(['ledger', 'prove', '1', '--tlog'], { db: db.url });
        assert.equal(linesOf(proof, 'w1') + linesOf(proof, 'w2'), 2);

        /* Database and memory of the server are both put back: the witnesses know better. */
        await server.stop();
        huozheng(['restore', '--replace', backup], { db: db.url });
        rmSync(`${db.url.slice('sqlite:'.length)}-ledger/heads.state`);
        append(db, policy);
        server = await serve(db);
        const other = new Client(server.url);
        let problem = null;
        for (let i = 0; i < 100 && !problem; i++) {
            problem = (await other.json('/verify')).signing_problem;
            await sleep(100);
        }
        assert.match(problem ?? '', /witness (one|two) has signed a head of \d+ entries/);
        assert.equal(sizeOf(await read(other)), size, `nothing was signed after the head of ${size}; the witnesses have seen ${sizeOf(last)}`);
    } finally {
        if (server) await server.stop();
        for (const witness of running) await witness.kill();
        db.drop();
    }
});
