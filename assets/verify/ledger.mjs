/* Entries of the log, proofs of one entry, and the history of one object. */
import { digest, hex, inclusionFits, joined, leafHash, text, unhex, utf8 } from './hash.mjs';
import { Checkpoint, checkHeads, strictBase64, strictNumber } from './note.mjs';
import { Bad } from './verdict.mjs';

const ENTRY = new RegExp(String.raw`^fss-entry/1
time ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)
type ([a-z][a-z0-9.-]{1,63})
actor ([!-~]{1,128})
object ((?=[!-~]{1,128}\n)[!-9;-~]+:[!-~]+)
payload (0|[1-9][0-9]{0,18}) ([0-9a-f]{64})
prev (-|0|[1-9][0-9]{0,18})
sig - - -
$`);
const STEPS_MAX = 63, HASH = /^[0-9a-f]{64}$/;

/* The leaf's text form fss-entry/1, to the byte. Throws RangeError if it is not that. */
export class Entry {
  constructor(bytes) {
    const match = bytes.length <= 65535 ? ENTRY.exec(text(bytes) ?? '') : null;
    if (!match || match[1].startsWith('0000') || !isTime(match[1])) throw new RangeError('not fss-entry/1');
    [, , this.type, this.actor, this.object, this.payloadSize, this.commitment] = match;
    this.prev = match[7] === '-' ? null : Number(match[7]);
  }

  /* Does the commitment open with this salt and payload? */
  holds(salt, payload) {
    return String(payload.length) === this.payloadSize
      && hex(digest('sha256', joined(salt, payload))) === this.commitment;
  }
}

/* A time that exists, written in the one way. */
export function isTime(written) {
  const moment = new Date(written);
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === written;
}

/* The `extra` of our proofs: an entry, and perhaps behind it what opens its commitment. */
export class Opened {
  constructor(bytes) {
    const end = utf8('\nsig - - -\n');
    let cut = bytes.findIndex((_, at) => end.every((byte, i) => bytes[at + i] === byte));
    cut = cut < 0 ? bytes.length : cut + end.length;
    this.leaf = bytes.subarray(0, cut);
    this.entry = new Entry(this.leaf);
    this.payload = cut < bytes.length ? bytes.subarray(cut + 16) : null;
    if (this.payload && !this.entry.holds(bytes.subarray(cut, cut + 16), this.payload)) throw new RangeError('payload');
  }
}

/* `make`'s result; what it refuses is Bad. */
export function attempt(make, ...bad) {
  try {
    return make();
  } catch (problem) {
    if (problem instanceof RangeError) throw new Bad(...bad);
    throw problem;
  }
}

/* --- JSON ----------------------------------------------------------------------------------------- */

