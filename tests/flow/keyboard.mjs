/* Everything by keyboard: order, visible focus, skip link, the desk's keys, and a whole task. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { closeBrowser, openPage, signInBrowser, startCity } from './support.mjs';

let city;

before(async () => {
    city = await startCity();
});

after(async () => {
    await closeBrowser();
    await city?.stop();
});

const focused = (page) => page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const box = at.getBoundingClientRect();
    const style = getComputedStyle(at);
    /* A radio button of a segmented control is drawn by its label. */
    const drawn = at.matches('input[type=radio],input[type=checkbox]') ? at.nextElementSibling ?? at.parentElement : at;
    const drawnStyle = getComputedStyle(drawn);
    const hit = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 20));
    return {
        what: `${at.tagName.toLowerCase()}.${at.className} "${(at.innerText || at.name || '').trim().slice(0, 30)}"`,
        isSeen: style.outlineStyle !== 'none' || style.boxShadow !== 'none' || drawnStyle.outlineStyle !== 'none' || drawnStyle.boxShadow !== 'none',
        isInside: box.bottom > 0 && box.top < innerHeight,
        isCovered: hit !== null && !at.contains(hit) && !hit.contains(at) && hit.closest('label') === null,
    };
});

for (const [role, target] of [[null, '/'], [null, '/records'], [null, '/report'], [null, '/track'], ['clerk', '/work/units'], ['inspector', '/work']]) {
    test(`${target}: every stop of the Tab key is seen and not covered`, async () => {
        const page = await openPage(city.url, { height: 700 });
        if (role) await signInBrowser(page, city.logins[role]);
        await page.goto(target);
        await page.keyboard.press('Tab');
        assert.match((await focused(page)).what, /skip/, 'the first stop skips to the text');
        const bad = [];
        let stops = 0;
        for (; stops < 80; stops++) {
            await page.keyboard.press('Tab');
            const at = await focused(page);
            if (!at) break;
            if (!at.isSeen) bad.push(`${at.what}: focus is not visible`);
            if (!at.isInside) bad.push(`${at.what}: outside of the window`);
            if (at.isCovered) bad.push(`${at.what}: covered`);
        }
        assert.ok(stops > 5);
        assert.deepEqual(bad, []);
        await page.context().close();
    });
}

test('the skip link leads past the navigation', async () => {
    const page = await openPage(city.url);
    await signInBrowser(page, city.logins.clerk);
    await page.goto('/work/units');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.querySelector('main').contains(document.activeElement)));
    await page.context().close();
});

test('the desk\'s keys: / searches, j and k move, Enter opens, typing is left alone', async () => {
    const page = await openPage(city.url);
    await signInBrowser(page, city.logins.clerk);
    await page.goto('/work/units');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const second = await page.locator('[data-row].on a').first().getAttribute('href');
    assert.equal(second, await page.locator('[data-row]').nth(1).locator('a').first().getAttribute('href'));
    await page.keyboard.press('/');
    await page.keyboard.type('jk/');
    assert.equal(await page.evaluate(() => document.activeElement.value), 'jk/');
    await page.goto('/work/units');
    await page.keyboard.press('j');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    assert.match(page.url(), /\/work\/units\/\d+/);
    await page.context().close();
});

/* Presses Tab until `locator` has the focus. */
async function tabTo(page, locator) {
    for (let i = 0; i < 300; i++) {
        await page.keyboard.press('Tab');
        if (await locator.evaluate((element) => element === document.activeElement)) return;
    }
    assert.fail('the Tab key never reaches it');
}

test('a task from sign-in to result, hands off the mouse', async () => {
    const page = await openPage(city.url);
    await page.goto('/signin');
    await tabTo(page, page.locator('input[name=login]'));
    await page.keyboard.type(city.logins.inspector.login);
    await page.keyboard.press('Tab');
    await page.keyboard.type(city.logins.inspector.password);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await page.goto('/work');
    await tabTo(page, page.locator('li.task a.btn').first());
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    assert.match(page.url(), /\/work\/matters\/\d+\/acts\/record/);
    await tabTo(page, page.locator('[name="f-shown"]').first());
    await page.keyboard.press('Space');
    await tabTo(page, page.locator('[name="f-companion"]'));
    await page.keyboard.type('值班经理');
    const items = page.locator('fieldset.item');
    const count = await items.count();
    assert.ok(count >= 10, `${count} items`);
    for (let i = 0; i < count; i++) {
        await tabTo(page, items.nth(i).locator('input[value=pass]'));
        await page.keyboard.press('Space');
    }
    await tabTo(page, page.locator('[name="f-signature"]').first());
    await page.keyboard.press('Space');
    await tabTo(page, page.locator('main form button[type=submit]:not([name=save])'));
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    assert.equal(await page.locator('.problems').count(), 0, await page.locator('main').innerText());
    assert.match(await page.locator('main').innerText(), /检查结果/);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
});
