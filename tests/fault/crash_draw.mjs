/*
 * kill -9 of `huozheng draw commit`, `reveal`, `run` and `substitute` at random moments, on both engines: a commit is
 * there with its one ledger entry or not at all, a share that was answered is never lost, and a draw has
 * one result or none, a substitution one entry and one act on the matter. Then the step is done again, and the bundle verifies.
 *
 * HUOZHENG_KILLS: how many for each engine (5; 50 with HUOZHENG_SOAK). HUOZHENG_SEED: other moments.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BINARY, Client, ENGINES, huozheng, IS_SOAK, startCity } from '../flow/support.mjs';
import { chance, rows, value } from './support_fault.mjs';

const KILLS = Number(process.env.HUOZHENG_KILLS ?? (IS_SOAK ? 50 : 5));
const SEED = Number(process.env.HUOZHENG_SEED ?? 20261122);
const DICE = '48151623423141592653';

/* Runs `huozheng draw …` and kills it after `ms`; true when it had answered before. */
async function draw(city, args, ms) {
    const child = spawn(BINARY, ['draw', ...args, '--json'], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, HUOZHENG_DB: city.db.url, ...city.clock },
    });
    const errors = [];
    child.stderr.on('data', (data) => errors.push(data));
    const exit = new Promise((resolve) => { child.once('exit', (code, signal) => resolve({ code, signal })); });
    const timer = ms === undefined ? null : setTimeout(() => child.kill('SIGKILL'), ms);
    const { code, signal } = await exit;
    clearTimeout(timer);
    assert.ok(code === 0 || signal === 'SIGKILL', `draw ${args.join(' ')}: ${code} ${Buffer.concat(errors)}`);
    return code === 0;
}

async function makePlan(leader) {
    const fresh = await leader.json('/work/plans/new');
    const row = fresh.rows[0];
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

/* Whole or not at all; the state as it is there. */
function check(db, id) {
    const [row] = rows(db, `SELECT state, commit_hash, result_hash FROM draw WHERE id = ${id}`);
    const isCommitted = row.state !== 'frozen';
    const isRun = row.state === 'done';
    const parts = (file) => Number(value(db, `SELECT count(*) AS n FROM draw_part WHERE draw_id = ${id} AND file = '${file}'`));
    const count = (table) => Number(value(db, `SELECT count(*) AS n FROM ${table} WHERE draw_id = ${id}`));
    assert.equal(entries(db, id, 'draw.commit'), isCommitted ? 1 : 0, 'one commit or none');
    assert.equal(parts('commit.txt'), isCommitted ? 1 : 0);
    assert.equal(row.commit_hash !== '', isCommitted);
    assert.equal(count('draw_beacon'), isCommitted ? 1 : 0);
    assert.equal(count('draw_party'), isCommitted ? 2 : 0);
    assert.equal(entries(db, id, 'draw.result'), isRun ? 1 : 0, 'one result or none');
    assert.equal(parts('result.tsv'), isRun ? 1 : 0);
    assert.equal(row.result_hash !== '', isRun);
    if (!isRun) assert.equal(count('draw_target'), 0);
    const shares = Number(value(db, `SELECT count(*) AS n FROM draw_party WHERE draw_id = ${id} AND is_own = 0 AND share_hex <> ''`));
    assert.equal(entries(db, id, 'draw.reveal'), shares, 'each share with its entry');
    const substitutions = count('draw_substitution');
    assert.equal(entries(db, id, 'draw.substitute'), substitutions, 'each substitution with its entry');
    const acts = Number(value(db, `SELECT count(*) AS n FROM matter_act WHERE step = 'reassign' AND matter_id IN
        (SELECT matter_id FROM inspection WHERE draw_id = ${id})`));
    assert.equal(acts, substitutions, 'each with its act on the matter');
    huozheng(['ledger', 'verify'], { db: db.url });
    return { ...row, shares, substitutions };
}

for (const engine of ENGINES) {
    test(`kill -9 during commit, reveal, run and substitute, ${KILLS} times, ${engine}`, { timeout: 3600_000 }, async () => {
        const city = await startCity({ engine });
        const { db } = city;
        const random = chance(SEED);
        let killed = 0;
        let late = 0;
        try {
            const leader = await new Client(city.url).signIn(city.logins.leader);
            let longest = 300;
            /* Until the step is answered or done; kills on the way while there are some left. */
            const insist = async (id, args, isDone) => {
                for (;;) {
                    const isKill = killed < KILLS;
                    const begun = Date.now();
                    const isAnswered = await draw(city, args, isKill ? random() * longest : undefined);
                    if (!isAnswered) killed++;
                    else longest = Math.max(50, Date.now() - begun);
                    if (!isAnswered) await sleep(300); /* PostgreSQL learns of the kill a little later */
                    const state = check(db, id);
                    if (isAnswered) assert.ok(isDone(state), `${args[0]} was answered and is not there`);
                    else if (isDone(state)) late++;
                    if (isDone(state)) return;
                }
            };
            for (let round = 0; killed < KILLS; round++) {
                const frozen = JSON.parse(huozheng(['draw', 'freeze', `P${await makePlan(leader)}`, '--json'], { db: db.url, env: city.clock }));
                const { id, number } = frozen;
                const share = JSON.parse(huozheng(['draw', 'share', number, '--party', '演示大学', '--json']));
                const at = new Date(Date.now() + (round * 1500 + 900) * 1000).toISOString();
                await insist(id, ['commit', number, '--beacon', `dice10 20 ${at}`, '--party', `演示大学:${share.commit}`,
                    '--open-by', '2099-01-01'], (state) => state.state === 'committed');
                await insist(id, ['reveal', number, '--party', '演示大学', '--share', share.share], (state) => state.shares === 1);
                city.forward(1500);
                await insist(id, ['run', number, '--value', DICE], (state) => state.state === 'done');
                const [held] = rows(db, `SELECT ord, lead_id FROM draw_target WHERE draw_id = ${id} AND lead_id <> 0 ORDER BY ord LIMIT 1`);
                await insist(id, ['substitute', number, '--place', String(held.ord), '--officer', `F${held.lead_id}`,
                    '--reason', 'AWAY', '--note', '演示'], (state) => state.substitutions === 1);
                const folder = path.join(db.folder, `bundle-${id}`);
                huozheng(['draw', 'export', number, folder], { db: db.url });
                huozheng(['draw', 'verify', folder]);
                const [last] = rows(db, `SELECT counts FROM draw_party WHERE draw_id = ${id} AND is_own = 0`);
                assert.equal(Number(last.counts), 1, 'the share counts');
            }
            console.log(`# ${engine}: ${killed} kills, ${late} of them after the work was on disk`);
        } finally {
            await city.stop();
        }
    });
}
