/*
 * Three verifiers, written apart from one another, say the same about the same files: Python
 * (tools/verify), the browser's modules (assets/verify) and `huozheng verify`. Good inputs, random
 * changes of them, and bundles that the real binary exports.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { BINARY, IS_SOAK, ROOT } from '../flow/support.mjs';
import { verifyPath } from './support_js.mjs';

const COUNT = Number(process.env.HUOZHENG_TAMPERINGS ?? (IS_SOAK ? 3000 : 120));
const SEED = Number(process.env.HUOZHENG_SEED ?? 1 + Math.floor(Math.random() * 1e6));

/* What must be the same: the verdict, and of each check its id, outcome, words and place. */
const essence = (verdict) => verdict && { kind: verdict.kind, valid: verdict.valid, checks: verdict.checks, zh: verdict.zh, en: verdict.en };

/* Of `huozheng verify`, whose readers are older than the verdicts, places and reasons may differ. */
const outcomes = (verdict) => ({ kind: verdict.kind, valid: verdict.valid, checks: verdict.checks.map(({ id, ok }) => [id, ok]) });

function verifyWithBinary(target, keys, policy) {
    const done = spawnSync(BINARY, ['verify', target, ...keys.flatMap((key) => ['--key', key]), '--policy', policy, '--json'], { encoding: 'utf8' });
    assert.ok([0, 1].includes(done.status), `${target}: ${done.status ?? done.signal} ${done.stderr}`);
    const verdict = JSON.parse(done.stdout);
    assert.equal(done.status, verdict.valid ? 0 : 1);
    return verdict;
}

function makeCorpus(folder) {
    const done = spawnSync('python3', [path.join(ROOT, 'tests/verify/support_corpus.py'), folder, String(SEED), String(COUNT)], { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    return JSON.parse(readFileSync(path.join(folder, 'corpus.json'), 'utf8'));
}

test('three verifiers agree', async (t) => {
    const folder = mkdtempSync(path.join(process.env.HUOZHENG_TEST_SCRATCH ?? tmpdir(), 'agree-'));
    try {
        const { keys, rows } = makeCorpus(folder), policy = path.join(folder, 'policy.txt');
        await t.test(`Python and the browser's modules, ${rows.length} inputs, seed ${SEED}`, () => {
            for (const { path: name, how, verdict } of rows) {
                assert.deepEqual(essence(verifyPath(path.join(folder, name), { keys, policy })), essence(verdict), `seed ${SEED}: ${how}`);
            }
        });
        await t.test('Python and huozheng verify', () => {
            for (const { path: name, how, verdict } of rows) {
                const said = verifyWithBinary(path.join(folder, name), keys, policy);
                assert.deepEqual(outcomes(said), outcomes(verdict), `seed ${SEED}: ${how}: ${said.en} / ${verdict.en}`);
                if (how === 'good') assert.deepEqual(essence(said), essence(verdict));
            }
        });
        await t.test('everything good is valid, and most of what was changed is not', () => {
            const good = rows.filter(({ how }) => how === 'good'), bad = rows.filter(({ how }) => how !== 'good');
            for (const { path: name, verdict } of good) assert.ok(verdict.valid, `${name}: ${verdict.zh}`);
            const { checks } = good.find(({ path: name }) => name === 'good/lost').verdict;
            const keys = checks.find(({ id }) => id === 'keys');
            assert.deepEqual([keys.ok, keys.entry], [null, 1], 'keys that were lost are told of');
            assert.match(keys.zh, /从第 1 号记录起由新的公钥签名/);
            assert.ok(bad.filter(({ verdict }) => !verdict.valid).length > 0.8 * bad.length);
        });
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
});
