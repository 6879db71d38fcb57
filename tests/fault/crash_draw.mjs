/*
 * kill -9 of `huozheng draw commit`, `reveal`, `beacon`, `run`, `substitute` and `publish`, as many kills
 * of each, on both engines: around the commit of the transaction and at moments before it. Each step is
 * there with its one ledger entry or not at all, a share or value that was answered is never lost, a draw
 * has one result or none, a substitution one act on the matter, no head changes after it was signed. Then
 * the step is done again, and the bundle verifies.
 *
 * HUOZHENG_KILLS: how many for each engine (6; 50 with HUOZHENG_SOAK). HUOZHENG_SEED: other moments.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { BINARY, Client, ENGINES, huozheng, IS_SOAK, startCity } from '../flow/support.mjs';
import { chance, rows, value } from './support_fault.mjs';
import { runUntil, watch } from './support_moment.mjs';

const KILLS = Number(process.env.HUOZHENG_KILLS ?? (IS_SOAK ? 50 : 6));
const SEED = Number(process.env.HUOZHENG_SEED ?? 20261122);
const DICE = '48151623423141592653';
const STEPS = ['commit', 'reveal', 'beacon', 'run', 'substitute', 'publish'];

async function makePlan(leader) {
    const fresh = await leader.json('/work/plans/new');
    /* The largest category: of a small one every unit has been drawn twice in the year before the kills end. */
    const sizeOf = (one) => Number(one.count_text.replace(/\D/g, ''));
    const row = fresh.rows.reduce((most, one) => (sizeOf(one) > sizeOf(most) ? one : most));
    const made = await leader.post('/work/plans/new', {
        title: '中断测试计划', year: fresh.year.value, agency: '演示机构', kind: 'unit', region: fresh.region.value,
        [row.quota_id]: '2', [row.reserves_id]: '1', action: 'save',
    });
    const plan = /(\d+)$/.exec(made.headers.get('location'))[1];
    assert.equal((await leader.post(`/work/plans/${plan}/publish`, {})).status, 303);
    return plan;
}

const entries = (db, id, type) => Number(value(db,
    `SELECT count(*) AS n FROM ledger_entry WHERE object = 'draw:${id}' AND type = '${type}'`));

/* Whole or not at all; the state as it is there: how many of the steps are done. */
function check(db, id) {
    const [row] = rows(db, `SELECT state, commit_hash, result_hash FROM draw WHERE id = ${id}`);
    const isCommitted = row.state !== 'frozen';
    const isRun = ['done', 'published'].includes(row.state);
    const isOpen = row.state === 'published';
    const parts = (file) => Number(value(db, `SELECT count(*) AS n FROM draw_part WHERE draw_id = ${id} AND file = '${file}'`));
    const count = (table, more = '') => Number(value(db, `SELECT count(*) AS n FROM ${table} WHERE draw_id = ${id} ${more}`));
    assert.equal(entries(db, id, 'draw.commit'), isCommitted ? 1 : 0, 'one commit or none');
    assert.equal(parts('commit.txt'), isCommitted ? 1 : 0);
    assert.equal(row.commit_hash !== '', isCommitted);
    assert.equal(count('draw_beacon'), isCommitted ? 1 : 0);
    assert.equal(count('draw_party'), isCommitted ? 2 : 0);
    const shares = count('draw_party', "AND is_own = 0 AND share_hex <> ''");
    assert.equal(entries(db, id, 'draw.reveal'), shares, 'each share with its entry');
    const values = count('draw_beacon', "AND value_hex <> ''");
    assert.equal(entries(db, id, 'draw.beacon'), values, 'each value with its entry');
    assert.equal(entries(db, id, 'draw.result'), isRun ? 1 : 0, 'one result or none');
    assert.equal(parts('result.tsv'), isRun ? 1 : 0);
    assert.equal(row.result_hash !== '', isRun);
    if (!isRun) assert.equal(count('draw_target'), 0);
    const substitutions = count('draw_substitution');
    assert.equal(entries(db, id, 'draw.substitute'), substitutions, 'each substitution with its entry');
    const acts = Number(value(db, `SELECT count(*) AS n FROM matter_act WHERE step = 'reassign' AND matter_id IN
        (SELECT matter_id FROM inspection WHERE draw_id = ${id})`));
    assert.equal(acts, substitutions, 'each with its act on the matter');
    assert.equal(entries(db, id, 'draw.open'), isOpen ? 1 : 0, 'opened once or not');
    return Number(isCommitted) + shares + values + Number(isRun) + substitutions + Number(isOpen);
}

