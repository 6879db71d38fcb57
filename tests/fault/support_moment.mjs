/*
 * Killing a command at a moment of its own: behind one of its messages to PostgreSQL, as soon as it
 * writes to SQLite's files, or after some time. What it had come to is told by what was seen of it.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PAGE = 4096; /* SQLite writes no less */

/* Where the commands of `db` go, so that `seen(isCommit)` is called at every message (PostgreSQL) or
 * write (SQLite) while one is watched. A listener that returns true has killed: what comes later is
 * not passed on. */
export async function watch(db) {
    return db.engine === 'sqlite' ? watchWrites(db) : watchSocket(db);
}

/* What a process has written so far (proc(5)): the server writes to the same file, and is not meant. */
function written(pid) {
    try {
        return Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))[1]);
    } catch {
        return 0; /* it has ended */
    }
}

function watchWrites(db) {
    let listener = null;
    let pid = 0;
    let last = 0;
    const look = () => {
        if (listener === null) return;
        const now = written(pid);
        if (now >= last + PAGE) {
            last = now;
            listener(true);
        }
        setImmediate(look); /* a commit takes less than a millisecond */
    };
    return {
        url: db.url,
        begin: (child, seen) => { pid = child.pid; last = 0; listener = seen; setImmediate(look); },
        end: () => { listener = null; },
        stop: async () => {},
    };
}

/* A socket between the command and PostgreSQL, in a folder of its own. */
async function watchSocket(db) {
    const [head, query] = db.url.split('?'), options = new URLSearchParams(query);
    const folder = path.join(db.folder, 'pg'), name = `.s.PGSQL.${options.get('port') ?? 5432}`;
    const real = path.join(options.get('host'), name);
    let listener = null;
    mkdirSync(folder);
    const server = net.createServer((command) => {
        const engine = net.connect(real);
        let isDead = false;
        command.on('data', (data) => {
            if (isDead) return;
            const isCommit = data.includes('COMMIT');
            /* Killed before PostgreSQL has the message, or right behind it. */
            isDead = Boolean(listener?.(isCommit, 'before'));
            if (isDead) { engine.destroy(); return; }
            engine.write(data);
            isDead = Boolean(listener?.(isCommit, 'behind'));
            if (isDead) engine.end();
        });
        command.on('end', () => engine.end());
        engine.on('data', (data) => { if (!isDead) command.write(data); });
        engine.on('end', () => command.end());
        for (const one of [command, engine]) one.on('error', () => { command.destroy(); if (!isDead) engine.destroy(); });
    });
    await new Promise((resolve) => { server.listen(path.join(folder, name), resolve); });
    options.set('host', folder);
    return {
        url: `${head}?${options}`,
        begin: (_, seen) => { listener = seen; },
        end: () => { listener = null; },
        stop: async () => { server.close(); rmSync(folder, { recursive: true, force: true }); },
    };
}

/*
 * Runs a command and kills it at the moment that `pick` (0 <= pick < 1) stands for, or not at all
 * (null). `known`: what earlier calls of the same command have learnt, {messages, ms, rest} (ms until the
 * first write or the commit, and from there to the end); it is brought up to date. Resolves to {code, signal, errors, isCommitSeen}.
 */
export async function runUntil(watched, engine, command, args, env, pick, known) {
    const begun = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
    const errors = [];
    let seen = 0;
    let isCommitSeen = false;
    child.stderr.on('data', (data) => errors.push(data));
    const exit = new Promise((resolve) => { child.once('exit', (code, signal) => resolve({ code, signal })); });
    const plan = pick === null ? null : moment(engine, pick, known);
    watched.begin(child, (isCommit, side) => {
        seen++;
        if (isCommit && !isCommitSeen) known.ms = performance.now() - begun;
        isCommitSeen ||= isCommit;
        const isNow = plan?.at === 'commit' ? isCommit && (!side || side === plan.side) : plan?.message === seen;
        if (!isNow) return false;
        if (plan.later > 0) setTimeout(() => child.kill('SIGKILL'), plan.later);
        else child.kill('SIGKILL');
        return plan.later === 0;
    });
    const timer = plan?.ms === undefined ? null : setTimeout(() => child.kill('SIGKILL'), plan.ms);
    const { code, signal } = await exit;
    clearTimeout(timer);
    watched.end();
    if (signal === null) Object.assign(known, { messages: seen, rest: performance.now() - begun - known.ms });
    if (signal !== null) await sleep(100); /* PostgreSQL learns of the kill a little later */
    return { code, signal, errors: Buffer.concat(errors).toString(), isCommitSeen };
}

/* Of the picks one part in three is at the commit itself, one behind it, one anywhere before it. */
function moment(engine, pick, known) {
    const within = (pick * 3) % 1;
    if (pick < 1 / 3) return { at: 'commit', side: 'before', later: 0 };
    if (pick < 2 / 3) return { at: 'commit', side: 'behind', later: engine === 'sqlite' ? (0.3 + 0.7 * within) * (known.rest ?? 30) : 0 };
    if (engine !== 'sqlite' && known.messages) return { message: 1 + Math.floor(within * known.messages), later: 0 };
    return { ms: (known.ms ?? 100) * (1 - 0.5 * within * within) };
}
