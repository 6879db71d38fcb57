/*
 * Coverage, map and wall of a made city, on both engines: numbers are those of the lists behind them
 * and of a count made here; the map is walked down with and without a script; the wall says when the
 * server is gone and recovers by itself.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test, { after, before } from 'node:test';
import { addAccount, axeFindings, Client, closeBrowser, ENGINES, makeCity, newDatabase, openPage, serve, sidewaysScroll,
    signInBrowser } from './support.mjs';

const SCALE = 0.06;
const DAY_US = 86_400_000_000;

/* Rows of a statement as arrays of texts. */
function sql(db, text) {
    const done = db.engine === 'sqlite'
        ? spawnSync('sqlite3', ['-bail', db.url.slice('sqlite:'.length)], { input: `.timeout 10000\n${text}`, encoding: 'utf8' })
        : spawnSync('psql', ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', db.url], { input: text, encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    return done.stdout.trim().split('\n').filter(Boolean).map((line) => line.split('|'));
}

/* Devices for some high-rises: most are heard, every fifth is silent, every third has none; points on
 * three floors; one open alarm. */
function furnish(db) {
    const now = Date.now() * 1000;
    /* the demo's own devices would make other numbers */
    sql(db, `DELETE FROM point; DELETE FROM device;
INSERT INTO device (protocol, code, profile, name, state, region, district, building_id, unit_id, place, service_body,
    service_contact, is_online, seen_us, state_bits, version, created_us, changed_us)
SELECT 'gb26875', CAST(id AS TEXT), 'standard', '', 'active', region, district, id, 0, '', '维保（演示）', '',
    CASE WHEN id % 5 = 0 THEN 0 ELSE 1 END, CASE WHEN id % 5 = 0 THEN ${now - 9 * DAY_US} ELSE ${now} END, 0, 1, 1, 1
FROM building WHERE height_class >= 2 AND id % 3 <> 0;
INSERT INTO point (device_id, system_type, system_address, component_type, address, name, floor, room, building_id,
    district, state_bits, state_us, created_us)
SELECT d.id, 1, 1, 40, n.n, '', n.floor, '', d.building_id, d.district, n.bits, ${now}, 1 FROM device d,
    (SELECT 1 AS n, '1层' AS floor, 1 AS bits UNION ALL SELECT 2, '12层', 3 UNION ALL SELECT 3, 'B1', 5) n;
INSERT INTO alarm (rule, class, kind, priority, state, result, merge_key, title, address, place, what, region, district,
    building_id, unit_id, device_id, began_us, arrived_us, last_us, edges, points, active, restored_us, level, due_us, holder,
    acknowledged_us, verified_us, reported_us, closed_us, matter_id, version)
SELECT 'fire', 'fire', 'fire', 1, 'new', '', 'k', name, address, '12层', '感烟探测器', region, district, id, 0, 1, ${now},
    ${now}, ${now}, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 FROM building WHERE id = (SELECT min(building_id) FROM device);
INSERT INTO firecode_score (building_id, region, district, score, colour, since_us, marks, known, edition, fall, patrol_us,
    handover_us, maintenance_us, overdue, computed_us)
SELECT id, region, district, 80, CASE WHEN id % 11 = 0 THEN 4 ELSE 1 + id % 3 END, 1, '[]', 1, '1', 0, 0, 0, 0, 0, ${now}
FROM building WHERE height_class >= 2 AND id % 7 <> 0;`);
}

/* Counted here, without the tables that the server counts into: {district: [buildings, covered, silent]}. */
function countHere(db) {
    const since = Date.now() * 1000 - 7 * DAY_US;
    const rows = sql(db, `SELECT b.district, count(*), sum(CASE WHEN d.seen_us >= ${since} THEN 1 ELSE 0 END),
        sum(CASE WHEN d.seen_us < ${since} THEN 1 ELSE 0 END) FROM building b LEFT JOIN device d ON d.building_id = b.id
        WHERE b.height_class >= 2 GROUP BY b.district;`);
    return new Map(rows.map(([district, ...counts]) => [district, counts.map(Number)]));
}

/* Waits until the server has counted every district for the first time: the days are written last. */
function counted(db) {
    for (let tries = 0; tries < 500; tries++) {
        if (Number(sql(db, 'SELECT count(*) FROM overview_day;')[0][0]) > 0) return;
    }
    throw new Error('nothing was counted');
}

/* All rows of a list of buildings, page by page. */
async function wholeList(client, target) {
    const rows = [];
    for (let next = target; next;) {
        const model = await client.json(next);
        rows.push(...model.rows);
        next = model.pager.next;
    }
    return rows;
}

const cities = {};

before(async () => {
    for (const engine of ENGINES) {
        const db = newDatabase(engine);
        const logins = makeCity(db, SCALE);
        furnish(db);
        cities[engine] = { db, logins, server: await serve(db) };
        counted(db);
    }
});

after(async () => {
    await closeBrowser();
    for (const { server, db } of Object.values(cities)) {
        await server.stop();
        db.drop();
    }
});

for (const engine of ENGINES) {
    test(`each number of coverage is that of the list behind it on ${engine}`, async () => {
        const { db, logins, server } = cities[engine];
        const client = await new Client(server.url).signIn(logins.leader);
        const model = await client.json('/work/coverage');
        const here = countHere(db);
        const lines = model.lines.filter((line) => line.state !== 'empty');
        assert.equal(lines.length, here.size);
        for (const line of lines) {
            assert.deepEqual([line.buildings, line.covered, line.silent], here.get(line.code), line.name);
            const target = line.group === '中心城区' ? 100 : 80;
            assert.equal(line.target, `${target}%`);
            assert.equal(line.missing, Math.max(0, Math.ceil((line.buildings * target) / 100) - line.covered));
            assert.equal(line.state === 'met', line.missing === 0);
        }
        for (const state of ['covered', 'silent', 'none']) {
            const rows = await wholeList(client, model.links[state]);
            assert.equal(rows.length, model.sum[state]);
            assert.deepEqual([...new Set(rows.map((row) => row.state))], rows.length > 0 ? [state] : []);
        }
        const line = model.lines[0];
        assert.equal((await wholeList(client, `${line.list}&state=none`)).length, line.none);
        /* the file says the same */
        const text = (await (await client.get(model.links.csv)).text()).replace('\ufeff', '').trim().split('\r\n').slice(1);
        assert.deepEqual(text.map((row) => row.split(',').slice(1, 6)),
            model.lines.map((one) => [one.code, one.buildings, one.covered, one.silent, one.none].map(String)));
        const file = await (await client.get(`/work/coverage/buildings.csv?region=50&state=none`)).text();
        assert.equal(file.trim().split('\r\n').length - 1, model.sum.none);
    });

    test(`nobody looks beyond the own region on ${engine}`, async () => {
        const { db, server } = cities[engine];
        const [[own], [other]] = sql(db, 'SELECT DISTINCT district FROM device ORDER BY district LIMIT 2;');
        const login = addAccount(db, 'duty_officer', { login: `duty-${own}`, region: own });
        const client = await new Client(server.url).signIn(login);
        const model = await client.json('/work/coverage');
        assert.deepEqual(model.lines.map((line) => line.code), [own]);
        const [[foreign]] = sql(db, `SELECT min(building_id) FROM device WHERE district = ${other};`);
        for (const target of [`/work/coverage?region=${other}`, `/work/coverage/buildings?region=${other}`, `/work/map?region=50`,
            `/work/overview?region=${other}`, `/work/wall?region=${other}`, `/work/map/buildings/${foreign}`]) {
            const response = await client.get(target);
            assert.equal(response.status, 403, target);
            await response.body.cancel();
        }
        assert.ok(Number(sql(db, 'SELECT count(*) FROM refusal;')[0][0]) >= 6);
        assert.ok((await wholeList(client, '/work/coverage/buildings')).length > 0);
    });
}

const COLOURS = ['without', 'green', 'yellow', 'orange', 'red'];
const WORDS = ['没有码', '绿 平稳', '黄 要留意', '橙 较高', '红 高'];

/* Rows (place, colour, count) as {place: {red, orange, yellow, green, without}}. */
function byPlace(rows) {
    const places = {};
    for (const [place, colour, count] of rows) {
        places[place] ??= { red: 0, orange: 0, yellow: 0, green: 0, without: 0 };
        places[place][COLOURS[Number(colour)]] = Number(count);
    }
    return places;
}

for (const engine of ENGINES) {
    test(`colours of codes on the map, beside it and on the dashboard are those of the buildings on ${engine}`, async () => {
        const { db, logins, server } = cities[engine];
        const client = await new Client(server.url).signIn(logins.leader);
        const here = byPlace(sql(db, 'SELECT district, colour, count(*) FROM firecode_score GROUP BY district, colour;'));
        const pick = ({ red, orange, yellow, green }) => ({ red, orange, yellow, green });
        const city = await client.json('/work/map?show=codes');
        for (const line of city.lines) assert.deepEqual(pick(line.codes), pick(here[line.code] ?? byPlace([['x', 0, 0]]).x), line.name);
        assert.equal(city.codes.red, Object.values(here).reduce((sum, one) => sum + one.red, 0));
        /* the picture names the gravest colour with its word */
        const worst = city.lines.map((line) => pick(line.codes)).filter((one) => one.red > 0).map((one) => `红${one.red}`);
        const marks = city.pictures.flatMap((picture) => picture.marks.filter((mark) => mark.class === 'red higher').map((mark) => mark.text));
        assert.ok(worst.length > 0);
        for (const text of worst) assert.ok(marks.includes(text), `${text} of ${marks}`);
        /* the dashboard says the same, and each number leads to the list of as many */
        const board = await client.json('/work/overview');
        assert.deepEqual(Object.fromEntries(board.code_rows.map((row) => [row.codes.href.split('=').pop(), pick(row.codes)])),
            Object.fromEntries(Object.entries(here).map(([code, one]) => [code, pick(one)])));
        const { codes } = board.code_rows.find((row) => row.codes.orange > 0);
        assert.equal((await wholeList(client, codes.orange_href)).length, codes.orange);
        /* squares of a district, and the buildings of one */
        const [[district]] = sql(db, 'SELECT district FROM coverage_cell WHERE zoom = 1 GROUP BY district ORDER BY count(*) DESC LIMIT 1;');
        const larger = await client.json(`/work/map?region=${district}&show=codes`);
        const placed = byPlace(sql(db, `SELECT c.district, coalesce(s.colour, 0), count(*) FROM building_coverage c LEFT JOIN
            firecode_score s ON s.building_id = c.building_id WHERE c.district = ${district} AND c.cell >= 0 GROUP BY 1, 2;`))[district];
        for (const colour of COLOURS) assert.equal(larger.cells.reduce((sum, cell) => sum + cell.codes[colour], 0), placed[colour], colour);
        const smaller = await client.json(larger.cells[0].href);
        const square = await client.json(smaller.cells[0].href);
        const counted = { red: 0, orange: 0, yellow: 0, green: 0, without: 0 };
        for (const building of square.buildings) {
            const [[colour] = ['0']] = sql(db, `SELECT colour FROM firecode_score WHERE building_id = ${building.id};`);
            assert.equal(building.code_zh, WORDS[Number(colour)]);
            counted[COLOURS[Number(colour)]] += 1;
        }
        assert.deepEqual(Object.fromEntries(COLOURS.map((colour) => [colour, smaller.cells[0].codes[colour]])), { ...counted });
        assert.deepEqual(square.pictures[0].marks.filter((mark) => mark.href).map((mark) => mark.text),
            square.buildings.map((building) => (building.code_class ? building.code_zh[0] : '无')));
    });

    test(`each hour's alarms are in the chart and in its table on ${engine}`, async () => {
        const { db, logins, server } = cities[engine];
        const { hours } = await (await new Client(server.url).signIn(logins.leader)).json('/work/overview');
        const [[all, grave]] = sql(db, "SELECT count(*), sum(CASE WHEN class IN ('fire', 'gas') THEN 1 ELSE 0 END) FROM alarm;");
        assert.equal(hours.rows.length, 24);
        assert.equal(hours.rows.reduce((sum, row) => sum + row.all, 0), Number(all));
        assert.equal(hours.grave, Number(grave));
        assert.deepEqual(hours.bars.map((bar) => bar.grave !== null), hours.rows.map((row) => row.grave > 0).reverse());
        assert.deepEqual(hours.bars.map((bar) => bar.peak).filter(Boolean), [String(Math.max(...hours.rows.map((row) => row.all)))]);
        assert.match(hours.label, /最近 24 小时报警 1 件，其中火警、燃气 1 件/);
    });
}

test('what the chart draws stands in the table', async () => {
    const { logins, server } = cities.sqlite;
    const page = await openPage(server.url);
    await signInBrowser(page, logins.leader);
    await page.goto('/work/coverage');
    const drawn = await page.$$eval('ul.bars li', (rows) => rows.map((row) => [row.querySelector('span').textContent,
        row.querySelector('rect.f').getAttribute('width'), row.querySelector('b').textContent]));
    const told = await page.$$eval('table.cards tbody tr', (rows) => rows.map((row) => [row.cells[0].textContent, row.cells[1].textContent]));
    assert.ok(drawn.length > 5);
    assert.deepEqual(drawn.map(([name, , share]) => [name, share]), told);
    for (const [name, width, share] of drawn) assert.equal(share === '无' ? '0.0%' : share, `${width}%`, name);
    await page.context().close();
});

/* From the city down to one point; `step` follows a link of the picture or of the table. */
async function walkDown(page, step) {
    await page.goto('/work/map');
    await step(0);
    await step(1);
    await step(2);
    await step(3);
    assert.match(page.url(), /\/work\/map\/buildings\/\d+$/);
    const floors = await page.$$eval('table tbody th', (cells) => cells.map((cell) => cell.textContent));
    assert.deepEqual(floors, ['12层', '1层', 'B1'], 'top floor first');
    await Promise.all([page.waitForNavigation(), page.click('table tbody th a')]);
    assert.match(await page.textContent('#points'), /火警/);
    assert.deepEqual(page.complaints, []);
}

test('the map leads down to a point, by the tables without a script and by the pictures with one', async () => {
    const { db, logins, server } = cities.sqlite;
    const [[district, square, cell, building]] = sql(db, `SELECT c.district, c.parent, c.cell, d.building_id FROM coverage_cell c
        JOIN building_coverage b ON b.cell = c.cell JOIN device d ON d.building_id = b.building_id WHERE c.zoom = 1 LIMIT 1;`);
    const hrefs = [`/work/map?region=${district}`, `/work/map?region=${district}&square=${square}`,
        `/work/map?region=${district}&square=${square}&cell=${cell}`, `/work/map/buildings/${building}`];
    for (const [script, where] of [[false, 'table'], [true, '.geo']]) {
        const page = await openPage(server.url, { script });
        await signInBrowser(page, logins.leader);
        await walkDown(page, async (level) => {
            const link = page.locator(`${where} a[href="${hrefs[level]}"]`).first();
            await Promise.all([page.waitForURL(`**${hrefs[level]}`), script ? link.press('Enter') : link.click()]);
        });
        await page.context().close();
    }
});

test('an abolished district leads to its successor, and the outline says what is old', async () => {
    const { logins, server } = cities.sqlite;
    const client = await new Client(server.url).signIn(logins.leader);
    const model = await client.json('/work/map?region=500105');
    assert.equal(model.area.code, '500157');
    assert.equal(model.area.ended, '江北区');
    assert.match(model.outline_note, /江北区和渝北区/);
    assert.equal(model.outline_confidence, '二手');
    const city = await client.json('/work/map');
    const [whole] = city.pictures;
    assert.equal(whole.shapes.filter((shape) => shape.title.startsWith('两江新区')).length, 1);
});

test('the wall says since when the server is gone, and recovers by itself', async () => {
    const city = cities.sqlite;
    const page = await openPage(city.server.url, { width: 1920, height: 1080 });
    await signInBrowser(page, city.logins.duty_officer);
    await page.goto('/work/wall');
    const out = page.locator('[data-out]');
    assert.equal(await out.isHidden(), true);
    assert.equal(await page.locator('.w-al li').count(), 1);
    assert.doesNotMatch(await page.textContent('body'), /演示值班/, 'no names of people');
    const small = await page.$$eval('[data-part] p, [data-part] span, [data-part] li, [data-part] b', (all) => all
        .filter((one) => one.textContent.trim() && one.getClientRects().length > 0 && parseFloat(getComputedStyle(one).fontSize) < 22)
        .map((one) => one.outerHTML.slice(0, 80)));
    assert.deepEqual(small, [], 'letters are 22 px at least on a screen of 1920');
    const { port } = city.server;
    await city.server.stop();
    await out.waitFor({ state: 'visible', timeout: 20_000 });
    assert.match(await out.textContent(), /数据中断 从 \d\d:\d\d:\d\d 起，已 \d+ 秒/);
    sql(city.db, "UPDATE alarm SET title = '恢复以后的标题';");
    city.server = await serve(city.db, { args: ['--port', String(port)] });
    await out.waitFor({ state: 'hidden', timeout: 30_000 });
    assert.match(await page.textContent('.w-al'), /恢复以后的标题/);
    await page.context().close();
});

test('pages are clean for axe, in both lights, and fit a phone', async () => {
    const { db, logins, server } = cities.sqlite;
    const [[building]] = sql(db, 'SELECT min(building_id) FROM device;');
    const [[district]] = sql(db, `SELECT district FROM building WHERE id = ${building};`);
    const targets = ['/work/overview', '/work/coverage', `/work/coverage?region=${district}`, '/work/coverage/buildings', '/work/map',
        `/work/map?region=${district}`, '/work/map?show=codes', `/work/map?region=${district}&show=codes`, `/work/map/buildings/${building}?floor=12%E5%B1%82`, '/work/wall', '/work/wall?layout=alarms',
        '/work/wall?layout=map', '/work/wall?layout=coverage'];
    for (const [width, dark] of [[1280, true], [360, false]]) {
        const page = await openPage(server.url, { width, height: 800, dark });
        await signInBrowser(page, logins.leader);
        for (const target of targets) {
            const response = await page.goto(target);
            assert.equal(response.status(), 200, target);
            assert.deepEqual(await axeFindings(page), [], `${target} at ${width}`);
            for (const narrow of width === 360 ? [360, 320] : []) {
                await page.setViewportSize({ width: narrow, height: 800 });
                assert.ok(await sidewaysScroll(page) <= 0, `${target} scrolls sideways at ${narrow}`);
            }
        }
        assert.deepEqual(page.complaints, []);
        await page.context().close();
    }
});
