/* Devices of GB/T 26875.3 for fault tests: frames, panels that repeat until they are confirmed, and the
 * comparison of what was confirmed with what is stored. */
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import net from 'node:net';
import { huozheng, serve } from '../flow/support.mjs';
import { execute, rows } from './support_fault.mjs';

/* Six bytes as a device's clock has them. */
export const clockOf = (date) => {
    const local = new Date(date.getTime() + 8 * 3600_000);
    return Buffer.from([local.getUTCSeconds(), local.getUTCMinutes(), local.getUTCHours(), local.getUTCDate(),
        local.getUTCMonth() + 1, (local.getUTCFullYear() - 2000) & 0xff]);
};

/* A frame from a device; `unit` is the application data unit. */
export function frame({ serial, address, command = 2, unit = Buffer.alloc(0), clock = clockOf(new Date()) }) {
    const control = Buffer.alloc(25);
    control.writeUInt16LE(serial & 0xffff, 0);
    control[2] = 1;
    clock.copy(control, 4);
    control.writeUIntLE(address, 10, 6);
    control.writeUIntLE(1, 16, 6);
    control.writeUInt16LE(unit.length, 22);
    control[24] = command;
    const sum = [...control, ...unit].reduce((total, byte) => (total + byte) & 0xff, 0);
    return Buffer.concat([Buffer.from('@@'), control, unit, Buffer.from([sum]), Buffer.from('##')]);
}

/* The state of one detector (type 2). */
export function detector(number, state, clock = clockOf(new Date())) {
    const object = Buffer.alloc(46);
    object.set([1, 1, 42]);
    object.writeUInt32LE(number, 3);
    object.writeUInt16LE(state, 7);
    object.write(`detector ${number}`, 9, 'ascii');
    clock.copy(object, 40);
    return Buffer.concat([Buffer.from([2, 1]), object]);
}

/* {command, serial} of each answer in `bytes` (the centre's answers have no data of varying size). */
export function answers(bytes) {
    const found = [];
    let at = 0;
    while (bytes.length - at >= 30) {
        const size = 30 + bytes.readUInt16LE(at + 24);
        if (bytes.length - at < size) break;
        found.push({ command: bytes[at + 26], serial: bytes.readUInt16LE(at + 2) });
        at += size;
    }
    return { found, rest: bytes.subarray(at) };
}

/* What the frame with this number says: the detectors of a panel fail one after the other, then they
 * recover one after the other, and so on. */
export const POINTS = 500;
const FAULT = 4;
export const told = (number) => ({ point: number % POINTS, isOn: Math.floor(number / POINTS) % 2 === 0 });

/* A device that tells its story, `window` frames at a time, and sends again what was not confirmed: over
 * a new connection, and over the same after `repeat` ms. `confirmed` holds what the centre promised. It
 * goes on until `finish`, or until `count` frames are confirmed. */
export class Panel {
    constructor(address, window, { count = Infinity, repeat = 2000, clock = () => clockOf(new Date()) } = {}) {
        Object.assign(this, { address, window, count, repeat, clock });
        Object.assign(this, { isOrdered: true, confirmed: new Set(), frames: new Map(), next: 0, again: 0, twice: 0, socket: null, timer: null });
        this.done = new Promise((resolve) => { this.resolve = resolve; });
    }

    connect(port, host = '127.0.0.1') {
        const socket = net.connect(port, host);
        let pending = Buffer.alloc(0);
        this.socket = socket;
        this.startRepeating();
        socket.on('error', () => {});
        socket.on('connect', () => {
            this.sendAgain();
            this.send();
        });
        socket.on('data', (data) => {
            const { found, rest } = answers(Buffer.concat([pending, data]));
            pending = rest;
            for (const answer of found) this.take(answer);
            this.send();
        });
    }

    write(bytes) {
        this.socket.write(bytes);
    }

    startRepeating() {
        clearInterval(this.timer);
        this.timer = setInterval(() => {
            const isLate = [...this.frames.values()].some(({ sentAt }) => performance.now() - sentAt >= this.repeat);
            if (isLate && !this.socket.connecting) this.sendAgain();
        }, this.repeat / 4);
    }

    take({ command, serial }) {
        if (command !== 3) return;
        const sent = this.frames.get(serial);
        if (!sent) {
            this.twice++;
            return;
        }
        this.frames.delete(serial);
        this.confirmed.add(sent.number);
        if (this.confirmed.size === this.count) this.resolve();
    }

