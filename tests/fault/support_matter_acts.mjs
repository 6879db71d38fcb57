/* Acts on matters for crash_acts.mjs: a matter is opened, people are registered in it, an order is
 * written as a paper. Matter, act, clock, paper, number and ledger entry belong together. */
import assert from 'node:assert/strict';
import { addAccount, wasDone } from './support_acts.mjs';
import { rows, value } from './support_fault.mjs';

const minute = () => new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 16);

export const matter = {
    who: 'clerk',
    answered: [],
    officers: [],
    prepare(db, number) {
        this.officers = rows(db, `SELECT id, certificate FROM officer WHERE in_post = 1 AND certificate_until > '2090'
            OR in_post = 1 AND certificate_until > '${minute().slice(0, 10)}' ORDER BY id LIMIT 2`);
        assert.equal(this.officers.length, 2, 'the demo city has two officers');
        const login = `clerk${number}`;
        addAccount(db, login, '--roles', 'clerk,inspector', '--region', '500000', '--officer', String(this.officers[0].id));
        this.region = rows(db, `SELECT region FROM officer WHERE id = ${this.officers[0].id}`)[0].region.slice(0, 6);
        return { login, open: null, count: 0 };
    },
    /* Every fourth act opens a matter; a form that was not answered is sent again and opens it once. */
    async act(person, key) {
        if (person.open === null || person.count % 4 === 0) {
            person.sent ??= new URLSearchParams({
                kind: 'complaint', form_id: key, title: key, region: this.region, happened: minute(), 'f-channel': 'web',
                'f-content': 'other', 'f-description': key, 'f-place': '演示路1号', 'f-named': 'no',
            });
            const response = await person.client.post('/work/matters/new', person.sent);
            if (!await wasDone(response, key)) return;
            person.open = /\/work\/matters\/(\d+)/.exec(response.headers.get('location') ?? '')?.[1];
            assert.ok(person.open, `${key}: a matter was opened`);
            this.answered.push({ matter: person.open, form: person.sent.get('form_id') });
            person.sent = null;
        } else {
            const page = `/work/matters/${person.open}/acts/add-person`;
            const { version } = await person.client.json(page);
            const form = new URLSearchParams({ version, happened: minute(), 'f-part': 'witness', 'f-name': key });
            const response = await person.client.post(page, form);
            if (!await wasDone(response, key)) return;
            assert.equal(response.status, 303, `${key}: the act was taken`);
            this.answered.push({ matter: person.open, name: key });
        }
        person.count++;
    },
    check(db) {
        const acts = rows(db, "SELECT a.matter_id, a.seq, a.data, a.state_to FROM matter_act a JOIN matter m ON m.id = a.matter_id WHERE m.kind = 'complaint' ORDER BY a.matter_id, a.seq");
        const matters = rows(db, "SELECT id, version, state, number, form_id FROM matter WHERE kind = 'complaint' ORDER BY id");
        const entries = rows(db, "SELECT object, payload FROM ledger_entry WHERE type = 'matter.act' ORDER BY idx")
            .map((row) => ({ object: row.object, ...JSON.parse(row.payload) })).filter((entry) => entry.kind === 'complaint');
        for (const one of matters) {
            const its = acts.filter((act) => act.matter_id === one.id);
            const leaves = entries.filter((entry) => entry.object === `matter:${one.id}`);
            assert.deepEqual(its.map((act) => Number(act.seq)), its.map((_, i) => i + 1), `${one.number}: acts without a gap`);
            assert.equal(its.length, Number(one.version), `${one.number}: the row is at its last act`);
            assert.equal(its.at(-1).state_to, one.state);
            assert.deepEqual(leaves.map((leaf) => leaf.seq), its.map((act) => Number(act.seq)), `${one.number}: one leaf for each act`);
            assert.equal(Number(value(db, `SELECT count(*) AS n FROM matter_clock WHERE matter_id = ${one.id}`)), 1);
        }
        assert.equal(acts.length, entries.length, 'no act without a leaf, no leaf without an act');
        for (const done of this.answered) {
            const found = done.form
                ? matters.some((one) => String(one.id) === done.matter && one.form_id === done.form)
                : acts.some((act) => String(act.matter_id) === done.matter && JSON.parse(act.data).name === done.name);
            assert.ok(found, `${JSON.stringify(done)} was answered and is not there`);
        }
        const numbers = matters.map((one) => Number(/第(\d+)号/.exec(one.number)[1])).sort((a, b) => a - b);
        assert.deepEqual(numbers, numbers.map((_, i) => i + 1), 'numbers without a gap');
    },
};
