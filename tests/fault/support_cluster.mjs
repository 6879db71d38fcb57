/* A PostgreSQL of our own for tests that kill it: one that others use must not be killed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../flow/support.mjs';

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

function read(file) {
    try {
        return readFileSync(file, 'utf8');
    } catch {
        return '';
    }
}

/* pids of processes that `pid` has started; kept apart from names, which may hold anything. */
function childrenOf(pid) {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((child) => {
        const stat = read(`/proc/${child}/stat`);
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
    });
}

function kill(pid) {
    try {
        process.kill(pid, 'SIGKILL');
    } catch (error) {
        if (error.code !== 'ESRCH') throw error;
    }
}

/* Also one that waits to be collected: PostgreSQL does not start while its old number is in use. */
const isThere = (pid) => existsSync(`/proc/${pid}`);

async function untilGone(pids) {
    for (let i = 0; pids.some(isThere); i++) {
        assert.ok(i < 1000, 'processes of PostgreSQL outlive their postmaster');
        await pause(10);
    }
}

/* pg_ctl as whoever owns the data; what it complains of when it fails. */
async function control(cluster, ...args) {
    const { uid, gid } = statSync(cluster.data);
    const as = process.getuid() === 0 ? { uid, gid } : {};
    const child = spawn(cluster.tool, [...args, '-D', cluster.data], { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], ...as });
    let said = '';
    child.stderr.on('data', (text) => { said += text; });
    const code = await new Promise((resolve) => { child.once('exit', resolve); });
    child.stderr.destroy(); /* the server that it has started keeps the other end */
    return code === 0 ? null : `pg_ctl ended with ${code}: ${said}`;
}

class Cluster {
    constructor(child, url) {
        this.child = child;
        this.url = url;
        this.data = path.join(new URLSearchParams(url.slice(url.indexOf('?'))).get('host'), 'data');
        this.tool = path.join(path.dirname(readlinkSync(`/proc/${this.postmaster()}/exe`)), 'pg_ctl');
    }

    /* Its pid; 0: none runs. */
    postmaster() {
        const pid = Number(read(path.join(this.data, 'postmaster.pid')).split('\n')[0]);
        return pid > 0 && isThere(pid) ? pid : 0;
    }

    /* kill -9 of one backend: PostgreSQL throws all others out and recovers from its log. False: there is
     * none at this moment. */
    killBackend(random) {
        const pids = childrenOf(this.postmaster()).filter((pid) => read(`/proc/${pid}/cmdline`).includes('[local]'));
        if (pids.length === 0) return false;
        kill(pids[Math.floor(random() * pids.length)]);
        return true;
    }

    /* kill -9 of the postmaster, and of all its processes or not: they end by themselves when it is gone. */
    async killPostmaster(random) {
        const pid = this.postmaster();
        const children = childrenOf(pid);
        kill(pid);
        if (random() < 0.5) children.forEach(kill);
        await untilGone([pid, ...children]);
    }

    /* With the options of before; returns when it has recovered. */
    async start() {
        const log = path.join(this.data, 'server.log');
        const problem = await control(this, 'restart', '-w', '-t', '120', '-s', '-l', log);
        assert.equal(problem, null, `${problem}\n${read(log).slice(-3000)}`);
    }

    stop() {
        return new Promise((resolve) => {
            this.child.once('close', resolve);
            this.child.stdin.end();
        });
    }
}

/* Runs `work(cluster)` with HUOZHENG_TEST_PG of a new cluster in `folder`. */
export async function withOwnCluster(work, { folder } = {}) {
    const child = spawn(path.join(ROOT, 'tools/with-postgres'), ['sh', '-c', 'echo "$HUOZHENG_TEST_PG"; cat'],
        { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...(folder ? { TMPDIR: folder } : {}) } });
    const url = await new Promise((resolve, reject) => {
        createInterface({ input: child.stdout }).once('line', resolve);
        child.once('exit', (code) => reject(new Error(`with-postgres ended with ${code}`)));
    });
    const cluster = new Cluster(child, url);
    const before = process.env.HUOZHENG_TEST_PG;
    process.env.HUOZHENG_TEST_PG = url;
    try {
        await work(cluster);
    } finally {
        process.env.HUOZHENG_TEST_PG = before;
        await cluster.stop();
    }
}
