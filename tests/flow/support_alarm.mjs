/* What tests of the alarm centre stand on: a device that speaks the national protocol, and servers that
 * take mail and messages and keep them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';

/* SQL from outside, for what no page makes (a bound device with its points). */
export function execute(db, sql) {
    const done = db.engine === 'sqlite'
        ? spawnSync('sqlite3', ['-bail', '-cmd', '.timeout 20000', db.url.slice('sqlite:'.length)], { encoding: 'utf8', input: sql })
        : spawnSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', db.url], { encoding: 'utf8', input: sql });
    assert.equal(done.status, 0, `${sql}: ${done.error ?? done.stderr}`);
}

const tag = (date) => {
    const local = new Date(date.getTime() + 8 * 3600_000);
    return Buffer.from([local.getUTCSeconds(), local.getUTCMinutes(), local.getUTCHours(), local.getUTCDate(),
        local.getUTCMonth() + 1, local.getUTCFullYear() - 2000]);
};

function frame(serial, address, command, unit, time) {
    const control = Buffer.alloc(25);
    control.writeUInt16LE(serial, 0);
    control[2] = 1;
    tag(time).copy(control, 4);
    control.writeUIntLE(address, 10, 6);
    control.writeUIntLE(1, 16, 6);
    control.writeUInt16LE(unit.length, 22);
    control[24] = command;
    const sum = [...control, ...unit].reduce((total, byte) => (total + byte) & 0xff, 0);
    return Buffer.concat([Buffer.from('@@'), control, unit, Buffer.from([sum]), Buffer.from('##')]);
}

/* A transmission device; `tell` resolves when the centre has confirmed, so that it is stored. */
export class Device {
    constructor(address) {
        this.address = address;
        this.serial = 1;
        this.waiting = new Map();
    }

    async connect(server) {
        const port = Number(/devices at \S*?:(\d+)/.exec(server.log.join('\n'))[1]);
        this.socket = net.connect(port, '127.0.0.1');
        let pending = Buffer.alloc(0);
        this.socket.on('data', (data) => {
            pending = Buffer.concat([pending, data]);
            while (pending.length >= 30 && pending.length >= 30 + pending.readUInt16LE(24)) {
                const size = 30 + pending.readUInt16LE(24);
                this.waiting.get(pending.readUInt16LE(2))?.(pending[26]);
                pending = pending.subarray(size);
            }
        });
        await new Promise((resolve, reject) => this.socket.once('connect', resolve).once('error', reject));
        return this;
    }

    /* State bits of a detector: 1 normal, 2 fire, 4 fault, 8 shielded. */
    async tell(detector, state, time = new Date()) {
        const object = Buffer.alloc(46);
        object.set([1, 1, 42]);
        object.writeUInt32LE(detector, 3);
        object.writeUInt16LE(state, 7);
        object.write(`smoke ${detector}`, 9, 'ascii');
        tag(time).copy(object, 40);
        const serial = this.serial++;
        const answer = new Promise((resolve) => { this.waiting.set(serial, resolve); });
        this.socket.write(frame(serial, this.address, 2, Buffer.concat([Buffer.from([2, 1]), object]), time));
        assert.equal(await answer, 3, 'the centre confirms');
    }

    close() {
        this.socket.destroy();
    }
}

/* The device in the library, bound to building 1 in `region`, with detectors on its floors, and a unit
 * whose telephone is known. */
export function bindDevice(db, { address, region, floors }) {
    const district = region.slice(0, 6);
    const now = Date.now() * 1000;
    execute(db, `INSERT INTO device (id, protocol, code, profile, name, state, region, district, building_id,
        unit_id, place, service_body, service_contact, is_online, seen_us, state_bits, version, created_us, changed_us)
        VALUES (${address}, 'gb26875', '${address}', 'standard', '演示传输装置', 'active', '${region}', ${district}, 1, 0,
        '消控室', '', '', 0, 0, 0, 1, ${now}, ${now});
        ${Object.entries(floors).map(([detector, floor]) => `INSERT INTO point (device_id, system_type, system_address,
        component_type, address, name, floor, room, building_id, district, state_bits, state_us, created_us)
        VALUES (${address}, 1, 1, 42, ${detector}, '${detector} 号烟感', '${floor}', '', 1, ${district}, 0, ${now}, ${now});`).join('\n')}
        UPDATE unit SET building_id = 1, phone = '023-00000000' WHERE id = 1;`);
}

/* Things that arrive, in order; `next()` waits for the next one. */
class Arrivals {
    constructor() {
        this.ready = [];
        this.wanted = [];
    }

    add(one) {
        const take = this.wanted.shift();
        if (take) take(one);
        else this.ready.push(one);
    }

    next() {
        return this.ready.length > 0 ? Promise.resolve(this.ready.shift()) : new Promise((resolve) => { this.wanted.push(resolve); });
    }
}

const listening = (server) => new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(server.address().port)); });

/* A mail server that takes everything: next() gives {from, to, text, subject}. */
export async function mailSink() {
    const mails = new Arrivals();
    const server = net.createServer((socket) => {
        let mail = { to: [] };
        let body = null;
        let pending = '';
        socket.write('220 sink\r\n');
        const line = (text) => {
            if (body !== null && text !== '.') {
                body.push(text);
            } else if (body !== null) {
                const at = body.indexOf('');
                const head = body.slice(0, at).join('\n').replaceAll('\n ', ' ');
                const words = [...head.matchAll(/=\?UTF-8\?B\?(.*?)\?=/g)].map(([, code]) => Buffer.from(code, 'base64').toString());
                mails.add({ ...mail, head, subject: words.join(''), text: Buffer.from(body.slice(at).join(''), 'base64').toString() });
                mail = { to: [] };
                body = null;
                socket.write('250 ok\r\n');
            } else if (/^DATA/i.test(text)) {
                body = [];
                socket.write('354 go on\r\n');
            } else {
                if (/^MAIL FROM:/i.test(text)) mail.from = /<(.*?)>/.exec(text)[1];
                if (/^RCPT TO:/i.test(text)) mail.to.push(/<(.*?)>/.exec(text)[1]);
                socket.write(/^QUIT/i.test(text) ? '221 bye\r\n' : '250 ok\r\n');
            }
        };
        socket.on('error', () => {});
        socket.on('data', (data) => {
            const lines = (pending + data).split('\r\n');
            pending = lines.pop();
            lines.forEach(line);
        });
    });
    const port = await listening(server);
    return { url: `smtp://127.0.0.1:${port}`, next: () => mails.next(), close: () => server.close() };
}

/* An HTTP server that refuses the first `refusals` requests and takes the others: next() gives
 * {path, type, key, body}, refused() the path of the next one that was refused. */
export async function hookSink(refusals = 0) {
    const requests = new Arrivals();
    const refused = new Arrivals();
    const server = http.createServer((request, response) => {
        const parts = [];
        request.on('data', (part) => parts.push(part));
        request.on('end', () => {
            const isRefused = refusals-- > 0;
            response.writeHead(isRefused ? 503 : 200).end(isRefused ? 'later' : 'ok');
            if (isRefused) {
                refused.add(request.url);
            } else {
                requests.add({
                    path: request.url, type: request.headers['content-type'], key: request.headers.authorization,
                    body: JSON.parse(Buffer.concat(parts).toString()),
                });
            }
        });
    });
    const port = await listening(server);
    return { url: `http://127.0.0.1:${port}`, next: () => requests.next(), refused: () => refused.next(), close: () => { server.close(); server.closeAllConnections?.(); } };
}
