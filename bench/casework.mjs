/*
 * Casework: acts per second beside bare commits on each engine, and the page of a matter and the
 * lists with 1,000,000 matters and 10,000,000 acts stored (SQLite).
 *
 *   node bench/casework.mjs [--matters 1000000] [--acts 2000] [--seconds 6]
 *
 * The matters are written by one SQL script: each a complaint of ten acts that replay (registered,
 * then nine people), with clock and one ledger row. Prints one JSON document as bench/run.py reads it.
 */
import autocannon from 'autocannon';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Client, ENGINES, makeCity, newDatabase, ROOT, serve } from '../tests/flow/support.mjs';

const { values: options } = parseArgs({
    options: {
        matters: { type: 'string', default: '1000000' },
        acts: { type: 'string', default: '2000' },
        seconds: { type: 'string', default: '6' },
    },
});
const MATTERS = Number(options.matters);
const figures = [];
const say = (figure) => {
    figures.push(figure);
    process.stderr.write(`${figure.holds ? '  ' : '! '}${figure.name}: ${figure.value} ${figure.unit} (${figure.detail})\n`);
};

/* --- acts beside bare commits --- */

for (const engine of ENGINES) {
    const db = newDatabase(engine);
    try {
        makeCity(db, '0.02');
        const done = spawnSync(path.join(ROOT, 'build/bench/casework_acts'), [db.url, options.acts], { encoding: 'utf8' });
        if (done.status !== 0) throw new Error(done.stderr);
        const { acts, bare } = JSON.parse(done.stdout);
        say({
            name: `${engine}: acts through the full path`, value: Math.round(acts), unit: 'acts/s', target: 'at least 1/3 of bare commits',
            holds: acts >= bare / 3, comparison: `bare single-row commits ${Math.round(bare)}/s`, detail: `${(acts / bare).toFixed(2)} of them`,
        });
    } finally {
        db.drop();
    }
}

/* --- the page of a matter among many --- */

const FIRST = '{"channel":"web","content":"other","description":"没有灭火器","named":"no","place":"演示路1号"}';
const FIRST_ID = 100_000; /* the city has matters of its own */
const fillSql = (now) => `
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -800000;
BEGIN;
CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT ${FIRST_ID + 1} UNION ALL SELECT i + 1 FROM c WHERE i < ${FIRST_ID + MATTERS}) SELECT i FROM c;
CREATE TEMP TABLE d AS SELECT row_number() OVER (ORDER BY code) - 1 AS k, code FROM region WHERE level = 3 AND valid_to IS NULL AND code LIKE '50%';
CREATE TEMP TABLE p(s); INSERT INTO p WITH RECURSIVE c(s) AS (SELECT 2 UNION ALL SELECT s + 1 FROM c WHERE s < 10) SELECT s FROM c;
INSERT INTO matter (id, kind, number, title, region, district, state, is_closed, version, opened_us, changed_us, due_us, due_key, due_clock)
SELECT i, 'complaint', printf('举〔2026〕第%07d号', i), printf('演示商店%d', i), code, CAST(substr(code, 1, 6) AS INTEGER), 'registered', 0, 10,
    ${now} - i * 1000000, ${now} - i * 1000000, ${now} + (i % 900000) * 1000000, ${now} + (i % 900000) * 1000000, 'complaint-verification'
FROM n JOIN d ON d.k = i % (SELECT count(*) FROM d);
INSERT INTO matter_act (matter_id, seq, step, happened_us, entered_us, actor, person, officers, data, state_from, state_to)
SELECT i, 1, 'register', ${now} - i * 1000000, ${now} - i * 1000000, 1, -1, '[]', '${FIRST}', '', 'registered' FROM n;
INSERT INTO matter_act (matter_id, seq, step, happened_us, entered_us, actor, person, officers, data, state_from, state_to)
SELECT i, s, 'add-person', ${now} - i * 1000000 + s, ${now} - i * 1000000 + s, 1, -1, '[]', '{"name":"见证人","part":"witness"}', 'registered', 'registered' FROM n, p;
INSERT INTO matter_clock (matter_id, n, clock, started_by, state, due_us, stopped_us) SELECT i, 1, 'complaint-verification', 1, 'running', ${now}, 0 FROM n;
INSERT INTO matter_person (account_id, matter_id) SELECT 1, i FROM n;
INSERT INTO ledger_entry (idx, bytes, leaf_hash, type, object, time_us) SELECT 1000000000 + i, x'00', zeroblob(32), 'matter.act', 'matter:' || i, ${now} FROM n;
COMMIT; PRAGMA journal_mode = WAL; ANALYZE;
`;

/* `path` is asked for each request: autocannon's own list of requests is built for every connection
 * first, and what it is late by then it sends at once (500 paths: p99 of /healthz 70 ms instead of 7). */
async function load(url, path, cookie) {
    const result = await autocannon({
        url, connections: 10, overallRate: 300, duration: Number(options.seconds), timeout: 30,
        warmup: { connections: 10, duration: 1 },
        requests: [{ headers: cookie ? { cookie } : {}, setupRequest: (request) => ({ ...request, path: path() }) }],
    });
    return { p50: result.latency.p50, p99: result.latency.p99, max: result.latency.max, bad: result.non2xx + result.errors, rate: result.requests.average };
}

const db = newDatabase('sqlite');
let server;
try {
    const logins = makeCity(db, '0.02');
    const started = Date.now();
    const done = spawnSync('sqlite3', [db.url.replace(/^sqlite:/, '')], { input: fillSql(Date.now() * 1000), encoding: 'utf8' });
    if (done.status !== 0 || done.stderr) throw new Error(done.stderr);
    process.stderr.write(`${MATTERS} matters written in ${((Date.now() - started) / 1000).toFixed(0)} s\n`);
    server = await serve(db);
    const client = await new Client(server.url).signIn(logins.leader);
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const floor = await load(server.url, () => '/healthz');
    let asked = 0;
    const pages = {
        'the page of a matter, each time another': () => `/work/matters/${FIRST_ID + 1 + (asked++ * 7919 * 131) % MATTERS}`,
        'matters, the most urgent first': () => '/work/matters',
        'matters of one kind': () => '/work/matters?kind=complaint',
        'the form of an act': () => `/work/matters/${FIRST_ID + 77}/acts/add-evidence`,
    };
    for (const [name, path] of Object.entries(pages)) {
        const result = await load(server.url, path, cookie);
        say({
            name: `sqlite: ${name}`, value: result.p99, unit: 'ms p99', target: '≤ 20', holds: result.p99 <= 20 && result.bad === 0,
            comparison: `/healthz ${floor.p99} ms p99`, detail: `p50 ${result.p50}, max ${result.max}, ${result.rate.toFixed(0)}/s, ${result.bad} bad`,
        });
    }
} finally {
    if (server?.isAlive()) await server.kill();
    db.drop();
}
process.stdout.write(`${JSON.stringify({ title: `Casework: ${MATTERS.toLocaleString('en')} matters, ${(10 * MATTERS).toLocaleString('en')} acts, 300 requests/s`, figures })}\n`);
