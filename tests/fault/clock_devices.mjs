/*
 * Devices whose clocks jump by hours and years, stand still, or hold bytes that are no time, and a server
 * whose own clock jumps too, with a kill in between: every frame that was confirmed is one edge, in order.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { ENGINES, IS_SOAK, newDatabase, serve } from '../flow/support.mjs';
import { checkTold, clockOf, devicePort, Panel, POINTS, register, sum } from './support_devices.mjs';
import { chance, rows } from './support_fault.mjs';

const SEED = Number(process.env.HUOZHENG_SEED ?? 20261123);
const JUMPS = IS_SOAK ? 60 : 3; /* of the server's clock */
const FRAMES = IS_SOAK ? POINTS : 150; /* of each panel */
const DAY_S = 86400;
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

const shifted = (seconds) => clockOf(new Date(Date.now() + seconds * 1000));
const STANDING = clockOf(new Date());

/* Six bytes that some clock had: right, behind, ahead, standing, never set, BCD, nonsense. */
const CLOCKS = [
    () => shifted(0),
    (random) => shifted((random() - 0.5) * 48 * 3600),
    (random) => shifted((random() - 0.5) * 60 * 365 * DAY_S),
    (random) => shifted((random() - 0.5) * 600),
    () => STANDING,
    () => Buffer.alloc(6),
    () => Buffer.alloc(6, 0xff),
    () => Buffer.from([0x59, 0x59, 0x23, 0x31, 0x12, 0x26]), /* BCD of 2026-12-31, to us the 49th of month 18 */
    () => Buffer.from([60, 60, 24, 31, 2, 26]),
    () => Buffer.from([0x9a, 0xfa, 0x3c, 0, 13, 99]),
];

/* It jumps every now and then, not with every frame. */
function wildClock(random) {
    let clock = CLOCKS[0];
    return () => {
        if (random() < 0.2) clock = CLOCKS[Math.floor(random() * CLOCKS.length)];
        return clock(random);
    };
}

async function jumpAround(engine) {
    const random = chance(SEED);
    const db = newDatabase(engine);
    const ahead = path.join(db.folder, 'ahead');
    const env = { HUOZHENG_NOW: `+${ahead}` };
    /* A repetition without a clock that can be right is taken for a new message: each detector says one
     * thing, so that this shows as a sample and not as a second edge. */
    const panels = [1, 4, 9, 16].map((window, i) => new Panel(7000 + i, window, { count: FRAMES, clock: wildClock(random), repeat: 500 }));
    register(db, panels);
    let server = await serve(db, { env });
    try {
        for (const panel of panels) panel.connect(devicePort(server));
        for (let i = 0; i < JUMPS; i++) {
            const before = sum(panels, 'confirmed');
            while (sum(panels, 'confirmed') === before && before < panels.length * FRAMES) await pause(5);
            /* Forth and back: by hours, by years, and to the truth. */
            writeFileSync(ahead, String(Math.floor([random() * 36 * 3600, random() * 10 * 365 * DAY_S, 0][i % 3])));
            if (i % 3 !== 1) continue;
            await server.kill();
            for (const panel of panels) panel.disconnect();
            server = await serve(db, { env });
            for (const panel of panels) panel.connect(devicePort(server));
        }
        await Promise.all(panels.map((panel) => panel.done));
        for (const panel of panels) panel.disconnect();
        await server.stop();
        const stored = checkTold(db, panels);
        assert.equal(stored, panels.length * FRAMES);
        /* What a clock says impossibly is replaced by the time of receipt. */
        const wrong = rows(db, `SELECT id FROM edge WHERE time_us > received_us + 300000000 OR time_us < received_us - ${DAY_S}000000`);
        assert.equal(wrong.length, 0);
        console.log(`# ${engine}: ${JUMPS} jumps of the server's clock; ${stored} frames confirmed and stored, each once and in order`);
    } finally {
        for (const panel of panels) panel.disconnect();
        if (server.isAlive()) await server.kill();
        db.drop();
    }
}

for (const engine of ENGINES) {
    test(`clocks that jump, ${engine}`, { timeout: 3600_000 }, () => jumpAround(engine));
}
