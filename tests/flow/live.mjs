/*
 * Live events on the real server: a job tells its owner's open pages, and nobody else; a page follows
 * without being loaded again; a stop of the server ends the streams in order.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { Client, closeBrowser, huozheng, newDatabase, openPage, serve, signInBrowser } from './support.mjs';

const PASSWORD = 'Quiet-lantern-8119-orbit';
const ROWS = 20_000;
let db;
let server;

before(async () => {
    db = newDatabase();
    server = await serve(db);
    for (const login of ['watcher', 'stranger']) {
        huozheng(['user', 'add', login, '--name', '测试', '--roles', 'clerk', '--region', '500000', '--password-stdin'],
            { db: db.url, input: `${PASSWORD}\n` });
    }
    const rows = Array.from({ length: ROWS }, (_, i) => `实时测试单位${i},实时路${i}号,500103,餐饮\n`);
    writeFileSync(path.join(db.folder, 'many.csv'), `名称,地址,所在区域,类别\n${rows.join('')}`);
});

after(async () => {
    await closeBrowser();
    await server?.stop();
    db?.drop();
});

/* Collects an account's events until `stop()`. */
async function listen(login) {
    const client = await new Client(server.url).signIn({ login, password: PASSWORD });
    const response = await client.get('/work/jobs/events');
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^text\/event-stream/);
    const stream = { text: '', hasEnded: false };
    stream.end = (async () => {
        const decoder = new TextDecoder();
        for await (const part of response.body) stream.text += decoder.decode(part, { stream: true });
        stream.hasEnded = true;
    })();
    return stream;
}

test('an import tells its owner, whose page follows without being loaded again', async () => {
    const own = await listen('watcher');
    const other = await listen('stranger');
    const page = await openPage(server.url);
    await signInBrowser(page, { login: 'watcher', password: PASSWORD });
    await page.goto('/work/import');
    await page.selectOption('select[name=kind]', 'unit');
    await page.setInputFiles('input[name=file]', path.join(db.folder, 'many.csv'));
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: '上传并对列', exact: true }).click()]);
    await page.locator('select[name="f.region"]').selectOption({ label: '所在区域' });
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: '试导入', exact: true }).click()]);
    await page.locator('button:has-text("确认导入")').first().waitFor({ timeout: 120_000 });
    assert.deepEqual(page.complaints, []);
    assert.match(own.text, /^id: \d+\nevent: change\ndata: \{"id":\d+,"state":"done"\}$/m);
    assert.doesNotMatch(other.text, /event:/);
    await page.context().close();
});

test('a stop ends open streams in order', async () => {
    const streams = [];
    for (const login of ['watcher', 'stranger', 'watcher']) streams.push(await listen(login));
    const started = Date.now();
    await server.stop();
    await Promise.all(streams.map((stream) => stream.end));
    assert.ok(streams.every((stream) => stream.hasEnded));
    assert.ok(Date.now() - started < 5_000);
});
