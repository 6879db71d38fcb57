/*
 * The database goes away and comes back (restart, failover): pages answer again by themselves and a
 * signed-in person stays signed in. PostgreSQL only; SQLite has no connection to lose.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { Client, huozheng, IS_PG_THERE, newDatabase, serve } from './support.mjs';

const LOGIN = { login: 'steady', password: 'Quiet-lantern-8119-orbit' };

/* Ends every connection of the server to its database. */
function cutConnections(db) {
    const done = spawnSync('psql', ['-X', '-At', '-d', db.url, '-c',
        'SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'],
    { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    return Number(done.stdout);
}

test('lost connections are replaced and sessions go on', { skip: !IS_PG_THERE && 'needs PostgreSQL: tools/with-postgres' }, async () => {
    const db = newDatabase('postgresql');
    const server = await serve(db);
    try {
        huozheng(['user', 'add', LOGIN.login, '--name', '测试', '--roles', 'inspector', '--region', '500000', '--password-stdin'],
            { db: db.url, input: `${LOGIN.password}\n` });
        const client = await new Client(server.url).signIn(LOGIN);
        for (let round = 0; round < 5; round++) {
            /* Every worker opens its connection. */
            const before = await Promise.all(Array.from({ length: 12 }, () => client.get('/work/jobs')));
            assert.deepEqual([...new Set(before.map((one) => one.status))], [200]);
            assert.ok(cutConnections(db) > 0);
            const after = [];
            for (let i = 0; i < 12; i++) after.push((await client.get('/work/jobs')).status);
            assert.deepEqual([...new Set(after)], [200], `round ${round}: ${after}`);
        }
    } finally {
        await server.stop();
        db.drop();
    }
});
