/*
 * Takes the pictures of the READMEs from a real demo city: node tools/screenshots.mjs
 * Needs build/huozheng and Chromium (make build, tools/setup test).
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Client, closeBrowser, openPage, ROOT, signInBrowser, startCity } from '../tests/flow/support.mjs';

const OUT = path.join(ROOT, 'docs/img');
mkdirSync(OUT, { recursive: true });
const city = await startCity({ scale: 1 });
try {
    const draws = await new Client(city.url).json('/records?kind=draw');
    const draw = /\/draws\/\d+/.exec(JSON.stringify(draws))?.[0] ?? '/records';
    const shots = [
        { name: 'draw', role: null, target: draw, width: 1280, height: 860 },
        { name: 'units', role: 'clerk', target: '/work/units', width: 1280, height: 860 },
        { name: 'today', role: 'inspector', target: '/work', width: 1280, height: 860 },
        { name: 'phone', role: 'inspector', target: '/work', width: 390, height: 844 },
    ];
    for (const { name, role, target, width, height } of shots) {
        const page = await openPage(city.url, { width, height });
        if (role) await signInBrowser(page, city.logins[role]);
        await page.goto(target, { waitUntil: 'networkidle' });
        await page.screenshot({ path: path.join(OUT, `${name}.png`) });
        await page.context().close();
        process.stdout.write(`${name}: ${target}\n`);
    }
} finally {
    await closeBrowser();
    await city.stop();
}
