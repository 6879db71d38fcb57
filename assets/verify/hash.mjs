/* SHA-256, SHA-512 (for Ed25519) and SM3, synchronous, and the tree of RFC 9162.
 * WebCrypto has no SM3, answers only later, and is absent on pages without https. */

/* --- constants: fractions of roots of the first primes (FIPS 180-4) ------------------------------ */

const LOW64 = (1n << 64n) - 1n;

function firstPrimes(count) {
  const found = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n);
  return found;
}

/* The largest whole number whose `power`-th power is at most `value`. */
function wholeRoot(value, power) {
  let low = 0n, high = 1n << 100n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** power <= value) low = middle; else high = middle - 1n;
  }
  return low;
}

const PRIMES = firstPrimes(80);
const START = PRIMES.slice(0, 8).map((p) => wholeRoot(BigInt(p) << 128n, 2n) & LOW64);
const ROUND = PRIMES.map((p) => wholeRoot(BigInt(p) << 192n, 3n) & LOW64);
const SHA256_START = Int32Array.from(START, (x) => Number(x >> 32n) | 0);
const SHA256_ROUND = Int32Array.from(ROUND.slice(0, 64), (x) => Number(x >> 32n) | 0);
const SM3_START = Int32Array.of(0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600 | 0,
  0xa96f30bc | 0, 0x163138aa, 0xe38dee4d | 0, 0xb0fb0e4e | 0);
const SM3_ROUND = Int32Array.from({ length: 64 }, (_, j) => {
  const t = j < 16 ? 0x79cc4519 : 0x7a879d8a, n = j % 32;
  return n === 0 ? t : (t << n) | (t >>> (32 - n));
});

/* --- one block of 64 bytes ------------------------------------------------------------------------ */

const words = new Int32Array(68);

function readWords(bytes, at) {
  for (let i = 0; i < 16; i++, at += 4) {
    words[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
}

function sha256Block(state, bytes, at) {
  const w = words, k = SHA256_ROUND;
  readWords(bytes, at);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15], y = w[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + k[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

function sm3Block(state, bytes, at) {
  const w = words, k = SM3_ROUND;
  readWords(bytes, at);
  for (let j = 16; j < 68; j++) {
    const r = w[j - 3], s = w[j - 13];
    const x = w[j - 16] ^ w[j - 9] ^ ((r << 15) | (r >>> 17));
    w[j] = x ^ ((x << 15) | (x >>> 17)) ^ ((x << 23) | (x >>> 9)) ^ ((s << 7) | (s >>> 25)) ^ w[j - 6];
  }
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let j = 0; j < 64; j++) {
    const a12 = (a << 12) | (a >>> 20), sum = (a12 + e + k[j]) | 0;
    const ss1 = (sum << 7) | (sum >>> 25);
    const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + (ss1 ^ a12) + (w[j] ^ w[j + 4])) | 0;
    const tt2 = (gg + h + ss1 + w[j]) | 0;
    d = c; c = (b << 9) | (b >>> 23); b = a; a = tt1;
    h = g; g = (f << 19) | (f >>> 13); f = e; e = tt2 ^ ((tt2 << 9) | (tt2 >>> 23)) ^ ((tt2 << 17) | (tt2 >>> 15));
  }
  state[0] ^= a; state[1] ^= b; state[2] ^= c; state[3] ^= d;
  state[4] ^= e; state[5] ^= f; state[6] ^= g; state[7] ^= h;
}

/* --- whole messages ------------------------------------------------------------------------------- */

const state = new Int32Array(8), tail = new Uint8Array(128);

/* Hash of the first `size` bytes of `bytes`: 32 bytes. */
export function digest(kind, bytes, size = bytes.length) {
  const block = kind === 'sm3' ? sm3Block : sha256Block;
  state.set(kind === 'sm3' ? SM3_START : SHA256_START);
  const whole = size - size % 64;
  for (let at = 0; at < whole; at += 64) block(state, bytes, at);
  const rest = size - whole, room = rest < 56 ? 64 : 128;
  tail.fill(0);
  for (let i = 0; i < rest; i++) tail[i] = bytes[whole + i];
  tail[rest] = 0x80;
  for (let i = 1, bits = size * 8; bits > 0; i++, bits = Math.floor(bits / 256)) tail[room - i] = bits % 256;
  block(state, tail, 0);
  if (room === 128) block(state, tail, 64);
  const out = new Uint8Array(32);
  for (let i = 0; i < 8; i++) {
    out[4 * i] = state[i] >>> 24; out[4 * i + 1] = state[i] >>> 16;
    out[4 * i + 2] = state[i] >>> 8; out[4 * i + 3] = state[i];
  }
  return out;
}

/* For a few hundred bytes behind a signature; speed does not matter. */
export function sha512(bytes) {
  const turn = (x, n) => ((x >> n) | (x << (64n - n))) & LOW64;
  const padded = new Uint8Array(Math.ceil((bytes.length + 17) / 128) * 128);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n);
  const sum = START.slice();
  for (let at = 0; at < padded.length; at += 128) {
    const w = [];
    for (let i = 0; i < 80; i++) {
      w.push(i < 16 ? view.getBigUint64(at + 8 * i)
        : (w[i - 16] + (turn(w[i - 15], 1n) ^ turn(w[i - 15], 8n) ^ (w[i - 15] >> 7n)) + w[i - 7]
          + (turn(w[i - 2], 19n) ^ turn(w[i - 2], 61n) ^ (w[i - 2] >> 6n))) & LOW64);
    }
    let [a, b, c, d, e, f, g, h] = sum;
    for (let i = 0; i < 80; i++) {
      const t1 = h + (turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n)) + ((e & f) ^ (~e & LOW64 & g)) + ROUND[i] + w[i];
      const t2 = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [a, b, c, d, e, f, g, h] = [(t1 + t2) & LOW64, a, b, c, (d + t1) & LOW64, e, f, g];
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { sum[i] = (sum[i] + x) & LOW64; });
  }
  const out = new Uint8Array(64), outView = new DataView(out.buffer);
  sum.forEach((x, i) => outView.setBigUint64(8 * i, x));
  return out;
}

