/* Matters in the browser: signing in, filling any generated form, taking an act. */
import assert from 'node:assert/strict';
import { press } from './support_job.mjs';
import { openPage, signInBrowser } from './support.mjs';

export async function signedIn(city, role, options = { script: false }) {
    const page = await openPage(city.url, options);
    await signInBrowser(page, city.logins[role]);
    return page;
}

/* {field: text, or the value of a radio button or box}. */
export async function fill(page, fields) {
    for (const [name, value] of Object.entries(fields)) {
        const named = page.locator(`[name="f-${name}"]`);
        if (await named.first().evaluate((one) => one.type === 'radio' || one.type === 'checkbox')) {
            for (const one of [value].flat()) await page.check(`[name="f-${name}"][value="${one}"]`);
        } else {
            await named.fill(value);
        }
    }
}

/* Certificate numbers of two officers who serve in the matter's district. */
export async function officers(page, district) {
    await page.goto(`/work/officers?state=serving&region=${district}`);
    const rows = await page.locator('tbody tr').evaluateAll((all) => all.map((row) => row.innerText));
    const numbers = rows.map((text) => /\b[A-Z0-9-]{6,}\b/.exec(text.replaceAll('\n', ' '))?.[0]).filter(Boolean);
    assert.ok(numbers.length >= 2, `two officers serve in ${district}: ${rows.slice(0, 2).join(' | ')}`);
    return numbers.slice(0, 2);
}

export async function act(page, matter, step, fields, who = []) {
    await page.goto(matter);
    await Promise.all([page.waitForNavigation(), page.locator('main aside').getByRole('link', { name: step, exact: true }).click()]);
    await fill(page, fields);
    for (const [i, number] of who.entries()) await page.fill(`[name=officer-${i + 1}]`, number);
    await press(page, step);
}

export const stateOf = (page) => page.locator('.head .tag').innerText();
