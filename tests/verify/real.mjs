/*
 * What the real binary hands out verifies with the Python verifier and in the browser's modules, with
 * nothing of the server loaded: a whole log, a history, proofs, a draw with its log proofs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { ENGINES, huozheng, makeCity, newDatabase, ROOT } from '../flow/support.mjs';
import { verifyPath } from './support_js.mjs';

function verifyWithPython(target, keys) {
    const done = spawnSync('python3', [path.join(ROOT, 'tools/verify/verify.py'), target, '--json', ...keys.flatMap((key) => ['--key', key])], { encoding: 'utf8' });
    assert.ok([0, 1].includes(done.status), done.stderr);
    return JSON.parse(done.stdout);
}

/* All verifiers say the same, and nothing failed; returns {check: outcome}. */
function verdictOf(target, keys) {
    const python = verifyWithPython(target, keys);
    assert.ok(python.valid, `${target}: ${python.en}`);
    const ours = JSON.parse(huozheng(['verify', target, '--json', ...keys.flatMap((key) => ['--key', key])]));
    assert.deepEqual(ours, python);
    assert.deepEqual(verifyPath(target, { keys }), python);
    return Object.fromEntries(python.checks.map(({ id, ok }) => [id, ok]));
}

async function checkCity(db) {
    const run = (...args) => huozheng(args, { db: db.url });
    const at = (name) => path.join(db.folder, name), keyFolder = at('keys'), bundle = at('bundle');
    makeCity(db, 0.01);
    run('ledger', 'keygen', '--keys', keyFolder, '--origin', 'test.example/fss');
    run('ledger', 'sign', '--keys', keyFolder);
    run('ledger', 'export', at('log'));
    const keys = readFileSync(at('log/keys.txt'), 'utf8').trim().split('\n');

    const log = verdictOf(at('log'), keys);
    for (const [check, ok] of Object.entries(log)) assert.equal(ok, check === 'witness' ? null : true, check);

    const history = run('ledger', 'history', 'draw:2');
    writeFileSync(at('history.json'), history);
    assert.ok(verdictOf(at('history.json'), keys)['inclusion-sm3']);
    writeFileSync(at('old.json'), run('ledger', 'prove', '7'));
    assert.ok(verdictOf(at('old.json'), []).inclusion);
    writeFileSync(at('entry.tlog-proof'), run('ledger', 'prove', '7', '--tlog'));
    assert.ok(verdictOf(at('entry.tlog-proof'), keys).signature);

    mkdirSync(bundle);
    run('draw', 'export', 'D2', bundle);
    const draw = verdictOf(bundle, keys);
    for (const check of ['tickets', 'officers', 'ledger', 'signature', 'key']) assert.equal(draw[check], true, check);

    const result = path.join(bundle, 'result.tsv'), said = readFileSync(result, 'utf8');
    writeFileSync(result, said.replace('\tdrawn\t', '\treserve\t'));
    assert.equal(verifyWithPython(bundle, keys).checks.find(({ ok }) => ok === false).id, 'tickets');
}

for (const engine of ENGINES) {
    test(`what the binary hands out verifies elsewhere, ${engine}`, async (t) => {
        const db = newDatabase(engine);
        t.after(() => db.drop());
        await checkCity(db);
    });
}
