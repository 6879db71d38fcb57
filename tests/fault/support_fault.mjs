/* What fault tests add to the flow tests' support: SQL from outside, chance that can be repeated. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/* Rows of a query as objects, by the engine's own shell: what we check does not pass our code. */
export function rows(db, sql) {
    const isSqlite = db.engine === 'sqlite';
    const done = isSqlite
        ? spawnSync('sqlite3', ['-bail', '-json', db.url.slice('sqlite:'.length), sql], { encoding: 'utf8' })
        : spawnSync('psql', ['-X', '-At', '-v', 'ON_ERROR_STOP=1', '-d', db.url,
            '-c', `SELECT coalesce(json_agg(t), '[]') FROM (${sql}) t`], { encoding: 'utf8' });
    assert.equal(done.status, 0, `${sql}: ${done.stderr}`);
    return JSON.parse(done.stdout.trim() || '[]');
}

export const value = (db, sql) => Object.values(rows(db, sql)[0])[0];

/* PostgreSQL learns of a killed client when it next reads from it; until then its transaction is
 * still there. */
export async function untilAlone(db) {
    if (db.engine === 'sqlite') return;
    const others = 'SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
    for (let i = 0; Number(value(db, others)) > 0; i++) {
        assert.ok(i < 300, 'connections of the killed process are still there');
        await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
}

/* mulberry32: the same moments for the same seed. */
export function chance(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = state;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

export function scratchFolder() {
    const folder = mkdtempSync(path.join(tmpdir(), 'huozheng-fault-'));
    return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
