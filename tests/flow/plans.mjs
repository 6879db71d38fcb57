/*
 * No page reads a whole table. The server writes each distinct statement with the engine's own plan
 * (`serve --explain`); this visits every page, every filter and every sort of every list, and then
 * looks for a scan. Small tables may be scanned: SMALL names them with the reason.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Client, ENGINES, IS_SOAK, makeCity, newDatabase, serve } from './support.mjs';
import { openComplaint, verifiedComplaint } from './support_matter.mjs';
import { draftReport, followReport, sendReport } from './support_report.mjs';
import { getFormsOf, linksOf, pageKey } from './support_site.mjs';

/* 5,000 units at scale 1. */
const SCALE = IS_SOAK ? 200 : 4;

/* Tables that stay small however large the city is. */
const SMALL = new Map([
    ['migration', 'one row for each migration'],
    ['account', 'people of the agency: hundreds'],
    ['agency', 'tens'],
    ['mapping', 'saved by hand'],
    ['ledger_head', 'one row'],
    ['ledger_key', 'three rows for each pair of keys'],
    ['ledger_policy', 'one row'],
]);

/* The text of a statement depends on which filters are set, hardly on their values. */
const fewOf = (values) => [...new Set([...values.slice(0, 3), ...values.slice(-1)])];

/* Visits every page, and every filter of every list with a few values, alone and with a search. */
async function visitEverything(client, starts) {
    const seen = new Set();
    const queue = [...starts];
    let visited = 0;
    const push = (target, key) => {
        if (!seen.has(key)) {
            seen.add(key);
            queue.push(target);
        }
    };
    while (queue.length > 0) {
        const target = queue.shift();
        const response = await client.get(target);
        visited++;
        const type = response.headers.get('content-type') ?? '';
        if (!type.startsWith('text/html')) {
            await response.body?.cancel();
            continue;
        }
        /* A search for something that is not there may say so. */
        assert.ok(response.status < 500, `${target}: ${response.status}`);
        const html = await response.text();
        const base = new URL(target, client.url);
        for (const href of linksOf(html)) {
            const next = new URL(href, base);
            const address = next.pathname + next.search;
            push(address, pageKey(address));
        }
        for (const form of getFormsOf(html)) {
            const action = new URL(form.action || base.pathname, base).pathname;
            for (const [name, values] of Object.entries(form.fields)) {
                const tries = name === 'q' ? ['公司', '一二', '9150', '江北区商', 'zz'] : fewOf(values.filter(Boolean));
                for (const value of tries) {
                    const query = new URLSearchParams({ [name]: value });
                    push(`${action}?${query}`, `${action}?${name}=${value}`);
                    const searched = new URLSearchParams({ q: '公司', [name]: value });
                    push(`${action}?${searched}`, `${action}?q+${name}=${value}`);
                }
            }
        }
    }
    return visited;
}

/* So that the desk, the board and the pages of matters have something to show. */
async function makeMatters(url, logins) {
    const clerk = await new Client(url).signIn(logins.clerk);
    const inspector = await new Client(url).signIn(logins.inspector);
    const { region } = await verifiedComplaint(clerk, inspector, '计划测试公司');
    await openComplaint(clerk, { title: '计划测试商店', region });
    await openComplaint(clerk, { title: '逾期公司', region, happened: '2026-10-12T10:00' });
}

/* So that the pages of a report, which are reached by posting, have asked what they ask. */
async function reportSomething(url) {
    for (const where of ['商业', '商业楼', '哪里都没有的地方']) {
        const resident = new Client(url);
        await draftReport(resident, where);
        await followReport(resident, await sendReport(resident));
        await resident.get('/track');
    }
}

const scanned = (plan, engine) => [...plan.matchAll(engine === 'sqlite' ? /\bSCAN (?:TABLE )?(\w+)/g : /Seq Scan on (\w+)/g)]
    .map((match) => match[1]);

for (const engine of ENGINES) {
    test(`no page query scans a table on ${engine}`, { timeout: 6 * 3600_000 }, async (t) => {
        const db = newDatabase(engine);
        let server;
        try {
            const logins = makeCity(db, SCALE);
            const explain = path.join(db.folder, 'plans.jsonl');
            server = await serve(db, { args: ['--explain', explain] });
            await makeMatters(server.url, logins);
            await reportSomething(server.url);
            let visited = await visitEverything(new Client(server.url), ['/']);
            for (const role of ['clerk', 'inspector', 'leader', 'auditor', 'system_administrator', 'security_administrator']) {
                const client = await new Client(server.url).signIn(logins[role]);
                visited += await visitEverything(client, ['/', '/work']);
            }
            await server.stop();
            const statements = readFileSync(explain, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
            t.diagnostic(`${visited} pages, ${statements.length} different statements`);
            assert.ok(statements.length > 20, 'statements were seen');
            const bad = statements.filter((one) => one.scans_table)
                .filter((one) => {
                    const tables = scanned(one.plan, engine);
                    return tables.length === 0 || tables.some((name) => !SMALL.has(name));
                });
            assert.deepEqual(bad.map((one) => `${one.sql}\n    ${one.plan}`), []);
        } finally {
            if (server?.isAlive()) await server.kill();
            db.drop();
        }
    });
}
