/*
 * The acts that crash_acts.mjs lets people do. Each kind: `who` may do it, `prepare` makes what one
 * person needs, `act` does one act, `answered` keeps what was answered as done, `check` looks at
 * everything that kind has written.
 */
import assert from 'node:assert/strict';
import { huozheng } from '../flow/support.mjs';
import { filledForm, rows, value } from './support_fault.mjs';

export const PASSWORD = 'correct horse battery 1';

/* `options` of `user add`; returns the account's number. */
export function addAccount(db, login, ...options) {
    const made = huozheng(['user', 'add', login, ...options, '--password-stdin', '--json'],
        { db: db.url, input: `${PASSWORD}\n` });
    return JSON.parse(made).id;
}

/* 503: the server says that it is busy, so nothing was promised. */
export async function wasDone(response, what) {
    const text = await response.text(); /* to the last byte: only then is it answered */
    assert.ok([200, 303, 503].includes(response.status), `${what}: ${response.status} ${text.slice(0, 300)}`);
    return response.status !== 503;
}

/* A new account: its row and its ledger entry. */
export const newAccount = {
    who: 'system_administrator',
    answered: [],
    prepare(db, number) {
        addAccount(db, `maker${number}`, '--roles', this.who);
        return { login: `maker${number}` };
    },
    async act({ client }, key) {
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
 * regions of the library are given one after the other, so that the region tells which act is the
 * last that is there. */
export const grant = {
    who: 'security_administrator',
    answered: [],
    counts: new Map(), /* target account → last count that was tried */
    regions: [],
    prepare(db, number) {
        this.regions = rows(db, "SELECT code FROM region WHERE level >= 4 AND valid_to IS NULL AND code LIKE '50%' ORDER BY code")
            .map((row) => row.code);
        addAccount(db, `granter${number}`, '--roles', this.who);
        return { login: `granter${number}`,
            target: addAccount(db, `target${number}`, '--roles', 'inspector', '--region', '500103') };
    },
    async act({ client, target }, key) {
        const count = (this.counts.get(target) ?? 0) + 1;
        this.counts.set(target, count);
        const page = `/work/admin/roles/${target}`;
        const { version } = await client.json(page);
        assert.ok(count < this.regions.length, 'there are more acts than regions');
        const form = new URLSearchParams({ version, agency: '0', officer: '0', region: this.regions[count] });
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
            const told = new Set(entries.map((entry) => this.regions.indexOf(entry.region)));
            assert.equal(told.size, entries.length, 'no act is there twice');
            for (const one of this.answered.filter((done) => done.target === target)) {
                assert.ok(told.has(one.count), `change ${one.count} was answered and is not there`);
            }
        }
    },
};

/*
 * Results of an inspection: its row, its answers, the form's mark and the ledger entry belong
 * together. A form that was not answered is sent again after the restart: whether it had arrived or
 * not, it must end up there once.
 */
export const result = {
    who: 'inspector',
    answered: [],
    tasks: [],
    /* An open task of the demo city each, done by the officer who leads it. */
    prepare(db, number) {
        const [task] = rows(db, `SELECT id, lead_id, region FROM inspection WHERE state = 'planned'
            ORDER BY id DESC LIMIT 1 OFFSET ${this.tasks.length}`);
        assert.ok(task, 'the demo city has open tasks');
        const login = `inspector${number}`;
        addAccount(db, login, '--roles', this.who, '--region', '500000', '--officer', String(task.lead_id));
        this.tasks.push(Number(task.id));
        return { login, task: Number(task.id), unanswered: null };
    },
    async act(person, key) {
        const page = `/work/inspections/${person.task}/check`;
        if (person.unanswered === null) {
            const form = filledForm(await (await person.client.get(page)).text(), page);
            const items = [...new Set([...form.keys()].filter((name) => name.startsWith('n-')))];
            assert.ok(items.length >= 10, `the form of ${page} has its items`);
            for (const [i, name] of items.entries()) {
                const isBad = i === key.length % items.length;
                form.set(name.replace('n-', 'q-'), isBad ? 'fail' : 'pass');
                form.set(name, isBad ? `不合格 ${key}` : '');
            }
            form.set('inspected', new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10));
            form.set('note', key);
            person.unanswered = { form, key };
        }
        const { form, key: sent } = person.unanswered;
        const response = await person.client.request('POST', page, {
            body: form.toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' },
        });
        if (!await wasDone(response, sent)) return;
        assert.equal(response.status, 303, `${sent}: the form came back instead of being saved`);
        this.answered.push({ task: person.task, key: sent });
        person.unanswered = null;
    },
    check(db) {
        for (const task of this.tasks) {
            const entries = rows(db, `SELECT idx, payload FROM ledger_entry WHERE type = 'inspection.record'
                AND object = 'inspection:${task}' ORDER BY idx`)
                .map((row) => ({ idx: Number(row.idx), ...JSON.parse(row.payload) }));
            const [row] = rows(db, `SELECT state, note, failed, record_leaf FROM inspection WHERE id = ${task}`);
            const answers = rows(db, `SELECT item_id, answer, note FROM inspection_answer WHERE inspection_id = ${task}`);
            const forms = rows(db, `SELECT leaf FROM inspection_form WHERE inspection_id = ${task} ORDER BY leaf`);
            assert.deepEqual(forms.map((form) => Number(form.leaf)), entries.map((entry) => entry.idx),
                'each form that was taken has its entry');
            const keys = entries.map((entry) => entry.note);
            assert.equal(new Set(keys).size, keys.length, 'no result is there twice');
            for (const one of this.answered.filter((done) => done.task === task)) {
                assert.ok(keys.includes(one.key), `result ${one.key} was answered and is not there`);
            }
            if (entries.length === 0) {
                assert.equal(row.state, 'planned', 'no entry, no result');
                assert.equal(answers.length, 0, 'no entry, no answer');
                continue;
            }
            const last = entries.at(-1);
            assert.deepEqual([row.state, row.note, Number(row.failed), Number(row.record_leaf)],
                ['recorded', last.note, last.failed, last.idx], 'the row is that of the last entry');
            assert.deepEqual(
                Object.fromEntries(answers.map(({ item_id: item, answer, note }) => [item, [answer, note ?? '']])),
                Object.fromEntries(Object.entries(last.answers).map(([item, one]) => [item, [one.answer, one.note ?? '']])),
                'the answers are those of the last entry');
        }
    },
};
