/*
 * What a device was told is stored, is stored: over kill -9 of the server and of PostgreSQL's
 * processes at random moments, and over a network that loses and reorders datagrams. Each frame
 * tells the fault of a detector of its own, so that afterwards every confirmed frame is one edge,
 * exactly one, and the edges of a device stand in the order of its frames.
 *
 * HUOZHENG_KILLS: how many for each engine (4; 100 with HUOZHENG_SOAK). HUOZHENG_SEED: other moments.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { ENGINES, IS_SOAK, newDatabase, ROOT, serve } from '../flow/support.mjs';
import { chance, rows } from './support_fault.mjs';
import { answers, detector, devicePort, frame, Panel } from './support_devices.mjs';

const KILLS = Number(process.env.HUOZHENG_KILLS ?? (IS_SOAK ? 100 : 4));
const SEED = Number(process.env.HUOZHENG_SEED ?? 20261123);
const PANELS = 6;
const FRAMES = IS_SOAK ? 900 : 300; /* of each panel; one that nobody registered may have 1000 points */
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/* Every confirmed frame is one edge; returns how many edges there are. */
function check(db, panels, isOrdered) {
    const edges = rows(db, `SELECT d.code, p.address, count(*) AS n, min(e.id) AS id FROM edge e
        JOIN point p ON p.id = e.point_id JOIN device d ON d.id = e.device_id WHERE e.kind = 'fault'
        GROUP BY d.code, p.address ORDER BY d.code, p.address`);
    const stored = new Map(edges.map(({ code, address, n, id }) => [`${code}:${address}`, { n: Number(n), id: Number(id) }]));
    for (const panel of panels) {
        let last = 0;
        for (let number = 0; number < panel.count; number++) {
            const edge = stored.get(`${panel.address}:${number}`);
            if (panel.confirmed.has(number)) assert.ok(edge, `frame ${number} of ${panel.address} was confirmed and is not there`);
            if (!edge) continue;
            assert.equal(edge.n, 1, `frame ${number} of ${panel.address} is there ${edge.n} times`);
            assert.ok(!isOrdered || edge.id > last, `frame ${number} of ${panel.address} stands before an earlier one`);
            last = edge.id;
        }
    }
    return edges.length;
}

/* A PostgreSQL of our own: one that others use must not be killed. */
async function ownCluster() {
    const child = spawn(path.join(ROOT, 'tools/with-postgres'), ['sh', '-c', 'echo "$HUOZHENG_TEST_PG"; cat'],
        { stdio: ['pipe', 'pipe', 'inherit'] });
    const url = await new Promise((resolve, reject) => {
        createInterface({ input: child.stdout }).once('line', resolve);
        child.once('exit', (code) => reject(new Error(`with-postgres ended with ${code}`)));
    });
    return {
        url,
        stop: () => new Promise((resolve) => {
            child.once('close', resolve);
            child.stdin.end();
        }),
    };
}

/* kill -9 of one backend: PostgreSQL throws all others out and recovers from its log. */
function killBackend(db, random) {
    const backends = rows(db, `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'
        AND datname = current_database() AND pid <> pg_backend_pid() ORDER BY pid`);
    if (backends.length === 0) return false;
    process.kill(Number(backends[Math.floor(random() * backends.length)].pid), 'SIGKILL');
    return true;
}

async function killAtRandom(engine) {
    const random = chance(SEED);
    const db = newDatabase(engine);
    const rounds = Math.ceil(KILLS / 4); /* each with new panels, so that there is always something to say */
    let server = await serve(db);
    let kills = 0;
    try {
        const all = [];
        for (let round = 0; round < rounds; round++) {
            const panels = Array.from({ length: PANELS }, (_, i) => new Panel(1000 * (round + 1) + i, FRAMES, 1 + i * 3));
            all.push(...panels);
            for (const panel of panels) panel.connect(devicePort(server));
            for (let i = 0; i < 4; i++) {
                await pause(20 + random() * 150);
                if (engine === 'postgresql' && i % 2 === 1) {
                    kills += killBackend(db, random) ? 1 : 0;
                    continue;
                }
                await server.kill();
                kills++;
                for (const panel of panels) panel.disconnect();
                server = await restart(db);
                for (const panel of panels) panel.connect(devicePort(server));
            }
            await Promise.all(panels.map((panel) => panel.done));
            for (const panel of panels) panel.disconnect();
        }
        await server.stop();
        const edges = check(db, all, true);
        assert.equal(edges, all.length * FRAMES);
        console.log(`# ${engine}: ${kills} kills, ${edges} frames confirmed, each stored once and in order`);
    } finally {
        if (server.isAlive()) await server.kill();
        db.drop();
    }
}

/* PostgreSQL may still be recovering. */
async function restart(db) {
    for (let tries = 1; ; tries++) {
        try {
            return await serve(db);
        } catch (error) {
            if (tries === 20) throw error;
            await pause(250);
        }
    }
}

test('kill -9 while devices tell, sqlite', { timeout: 3600_000 }, () => killAtRandom('sqlite'));

