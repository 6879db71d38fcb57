/*
 * Behind a reverse proxy: whose address counts, and when a cookie is Secure. The test itself is the
 * proxy, on 127.0.0.1.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Client, ROLES, addAccount, huozheng, newDatabase, serve, setCookies } from './support.mjs';

const PEER_LIMIT = 30; /* SIGN_IN_PEER_LIMIT */
let db;
let login;

before(() => {
    db = newDatabase();
    huozheng(['init'], { db: db.url });
    login = addAccount(db, ROLES[0]);
});

after(() => db?.drop());

/* Signs in from the address that the proxy names; the status and the cookies. */
async function signIn(server, address, fields, extra = {}) {
    const client = new Client(server.url);
    const headers = { 'x-forwarded-for': address, ...extra };
    const page = await client.get('/signin', { headers });
    const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())[1];
    const response = await client.request('POST', '/signin', {
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: new URLSearchParams({ csrf, next: '/work', ...fields }),
    });
    const text = await response.text();
    return { status: response.status, mustWait: /登录失败次数太多/.test(text), response };
}

/* Uses up what one address may try; a login of its own each time, so that no login is locked. */
async function guess(server, addressOf) {
    for (let i = 0; i < PEER_LIMIT; i++) {
        await signIn(server, addressOf(i), { login: `nobody${i}`, password: 'Wrong-password-1' });
    }
}

test('from a trusted proxy the lock-out follows the forwarded address', async () => {
    const server = await serve(db, { args: ['--trust-proxy', '127.0.0.1/32', '--trust-proxy', 'fd00::/8'] });
    try {
        /* What the client writes in front of the list gives it no fresh start. */
        await guess(server, (i) => `198.51.100.${i}, 203.0.113.5`);
        assert.ok((await signIn(server, '203.0.113.5', login)).mustWait);
        assert.ok((await signIn(server, '192.0.2.9, 203.0.113.5', login)).mustWait);
        assert.equal((await signIn(server, '203.0.113.6', login)).status, 303);
    } finally {
        await server.stop();
    }
});

test('from anybody else the header is ignored', async () => {
    const server = await serve(db, { args: ['--trust-proxy', '10.0.0.0/8'] });
    try {
        await guess(server, (i) => `192.0.2.${i}`);
        assert.ok((await signIn(server, '203.0.113.200', login)).mustWait);
    } finally {
        await server.stop();
    }
});

test('https at the trusted proxy makes cookies Secure', async () => {
    const https = { 'x-forwarded-proto': 'https' };
    const trusting = await serve(db, { args: ['--trust-proxy', '127.0.0.1'] });
    try {
        const { response, status } = await signIn(trusting, '203.0.113.7', login, https);
        assert.equal(status, 303);
        assert.match(setCookies(response).find((line) => line.startsWith('__Host-hz_session=')), /; Secure/);
        assert.match(response.headers.get('strict-transport-security'), /max-age=/);
        const plain = await signIn(trusting, '203.0.113.8', login);
        assert.ok(setCookies(plain.response).some((line) => line.startsWith('hz_session=')));
        assert.equal(plain.response.headers.get('strict-transport-security'), null);
    } finally {
        await trusting.stop();
    }
    const other = await serve(db);
    try {
        const page = await new Client(other.url).get('/signin', { headers: https });
        assert.equal(page.headers.get('strict-transport-security'), null);
        await page.body?.cancel();
    } finally {
        await other.stop();
    }
});

test('a network that is none is a wrong command', () => {
    huozheng(['serve', '--trust-proxy', '10.0.0.0/33'], { db: db.url, code: 2 });
});
