/* What a page costs: bytes of the first visit, requests of the next. Counted by the browser. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { closeBrowser, openPage, signInBrowser, startCity } from './support.mjs';

const COLD_BYTES_MAX = 60_000;
let city;

before(async () => {
    city = await startCity();
});

after(async () => {
    await closeBrowser();
    await city?.stop();
});

/* Loads `target` and returns what went over the wire: [{url, bytes}]. */
async function transfer(page, target) {
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    const requests = new Map();
    session.on('Network.requestWillBeSent', (event) => {
        if (!event.request.url.startsWith('data:')) requests.set(event.requestId, { url: event.request.url, bytes: 0, cached: false });
    });
    session.on('Network.requestServedFromCache', (event) => {
        if (requests.has(event.requestId)) requests.get(event.requestId).cached = true;
    });
    session.on('Network.responseReceived', (event) => {
        const request = requests.get(event.requestId);
        if (request && (event.response.fromDiskCache || event.response.fromPrefetchCache)) request.cached = true;
    });
    session.on('Network.loadingFinished', (event) => {
        if (requests.has(event.requestId)) requests.get(event.requestId).bytes = event.encodedDataLength;
    });
    const response = await page.goto(target, { waitUntil: 'networkidle' });
    assert.equal(response.status(), 200, target);
    await session.detach();
    return [...requests.values()].filter((request) => !request.cached);
}

for (const [name, role, first, next] of [
    ['the public start page', null, '/', '/records'],
    ['the first step of a report', null, '/report', '/track'],
    ['the officer\'s list of units', 'leader', '/work/units', '/work/buildings'],
]) {
    test(`${name}: cold within ${COLD_BYTES_MAX} bytes, warm in one request`, async (t) => {
        const page = await openPage(city.url);
        if (role) {
            /* Signed in through another window, so that nothing of the site is in this one's cache. */
            const other = await openPage(city.url);
            await signInBrowser(other, city.logins[role]);
            await page.context().addCookies(await other.context().cookies());
            await other.context().close();
        }
        const cold = await transfer(page, first);
        const bytes = cold.reduce((sum, request) => sum + request.bytes, 0);
        t.diagnostic(`${first}: ${cold.length} requests, ${bytes} bytes: ${cold.map((r) => `${new URL(r.url).pathname} ${r.bytes}`).join(', ')}`);
        assert.ok(cold.length > 1, 'styles were loaded');
        assert.ok(bytes <= COLD_BYTES_MAX, `${bytes} bytes`);
        const warm = await transfer(page, next);
        assert.deepEqual(warm.map((request) => new URL(request.url).pathname), [next]);
        await page.context().close();
    });
}
