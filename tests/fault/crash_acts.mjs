/*
 * kill -9 of the server at random moments while several people act, on both engines. After each:
 * every act that was answered is there with its ledger entry, none is half there, the ledger
 * verifies, and those who were signed in still are.
 *
 * HUOZHENG_KILLS: how many for each engine (5; 50 with HUOZHENG_SOAK). HUOZHENG_SEED: other moments.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, ENGINES, huozheng, IS_SOAK, newDatabase, serve } from '../flow/support.mjs';
import { grant, newAccount, PASSWORD, result } from './support_acts.mjs';
import { chance, untilAlone } from './support_fault.mjs';
import { matter } from './support_matter_acts.mjs';

const KILLS = Number(process.env.HUOZHENG_KILLS ?? (IS_SOAK ? 50 : 5));
const SEED = Number(process.env.HUOZHENG_SEED ?? 20261122);

/* Requests that the kill cut off; everything else is a finding. */
function isCutOff(error) {
    const reason = `${error.message} ${error.cause?.code ?? ''} ${error.cause?.message ?? ''}`;
    return /fetch failed|terminated|ECONNRESET|ECONNREFUSED|other side closed|UND_ERR/.test(reason);
}

/* Acts until the server dies. */
async function actOn(person, prefix, isOver) {
    try {
        for (let i = 0; !isOver(); i++) await person.kind.act(person, `${prefix}n${i}`);
    } catch (error) {
        if (!isOver() || !isCutOff(error)) throw error;
    }
}

for (const engine of ENGINES) {
    test(`kill -9 during acts, ${KILLS} times, ${engine}`, { timeout: 3600_000 }, async () => {
        const db = newDatabase(engine);
        const random = chance(SEED);
        const kinds = [newAccount, grant, result, matter];
        let server = null;
        try {
            for (const kind of kinds) kind.answered.length = 0;
            grant.counts.clear();
            huozheng(['init', '--demo', '--scale', '0.02'], { db: db.url });
            const people = [newAccount, grant, result, grant, result, matter, matter]
                .map((kind, number) => ({ kind, client: null, ...kind.prepare(db, number) }));
            for (let round = 0; round < KILLS; round++) {
                server = await serve(db);
                for (const person of people) {
                    if (person.client) person.client.url = server.url; /* another port; the session stays */
                    else person.client = await new Client(server.url).signIn({ login: person.login, password: PASSWORD });
                }
                let isOver = false;
                const all = Promise.all(people.map((person, i) => actOn(person, `k${round}p${i}`, () => isOver)));
                all.catch(() => {}); /* looked at below */
                const count = () => kinds.reduce((sum, kind) => sum + kind.answered.length, 0);
                const first = count();
                const moment = async () => {
                    for (let i = 0; i < 600 && count() === first; i++) await sleep(100); /* work has begun */
                    await sleep(random() * 1500);
                };
                await Promise.race([all, moment()]);
                isOver = true;
                await server.kill();
                server = null;
                await all;
                await untilAlone(db);
                assert.ok(count() > first, `round ${round}: nothing was answered`);
                for (const kind of kinds) kind.check(db);
                huozheng(['ledger', 'verify'], { db: db.url });
            }
            huozheng(['doctor'], { db: db.url });
            for (const kind of kinds) assert.ok(kind.answered.length > 0, `no act of ${kind.who} was answered`);
            console.log(`# ${engine}: ${KILLS} kills, ${kinds.map((kind) => kind.answered.length).join(' + ')} answered acts are there`);
        } finally {
            if (server) await server.kill();
            await untilAlone(db);
            db.drop();
        }
    });
}
