/* What fault tests add to the flow tests' support: SQL from outside, chance that can be repeated. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { huozheng } from '../flow/support.mjs';

/* Rows of a query as objects, by the engine's own shell: what we check does not pass our code. */
export function rows(db, sql) {
    const isSqlite = db.engine === 'sqlite';
    const done = isSqlite
        ? spawnSync('sqlite3', ['-bail', '-json', db.url.slice('sqlite:'.length), sql], { encoding: 'utf8', maxBuffer: 1 << 28 })
        : spawnSync('psql', ['-X', '-At', '-v', 'ON_ERROR_STOP=1', '-d', db.url,
            '-c', `SELECT coalesce(json_agg(t), '[]') FROM (${sql}) t`], { encoding: 'utf8', maxBuffer: 1 << 28 });
    assert.equal(done.status, 0, `${sql}: ${done.error ?? done.stderr}`);
    return JSON.parse(done.stdout.trim() || '[]');
}

/* Statements that return nothing, by the same shells. */
export function execute(db, sql) {
    const done = db.engine === 'sqlite'
        ? spawnSync('sqlite3', ['-bail', db.url.slice('sqlite:'.length), sql], { encoding: 'utf8' })
        : spawnSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', db.url, '-c', sql], { encoding: 'utf8' });
    assert.equal(done.status, 0, `${sql}: ${done.error ?? done.stderr}`);
}

const unescape = (text) => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&#x2F;', '/')
    .replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/* The POST form for `action` as a browser would send it unchanged. */
export function filledForm(html, action) {
    const found = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)]
        .find(([, head]) => /method="post"/i.test(head) && unescape(/\saction="([^"]*)"/.exec(head)?.[1] ?? '') === action);
    assert.ok(found, `no form for ${action} in:\n${html.slice(0, 2000)}`);
    const form = new URLSearchParams();
    const attribute = (tag, name) => { const match = new RegExp(`\\s${name}="([^"]*)"`).exec(tag); return match ? unescape(match[1]) : null; };
    for (const [tag] of found[2].matchAll(/<input\b[^>]*>/g)) {
        const type = attribute(tag, 'type') ?? 'text';
        const isPicked = !['radio', 'checkbox'].includes(type) || /\schecked\b/.test(tag);
        if (attribute(tag, 'name') && isPicked && type !== 'file') form.append(attribute(tag, 'name'), attribute(tag, 'value') ?? '');
    }
    for (const [, head, text] of found[2].matchAll(/<textarea\b([^>]*)>([\s\S]*?)<\/textarea>/g)) {
        form.append(attribute(head, 'name'), unescape(text));
    }
    for (const [, head, options] of found[2].matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/g)) {
        const all = [...options.matchAll(/<option\b([^>]*)>/g)].map(([, one]) => one);
        const picked = all.find((one) => /\sselected\b/.test(one)) ?? all[0] ?? '';
        form.append(attribute(head, 'name'), attribute(picked, 'value') ?? '');
    }
    return form;
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

/* --- units to import -------------------------------------------------------------------------- */

/* What the rows below lie in. */
export function writeRegions(db, folder) {
    const file = path.join(folder, 'regions.csv');
    writeFileSync(file, 'code,name,parent\n50,重庆市,\n5001,市辖区,50\n500103,渝中区,5001\n');
    huozheng(['import', '--kind', 'region', file], { db: db.url });
}

/* A CSV of units; each row its own name, address and key. */
export function unitFile(round, count) {
    const lines = ['source_id,name,address,region,category,phone'];
    for (let i = 0; i < count; i++) {
        lines.push(`c${round}-${i},崩溃测试${round}号第${i}单位,测试路${round}-${i}号,500103,mall,023-6300${i}`);
    }
    return `${lines.join('\n')}\n`;
}

/* {n: how many rows of file `round` are there, last: the number of the last one}. */
export function unitsOf(db, round) {
    const [found] = rows(db, `SELECT count(*) AS n,
        coalesce(max(CAST(substr(source_id, ${String(round).length + 3}) AS INTEGER)), -1) AS last
        FROM unit WHERE source = 'crash' AND source_id LIKE 'c${round}-%'`);
    return { n: Number(found.n), last: Number(found.last) };
}

/* What must hold for units at any moment. */
export function checkUnits(db) {
    huozheng(['ledger', 'verify'], { db: db.url });
    const units = Number(value(db, 'SELECT count(*) AS n FROM unit'));
    const told = rows(db, "SELECT payload FROM ledger_entry WHERE type = 'unit.import'")
        .reduce((sum, row) => sum + JSON.parse(row.payload).added, 0);
    assert.equal(told, units, 'the ledger tells of as many added units as there are');
    const counted = Number(value(db, 'SELECT coalesce(sum(n), 0) AS n FROM unit_count WHERE scope = 50'));
    assert.equal(counted, units, 'the counters of the lists agree with the rows');
}
