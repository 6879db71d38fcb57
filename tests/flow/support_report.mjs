/* A report by HTTP alone, as a resident's forms would send it. */
import assert from 'node:assert/strict';

async function step(client, target, fields, next, from = target) {
    const response = await client.post(target, fields, { from });
    const html = await response.text();
    assert.equal(response.status, 303, /<div[^>]*problems[\s\S]*?<\/div>/.exec(html)?.[0] ?? html.slice(-2000));
    assert.equal(response.headers.get('location'), next);
}

/* Everything is answered, nothing sent: the client holds the draft. `where` is looked for in the
 * registry; the first place that is found is taken, or the district. */
export async function draftReport(client, where) {
    await step(client, '/report', { content: 'blocked-exit', description: '出口上锁' }, '/report/where');
    await step(client, '/report/where', { where, go: 'find' }, '/report/where#places');
    const { places, districts } = await client.json('/report/where');
    const object = places[0]?.value ?? 'none';
    await step(client, '/report/where', { where, object, region: districts[0].value, inside: '3 楼' }, '/report/contact');
    await step(client, '/report/contact', { named: 'no' }, '/report/check');
}

/* Sends the client's draft: {number, code}. */
export async function sendReport(client) {
    await step(client, '/report/check', {}, '/report/sent');
    const { number, code } = await client.json('/report/sent');
    return { number, code };
}

/* The client follows a report that was sent, and adds words to it. */
export async function followReport(client, { number, code }) {
    await step(client, '/track', { number, code }, '/track');
    await step(client, '/track/add', { words: '还锁着' }, '/track', '/track');
}
