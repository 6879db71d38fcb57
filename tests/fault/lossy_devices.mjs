/*
 * Over a network that loses 30 of 100 packets, lets others overtake and doubles some, every frame that was
 * confirmed is stored, once, and in order where there are connections. The network is real: two network
 * namespaces, the kernel's TCP and UDP, and between them support_lossy_link.py. Where that is not allowed
 * there is still a proxy for datagrams inside this process.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test, { after, describe, it } from 'node:test';
import { BINARY, ENGINES, IS_SOAK, newDatabase, ROOT, serve } from '../flow/support.mjs';
import { checkTold, DatagramPanel, devicePort, register, sum } from './support_devices.mjs';
import { chance, rows, value } from './support_fault.mjs';
import { insideNamespace } from './support_namespace.mjs';

const SEED = Number(process.env.HUOZHENG_SEED ?? 20261123);
const NO_NETWORK = 77;

/* Lines of a program, and how it ended. */
function start(command, args) {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const end = new Promise((resolve) => { child.once('close', resolve); });
    return { child, line: async () => (await lines.next()).value, end };
}

async function startLink() {
    if (!insideNamespace('--net')) return null;
    const program = path.join(ROOT, 'tests/fault/support_lossy_link.py');
    const link = start('python3', [program, String(SEED), ...(IS_SOAK ? [] : ['--hasty'])]);
    const line = await link.line();
    if (line === undefined) {
        assert.equal(await link.end, NO_NETWORK);
        return null;
    }
    return { ...link, ...JSON.parse(line) };
}

const link = await startLink();
const skip = link ? false : 'network namespaces or /dev/net/tun are not allowed here';

const running = new Set(); /* they would wait for a server that a failed test has ended */

/* Runs a program among the devices; its output. */
async function amongDevices(command, ...args) {
    const run = start('nsenter', [`--net=/proc/${link.pid}/ns/net`, command, ...args]);
    running.add(run.child);
    run.end.then(() => running.delete(run.child));
    let text = '';
    for (let line = await run.line(); line !== undefined; line = await run.line()) text += `${line}\n`;
    assert.equal(await run.end, 0, text);
    return text;
}

const FIRST = 3000; /* address of the first panel */
const CONNECTED = 3;
const DATAGRAMS = 2;

async function playPanels(port) {
    const text = await amongDevices(process.execPath, path.join(ROOT, 'tests/fault/support_panels.mjs'), JSON.stringify({
        host: link.centre, port, address: FIRST, seed: SEED, connected: CONNECTED, datagrams: DATAGRAMS, window: 8,
        ...(IS_SOAK ? { count: 500, repeat: 1000, repeatDatagrams: 200, dropMs: 4000 }
            : { count: 40, repeat: 500, repeatDatagrams: 100, dropMs: 600 }),
    }));
    return JSON.parse(text);
}

/* The program of our own: a fault at each of many points. Returns the record of what was acknowledged. */
async function playSimulator(port, folder, transport) {
    const seconds = IS_SOAK ? 30 : 1;
    const script = path.join(folder, `script-${transport}`);
    const record = path.join(folder, `record-${transport}`);
    const lines = [];
    for (let device = 1; device <= 6; device++) {
        for (let point = 1; point <= 6; point++) {
            lines.push({ at: (seconds * (device * 6 + point)) / 50, text: `${device} ${point} fault on` });
        }
    }
    lines.sort((a, b) => a.at - b.at);
    writeFileSync(script, lines.map(({ at, text }) => `${at.toFixed(3)} ${text}\n`).join(''));
    const text = await amongDevices(BINARY, 'simulate', 'devices', '--target', `${link.centre}:${port}`,
        '--devices', '6', '--rate', '60', '--duration', String(seconds), '--script', script, '--record', record, '--tries', '100',
        '--quiet', '--json', ...(transport === 'udp' ? ['--udp', '--first', '100', '--timeout', '0.1'] : ['--timeout', '1']));
    const document = JSON.parse(text);
    /* A connection that TCP tries again only after minutes may be given up; nothing was promised then. */
    assert.ok(document.denied === 0 && document.acknowledged >= 0.9 * document.sent, text);
    return { document, frames: readFileSync(record, 'utf8').trim().split('\n').map((line) => Buffer.from(line.split('\t')[4], 'hex')) };
}

/* Frames of type 2 that tell a fault, as the point that they are about. */
function faultsOf(frames) {
    const FAULT = 4;
    return frames.filter((bytes) => bytes[27] === 2 && (bytes.readUInt16LE(36) & FAULT) !== 0)
        .map((bytes) => `${bytes.readUIntLE(12, 6)}:${bytes[29]}:${bytes[30]}:${bytes[31]}:${bytes.readUInt32LE(32)}`);
}

