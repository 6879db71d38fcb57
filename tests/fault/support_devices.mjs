/* Devices of GB/T 26875.3 for fault tests: frames, and senders that repeat until they are confirmed. */
import net from 'node:net';

const tag = (date) => {
    const local = new Date(date.getTime() + 8 * 3600_000);
    return Buffer.from([local.getUTCSeconds(), local.getUTCMinutes(), local.getUTCHours(), local.getUTCDate(),
        local.getUTCMonth() + 1, local.getUTCFullYear() - 2000]);
};

/* A frame from a device; `unit` is the application data unit. */
export function frame({ serial, address, command = 2, unit = Buffer.alloc(0), time = new Date() }) {
    const control = Buffer.alloc(25);
    control.writeUInt16LE(serial & 0xffff, 0);
    control[2] = 1;
    tag(time).copy(control, 4);
    control.writeUIntLE(address, 10, 6);
    control.writeUIntLE(1, 16, 6);
    control.writeUInt16LE(unit.length, 22);
    control[24] = command;
    const sum = [...control, ...unit].reduce((total, byte) => (total + byte) & 0xff, 0);
    return Buffer.concat([Buffer.from('@@'), control, unit, Buffer.from([sum]), Buffer.from('##')]);
}

/* The state of one detector (type 2). */
export function detector(number, state, time = new Date()) {
    const object = Buffer.alloc(46);
    object.set([1, 1, 42]);
    object.writeUInt32LE(number, 3);
    object.writeUInt16LE(state, 7);
    object.write(`detector ${number}`, 9, 'ascii');
    tag(time).copy(object, 40);
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

/* A device that tells the faults of its detectors 0 to count-1, one after the other, `window` at a time,
 * and repeats over a new connection what was not confirmed. `confirmed` holds what the centre promised. */
export class Panel {
    constructor(address, count, window) {
        Object.assign(this, { address, count, window, confirmed: new Set(), frames: new Map(), next: 0, socket: null });
        this.done = new Promise((resolve) => { this.resolve = resolve; });
    }

    connect(port) {
        const socket = net.connect(port, '127.0.0.1');
        let pending = Buffer.alloc(0);
        this.socket = socket;
        socket.on('error', () => {});
        socket.on('connect', () => {
            for (const [, bytes] of this.frames) socket.write(bytes);
            this.send();
        });
        socket.on('data', (data) => {
            const { found, rest } = answers(Buffer.concat([pending, data]));
            pending = rest;
            for (const { command, serial } of found) if (command === 3) this.take(serial);
            this.send();
        });
    }

    take(serial) {
        if (this.frames.delete(serial)) this.confirmed.add(serial);
        if (this.confirmed.size === this.count) this.resolve();
    }

    send() {
        while (this.next < this.count && this.frames.size < this.window) {
            const serial = this.next++;
            const bytes = frame({ serial, address: this.address, unit: detector(serial, 4) });
            this.frames.set(serial, bytes);
            this.socket.write(bytes);
        }
    }

    disconnect() {
        this.socket?.destroy();
    }
}

/* Of a server of flow/support.mjs. */
export function devicePort(server) {
    return Number(/devices at \S*:(\d+)/.exec(server.log.join('\n'))[1]);
}