    send() {
        while (this.next < this.count && this.frames.size < this.window) {
            const number = this.next++;
            const clock = this.clock(number);
            const { point, isOn } = told(number);
            const serial = number & 0xffff;
            const bytes = frame({ serial, address: this.address, unit: detector(point, isOn ? FAULT : 0, clock), clock });
            this.frames.set(serial, { number, bytes, sentAt: performance.now() });
            this.write(bytes);
        }
    }

    sendAgain() {
        for (const sent of this.frames.values()) {
            this.again++;
            sent.sentAt = performance.now();
            this.write(sent.bytes);
        }
    }

    /* Nothing new; `done` when all is confirmed. */
    finish() {
        this.count = this.next;
        if (this.confirmed.size === this.count) this.resolve();
        return this.done;
    }

    disconnect() {
        clearInterval(this.timer);
        this.socket?.destroy();
    }
}

/* The same by datagrams, which overtake each other: each detector has one thing to say. */
export class DatagramPanel extends Panel {
    constructor(address, window, options) {
        super(address, window, options);
        assert.ok(this.count <= POINTS);
        this.isOrdered = false;
    }

    connect(port, host = '127.0.0.1') {
        this.socket = dgram.createSocket('udp4');
        this.peer = { port, host };
        this.socket.on('message', (bytes) => {
            for (const answer of answers(bytes).found) this.take(answer);
            this.send();
        });
        this.socket.bind(0, () => this.send());
        this.startRepeating();
    }

    write(bytes) {
        this.socket.send(bytes, this.peer.port, this.peer.host);
    }

    disconnect() {
        clearInterval(this.timer);
        this.socket.close();
    }
}

/* Makes the tables, and the panels devices in use: what they tell becomes alarms too. */
export function register(db, panels) {
    huozheng(['init'], { db: db.url });
    const values = panels.map(({ address }) => `('gb26875', '${address}', 'standard', '测试装置 ${address}', 'active', '500103', 500103,
        0, 0, '测试路', '', '', 0, 0, 0, 0, 1, 1)`);
    execute(db, `INSERT INTO device (protocol, code, profile, name, state, region, district, building_id, unit_id, place, service_body,
        service_contact, is_online, seen_us, state_bits, version, created_us, changed_us) VALUES ${values.join()}`);
}

/* What a panel told and heard, for a comparison in another process. */
export const heard = ({ address, next, confirmed, isOrdered, again, twice }) => (
    { address, next, confirmed: confirmed.size ?? confirmed, isOrdered, again, twice });

/* Every frame that was confirmed (all of them, when the panels are done) is one edge, and the edges of a
 * device stand in the order of its frames. Returns how many there are. */
export function checkTold(db, panels) {
    const edges = new Map();
    for (const { code, address, is_on: isOn } of rows(db, `SELECT d.code, p.address, e.is_on FROM edge e
        JOIN point p ON p.id = e.point_id JOIN device d ON d.id = e.device_id WHERE e.kind = 'fault' ORDER BY e.id`)) {
        if (!edges.has(code)) edges.set(code, []);
        edges.get(code).push({ point: Number(address), isOn: Number(isOn) === 1 });
    }
    let all = 0;
    for (const { address, next, confirmed, isOrdered } of panels.map(heard)) {
        const stored = edges.get(String(address)) ?? [];
        if (!isOrdered) stored.sort((a, b) => a.point - b.point);
        assert.equal(confirmed, next, `panel ${address} is not done`);
        for (let number = 0; number < Math.max(next, stored.length); number++) {
            const wanted = number < next ? told(number) : undefined;
            assert.deepEqual(stored[number], wanted, `edge ${number} of panel ${address}, which told ${next} and has ${
                stored.length}: ${JSON.stringify(stored[number])} for ${JSON.stringify(wanted)}`);
        }
        all += stored.length;
    }
    return all;
}

export const sum = (panels, field) => panels.reduce((total, panel) => total + (panel[field].size ?? panel[field]), 0);

/* A server whose PostgreSQL may still be recovering. */
export async function serveAgain(db) {
    for (let tries = 1; ; tries++) {
        try {
            return await serve(db);
        } catch (error) {
            if (tries === 20) throw error;
            await new Promise((resolve) => { setTimeout(resolve, 250); });
        }
    }
}

/* Of a server of flow/support.mjs. */
export function devicePort(server) {
    return Number(/devices at \S*:(\d+)/.exec(server.log.join('\n'))[1]);
}
