/*
 * Doors: every route asks for what its table says, whoever knocks; sessions begin, end and expire as
 * they should; a change without a token does not happen.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Client, setCookies, startCity } from './support.mjs';
import { routes } from './support_site.mjs';

let city;
const table = routes();

before(async () => {
    city = await startCity();
});

after(async () => city?.stop());

const address = (route) => route.path.replace(/\{[^}]+\}/g, '1');

test('a stranger gets nothing but public pages', async () => {
    const bad = [];
    for (const route of table.filter((one) => one.permission !== 'PERM_PUBLIC')) {
        const response = await new Client(city.url).request(route.method, address(route), {
            headers: route.method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {},
            body: route.method === 'POST' ? '' : undefined,
        });
        const isSentAway = response.status === 303 && response.headers.get('location')?.startsWith('/signin');
        if (!isSentAway && ![401, 403].includes(response.status)) bad.push(`${route.method} ${route.path}: ${response.status}`);
        await response.body?.cancel();
    }
    assert.deepEqual(bad, []);
});

test('no POST works without the token of its session', async () => {
    const bad = [];
    for (const login of Object.values(city.logins)) {
        const client = await new Client(city.url).signIn(login);
        for (const route of table.filter((one) => one.method === 'POST' && one.csrf === 'CSRF_TOKEN')) {
            for (const csrf of ['', '0'.repeat(32)]) {
                const response = await client.request('POST', address(route), {
                    headers: { 'content-type': 'application/x-www-form-urlencoded' },
                    body: csrf ? `csrf=${csrf}` : 'x=1',
                });
                if (response.status !== 403) bad.push(`${login.login} ${route.path} csrf "${csrf}": ${response.status}`);
                await response.body?.cancel();
            }
        }
    }
    assert.deepEqual(bad, []);
});

/* What must stay apart, whatever the table of roles becomes. */
const FORBIDDEN = {
    inspector: ['PERM_ACCOUNT_ADMIN', 'PERM_ROLE_ADMIN', 'PERM_AUDIT_VIEW', 'PERM_PUBLISH'],
    township_worker: ['PERM_ACCOUNT_ADMIN', 'PERM_ROLE_ADMIN', 'PERM_AUDIT_VIEW', 'PERM_DRAW_RUN', 'PERM_PUBLISH'],
    auditor: ['PERM_ACCOUNT_ADMIN', 'PERM_ROLE_ADMIN', 'PERM_UNIT_EDIT', 'PERM_INSPECTION_VIEW', 'PERM_DRAW_RUN', 'PERM_PUBLISH'],
    system_administrator: ['PERM_ROLE_ADMIN', 'PERM_AUDIT_VIEW', 'PERM_INSPECTION_VIEW', 'PERM_DRAW_RUN', 'PERM_PUBLISH'],
    security_administrator: ['PERM_ACCOUNT_ADMIN', 'PERM_AUDIT_VIEW', 'PERM_INSPECTION_VIEW', 'PERM_DRAW_RUN', 'PERM_PUBLISH'],
};

for (const [role, permissions] of Object.entries(FORBIDDEN)) {
    test(`${role} is refused what is not its work, with a reason`, async () => {
        assert.ok(city.logins[role], `the demo has a login with role ${role}`);
        const client = await new Client(city.url).signIn(city.logins[role]);
        const home = await (await client.get('/work/account')).text();
        const csrf = /name="csrf" value="([^"]+)"/.exec(home)[1];
        const doors = table.filter((route) => permissions.includes(route.permission));
        assert.ok(doors.length > 0);
        const bad = [];
        for (const route of doors) {
            const response = route.method === 'GET'
                ? await client.get(address(route))
                : await client.request('POST', address(route), {
                    headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `csrf=${csrf}`,
                });
            const text = await response.text();
            if (response.status !== 403 || !/<h1/.test(text)) bad.push(`${route.method} ${route.path}: ${response.status}`);
        }
        assert.deepEqual(bad, []);
    });
}

test('every refusal leaves a mark that the auditor sees', async () => {
    const inspector = await new Client(city.url).signIn(city.logins.inspector);
    await (await inspector.get('/work/admin/accounts')).text();
    const auditor = await new Client(city.url).signIn(city.logins.auditor);
    const model = JSON.stringify(await auditor.json('/work/admin/refusals'));
    assert.match(model, /\/work\/admin\/accounts/);
});

test('signing out ends the session for every copy of the cookie', async () => {
    const client = await new Client(city.url).signIn(city.logins.inspector);
    const stolen = new Client(city.url);
    stolen.cookies = new Map(client.cookies);
    assert.equal((await stolen.get('/work/account')).status, 200);
    const response = await client.post('/signout', {}, { from: '/work/account' });
    assert.equal(response.status, 303);
    assert.notEqual((await stolen.get('/work/account')).status, 200);
});

test('the session cookie is out of reach of scripts and other sites', async () => {
    const client = new Client(city.url);
    const response = await client.post('/signin', city.logins.inspector);
    const cookie = setCookies(response).find((line) => line.startsWith('hz_session='));
    assert.match(cookie, /HttpOnly/i);
    assert.match(cookie, /SameSite=(Lax|Strict)/i);
    assert.match(cookie, /Path=\//i);
});

test('guessing a password locks the door, also for the right one', async () => {
    const { login, password } = city.logins.clerk ?? city.logins.duty_officer;
    const statuses = [];
    for (let attempt = 0; attempt < 12; attempt++) {
        const client = new Client(city.url);
        const response = await client.post('/signin', { login, password: `wrong ${attempt}` });
        statuses.push(response.status);
        await response.body?.cancel();
        assert.notEqual(response.status, 303);
    }
    const client = new Client(city.url);
    const response = await client.post('/signin', { login, password });
    assert.notEqual(response.status, 303, `after ${statuses}`);
});