async function withOwnCluster(work) {
    const cluster = await ownCluster();
    const before = process.env.HUOZHENG_TEST_PG;
    process.env.HUOZHENG_TEST_PG = cluster.url;
    try {
        await work();
    } finally {
        process.env.HUOZHENG_TEST_PG = before;
        await cluster.stop();
    }
}

/* Commits wait for a standby that does not exist, or no longer. */
async function awaitStandby(db, name) {
    for (const sql of [`ALTER SYSTEM SET synchronous_standby_names = '${name}'`, 'SELECT pg_reload_conf()']) {
        const done = spawnSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', db.url, '-c', sql], { encoding: 'utf8' });
        assert.equal(done.status, 0, done.stderr);
    }
    for (let i = 0; rows(db, `SELECT current_setting('synchronous_standby_names') AS name`)[0].name !== name; i++) {
        assert.ok(i < 100);
        await pause(50);
    }
}

async function untilCommitWaits(db) {
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()`;
    for (let i = 0; ; i++) {
        const found = rows(db, waiting);
        if (found.length > 0) return found.map(({ pid }) => Number(pid));
        assert.ok(i < 200, 'no commit waits for a standby');
        await pause(50);
    }
}

/* Two of the traps of reference/scale.md 4: a cancelled wait says COMMIT, and a batch that is found to be
 * there already is as little replicated as before. Neither may be told to a device. */
async function withoutStandby() {
    const db = newDatabase('postgresql');
    const server = await serve(db);
    const panel = new Panel(5, 1, 1);
    try {
        await awaitStandby(db, 'nobody');
        panel.connect(devicePort(server));
        for (let i = 0; i < 3; i++) {
            for (const pid of await untilCommitWaits(db)) rows(db, `SELECT ${i === 1 ? 'pg_terminate_backend' : 'pg_cancel_backend'}(${pid}) AS done`);
            await pause(200);
        }
        await untilCommitWaits(db);
        assert.equal(panel.confirmed.size, 0, 'confirmed although no standby has it');
        assert.equal(rows(db, `SELECT id FROM edge WHERE kind = 'fault'`).length, 1, 'it is on this machine');
        await awaitStandby(db, '');
        await panel.done;
        assert.equal(check(db, [panel], true), 1);
        panel.disconnect();
        await server.stop();
    } finally {
        if (server.isAlive()) await server.kill();
        db.drop();
    }
}

test('kill -9 of server and database while devices tell, postgresql',
    { timeout: 3600_000, skip: !ENGINES.includes('postgresql') }, () => withOwnCluster(() => killAtRandom('postgresql')));

test('a commit that no standby has is not confirmed',
    { timeout: 600_000, skip: !ENGINES.includes('postgresql') }, () => withOwnCluster(withoutStandby));

/* Between device and centre: loses 30 of 100 datagrams each way and lets others overtake. */
async function lossyNetwork(port, random) {
    const inside = dgram.createSocket('udp4');
    const outside = dgram.createSocket('udp4');
    let device = null;
    const pass = (send) => {
        if (random() < 0.3) return;
        if (random() < 0.3) setTimeout(send, random() * 30);
        else send();
        if (random() < 0.1) setTimeout(send, random() * 30); /* and some arrive twice */
    };
    const isOpen = { yes: true };
    inside.on('message', (bytes, from) => {
        device = from;
        pass(() => isOpen.yes && outside.send(bytes, port, '127.0.0.1'));
    });
    outside.on('message', (bytes) => pass(() => isOpen.yes && inside.send(bytes, device.port, device.address)));
    await new Promise((resolve) => { inside.bind(0, '127.0.0.1', resolve); });
    return {
        port: inside.address().port,
        close: () => {
            isOpen.yes = false;
            inside.close();
            outside.close();
        },
    };
}

test('a network that loses and reorders datagrams', { timeout: 600_000 }, async () => {
    const random = chance(SEED);
    const db = newDatabase('sqlite');
    const server = await serve(db);
    const network = await lossyNetwork(devicePort(server), random);
    const count = IS_SOAK ? 900 : 300;
    const panel = { address: 77, count, confirmed: new Set() };
    const socket = dgram.createSocket('udp4');
    try {
        const waiting = new Map();
        socket.on('message', (bytes) => {
            for (const { command, serial } of answers(bytes).found) {
                if (command === 3 && waiting.delete(serial)) panel.confirmed.add(serial);
            }
        });
        for (let next = 0; panel.confirmed.size < count;) {
            while (next < count && waiting.size < 8) {
                waiting.set(next, frame({ serial: next, address: 77, unit: detector(next, 4) }));
                next++;
            }
            for (const [, bytes] of waiting) socket.send(bytes, network.port, '127.0.0.1');
            await pause(20);
        }
        await server.stop();
        assert.equal(check(db, [panel], false), count);
    } finally {
        socket.close();
        network.close();
        if (server.isAlive()) await server.kill();
        db.drop();
    }
});
