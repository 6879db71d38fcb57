/*
 * What the first visit weighs, part by part, as the browser counts it. Comparison: the budget of the
 * design, and the whole of Tabler's CSS and JavaScript as the kit one would otherwise have taken.
 */
import { closeBrowser, openPage, signInBrowser, startCity } from '../tests/flow/support.mjs';

const KIT_BYTES = 79_100; /* tabler.min.css 1.6.1, gzip -9: docs of the design, measured 2026-11 */
const city = await startCity();
const figures = [];
try {
    for (const [role, target] of [[null, '/'], [null, '/records'], ['leader', '/work'], ['leader', '/work/units']]) {
        const page = await openPage(city.url);
        if (role) {
            const other = await openPage(city.url);
            await signInBrowser(other, city.logins[role]);
            await page.context().addCookies(await other.context().cookies());
            await other.context().close();
        }
        const session = await page.context().newCDPSession(page);
        await session.send('Network.enable');
        const parts = new Map();
        session.on('Network.responseReceived', (event) => parts.set(event.requestId, { url: event.response.url, bytes: 0 }));
        session.on('Network.loadingFinished', (event) => {
            if (parts.has(event.requestId)) parts.get(event.requestId).bytes = event.encodedDataLength;
        });
        await page.goto(target, { waitUntil: 'networkidle' });
        const list = [...parts.values()].filter((part) => !part.url.startsWith('data:'));
        const bytes = list.reduce((sum, part) => sum + part.bytes, 0);
        figures.push({
            name: `cold ${target}`, value: bytes, unit: 'bytes', target: '≤ 60000', holds: bytes <= 60_000,
            comparison: `a kit's CSS alone ${KIT_BYTES}`,
            detail: list.map((part) => `${new URL(part.url).pathname} ${part.bytes}`).join(', '),
        });
        await page.context().close();
    }
} finally {
    await closeBrowser();
    await city.stop();
}
process.stdout.write(`${JSON.stringify({ title: 'Weight of pages', figures })}\n`);
