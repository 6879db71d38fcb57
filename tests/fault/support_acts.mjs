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

const minute = () => new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 16);

/*
 * Whole inspections: assigned, recorded, told, published. The act, the row that is read of it and the
 * ledger entry belong together. A form that was not answered is sent again after the restart: whether
 * it had arrived or not, it must end up there once.
 */
const STEPS = ['assign', 'record', 'tell', 'publish'];
export const result = {
    who: 'inspector',
    answered: [],
    /* Two officers and a unit of one district each. */
    prepare(db, number) {
        const [found] = rows(db, `SELECT a.id AS lead, min(b.certificate) AS second, min(u.id) AS unit FROM officer a
            JOIN officer b ON b.district = a.district AND b.id <> a.id JOIN unit u ON u.district = a.district
            WHERE a.in_post = 1 AND b.in_post = 1 AND a.certificate_until > '${minute().slice(0, 10)}'
            AND b.certificate_until > '${minute().slice(0, 10)}' GROUP BY a.id ORDER BY a.id LIMIT 1 OFFSET ${number}`);
        assert.ok(found, 'the demo city has officers');
        const login = `inspector${number}`;
        addAccount(db, login, '--roles', 'inspector,clerk', '--region', '500000', '--officer', String(found.lead));
        return { login, ...found, step: 0, path: null, unanswered: null };
    },
    fields(form, step, key, person) {
        const items = [...new Set([...form.keys()].filter((name) => name.endsWith('.note')))].map((name) => name.slice(0, -5));
        const bad = key.length % Math.max(items.length, 1);
        const answers = {
            assign: { 'f-source': 'campaign', 'f-reference': key, 'f-due': '2099-01-04' },
            record: { 'f-shown': 'yes', 'f-companion': key, 'f-signature': 'signed', 'officer-2': person.second },
            tell: { 'f-way': 'spot', 'f-receiver': key },
            publish: { 'f-where': 'site' },
        }[step];
        for (const [i, item] of items.entries()) {
            answers[`${item}.answer`] = i === bad ? 'fail' : 'pass';
            if (i === bad) Object.assign(answers, { [`${item}.note`]: `不合格 ${key}`, [`${item}.handled`]: 'corrected' });
        }
        if (step === 'record') assert.ok(items.length >= 10, 'the form has its items');
        for (const [name, text] of Object.entries({ ...answers, happened: minute() })) form.set(name, text);
        return form;
    },
    async act(person, key) {
        if (person.unanswered === null) {
            const step = STEPS[person.step % STEPS.length];
            const target = step === 'assign' ? '/work/matters/new' : `${person.path}/acts/${step}`;
            const page = step === 'assign' ? `${target}?kind=inspection&object_kind=unit&object_id=${person.unit}` : target;
            const form = filledForm(await (await person.client.get(page)).text(), target);
            person.unanswered = { step, target, form: this.fields(form, step, key, person), key };
        }
        const { step, target, form, key: sent } = person.unanswered;
        const response = await person.client.request('POST', target, {
            body: form.toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' },
        });
        if (!await wasDone(response, sent)) return;
        assert.equal(response.status, 303, `${sent}: the form of ${step} came back instead of being saved`);
        person.path = response.headers.get('location').split('?')[0];
        this.answered.push({ matter: Number(person.path.split('/').at(-1)), step });
        person.unanswered = null;
        person.step++;
    },
    check(db) {
        const acts = rows(db, "SELECT a.matter_id, a.seq, a.step, a.data FROM matter_act a JOIN matter m ON m.id = a.matter_id WHERE m.kind = 'inspection'")
            .map((row) => ({ ...row, matter_id: Number(row.matter_id), seq: Number(row.seq), data: JSON.parse(row.data) }));
        const leaf = new Map(rows(db, "SELECT idx, object, payload FROM ledger_entry WHERE type = 'matter.act'")
            .map((row) => [`${row.object}/${JSON.parse(row.payload).seq}`, Number(row.idx)]));
        for (const one of this.answered) {
            const found = acts.filter((act) => act.matter_id === one.matter && act.step === one.step);
            assert.equal(found.length, 1, `${JSON.stringify(one)} was answered and is there ${found.length} times`);
        }
        const read = rows(db, 'SELECT matter_id, state, failed, record_leaf, publish_leaf, published_us FROM inspection WHERE matter_id <> 0');
        assert.equal(read.length, acts.filter((act) => act.step === 'assign').length, 'one row for each matter');
        for (const row of read) {
            const its = acts.filter((act) => act.matter_id === Number(row.matter_id));
            const record = its.find((act) => act.step === 'record');
            const publish = its.find((act) => act.step === 'publish');
            const at = (act) => act ? leaf.get(`matter:${act.matter_id}/${act.seq}`) : -1;
            const failed = Object.values(record?.data.items ?? {}).filter((item) => item.answer === 'fail').length;
            assert.deepEqual([row.state, Number(row.failed), Number(row.record_leaf), Number(row.publish_leaf), Number(row.published_us) > 0],
                [publish ? 'published' : record ? 'recorded' : 'planned', failed, at(record), at(publish), Boolean(publish)],
                `the row of matter ${row.matter_id} is what its acts say`);
        }
    },
};
