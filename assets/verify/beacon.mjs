/* Where the seed of a draw comes from: public randomness, and shares of named parties. */
import { digest, hex, joined, unhex, utf8 } from './hash.mjs';
import { isTime } from './ledger.mjs';
import { Bad } from './verdict.mjs';

const DRAND_GENESIS = 1692803367, DRAND_PERIOD = 3, DRAND_BITS = 128; // quicknet
const DICE = { dice10: [0, 9], dice6: [1, 6] };
const LOTTERIES = { // rows of different numbers: how many, lowest, highest
  kl8: [[20, 1, 80]],
  ssq: [[6, 1, 33], [1, 1, 16]],
  dlt: [[5, 1, 35], [2, 1, 12]],
};
const BITS_MIN = 60, BEACONS_MAX = 9, PARTIES_MAX = 20;

/* log2 of how many ways there are to take `count` of `all`. */
function bitsOfChoice(all, count) {
  let bits = 0;
  for (let i = 0; i < count; i++) bits += Math.log2(all - i) - Math.log2(i + 1);
  return bits;
}

/* beacon.<j>=<source>:<round>:<time RFC 3339>; null if it is not well formed. */
function readBeacon(written) {
  const [, source, round, time] = /^([^:]*):([^:]*):(.*)$/s.exec(written) ?? [];
  if (!isTime(time ?? '') || !/^[0-9]{4}-/.test(time)) return null;
  const beacon = { source, round, seconds: Date.parse(time) / 1000, typed: source === 'form' };
  let right;
  if (beacon.typed) {
    right = round === '1';
  } else if (source === 'drand') {
    right = /^[1-9][0-9]{0,10}$/.test(round) && beacon.seconds === DRAND_GENESIS + (Number(round) - 1) * DRAND_PERIOD;
    beacon.bits = DRAND_BITS;
  } else if (Object.hasOwn(DICE, source)) {
    const [low, high] = DICE[source];
    right = /^[1-9][0-9]{0,2}$/.test(round) && Number(round) <= 200;
    beacon.bits = Number(round) * Math.log2(high - low + 1);
  } else {
    right = Object.hasOwn(LOTTERIES, source) && /^[0-9-]{1,20}$/.test(round);
    beacon.bits = (LOTTERIES[source] ?? []).reduce((sum, [count, low, high]) => sum + bitsOfChoice(high - low + 1, count), 0);
  }
  return right ? beacon : null;
}

/* Are these bytes such a value? One byte for each die or number; drand: 32 bytes. */
function canBe({ source, round, typed }, value) {
  if (typed) return true;
  if (source === 'drand') return value.length === 32;
  if (Object.hasOwn(DICE, source)) {
    const [low, high] = DICE[source];
    return value.length === Number(round) && value.every((one) => one >= low && one <= high);
  }
  let at = 0;
  for (const [count, low, high] of LOTTERIES[source]) {
    const row = value.subarray(at, at + count);
    if (row.length !== count || row[0] < low || row[count - 1] > high
      || row.some((one, i) => i > 0 && one <= row[i - 1])) return false;
    at += count;
  }
  return at === value.length;
}

/* Values of head.01, head.02, … without a gap. */
function numbered(commit, head, check) {
  const found = [...commit].filter(([key]) => key.startsWith(`${head}.`));
  if (found.some(([key], i) => key !== `${head}.${String(i + 1).padStart(2, '0')}`)) throw new Bad(check, 'numbers', ['commit.txt']);
  return found.map(([, value]) => value);
}

export function readBeacons(commit) {
  const beacons = numbered(commit, 'beacon', 'beacon').map(readBeacon);
  if (beacons.includes(null)) throw new Bad('beacon', 'beacon-name', ['commit.txt']);
  const typed = beacons.some((one) => one.typed);
  const parties = [...commit.keys()].some((key) => key.startsWith('party.'));
  if (beacons.length > BEACONS_MAX || (typed ? beacons.length > 1 || parties
    : beacons.reduce((sum, one) => sum + one.bits, 0) < BITS_MIN)) throw new Bad('beacon', 'beacon-weak', ['commit.txt']);
  return beacons;
}

/* B from beacon.txt (j, source, round, value): all that commit.txt names and no others. */
export function seedOfBeacons(kind, beacons, written) {
  const lines = written.split('\n').slice(0, -1);
  if (lines.length !== beacons.length) throw new Bad('beacon', 'beacon-count', ['beacon.txt', 'commit.txt']);
  const values = lines.map((line, i) => {
    const [number, source, round, value, ...more] = line.split('\t');
    if (number !== String(i + 1) || source !== beacons[i].source || round !== beacons[i].round) {
      throw new Bad('beacon', 'beacon-other', ['beacon.txt', 'commit.txt'], i + 1);
    }
    if (more.length > 0 || !/^(?:[0-9a-f]{2}){1,255}$/.test(value ?? '') || !canBe(beacons[i], unhex(value))) {
      throw new Bad('beacon', 'beacon-value', ['beacon.txt'], i + 1);
    }
    return unhex(value);
  });
  if (values.length === 1) return values[0];
  return digest(kind, joined(...values.flatMap((value) => [Uint8Array.of(value.length), value])));
}

/* c, what a party commits to before its share is known. */
export function partyCommit(kind, draw, name, share) {
  const number = utf8(draw), named = utf8(name);
  return digest(kind, joined(utf8('FSS-PARTY/1\0'), Uint8Array.of(number.length), number, Uint8Array.of(named.length), named, share));
}

/* [{number, share}] of the parties that revealed; each must open what the party had committed to. */
export function sharesOfParties(kind, commit, written) {
  const parties = numbered(commit, 'party', 'shares'), draw = commit.get('draw') ?? '';
  if (parties.length > PARTIES_MAX || !parties.every((one) => /^[^:]{1,60}:[0-9a-f]{64}$/u.test(one))) {
    throw new Bad('shares', 'party', ['commit.txt']);
  }
  let before = 0;
  return written.split('\n').slice(0, -1).map((line, i) => {
    const [, number, name, share] = /^([1-9][0-9]?)\t([^\t:]{1,60})\t([0-9a-f]{64})$/u.exec(line) ?? [];
    if (!number || Number(number) > parties.length || Number(number) <= before) throw new Bad('shares', 'share-line', ['reveals.txt'], i + 1);
    before = Number(number);
    const sealed = hex(partyCommit(kind, draw, name, unhex(share)));
    if (parties[before - 1] !== `${name}:${sealed}`) throw new Bad('shares', 'share-other', ['reveals.txt', 'commit.txt'], i + 1);
    return { number: before, share: unhex(share) };
  });
}