/* Whatever head was signed stays the only one of its size. */
function checkHeads(db, known) {
    const now = new Map(rows(db, 'SELECT size, note FROM ledger_signed').map(({ size, note }) => [Number(size), note]));
    for (const [size, note] of known) assert.equal(now.get(size), note, `the head of ${size} entries is another now`);
    for (const [size, note] of now) known.set(size, note);
}

/* What was hit: {step: {before, inside, behind}}, by what was seen of the command and what is there. */
const newHits = () => Object.fromEntries(STEPS.map((step) => [step, { before: 0, inside: 0, behind: 0 }]));
const killsIn = (hits, step) => Object.values(hits[step]).reduce((sum, n) => sum + n, 0);

for (const engine of ENGINES) {
    test(`kill -9 during the steps of a draw, ${KILLS} times, ${engine}`, { timeout: 3600_000 }, async () => {
        const city = await startCity({ engine });
        const { db } = city;
        const random = chance(SEED), hits = newHits(), heads = new Map();
        const known = Object.fromEntries(STEPS.map((step) => [step, {}]));
        const watched = await watch(db);
        const env = { ...process.env, HUOZHENG_DB: watched.url, ...city.clock };
        const left = () => STEPS.reduce((sum, step) => sum + quota(step) - killsIn(hits, step), 0);
        const quota = (step) => Math.floor((KILLS + STEPS.indexOf(step)) / STEPS.length);

        /* The step once with a kill, if it still owes one, and then until it is done. */
        const insist = async (id, args) => {
            const [step] = args, before = STEPS.indexOf(step);
            for (let tries = 0; ; tries++) {
                const pick = tries === 0 && killsIn(hits, step) < quota(step) ? random() : null;
                const said = await runUntil(watched, engine, BINARY, ['draw', ...args, '--json'], env, pick, known[step]);
                const isKilled = said.signal === 'SIGKILL';
                assert.ok(said.code === 0 || isKilled, `draw ${args.join(' ')}: ${said.code} ${said.errors}`);
                const done = check(db, id);
                checkHeads(db, heads);
                if (isKilled) huozheng(['ledger', 'verify'], { db: db.url });
                assert.ok(done === before || done === before + 1, `${step}: ${before} steps were done, now ${done}`);
                if (!isKilled) assert.equal(done, before + 1, `${step} was answered and is not there`);
                else if (done > before) hits[step].behind++;
                else if (said.isCommitSeen) hits[step].inside++;
                else hits[step].before++;
                if (done > before) return;
            }
        };
        try {
            const leader = await new Client(city.url).signIn(city.logins.leader);
            for (let round = 0; left() > 0; round++) {
                assert.ok(round < KILLS + 5, `kills do not land: ${JSON.stringify(hits)}`);
                const frozen = JSON.parse(huozheng(['draw', 'freeze', `P${await makePlan(leader)}`, '--json'], { db: db.url, env: city.clock }));
                const { id, number } = frozen;
                const share = JSON.parse(huozheng(['draw', 'share', number, '--party', '演示大学', '--json']));
                const at = new Date(Date.now() + (round * 1500 + 900) * 1000).toISOString();
                await insist(id, ['commit', number, '--beacon', `dice10 20 ${at}`, '--party', `演示大学:${share.commit}`, '--open-by', '2099-01-01']);
                await insist(id, ['reveal', number, '--party', '演示大学', '--share', share.share]);
                city.forward(1500);
                await insist(id, ['beacon', number, '--value', DICE]);
                await insist(id, ['run', number]);
                const [held] = rows(db, `SELECT ord, lead_id FROM draw_target WHERE draw_id = ${id} AND lead_id <> 0 ORDER BY ord LIMIT 1`);
                await insist(id, ['substitute', number, '--place', String(held.ord), '--officer', `F${held.lead_id}`,
                    '--reason', 'AWAY', '--note', '演示']);
                await insist(id, ['publish', number]);
                const folder = path.join(db.folder, `bundle-${id}`);
                huozheng(['draw', 'export', number, folder], { db: db.url });
                huozheng(['draw', 'verify', folder]);
                const [last] = rows(db, `SELECT counts FROM draw_party WHERE draw_id = ${id} AND is_own = 0`);
                assert.equal(Number(last.counts), 1, 'the share counts');
            }
            for (const step of STEPS) console.log(`# ${engine}: ${step}: ${Object.entries(hits[step]).map(([when, n]) => `${n} ${when}`).join(', ')}`);
            if (KILLS >= 50) {
                /* Behind SQLite's commit the command has so little left to do that few kills come in time. */
                for (const when of ['before', 'inside', ...(engine === 'sqlite' ? [] : ['behind'])]) {
                    assert.ok(STEPS.some((step) => hits[step][when] > 0), `no kill was ${when} a commit`);
                }
            }
        } finally {
            await watched.stop();
            await city.stop();
        }
    });
}