/* The object, or an empty one. */
export function readJson(bytes) {
  try {
    const value = JSON.parse(text(bytes));
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

const isWhole = (value, low) => Number.isSafeInteger(value) && value >= low;
const isHash = (value) => typeof value === 'string' && HASH.test(value);

/* A list of hashes in hex as bytes; null if it is not one. */
function hashes(value) {
  return Array.isArray(value) && value.length <= STEPS_MAX && value.every(isHash) ? value.map(unhex) : null;
}

/* --- the proof of one entry ----------------------------------------------------------------------- */

const TLOG_PROOF = utf8('c2sp.org/tlog-proof@v1\n');

export function verifyProof(verdict, bytes, name, trust) {
  if (TLOG_PROOF.every((byte, i) => bytes[i] === byte)) verifyTlogProof(verdict, bytes, name, trust);
  else verifyOldProof(verdict, bytes, name);
}

/* huozheng-proof/1: index, size, leaf, leaf_hash, proof, root; the root is not signed. */
function verifyOldProof(verdict, bytes, name) {
  const proof = readJson(bytes), leaf = strictBase64(proof.leaf), steps = hashes(proof.proof);
  if (proof.format !== 'huozheng-proof/1' || !leaf || !steps || !isHash(proof.leaf_hash) || !isHash(proof.root)
    || !isWhole(proof.index, 0) || !isWhole(proof.size, 1)) throw new Bad('form', 'proof-form', [name]);
  verdict.passed('form');
  attempt(() => new Entry(leaf), 'entry', 'entry-form', [name]);
  const hash = leafHash('sha256', leaf);
  if (hex(hash) !== proof.leaf_hash) throw new Bad('entry', 'entry-hash', [name]);
  verdict.passed('entry');
  if (!inclusionFits('sha256', proof.index, proof.size, hash, steps, unhex(proof.root))) throw new Bad('inclusion', 'path', [name]);
  verdict.passed('inclusion');
  for (const check of ['signature', 'witness', 'key']) verdict.unknown(check, 'no-head');
}

/* c2sp.org/tlog-proof@v1. Throws RangeError if it is not one. */
export class TlogProof {
  constructor(bytes) {
    const cut = bytes.findIndex((byte, at) => byte === 10 && bytes[at + 1] === 10);
    const lines = cut < 0 ? [] : (text(bytes.subarray(0, cut)) ?? '').split('\n');
    if (lines.shift() !== 'c2sp.org/tlog-proof@v1') throw new RangeError('first line');
    this.extra = lines[0]?.startsWith('extra ') ? strictBase64(lines.shift().slice(6)) : new Uint8Array(0);
    this.index = strictNumber(/^index (.*)$/.exec(lines[0] ?? '')?.[1]);
    this.steps = lines.slice(1).map(strictBase64);
    if (this.extra === null || this.index === null || this.steps.length > STEPS_MAX
      || this.steps.some((step) => step?.length !== 32)) throw new RangeError('index or proof');
    this.checkpoint = new Checkpoint(bytes.subarray(cut + 2));
  }

  leadsToHead(leaf) {
    const { size, root } = this.checkpoint;
    return inclusionFits('sha256', this.index, size, leafHash('sha256', leaf), this.steps, root);
  }
}

function verifyTlogProof(verdict, bytes, name, trust) {
  const proof = attempt(() => new TlogProof(bytes), 'form', 'proof-form', [name]);
  verdict.passed('form');
  if (proof.extra.length === 0) throw new Bad('entry', 'entry-absent', [name]);
  const opened = attempt(() => new Opened(proof.extra), 'entry', 'entry-form', [name]);
  verdict.passed('entry');
  if (!proof.leadsToHead(opened.leaf)) throw new Bad('inclusion', 'path', [name]);
  verdict.passed('inclusion');
  checkHeads(verdict, trust, [{ checkpoint: proof.checkpoint, file: name }]);
}

/* --- the history of one object -------------------------------------------------------------------- */

function readRow(row, number, name) {
  const leaf = strictBase64(row?.leaf), steps = hashes(row?.proof), stepsSm3 = hashes(row?.proof_sm3);
  const { index, salt = null, payload = null } = row ?? {};
  if (!leaf || !steps || !stepsSm3 || !isWhole(index, 0) || (salt === null) !== (payload === null)
    || (salt !== null && !(typeof salt === 'string' && /^[0-9a-f]{32}$/.test(salt)))
    || (payload !== null && typeof payload !== 'string')) throw new Bad('form', 'history-form', [name], number);
  return { index, leaf, salt, payload, steps, stepsSm3 };
}

function readHistory(bytes, name) {
  const history = readJson(bytes);
  if (history.format !== 'huozheng-history/1' || typeof history.object !== 'string' || !isWhole(history.size, 1)
    || !Array.isArray(history.entries) || history.entries.length === 0) throw new Bad('form', 'history-form', [name]);
  const heads = [history.checkpoint, history.checkpoint_sm3].map((written) => attempt(
    () => new Checkpoint(utf8(typeof written === 'string' ? written : '')), 'form', 'checkpoint-form', [name]));
  if (heads.some((head) => head.size !== history.size) || heads[1].origin !== `${heads[0].origin}-sm3`) {
    throw new Bad('form', 'checkpoint-other', [name]);
  }
  return { object: history.object, heads, rows: history.entries.map((row, i) => readRow(row, i + 1, name)) };
}

export function verifyHistory(verdict, bytes, name, trust) {
  const { object, heads, rows } = readHistory(bytes, name);
  verdict.passed('form');
  rows.forEach((row, i) => {
    row.entry = attempt(() => new Entry(row.leaf), 'entry', 'entry-form', [name], i + 1);
    if (row.entry.object !== object) throw new Bad('entry', 'entry-object', [name], i + 1);
  });
  verdict.passed('entry');
  rows.reduce((before, row, i) => {
    if (row.entry.prev !== before) throw new Bad('order', 'prev', [name], i + 1);
    if (before !== null && row.index <= before) throw new Bad('order', 'index-order', [name], i + 1);
    return row.index;
  }, null);
  verdict.passed('order');
  rows.forEach((row, i) => {
    if (row.payload !== null && !row.entry.holds(unhex(row.salt), utf8(row.payload))) throw new Bad('payload', 'payload', [name], i + 1);
  });
  if (rows.some((row) => row.payload === null)) verdict.unknown('payload', 'erased'); else verdict.passed('payload');
  for (const [check, kind, head, steps] of [['inclusion', 'sha256', heads[0], 'steps'], ['inclusion-sm3', 'sm3', heads[1], 'stepsSm3']]) {
    rows.forEach((row, i) => {
      if (!inclusionFits(kind, row.index, head.size, leafHash(kind, row.leaf), row[steps], head.root)) {
        throw new Bad(check, 'path', [name], i + 1);
      }
    });
    verdict.passed(check);
  }
  checkHeads(verdict, trust, heads.map((checkpoint) => ({ checkpoint, file: name })));
}
