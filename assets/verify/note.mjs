/* Signed notes and what the C2SP texts build on them: keys, checkpoints, cosignatures, policies.
 * signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy (c2sp.org). Ours besides: SM2
 * signatures, type 0xff followed by "fss-sm2-sm3/1". */
import { digest, hex, joined, sameBytes, text, utf8 } from './hash.mjs';
import { ed25519Fits, sm2Fits } from './signature.mjs';
import { Bad } from './verdict.mjs';

const KINDS = [['ed25519', Uint8Array.of(1), 32], ['witness', Uint8Array.of(4), 32],
  ['sm2', joined(Uint8Array.of(0xff), utf8('fss-sm2-sm3/1')), 65]];
const SIGNATURES_MAX = 64;

/* The bytes, or null unless `coded` is their one standard spelling. */
export function strictBase64(coded) {
  if (typeof coded !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(coded)) return null;
  try {
    const raw = atob(coded);
    return btoa(raw) === coded ? Uint8Array.from(raw, (c) => c.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}

/* A number written the only way; null otherwise, and beyond what is exact here. */
export function strictNumber(digits) {
  const value = /^(0|[1-9][0-9]{0,18})$/.test(digits ?? '') ? Number(digits) : NaN;
  return Number.isSafeInteger(value) ? value : null;
}

/* Of a key: not empty, no plus, no Unicode space (c2sp.org/signed-note). */
const isName = (name) => /^[^+\0-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/u.test(name ?? '');

/* A verifier key: name, four-byte id, type and public key. Throws RangeError if it is none. */
export class Key {
  constructor(vkey) {
    const [, name, id, coded] = /^([^+]+)\+([0-9a-f]{8})\+(.*)$/.exec(vkey) ?? [];
    const data = strictBase64(coded);
    const kind = data && KINDS.find(([, type, size]) => data.length === type.length + size
      && sameBytes(data.subarray(0, type.length), type));
    if (!kind || !isName(name) || hex(digest('sha256', joined(utf8(`${name}\n`), data)).subarray(0, 4)) !== id) throw new RangeError(vkey);
    Object.assign(this, { name, id, kind: kind[0], public: data.subarray(kind[1].length) });
  }

  get place() {
    return `${this.name} ${this.id}`;
  }

  fits(message, signature) {
    if (this.kind === 'ed25519') return ed25519Fits(this.public, message, signature);
    if (this.kind === 'sm2') return sm2Fits(this.public, message, signature);
    if (signature.length !== 72) return false;
    const head = utf8(`cosignature/v1\ntime ${cosignedAt(signature)}\n`);
    return ed25519Fits(this.public, joined(head, message), signature.subarray(8));
  }
}

const cosignedAt = (signature) => BigInt(`0x${hex(signature.subarray(0, 8))}`);

/* A note whose text is origin, size and root. Throws RangeError if it is none. */
export class Checkpoint {
  constructor(bytes) {
    const all = text(bytes), cut = all === null ? -1 : all.lastIndexOf('\n\n');
    if (cut < 0 || /[\0-\x09\x0b-\x1f]/.test(all)) throw new RangeError('not a note');
    const lines = all.slice(0, cut).split('\n'), signatures = all.slice(cut + 2).split('\n');
    this.text = utf8(all.slice(0, cut + 1));
    [this.origin] = lines;
    this.size = strictNumber(lines[1]);
    this.root = strictBase64(lines[2]);
    if (lines.includes('') || this.size === null || this.root?.length !== 32 || signatures.pop() !== ''
      || signatures.length < 1 || signatures.length > SIGNATURES_MAX) throw new RangeError('not a checkpoint');
    this.signatures = signatures.map((line) => {
      const [dash, name, coded, ...more] = line.split(' '), data = strictBase64(coded);
      if (dash !== '\u2014' || !isName(name) || more.length > 0 || !data || data.length < 5) throw new RangeError('signature');
      return { place: `${name} ${hex(data.subarray(0, 4))}`, signature: data.subarray(4) };
    });
  }

  /* Is there a signature line of a key that is not among `keys`? */
  hasStranger(keys) {
    return this.signatures.some(({ place }) => !keys.some((key) => key.place === place));
  }

  /* [{key, signature}] of the known keys; null if one of these signatures is false. */
  signedBy(keys) {
    const found = [];
    for (const { place, signature } of this.signatures) {
      for (const key of keys.filter((one) => one.place === place)) {
        if (!key.fits(this.text, signature)) return null;
        found.push({ key, signature });
      }
    }
    return found;
  }
}

/* tlog-policy: which logs, which witnesses, how many of them. Throws RangeError if it is not one. */
export class Policy {
  constructor(bytes) {
    Object.assign(this, { logs: [], members: new Map(), quorum: null });
    for (const line of (text(bytes) ?? 'not UTF-8').split('\n')) {
      const words = line.split(/[ \t]+/).filter(Boolean);
      if (words.length > 0 && !words[0].startsWith('#')) this.take(words);
    }
    if (this.quorum === null) throw new RangeError('no quorum');
  }

  take([what, name, ...rest]) {
    const known = (one) => {
      if (!this.members.has(one)) throw new RangeError(one);
      return this.members.get(one);
    };
    if (what === 'log' && name && rest.length <= 1) {
      this.logs.push(new Key(name));
    } else if (what === 'witness' && (rest.length === 1 || rest.length === 2)) {
      const key = new Key(rest[0]);
      if (key.kind !== 'witness') throw new RangeError('not the key of a witness');
      this.define(name, key);
    } else if (what === 'group' && rest.length >= 2) {
      const members = rest.slice(1).map(known);
      const need = { all: members.length, any: 1 }[rest[0]] ?? strictNumber(rest[0]);
      if (!need || need > members.length) throw new RangeError('group');
      this.define(name, { need, members });
    } else if (what === 'quorum' && name && rest.length === 0 && this.quorum === null) {
      this.quorum = name === 'none' ? { need: 0, members: [] } : known(name);
    } else {
      throw new RangeError(what);
    }
  }

  define(name, value) {
    if (this.members.has(name) || name === 'none') throw new RangeError('name used twice');
    this.members.set(name, value);
  }

  witnesses() {
    return [...this.members.values()].filter((one) => one instanceof Key);
  }

  /* When the quorum was reached, given the times of cosignatures by key; null if it was not. */
  timeOf(times, what = this.quorum) {
    if (what instanceof Key) return times.get(what.place) ?? null;
    const reached = what.members.map((one) => this.timeOf(times, one)).filter((time) => time !== null).sort((a, b) => a - b);
    if (what.need === 0) return 0;
    return reached.length >= what.need ? reached[what.need - 1] : null;
  }
}

/* What the reader brings, or a log's folder holds: keys, and perhaps a policy. */
export class Trust {
  constructor(given = [], policy = null, beside = []) {
    Object.assign(this, { given, policy, beside });
  }

  keys() {
    return [...this.given, ...(this.policy ? [...this.policy.logs, ...this.policy.witnesses()] : []), ...this.beside];
  }
}

/* The checks `signature`, `witness` and `key` on heads, [{checkpoint, file}]. `isWhole`: an exported
 * log, which must name every key that signs. */
export function checkHeads(verdict, trust, heads, isWhole = false) {
  const keys = trust.keys().filter((key) => key.kind !== 'witness'), signers = [];
  for (const { checkpoint, file } of heads) {
    const own = keys.filter((key) => key.name === checkpoint.origin), found = checkpoint.signedBy(own);
    if (found === null) throw new Bad('signature', 'signature-false', [file]);
    const owed = !isWhole ? [] : checkpoint === heads[0].checkpoint ? ['ed25519', 'sm2'] : ['sm2'];
    if ((own.length > 0 && found.length === 0) || !owed.every((kind) => found.some(({ key }) => key.kind === kind))) {
      throw new Bad('signature', 'signature-missing', [file]);
    }
    if (isWhole && checkpoint.hasStranger(trust.keys())) throw new Bad('signature', 'signature-stranger', [file]);
    signers.push(new Set(found.map(({ key }) => key.place)));
  }
  const all = signers.every((one) => one.size > 0);
  if (all) verdict.passed('signature'); else verdict.unknown('signature', 'no-key');
  checkWitnesses(verdict, trust, heads[0].checkpoint, heads[0].file);
  const given = trust.given.filter((key) => key.kind !== 'witness');
  if (given.some((key) => signers[0].has(key.place))) verdict.passed('key');
  else if (given.length > 0) throw new Bad('key', 'key-other', [heads[0].file]);
  else verdict.unknown('key', all ? 'key-beside' : 'no-key');
}

/* The check `witness`; the time at which the quorum was reached, or null. */
export function checkWitnesses(verdict, trust, checkpoint, file) {
  const keys = trust.keys().filter((key) => key.kind === 'witness'), found = checkpoint.signedBy(keys);
  if (found === null) throw new Bad('witness', 'signature-false', [file]);
  const times = new Map(found.map(({ key, signature }) => [key.place, Number(cosignedAt(signature))]));
  if (keys.length === 0) {
    verdict.unknown('witness', trust.policy ? 'no-witness-policy' : 'no-witness-key');
    return null;
  }
  const reached = trust.policy ? trust.policy.timeOf(times) : times.size > 0 ? Math.min(...times.values()) : null;
  if (reached === null) throw new Bad('witness', 'no-quorum', [file]);
  verdict.passed('witness');
  return reached;
}
