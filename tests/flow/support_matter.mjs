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

/* --- by HTTP alone, as a person's forms would --- */

/* The first district that the form of new matters offers this reader. */
export async function firstDistrict(client) {
    const html = await (await client.get('/work/matters/new?kind=complaint')).text();
    const options = /<select[^>]*\sname="region"[^>]*>([\s\S]*?)<\/select>/.exec(html)[1];
    return [...options.matchAll(/value="(\d{6})"/g)].map((match) => match[1])[0];
}

/* Registers a complaint; `happened` is "2026-11-18T15:00" in Shanghai. Returns {path, number}. */
export async function openComplaint(client, { title, region, happened, content = 'other' }) {
    const shown = await client.json('/work/matters/new?kind=complaint');
    const response = await client.post('/work/matters/new?kind=complaint', {
        kind: 'complaint', title, region, happened: happened ?? shown.happened.value,
        'f-channel': 'hotline', 'f-content': content, 'f-description': '流程测试', 'f-place': '流程路1号', 'f-named': 'no',
    }, { from: '/work/matters/new?kind=complaint' });
    assert.equal(response.status, 303, await response.text());
    const path = response.headers.get('location').split('?')[0];
    return { path, number: (await client.json(path)).number };
}

/* Takes an act; `fields` are those of its form. Returns the response. */
export async function takeAct(client, path, step, fields, { happened, officers = [] } = {}) {
    const form = Object.fromEntries(Object.entries(fields).map(([name, value]) => [`f-${name}`, value]));
    officers.forEach((number, i) => { form[`officer-${i + 1}`] = number; });
    const shown = await client.json(`${path}/acts/${step}`);
    form.happened = happened ?? shown.happened.value;
    const response = await client.post(`${path}/acts/${step}`, form);
    const html = await response.text();
    assert.equal(response.status, 303, /<div[^>]*problems[\s\S]*?<\/div>/.exec(html)?.[0] ?? html.slice(-3000));
    return response;
}

/* Certificate numbers of two officers who serve in the district. */
export async function twoOfficers(client, region) {
    const { rows } = await client.json(`/work/officers?state=serving&region=${region}`);
    const numbers = rows.map((row) => row.certificate);
    assert.ok(numbers.length >= 2, `two officers serve in ${region}`);
    return numbers.slice(0, 2);
}

/* A complaint that was verified: a matter with two acts, a paper, and the reporter to be told. */
export async function verifiedComplaint(clerk, inspector, title) {
    const region = await firstDistrict(clerk);
    const matter = await openComplaint(clerk, { title, region });
    const officers = await twoOfficers(clerk, region);
    await takeAct(inspector, matter.path, 'verify', {
        outcome: 'true-as-reported', findings: '情况属实', measure: 'ordered',
    }, { officers });
    return { ...matter, region };
}
