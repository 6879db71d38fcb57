/*
 * The main job in a real browser without JavaScript, on a desk and on a phone: plan, publish it,
 * draw, publish the draw, record a result as the officer who was drawn, publish it, and as anybody
 * find all three in public and check them against the ledger.
 */
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { addAccount, closeBrowser, ENGINES, huozheng, openPage, sidewaysScroll, signInBrowser, startCity } from './support.mjs';
import { value } from '../fault/support_fault.mjs';
import { DICE, draw, makePlan, matterOf, publish, record, seenInPublic } from './support_job.mjs';

after(closeBrowser);

const MODES = [
    { name: 'on a desk', width: 1440, height: 900 },
    { name: 'on a phone', width: 360, height: 740 },
];

for (const [index, mode] of MODES.entries()) {
    const engine = ENGINES[index % ENGINES.length];
    test(`plan, draw, inspect, publish without JavaScript ${mode.name}, ${engine}`, { timeout: 300_000 }, async () => {
        const city = await startCity({ engine });
        try {
            const open = async (login) => {
                const page = await openPage(city.url, { ...mode, script: false });
                return login ? signInBrowser(page, login) : page;
            };
            const clerk = await open(city.logins.clerk);
            const plan = await makePlan(clerk, '流程测试计划');
            const drawn = await draw(clerk, city, plan, '流程测试抽查');
            const inspection = Number(value(city.db, `SELECT min(id) FROM inspection WHERE draw_id = ${drawn}`));
            assert.ok(inspection > 0, 'the draw set tasks');
            const officer = value(city.db, `SELECT lead_id FROM inspection WHERE id = ${inspection}`);
            const lead = await open(addAccount(city.db, 'inspector', { login: 'flow-lead', officer }));
            const matter = await matterOf(lead, inspection);
            await lead.goto('/work');
            assert.equal(await lead.locator(`a[href="${matter}"]`).count() > 0, true, 'the task is on the officer\'s page');
            await record(lead, matter);
            assert.equal(await sidewaysScroll(lead), 0);
            await clerk.goto('/work');
            assert.equal(await clerk.locator(`a[href="${matter}"]`).count() > 0, true, 'now it is the clerk\'s turn');
            await publish(clerk, matter);

            const anybody = await open(null);
            await seenInPublic(anybody, `/draws/${drawn}`, ['流程测试抽查', DICE, '流程测试见证人']);
            await seenInPublic(anybody, `/inspections/${inspection}`, ['二层东侧安全出口上锁']);
            for (const [kind, word] of [['plan', '流程测试计划'], ['draw', '流程测试抽查']]) {
                await anybody.goto(`/records?kind=${kind}`);
                assert.ok((await anybody.locator('main').innerText()).includes(word), `${kind} is in the public list`);
            }
            const all = await lead.context().browser().contexts();
            for (const context of all) for (const page of context.pages()) assert.deepEqual(page.complaints, []);
            assert.match(huozheng(['ledger', 'verify'], { db: city.db.url }), /\d/);
        } finally {
            await closeBrowser();
            await city.stop();
        }
    });
}