/* --- the tree (RFC 9162, 2.1) --------------------------------------------------------------------- */

export const NO_BYTES = new Uint8Array(0);
let message = new Uint8Array(1024);

/* H(0x00, salt, data) */
export function leafHash(kind, data, salt = NO_BYTES) {
  const size = 1 + salt.length + data.length;
  if (size > message.length) message = new Uint8Array(2 * size);
  message[0] = 0;
  message.set(salt, 1);
  message.set(data, 1 + salt.length);
  return digest(kind, message, size);
}

export function nodeHash(kind, left, right) {
  message[0] = 1;
  message.set(left, 1);
  message.set(right, 33);
  return digest(kind, message, 65);
}

/* Grows leaf by leaf and keeps one hash for each set bit of its size. */
export class Tree {
  constructor(kind) {
    this.kind = kind;
    this.size = 0;
    this.peaks = []; // {level, hash}, largest subtree first
  }

  add(hash) {
    let level = 0;
    while (this.peaks.length > 0 && this.peaks[this.peaks.length - 1].level === level) {
      hash = nodeHash(this.kind, this.peaks.pop().hash, hash);
      level++;
    }
    this.peaks.push({ level, hash });
    this.size++;
  }

  root() {
    if (this.size === 0) return digest(this.kind, NO_BYTES);
    return this.peaks.map((peak) => peak.hash).reduceRight((right, left) => nodeHash(this.kind, left, right));
  }
}

/* The root that an inclusion proof leads to (2.1.3.2); null if the proof has the wrong length. */
export function rootFromProof(kind, index, size, leaf, proof) {
  if (!(index >= 0 && index < size) || [leaf, ...proof].some((one) => one.length !== 32)) return null;
  const half = (n) => Math.floor(n / 2);
  let node = index, last = size - 1, value = leaf;
  for (const sibling of proof) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      value = nodeHash(kind, sibling, value);
      while (node % 2 === 0 && node !== 0) { node = half(node); last = half(last); }
    } else {
      value = nodeHash(kind, value, sibling);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 ? value : null;
}

export function inclusionFits(kind, index, size, leaf, proof, root) {
  const found = rootFromProof(kind, index, size, leaf, proof);
  return found !== null && sameBytes(found, root);
}

/* --- bytes ---------------------------------------------------------------------------------------- */

export function sameBytes(a, b) {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

/* Order of memcmp, the shorter first. */
export function compareBytes(a, b) {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

const HEX = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));

export function hex(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += HEX[bytes[i]];
  return text;
}

export function unhex(text) {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.substr(2 * i, 2), 16);
  return bytes;
}

const encoder = new TextEncoder();
export const utf8 = (text) => encoder.encode(text);

/* The text, or null when the bytes are not UTF-8. */
export function text(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export function joined(...parts) {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return all;
}
