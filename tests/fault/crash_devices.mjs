/*
 * What a device was told is stored, is stored: over kill -9 of the server, of PostgreSQL's backends and of
 * its postmaster at random moments. Each frame is one change of one detector, so that afterwards every
 * confirmed frame is one edge, exactly one, and the edges of a device stand in the order of its frames.
 *
 * HUOZHENG_KILLS: how many for each engine (4; 100 with HUOZHENG_SOAK). HUOZHENG_SEED: other moments.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { ENGINES, IS_SOAK, newDatabase, serve } from '../flow/support.mjs';
import { withOwnCluster } from './support_cluster.mjs';
import { chance, rows } from './support_fault.mjs';
import { checkTold, devicePort, Panel, register, serveAgain, sum } from './support_devices.mjs';

const KILLS = Number(process.env.HUOZHENG_KILLS ?? (IS_SOAK ? 100 : 4));
const SEED = Number(process.env.HUOZHENG_SEED ?? 20261123);
const PANELS = 6;
const PATIENCE = 120_000;
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/* Something is confirmed that was not before: what was killed is back. */
async function untilConfirmed(panels, after) {
    const before = sum(panels, 'confirmed');
    for (const start = performance.now(); sum(panels, 'confirmed') === before;) {
        assert.ok(performance.now() - start < PATIENCE, `nothing is confirmed any more after a kill of the ${after}`);
        await pause(5);
    }
}

/* The kinds of kills in an order of chance, each as often as the others. */
function* kinds(words, random) {
    for (;;) {
        const left = [...words];
        while (left.length > 0) yield left.splice(Math.floor(random() * left.length), 1)[0];
    }
}

class Fault {
    constructor(db, cluster, random) {
        Object.assign(this, { db, cluster, random, server: null });
        this.panels = Array.from({ length: PANELS }, (_, i) => new Panel(1000 + i, 1 + i * 3));
    }

    connect() {
        for (const panel of this.panels) panel.connect(devicePort(this.server));
    }

    disconnect() {
        for (const panel of this.panels) panel.disconnect();
    }

    async start() {
        register(this.db, this.panels);
        this.server = await serve(this.db);
        this.connect();
    }

    async killServer() {
        await this.server.kill();
        this.disconnect();
        this.server = await serveAgain(this.db);
        this.connect();
    }

    /* The server lives through this: it waits for its database. */
    async killBackend() {
        while (!this.cluster.killBackend(this.random)) await pause(10);
    }

    /* And through this, for as long as PostgreSQL is away. */
    async killPostmaster() {
        await this.cluster.killPostmaster(this.random);
        await pause(this.random() * 300);
        await this.cluster.start();
    }

    async kill(kind) {
        if (kind === 'server') await this.killServer();
        else if (kind === 'backend') await this.killBackend();
        else await this.killPostmaster();
        /* Some kills come when all is back, others into the recovery from the kill before. */
        if (this.random() < 0.7) await untilConfirmed(this.panels, kind);
    }
}

async function killAtRandom(engine, cluster) {
    const random = chance(SEED);
    const db = newDatabase(engine);
    const fault = new Fault(db, cluster, random);
    const kills = {};
    try {
        await fault.start();
        const deck = kinds(cluster ? ['server', 'backend', 'postmaster'] : ['server'], random);
        for (let i = 0; i < KILLS; i++) {
            await pause(20 + random() * 150);
            const kind = deck.next().value;
            await fault.kill(kind);
            kills[kind] = (kills[kind] ?? 0) + 1;
        }
        await Promise.all(fault.panels.map((panel) => panel.finish()));
        fault.disconnect();
        await fault.server.stop();
        const stored = checkTold(db, fault.panels);
        assert.equal(stored, sum(fault.panels, 'confirmed'));
        console.log(`# ${engine}: killed ${JSON.stringify(kills)}; ${stored} frames confirmed and stored, each once and in order; ${
            sum(fault.panels, 'again')} were sent again`);
    } finally {
        fault.disconnect();
        if (fault.server?.isAlive()) await fault.server.kill();
        db.drop();
    }
}

test('kill -9 while devices tell, sqlite', { timeout: 3600_000 }, () => killAtRandom('sqlite'));

test('kill -9 of server, backends and postmaster while devices tell, postgresql',
    { timeout: 3600_000, skip: !ENGINES.includes('postgresql') },
    () => withOwnCluster((cluster) => killAtRandom('postgresql', cluster)));

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
    const panel = new Panel(5, 1, { count: 1 });
    register(db, [panel]);
    const server = await serve(db);
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
        assert.equal(checkTold(db, [panel]), 1);
        panel.disconnect();
        await server.stop();
    } finally {
        panel.disconnect();
        if (server.isAlive()) await server.kill();
        db.drop();
    }
}

test('a commit that no standby has is not confirmed',
    { timeout: 600_000, skip: !ENGINES.includes('postgresql') }, () => withOwnCluster(withoutStandby));