function checkSimulated(db, frames) {
    const edges = rows(db, `SELECT d.code, p.system_type, p.system_address, p.component_type, p.address, count(*) AS n FROM edge e
        JOIN point p ON p.id = e.point_id JOIN device d ON d.id = e.device_id
        WHERE e.kind = 'fault' AND e.is_on = 1 AND p.component_type >= 0
        GROUP BY d.code, p.system_type, p.system_address, p.component_type, p.address`);
    const stored = new Map(edges.map((e) => [
        `${e.code}:${e.system_type}:${e.system_address}:${e.component_type}:${e.address}`, Number(e.n)]));
    const faults = new Set(faultsOf(frames));
    assert.ok(faults.size >= 60, `${faults.size} faults were confirmed`);
    for (const fault of faults) assert.equal(stored.get(fault), 1, `the confirmed fault ${fault} is there ${stored.get(fault) ?? 0} times`);
    /* What is no edge is a sample; a frame that came again may have left another one. */
    const kept = Number(value(db, 'SELECT coalesce(sum(records), 0) AS n FROM journal'))
        + Number(value(db, 'SELECT count(*) AS n FROM edge'));
    assert.ok(kept >= frames.length, `${kept} samples and edges of ${frames.length} confirmed frames`);
    return faults.size;
}

async function overLossyLink(engine) {
    const db = newDatabase(engine);
    register(db, Array.from({ length: CONNECTED + DATAGRAMS }, (_, i) => ({ address: FIRST + i })));
    const server = await serve(db, { args: ['--device-address', link.centre] });
    try {
        const port = devicePort(server);
        const [played, byTcp, byUdp] = await Promise.all([playPanels(port),
            playSimulator(port, db.folder, 'tcp'), playSimulator(port, db.folder, 'udp')]);
        await server.stop();
        const own = played.panels.map(({ address }) => `'${address}'`).join();
        const stored = checkTold(db, played.panels);
        const simulated = [...byTcp.frames, ...byUdp.frames];
        const faults = checkSimulated(db, simulated);
        assert.equal(rows(db, `SELECT id FROM edge e WHERE kind = 'fault' AND is_on = 0 AND device_id NOT IN
            (SELECT id FROM device WHERE code IN (${own}))`).length, 0);
        console.log(`# ${engine}: panels: ${stored} frames confirmed and stored, each once, ${sum(played.panels, 'again')} sent again, ${
            played.breaks} connections broken; simulator: ${simulated.length} frames confirmed, ${faults} faults among them stored once, ${
            byTcp.document.resent + byUdp.document.resent} sent again`);
    } finally {
        if (server.isAlive()) await server.kill();
        db.drop();
    }
}

/* Most of the time they wait for packets: together. */
describe('a network that loses, reorders and doubles packets', { concurrency: true, skip }, () => {
    for (const engine of ENGINES) it(engine, { timeout: 3600_000 }, () => overLossyLink(engine));
});

test('that network has lost what it should', { skip }, async () => {
    link.child.stdin.end();
    const counts = JSON.parse(await link.line());
    const lost = counts.lost / counts.packets;
    assert.ok(counts.packets > 500 && lost > 0.2 && lost < 0.4, JSON.stringify(counts));
    assert.ok(counts.overtaken > 0 && counts.doubled > 0, JSON.stringify(counts));
    console.log(`# of ${counts.packets} packets ${counts.lost} were lost, ${counts.overtaken} overtaken, ${counts.doubled} doubled`);
});

after(() => [...running, link?.child].forEach((child) => child?.kill()));

/* Between device and centre inside this process: loses 30 of 100 datagrams each way, delays and doubles. */
async function lossyProxy(port, random) {
    const inside = dgram.createSocket('udp4');
    const outside = dgram.createSocket('udp4');
    let device = null;
    let isOpen = true;
    const pass = (send) => {
        if (random() < 0.3) return;
        for (let copies = random() < 0.05 ? 2 : 1; copies > 0; copies--) {
            if (random() < 0.5) setTimeout(() => isOpen && send(), random() * 30);
            else send();
        }
    };
    inside.on('message', (bytes, from) => {
        device = from;
        pass(() => outside.send(bytes, port, '127.0.0.1'));
    });
    outside.on('message', (bytes) => pass(() => inside.send(bytes, device.port, device.address)));
    await new Promise((resolve) => { inside.bind(0, '127.0.0.1', resolve); });
    return {
        port: inside.address().port,
        close: () => {
            isOpen = false;
            inside.close();
            outside.close();
        },
    };
}

test('datagrams through a proxy that loses and reorders', { timeout: 600_000 }, async () => {
    const db = newDatabase('sqlite');
    const panel = new DatagramPanel(77, 8, { count: 40, repeat: 60 });
    register(db, [panel]);
    const server = await serve(db);
    const proxy = await lossyProxy(devicePort(server), chance(SEED));
    try {
        panel.connect(proxy.port);
        await panel.done;
        await server.stop();
        assert.equal(checkTold(db, [panel]), 40);
    } finally {
        panel.disconnect();
        proxy.close();
        if (server.isAlive()) await server.kill();
        db.drop();
    }
});
