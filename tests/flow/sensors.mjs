/*
 * A sensor that pushes JSON over HTTP, as whoever programs one does it: registered, given a key,
 * "stored" only when it is, refused in words otherwise. On both engines.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Client, ENGINES, huozheng, startCity } from './support.mjs';

const REPORT = '/api/devices/S-100/report';

async function push(url, body, { key, target = REPORT, headers = {} } = {}) {
    const response = await fetch(new URL(target, url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(key ? { 'x-device-key': key } : {}), ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, body: await response.json().catch(() => null) };
}

for (const engine of ENGINES) {
    test(`a sensor pushes, and what it tells is on the page of its device (${engine})`, async () => {
        const city = await startCity({ engine, args: ['--no-devices'] });
        try {
            const { id } = JSON.parse(huozheng(['device', 'add', 'http', 'S-100', '--name', '演示烟感', '--building', '1', '--json'], { db: city.db.url }));
            huozheng(['device', 'key', 'http', 'S-999'], { db: city.db.url, code: 1 });
            const { key } = JSON.parse(huozheng(['device', 'key', 'http', 'S-100', '--json'], { db: city.db.url }));

            const now = Date.now();
            const fire = { properties: { fire_alarm: 1, temperature: 61.5, rssi: -71 }, messageId: 'm1', timestamp: now };
            assert.deepEqual(await push(city.url, fire, { key }), { status: 200, body: { stored: 2, ignored: ['rssi'] } });
            assert.deepEqual((await push(city.url, fire, { key })).status, 200, 'the same once more');
            assert.deepEqual((await push(city.url, [{ ts: now, values: { smoke: true } }], { headers: { authorization: `Bearer ${key}` } })).status, 200);

            const duty = await new Client(city.url).signIn(city.logins.duty_officer);
            const page = JSON.stringify(await duty.json(`/work/devices/${id}`));
            assert.match(page, /演示烟感/);
            assert.match(page, /火警/);

            for (const [status, error, options, body = fire] of [
                [401, 'key', {}],
                [401, 'key', { key: 'wrong' }],
                [401, 'key', { key, target: '/api/devices/S-999/report' }],
                [401, 'key', { key, target: '/api/devices/S%20100/report' }],
                [400, 'invalid', { key }, 'no JSON'],
                [400, 'invalid', { key }, { time: 'yesterday' }],
                [400, 'invalid', { key }, '{"a": 1, "a": 2}'],
            ]) {
                const answer = await push(city.url, body, options);
                assert.equal(answer.status, status, JSON.stringify(answer));
                assert.equal(answer.body.error, error);
                assert.ok(answer.body.message.length > 5);
            }
            assert.equal((await push(city.url, `{"x": "${'x'.repeat(70_000)}"}`, { key })).status, 413);

            /* A new key ends the old one; who guesses is not listened to for a while, whoever has the key is. */
            const second = JSON.parse(huozheng(['device', 'key', 'http', 'S-100', '--json'], { db: city.db.url })).key;
            assert.equal((await push(city.url, fire, { key })).status, 401);
            assert.equal((await push(city.url, fire, { key: second })).status, 200);
            for (let i = 0; i < 20; i++) await push(city.url, fire, { key: `guess-${i}` });
            assert.equal((await push(city.url, fire, { key: 'guess-20' })).status, 429);
            assert.equal((await push(city.url, fire, { key: second })).status, 200);
        } finally {
            await city.stop();
        }
    });
}
