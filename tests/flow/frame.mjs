/* `huozheng frame`: bytes of a device become words, and words bytes; what scripts may rely on. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { BINARY, ROOT, SHARED_DATA } from './support.mjs';

const FIRE = '404001000101203a091a090c790300000000385b0100000030000202010101280a0002000200202020202020202020202020'
    + '20202020202020202020202020202020202000023a091a090c462323';
/* A head alone, with a length of 65,535. */
const BOGUS = '4040070001010504 0f170b1a a60504030201 790300000000 ffff 02'.replaceAll(' ', '');

function frame(args, input) {
    const done = spawnSync(BINARY, ['frame', ...args], { encoding: 'utf8', input, timeout: 60_000 });
    return { code: done.status, out: done.stdout, err: done.stderr, lines: done.stdout.split('\n').filter(Boolean) };
}

function objects(result) {
    return result.lines.map((line) => JSON.parse(line));
}

test('one JSON object for each frame found or rejected, also behind garbage', () => {
    const result = frame(['decode', `ffff${FIRE}4040${FIRE}`, FIRE, '--json']);
    assert.equal(result.code, 1, 'something was no frame');
    assert.deepEqual(objects(result).map((one) => [one.valid, one.reason, one.offset]), [
        [false, 'garbage', 0], [true, null, 2], [false, 'end', 80], [true, null, 82], [true, null, 0]]);
    const [fire] = objects(frame(['decode', FIRE, '--json']));
    assert.deepEqual(
        [fire.seq, fire.version, fire.time, fire.src, fire.dst, fire.cmd, fire.type], [1, '1.1', '2012-09-26T09:58:32+08:00', 889, 88888, 2, 2]);
    assert.deepEqual([fire.objects[0].state, fire.objects[0].states, fire.objects[0].address], [2, ['fire'], 131082]);
});

test('a stream that ends inside a frame says so once, and an absurd length swallows nothing', () => {
    const cut = frame(['decode', FIRE.slice(0, -4), '--json']);
    assert.deepEqual(objects(cut).map((one) => one.reason), ['truncated']);
    const many = frame(['decode', '-', '--json'], `${BOGUS}${FIRE.repeat(50)}\n\n${FIRE} \n`);
    assert.equal(objects(many).filter((one) => one.valid).length, 51);
    assert.deepEqual(objects(many).filter((one) => !one.valid).map((one) => one.reason), ['length']);
});

test('a refused frame names the profiles that would take it', () => {
    const keepalive = '404009000103153014240826123456789012ffffffffffff000007';
    const sum = [...Buffer.from(keepalive, 'hex').subarray(2)].reduce((total, byte) => (total + byte) & 255, 0);
    const hex = `${keepalive}${sum.toString(16).padStart(2, '0')}2323`;
    const refused = frame(['decode', hex, '--json']);
    assert.equal(refused.code, 1);
    const [said] = objects(refused);
    assert.deepEqual([said.reason, said.fits], ['command', ['dahua-2022', 'dahua']]);
    const taken = frame(['decode', hex, '--json', '--profile', 'dahua']);
    assert.equal(taken.code, 0);
    assert.deepEqual([objects(taken)[0].role, objects(taken)[0].time], ['keepalive', '2026-08-24T14:30:15+08:00']);
    assert.match(frame(['decode', hex]).out, /未知的控制命令.*dahua/);
    assert.match(frame(['decode', FIRE]).out, /^正确 .*\n {2}火灾报警系统 1 号 感烟火灾探测器 地址 131082 火警 /);
});

test('what decode prints, encode writes', () => {
    const json = frame(['decode', FIRE, FIRE, '--json']).out;
    assert.deepEqual(frame(['encode', '-'], json).lines, [FIRE, FIRE]);
    const made = frame(['encode', JSON.stringify({ cmd: 1, type: 91, seq: 3, dst: 889, objects: [{ minutes: 10 }] })]);
    assert.equal(made.code, 0);
    const [duty] = objects(frame(['decode', made.lines[0], '--json']));
    assert.deepEqual([duty.valid, duty.type_word, duty.objects[0].minutes], [true, 'duty-check', 10]);
});

test('wrong words are told apart from wrong frames', () => {
    for (const args of [[], ['decode'], ['decode', '4'], ['decode', 'zz'], ['dance', '00'], ['decode', '--profile', 'nobody', '00'], ['profiles', 'x']]) {
        const result = frame(args);
        assert.equal(result.code, 2, args.join(' '));
        assert.equal(result.out, '');
        assert.match(result.err, /frame/);
    }
    assert.equal(frame(['encode', '{"cmd":2,"seq":70000}']).code, 1);
    assert.equal(frame(['encode', '{']).code, 1);
    assert.equal(frame(['decode', '-'], 'a'.repeat(1_100_000)).code, 2);
    assert.match(frame(['profiles']).out, /^standard .*国家标准.*\n/);
});

test('every public frame gets the verdict that its collector wrote down', (t) => {
    const file = path.join(SHARED_DATA, 'gb26875_frames.tsv');
    if (!existsSync(file)) {
        t.skip('../shared/data/gb26875_frames.tsv is not here');
        return;
    }
    const rows = readFileSync(file, 'utf8').trimEnd().split('\n').slice(1).map((line) => line.split('\t'));
    const profiles = new Map(readFileSync(path.join(ROOT, 'tests/data/gb26875/public_rows.jsonl'), 'utf8').trimEnd()
        .split('\n').map((line) => JSON.parse(line)).filter((row) => row.expect.valid).map((row) => [row.row, row.profile]));
    for (const [at, [hex, , , notes]] of rows.entries()) {
        const [verdict, ...more] = objects(frame(['decode', hex, '--json', '--profile', profiles.get(at + 2) ?? 'standard']));
        assert.equal(more.length, 0, `row ${at + 2} is one line`);
        assert.equal(verdict.valid, notes.startsWith('VALID'), `row ${at + 2}: ${notes}`);
        const auto = /seq=(\d+) ver=(\S+) .* src=(\d+) dst=(\d+) cmd=(\d+)/.exec(notes);
        if (auto && verdict.valid) {
            assert.deepEqual([verdict.seq, verdict.version, verdict.src, verdict.dst, verdict.cmd].map(String), auto.slice(1, 6), `row ${at + 2}`);
        }
    }
});
