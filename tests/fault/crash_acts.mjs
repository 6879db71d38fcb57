/*
 * kill -9 of the server at random moments while several people act, on both engines. After each:
 * every act that was answered is there with its ledger entry, none is half there, the ledger
 * verifies, and those who were signed in still are.
 *
 * HUOZHENG_KILLS: how many for each engine (5; 50 with HUOZHENG_SOAK). HUOZHENG_SEED: other moments.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Client, ENGINES, huozheng, IS_SOAK, newDatabase, serve } from '../flow/support.mjs';
import { chance, rows, untilAlone, value } from './support_fault.mjs';

const KILLS = Number(process.env.HUOZHENG_KILLS ?? (IS_SOAK ? 50 : 5));
const SEED = Number(process.env.HUOZHENG_SEED ?? 20261122);
const PASSWORD = 'correct horse battery 1';

/*
 * Each kind of act: `who` may do it, `act` does one and says (true) that it was answered as done,
 * `check` looks at everything that kind has written.
 */

/* 503: the server says that it is busy, so nothing was promised. */
async function wasDone(response, what) {
    const text = await response.text(); /* to the last byte: only then is it answered */
    assert.ok([200, 303, 503].includes(response.status), `${what}: ${response.status} ${text.slice(0, 300)}`);
    return response.status !== 503;
}

/* A new account: its row and its ledger entry. */
const newAccount = {
    who: 'system_administrator',
    answered: [],
    async act(client, key) {
        const response = await client.post('/work/admin/accounts/new', { login: key, name: `测试${key}` });
        if (await wasDone(response, key)) this.answered.push(key);
    },
    check(db) {
        const there = rows(db, `SELECT a.login, a.id, (SELECT count(*) FROM ledger_entry e
            WHERE e.type = 'account.create' AND e.object = 'account:' || a.id) AS entries FROM account a`);
        for (const account of there) assert.equal(Number(account.entries), 1, `${account.login} has one ledger entry`);
        const logins = new Set(there.map((account) => account.login));
        for (const login of this.answered) assert.ok(logins.has(login), `${login} was answered and is not there`);
        assert.equal(Number(value(db, "SELECT count(*) AS n FROM ledger_entry WHERE type = 'account.create'")),
            there.length, 'no ledger entry without its account');
    },
};

/* Roles and region of one account: its row, its role rows and the ledger entry belong together. The
 * region counts upwards, so that it tells which act is the last that is there. */
const grant = {
    who: 'security_administrator',
    answered: [],
    counts: new Map(), /* target account → last count that was tried */
    async act(client, key, target) {
        const count = (this.counts.get(target) ?? 0) + 1;
        this.counts.set(target, count);
        const page = `/work/admin/roles/${target}`;
        const { version } = await client.json(page);
        const form = new URLSearchParams({ version, agency: '0', officer: '0',
            region: `50${String(count).padStart(10, '0')}` });
        for (const role of count % 2 === 0 ? ['inspector', 'clerk'] : ['leader']) form.append('role', role);
        if (await wasDone(await client.post(page, form), key)) this.answered.push({ target, count });
    },
    check(db) {
        for (const target of this.counts.keys()) {
            const [account] = rows(db, `SELECT region FROM account WHERE id = ${target}`);
            const roles = rows(db, `SELECT role FROM account_role WHERE account_id = ${target}`).map((row) => row.role);
            const entries = rows(db, `SELECT payload FROM ledger_entry WHERE type = 'account.roles'
                AND object = 'account:${target}' ORDER BY idx`).map((row) => JSON.parse(row.payload));
            if (entries.length === 0) {
                assert.equal(account.region, '500103', 'no entry, no change');
                continue;
            }
            const last = entries.at(-1);
            assert.equal(account.region, last.region, 'the region is that of the last entry');
            assert.deepEqual(roles.sort(), [...last.after].sort(), 'the roles are those of the last entry');
            const told = new Set(entries.map((entry) => Number(entry.region.slice(2))));
            assert.equal(told.size, entries.length, 'no act is there twice');
            for (const one of this.answered.filter((done) => done.target === target)) {
                assert.ok(told.has(one.count), `change ${one.count} was answered and is not there`);
            }
        }
    },
};

/* Requests that the kill cut off; everything else is a finding. */
function isCutOff(error) {
    const reason = `${error.message} ${error.cause?.code ?? ''} ${error.cause?.message ?? ''}`;
    return /fetch failed|terminated|ECONNRESET|ECONNREFUSED|other side closed|UND_ERR/.test(reason);
}

/* Signs four people in: two for each kind of act, each with an account to work on. */
function makePeople(db) {
    const people = [];
    for (const [number, kind] of [newAccount, grant, newAccount, grant].entries()) {
        huozheng(['user', 'add', `admin${number}`, '--roles', kind.who, '--password-stdin'],
            { db: db.url, input: `${PASSWORD}\n` });
        const made = huozheng(['user', 'add', `target${number}`, '--roles', 'inspector', '--region', '500103',
            '--password-stdin', '--json'], { db: db.url, input: `${PASSWORD}\n` });
        people.push({ login: `admin${number}`, kind, target: JSON.parse(made).id, client: null });
    }
    return people;
}

/* Acts until the server dies. */
async function actOn(person, prefix, isOver) {
    try {
        for (let i = 0; !isOver(); i++) await person.kind.act(person.client, `${prefix}n${i}`, person.target);
    } catch (error) {
        if (!isOver() || !isCutOff(error)) throw error;
    }
}

for (const engine of ENGINES) {
    test(`kill -9 during acts, ${KILLS} times, ${engine}`, { timeout: 3600_000 }, async () => {
        const db = newDatabase(engine);
        const random = chance(SEED);
        const kinds = [newAccount, grant];
        let server = null;
        try {
            for (const kind of kinds) kind.answered.length = 0;
            grant.counts.clear();
            const people = makePeople(db);
            for (let round = 0; round < KILLS; round++) {
                server = await serve(db);
                for (const person of people) {
                    if (person.client) person.client.url = server.url; /* another port; the session stays */
                    else person.client = await new Client(server.url).signIn({ login: person.login, password: PASSWORD });
                }
                const before = kinds.map((kind) => kind.answered.length);
                let isOver = false;
                const all = Promise.all(people.map((person, i) => actOn(person, `k${round}p${i}`, () => isOver)));
                all.catch(() => {}); /* looked at below */
                await Promise.race([all, new Promise((resolve) => { setTimeout(resolve, 500 + random() * 1500); })]);
                isOver = true;
                await server.kill();
                server = null;
                await all;
                await untilAlone(db);
                assert.ok(kinds.some((kind, i) => kind.answered.length > before[i]), `round ${round}: nothing was answered`);
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
