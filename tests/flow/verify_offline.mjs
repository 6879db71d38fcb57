/*
 * The verifier that runs in the visitor's own browser: a bundle that the real binary exports, the
 * same bundle tampered with, a proof; keyboard, phone, axe, no script.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { axeFindings, closeBrowser, openPage, ROOT, startCity } from './support.mjs';

/* Bundles and proofs as the specification says, by the reference writer of tests/verify. */
function writeCorpus(folder) {
    const done = spawnSync('python3', [path.join(ROOT, 'tests/verify/support_corpus.py'), folder, '1', '0'], { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    return JSON.parse(readFileSync(path.join(folder, 'corpus.json'), 'utf8')).keys;
}

const filesIn = (folder) => readdirSync(folder).map((name) => path.join(folder, name));

const chooseFolder = (page, folder) => choose(page, folder, '', '#folder');

async function choose(page, paths, keys = '', field = '#files') {
    await page.setInputFiles(field, paths);
    if (keys) {
        await page.evaluate(() => { document.querySelector('[data-offline] details').open = true; });
        await page.fill('#vkeys', keys);
    }
    await page.click('[data-offline] button[type=submit]');
    await page.waitForSelector('[data-verdict] .note');
    return page.$eval('[data-verdict]', (out) => ({
        valid: out.dataset.valid,
        text: out.querySelector('.note').textContent,
        checks: Object.fromEntries([...out.querySelectorAll('[data-check]')].map((one) => [one.dataset.check, one.dataset.ok])),
    }));
}

/* The folder of an exported log, whole, with keys that were lost, and changed. */
async function checkLog(page, folder) {
    await page.reload();
    const good = await chooseFolder(page, path.join(folder, 'good/log'));
    assert.equal(good.valid, 'true', good.text);
    assert.deepEqual([good.checks.entries, good.checks['tree-sm3'], good.checks.keys, good.checks.key], ['true', 'true', 'true', 'null']);
    await page.reload();
    const lost = await chooseFolder(page, path.join(folder, 'good/lost'));
    assert.deepEqual([lost.valid, lost.checks.keys], ['true', 'null']);
    assert.match(await page.textContent('[data-check=keys]'), /从第 1 号记录起由新的公钥签名/);
    const bad = path.join(folder, 'changed-log');
    cpSync(path.join(folder, 'good/log'), bad, { recursive: true });
    const tile = path.join(bad, 'tile/entries/000');
    writeFileSync(tile, readFileSync(tile, 'latin1').replace('unit.change', 'unit.chance'), 'latin1');
    await page.reload();
    const changed = await chooseFolder(page, bad);
    assert.equal(changed.valid, 'false');
    assert.match(changed.text, /tile\/entries\/000/);
}

async function checkVerdicts(url, folder, keys) {
    const page = await openPage(url);
    await page.goto('/verify');
    await page.click('a[href="/verify/offline"]');
    await page.waitForSelector('[data-offline]:not([hidden])');
    const good = await choose(page, filesIn(path.join(folder, 'good/draw1')), keys.join('\n'));
    assert.equal(good.valid, 'true', good.text);
    assert.equal(good.checks.tickets, 'true');
    assert.equal(good.checks.key, 'true');
    assert.deepEqual(await axeFindings(page), []);
    const bad = path.join(folder, 'changed');
    mkdirSync(bad);
    for (const file of filesIn(path.join(folder, 'good/draw0'))) writeFileSync(path.join(bad, path.basename(file)), readFileSync(file));
    writeFileSync(path.join(bad, 'pool.tsv'), readFileSync(path.join(bad, 'pool.tsv'), 'utf8').replace('\thotel\t', '\tmall\t'));
    await page.reload();
    const changed = await choose(page, filesIn(bad));
    assert.equal(changed.valid, 'false');
    assert.equal(changed.checks.pool, 'false');
    assert.match(changed.text, /pool\.tsv/);
    assert.deepEqual(await axeFindings(page), []);
    await page.reload();
    const proof = await choose(page, [path.join(folder, 'good/entry.tlog-proof/entry.tlog-proof')]);
    assert.equal(proof.valid, 'true');
    assert.equal(proof.checks.signature, 'null', 'no key was given');
    assert.match(proof.text, /不能核对/);
    await page.reload();
    const other = await choose(page, [path.join(folder, 'good/log/keys.txt'), path.join(folder, 'corpus.json')]);
    assert.match(other.text, /不是证明文件/);
    await checkLog(page, folder);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
}

/* Without the server: after loading, nothing is asked for. */
async function checkOffline(url, folder) {
    const page = await openPage(url);
    await page.goto('/verify/offline');
    await page.waitForSelector('[data-offline]:not([hidden])');
    await page.waitForLoadState('networkidle');
    await page.context().setOffline(true);
    const verdict = await choose(page, [path.join(folder, 'good/history.json/history.json')]);
    assert.equal(verdict.valid, 'true', verdict.text);
    await page.context().close();
}

async function checkPhone(url, folder) {
    const page = await openPage(url, { width: 360 });
    await page.goto('/verify/offline');
    await page.waitForSelector('[data-offline]:not([hidden])');
    await page.setInputFiles('#files', filesIn(path.join(folder, 'good/closed')));
    await page.focus('#files');
    for (let i = 0; i < 8 && (await page.evaluate(() => document.activeElement.type)) !== 'submit'; i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-verdict] .note');
    assert.ok(await page.evaluate(() => document.activeElement.classList.contains('note')), 'the verdict has the focus');
    assert.match(await page.textContent('[data-check=tickets]'), /密封/);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360), 'no sideways scrolling');
    assert.deepEqual(await axeFindings(page), []);
    if (process.env.HUOZHENG_SHOTS) await page.screenshot({ path: path.join(process.env.HUOZHENG_SHOTS, 'offline-360.png'), fullPage: true });
    assert.deepEqual(page.complaints, []);
    await page.context().close();
}

async function checkNoScript(url) {
    const page = await openPage(url, { script: false });
    await page.goto('/verify/offline');
    assert.ok(await page.isVisible('text=huozheng verify'));
    assert.ok(!(await page.isVisible('[data-offline]')), 'a form that cannot work is not shown');
    await page.context().close();
}

test('files are verified in the browser of whoever has them', async (t) => {
    const city = await startCity({ scale: 0.005 });
    t.after(async () => { await closeBrowser(); await city.stop(); });
    const folder = path.join(city.db.folder, 'corpus');
    mkdirSync(folder);
    const keys = writeCorpus(folder);
    await t.test('verdicts on good and changed files', () => checkVerdicts(city.url, folder, keys));
    await t.test('nothing is asked of the server after loading', () => checkOffline(city.url, folder));
    await t.test('on a phone, by keyboard', () => checkPhone(city.url, folder));
    await t.test('without a script it says what to use', () => checkNoScript(city.url));
});
