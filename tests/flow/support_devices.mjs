/*
 * A transmission device of GB/T 26875.3 as far as pages need one: connects to the server's gateway, tells states and
 * values, and waits until each frame is confirmed (so it is stored). Registering goes through the pages.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';

const shanghai = (ms) => new Date(ms + 8 * 3600_000);

function timeTag(ms) {
    const t = shanghai(ms);
    return [t.getUTCSeconds(), t.getUTCMinutes(), t.getUTCHours(), t.getUTCDate(), t.getUTCMonth() + 1, t.getUTCFullYear() % 100];
}

const u16 = (n) => [n & 255, (n >> 8) & 255];
const u32 = (n) => [...u16(n & 65535), ...u16(n >>> 16)];

/* Type 2: running state of components [{system, type, address, state}]. */
export function states(list, ms) {
    return [2, list.length, ...list.flatMap((one) => [one.system ?? 1, 1, one.type, ...u32(one.address), ...u16(one.state),
        ...new Array(31).fill(0), ...timeTag(ms)])];
}

/* Type 3: analog values of components [{system, type, address, kind, value}]. */
export function values(list, ms) {
    return [3, list.length, ...list.flatMap((one) => [one.system ?? 11, 1, one.type, ...u32(one.address), one.kind,
        ...u16(one.value & 65535), ...timeTag(ms)])];
}

/* The port that the server listens on for devices. */
export async function devicePort(server) {
    for (;;) {
        const line = server.log.map((text) => /devices at \S*?:(\d+)/.exec(text)).find(Boolean);
        if (line) return Number(line[1]);
        assert.ok(server.isAlive(), server.log.join('\n'));
        await new Promise((resolve) => setImmediate(resolve));
    }
}

export class TransmissionDevice {
    constructor(port, code) {
        this.code = BigInt(code);
        this.serial = 0;
        this.heard = Buffer.alloc(0);
        this.waiting = [];
        this.socket = connect(port, '127.0.0.1');
        this.socket.on('data', (bytes) => this.take(bytes));
        this.socket.on('error', (error) => this.waiting.splice(0).forEach((one) => one.reject(error)));
        this.socket.on('close', () => this.waiting.splice(0).forEach((one) => one.reject(new Error('closed'))));
    }

    take(bytes) {
        this.heard = Buffer.concat([this.heard, bytes]);
        while (this.heard.length >= 30) {
            const size = 30 + this.heard.readUInt16LE(24);
            if (this.heard.length < size) return;
            const [serial, command] = [this.heard.readUInt16LE(2), this.heard[26]];
            this.heard = this.heard.subarray(size);
            const at = this.waiting.findIndex((one) => one.serial === serial);
            if (at >= 0 && (command === 3 || command === 6)) {
                const [one] = this.waiting.splice(at, 1);
                if (command === 3) one.resolve();
                else one.reject(new Error('the centre denied the frame'));
            }
        }
    }

    /* Sends one frame of command 2 and waits for its confirmation. */
    tell(unit, ms) {
        const address = (n) => Array.from({ length: 6 }, (_, i) => Number((n >> BigInt(8 * i)) & 255n));
        const serial = this.serial++;
        const control = [...u16(serial), 1, 0, ...timeTag(ms), ...address(this.code), ...address(0n), ...u16(unit.length), 2];
        const body = [...control, ...unit];
        const sum = body.reduce((a, b) => (a + b) & 255, 0);
        const confirmed = new Promise((resolve, reject) => this.waiting.push({ serial, resolve, reject }));
        this.socket.write(Buffer.from([0x40, 0x40, ...body, sum, 0x23, 0x23]));
        return confirmed;
    }

    close() {
        this.socket.destroy();
    }
}

const idOf = (response) => Number(/\/(\d+)/.exec(response.headers.get('location'))[1]);

/* Registers a device and binds it to a building; its number. */
export async function registerDevice(client, { code, name, building, place = '1 层消防控制室', protocol = 'gb26875' }) {
    const made = await client.post('/work/devices/new', {
        protocol, code: String(code), name, profile: 'standard',
        service_body: '演示维保一号（演示）', service_contact: '023-0000',
    });
    assert.equal(made.status, 303, await made.text());
    const id = idOf(made);
    const bound = await client.post(`/work/devices/${id}/bind`, { building: String(building), unit: '', place },
        { from: `/work/devices/${id}/bind?building=${building}` });
    assert.equal(bound.status, 303, await bound.text());
    return id;
}
