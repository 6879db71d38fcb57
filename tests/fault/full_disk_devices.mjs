/*
 * The disk of the database runs full while devices tell: what cannot be stored is not confirmed, the
 * server stays up and says so, and goes on when there is room again. The disk is real, a small tmpfs in a
 * mount namespace of this test; where that is not allowed gateway_test has a limit on file sizes.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { BINARY, ENGINES, IS_SOAK, newDatabase } from '../flow/support.mjs';
import { withOwnCluster } from './support_cluster.mjs';
import { checkTold, devicePort, Panel, register, serveAgain, sum } from './support_devices.mjs';
import { chance, rows } from './support_fault.mjs';
import { insideNamespace } from './support_namespace.mjs';

const SEED = Number(process.env.HUOZHENG_SEED ?? 20261123);
const TIMES_FULL = IS_SOAK ? 10 : 2;
const PATIENCE = 120_000;
const MIB = 1 << 20;
const SIZE = { sqlite: 48, postgresql: 256 }; /* MiB; a new cluster has 40, and 16 for each segment of its log */
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

const isInside = insideNamespace('--mount');

class Disk {
    constructor(engine) {
        this.folder = mkdtempSync(path.join(tmpdir(), 'huozheng-disk-'));
        const done = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE[engine]}m,mode=1777`, 'huozheng', this.folder], { encoding: 'utf8' });
        this.problem = done.status === 0 ? null : done.stderr;
        this.ballast = path.join(this.folder, 'ballast');
    }

    get free() {
        const { bavail, bsize } = statfsSync(this.folder);
        return bavail * bsize;
    }

    /* Until no more than `rest` bytes are free. */
    fill(rest) {
        rmSync(this.ballast, { recursive: true, force: true });
        mkdirSync(this.ballast);
        for (let i = 0; this.free > rest; i++) {
            writeFileSync(path.join(this.ballast, String(i)), Buffer.alloc(Math.min(MIB, this.free - rest)));
        }
    }

    relieve() {
        rmSync(this.ballast, { recursive: true, force: true });
    }

    remove() {
        spawnSync('umount', ['--lazy', this.folder]);
        rmSync(this.folder, { recursive: true, force: true });
    }
}

async function until(isTrue, sentence, server) {
    for (const start = performance.now(); !isTrue();) {
        assert.ok(performance.now() - start < PATIENCE, `${sentence}\n${server?.log.slice(-20).join('\n')}`);
        await pause(10);
    }
}

const timesLogged = (server, word) => server.log.filter((line) => line.includes(word)).length;

class FullDisk {
    constructor(engine, disk, cluster) {
        Object.assign(this, { engine, disk, cluster, random: chance(SEED), server: null, deaths: 0 });
        this.panels = [1, 4, 9, 16].map((window, i) => new Panel(5000 + i, window));
    }

    async start() {
        process.env.HUOZHENG_TEST_SCRATCH = this.disk.folder;
        this.db = newDatabase(this.engine);
        register(this.db, this.panels);
        await this.serve();
    }

    async serve() {
        this.server = await serveAgain(this.db);
        for (const panel of this.panels) panel.connect(devicePort(this.server));
    }

    disconnect() {
        for (const panel of this.panels) panel.disconnect();
    }

    async untilConfirmed(sentence) {
        const before = sum(this.panels, 'confirmed');
        await until(() => sum(this.panels, 'confirmed') > before, sentence, this.server);
    }

    /* Nothing but what is stored was confirmed, pages are served, and whoever looks is told. */
    async lookWhileFull() {
        await until(() => this.panels.every((panel) => panel.frames.size === panel.window), 'no panel waits', this.server);
        /* SQLite can be read; PostgreSQL lets nobody in without room for a file of its own, and that is said. */
        const { status } = await fetch(`${this.server.url}/healthz`);
        assert.ok(status === 200 || (this.cluster && status === 503), `/healthz says ${status}`);
        if (this.engine === 'sqlite') {
            const confirmed = sum(this.panels, 'confirmed');
            const [{ n }] = rows(this.db, "SELECT count(*) AS n FROM edge WHERE kind = 'fault'");
            assert.ok(Number(n) >= confirmed, `${confirmed} confirmed, ${n} stored`);
            const doctor = spawnSync(BINARY, ['doctor', '--db', this.db.url, '--json'], { encoding: 'utf8' });
            const finding = JSON.parse(doctor.stdout).findings.find(({ check }) => check === 'disk');
            assert.equal(finding.state, 'bad', doctor.stdout);
        }
    }

    async fillOnce() {
        const away = timesLogged(this.server, 'ingest.away');
        this.disk.fill(this.random() * 0.3 * MIB);
        await until(() => timesLogged(this.server, 'ingest.away') > away, 'a full disk is not told', this.server);
        await this.lookWhileFull();
    }

    /* Worse than no room for a table is none for PostgreSQL's log of changes: then it goes down. */
    async exhaustLog() {
        const more = "SELECT pg_switch_wal(), pg_logical_emit_message(false, 'fill', '')";
        await until(() => spawnSync('psql', ['-X', '-q', '-d', this.db.url, '-c', more]).status !== 0,
            'PostgreSQL finds room for its log', this.server);
        this.deaths++;
    }

    /* Somebody makes room; PostgreSQL may have given up meanwhile, or be about to. */
    async relieve() {
        this.disk.relieve();
        const before = sum(this.panels, 'confirmed');
        const isBack = () => sum(this.panels, 'confirmed') > before;
        for (const start = performance.now(); this.cluster && !isBack() && performance.now() - start < PATIENCE;) {
            if (this.cluster.postmaster() === 0) await this.cluster.start();
            await pause(50);
        }
        await until(isBack, 'nothing is confirmed although there is room again', this.server);
        assert.ok(timesLogged(this.server, 'ingest.back') > 0);
    }

    /* Power fails while the disk is full, and somebody makes room before the next start. */
    async killWhileFull() {
        await this.fillOnce();
        await this.server.kill();
        this.disconnect();
        this.disk.relieve();
        if (this.cluster && this.cluster.postmaster() === 0) await this.cluster.start();
        await this.serve();
        await this.untilConfirmed('nothing is confirmed after a kill with a full disk');
    }

    async end() {
        await Promise.all(this.panels.map((panel) => panel.finish()));
        assert.equal((await fetch(`${this.server.url}/healthz`)).status, 200);
        this.disconnect();
        await this.server.stop();
        const stored = checkTold(this.db, this.panels);
        console.log(`# ${this.engine}: full ${TIMES_FULL + 1} times, ${
            this.deaths ? `PostgreSQL down ${this.deaths} times, ` : ''}server killed once; ${stored} frames confirmed and stored, each once and in order`);
    }
}

async function runFull(engine, disk, cluster) {
    const scratch = process.env.HUOZHENG_TEST_SCRATCH;
    const full = new FullDisk(engine, disk, cluster);
    try {
        await full.start();
        for (let i = 0; i < TIMES_FULL; i++) {
            await full.untilConfirmed('nothing is confirmed');
            await full.fillOnce();
            if (cluster && i % 2 === 0) await full.exhaustLog();
            await full.relieve();
        }
        await full.killWhileFull();
        await full.end();
    } finally {
        full.disconnect();
        if (full.server?.isAlive()) await full.server.kill();
        disk.relieve(); /* dropping needs room as well */
        if (cluster && cluster.postmaster() === 0) await cluster.start();
        full.db?.drop();
        if (scratch === undefined) delete process.env.HUOZHENG_TEST_SCRATCH;
        else process.env.HUOZHENG_TEST_SCRATCH = scratch;
    }
}

async function withDisk(engine, context) {
    const disk = new Disk(engine);
    try {
        if (disk.problem) context.skip(`no small disk here: ${disk.problem.trim()}`);
        else if (engine === 'sqlite') await runFull(engine, disk);
        else await withOwnCluster((cluster) => runFull(engine, disk, cluster), { folder: disk.folder });
    } finally {
        disk.remove();
    }
}

for (const engine of ENGINES) {
    test(`a full disk, ${engine}`, { timeout: 3600_000, skip: isInside ? false : 'mount namespaces are not allowed here' },
        (context) => withDisk(engine, context));
}
