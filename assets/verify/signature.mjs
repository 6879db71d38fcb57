/* Verification of Ed25519 (RFC 8032) and of SM2 with SM3 (GB/T 32918.2), with whole numbers only.
 * Verifying handles no secret, so nothing here needs constant time. */
import { digest, joined, sha512, utf8, hex } from './hash.mjs';

const number = (bytes) => BigInt(`0x${hex(bytes) || '0'}`);
const mod = (a, m) => ((a % m) + m) % m;

function power(base, exponent, m) {
  let result = 1n;
  for (base = mod(base, m); exponent > 0n; exponent >>= 1n, base = base * base % m) {
    if (exponent & 1n) result = result * base % m;
  }
  return result;
}

/* --- Ed25519 -------------------------------------------------------------------------------------- */

const P = 2n ** 255n - 19n, ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * power(121666n, P - 2n, P), P), ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n, P);

/* Points as [X, Y, Z, T] with x = X/Z, y = Y/Z, xy = T/Z. */
function edAdd(a, b) {
  const s = mod((a[1] - a[0]) * (b[1] - b[0]), P), t = mod((a[1] + a[0]) * (b[1] + b[0]), P);
  const u = mod(2n * a[3] * b[3] * D, P), v = mod(2n * a[2] * b[2], P);
  const e = t - s, f = v - u, g = v + u, h = t + s;
  return [mod(e * f, P), mod(g * h, P), mod(f * g, P), mod(e * h, P)];
}

function edTimes(count, point) {
  let total = [0n, 1n, 1n, 0n];
  for (; count > 0n; count >>= 1n, point = edAdd(point, point)) if (count & 1n) total = edAdd(total, point);
  return total;
}

const edEqual = (a, b) => mod(a[0] * b[2] - b[0] * a[2], P) === 0n && mod(a[1] * b[2] - b[1] * a[2], P) === 0n;

/* 32 bytes to a point; null if they are none. */
function edPoint(bytes) {
  const all = number(Uint8Array.from(bytes).reverse()), sign = all >> 255n, y = all & (2n ** 255n - 1n);
  if (y >= P) return null;
  const x2 = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n, P), P);
  let x = power(x2, (P + 3n) / 8n, P);
  if (mod(x * x - x2, P) !== 0n) x = x * ROOT_OF_MINUS_1 % P;
  if (mod(x * x - x2, P) !== 0n || (x === 0n && sign)) return null;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, x * y % P];
}

const ED_BASE = edPoint(Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 0x58 : 0x66)));

export function ed25519Fits(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const start = signature.subarray(0, 32);
  const a = edPoint(key), r = edPoint(start), s = number(signature.slice(32).reverse());
  if (!a || !r || s >= ORDER) return false;
  const h = number(sha512(joined(start, key, message)).reverse()) % ORDER;
  return edEqual(edTimes(s, ED_BASE), edAdd(r, edTimes(h, a)));
}

/* --- SM2 ------------------------------------------------------------------------------------------ */

const SM2_ID = utf8('1234567812345678'); // 16 bytes
const Q = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFFn, A = Q - 3n;
const B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93n;
const N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123n;
const G = [0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7n,
  0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0n];

function inverse(a, m) {
  let [r0, r1, t0, t1] = [m, mod(a, m), 0n, 1n];
  while (r1 !== 0n) {
    const q = r0 / r1;
    [r0, r1, t0, t1] = [r1, r0 - q * r1, t1, t0 - q * t1];
  }
  return mod(t0, m);
}

/* Affine points; null is the point at infinity. */
function sm2Add(a, b) {
  if (!a || !b) return a || b;
  let slope;
  if (a[0] === b[0]) {
    if (mod(a[1] + b[1], Q) === 0n) return null;
    slope = mod((3n * a[0] * a[0] + A) * inverse(2n * a[1], Q), Q);
  } else {
    slope = mod((b[1] - a[1]) * inverse(b[0] - a[0], Q), Q);
  }
  const x = mod(slope * slope - a[0] - b[0], Q);
  return [x, mod(slope * (a[0] - x) - a[1], Q)];
}

function sm2Times(count, point) {
  let total = null;
  for (; count > 0n; count >>= 1n, point = sm2Add(point, point)) if (count & 1n) total = sm2Add(total, point);
  return total;
}

/* One DER INTEGER, written the shortest way: {value, next} or null. */
function derNumber(bytes, at) {
  const size = bytes[at + 1], body = bytes.subarray(at + 2, at + 2 + size);
  if (bytes[at] !== 2 || !(size >= 1 && size <= 33) || body.length !== size || body[0] & 0x80) return null;
  if (size > 1 && body[0] === 0 && !(body[1] & 0x80)) return null;
  return { value: number(body), next: at + 2 + size };
}

/* SEQUENCE of two INTEGERs and nothing after it. */
function derPair(bytes) {
  if (bytes[0] !== 0x30 || bytes[1] !== bytes.length - 2) return null;
  const first = derNumber(bytes, 2), second = first && derNumber(bytes, first.next);
  return second && second.next === bytes.length ? [first.value, second.value] : null;
}

const bytes32 = (n) => Uint8Array.from(n.toString(16).padStart(64, '0').match(/../g), (two) => parseInt(two, 16));

/* `key` is the uncompressed point, 65 bytes; `signature` is DER. */
export function sm2Fits(key, message, signature) {
  const pair = derPair(signature);
  if (!pair || key.length !== 65 || key[0] !== 4) return false;
  const x = number(key.subarray(1, 33)), y = number(key.subarray(33));
  if (x >= Q || y >= Q || mod(y * y - (x * x * x + A * x + B), Q) !== 0n) return false;
  const [r, s] = pair, t = mod(r + s, N);
  if (r <= 0n || r >= N || s <= 0n || s >= N || t === 0n) return false;
  const z = digest('sm3', joined(Uint8Array.of(0, 8 * SM2_ID.length), SM2_ID,
    ...[A, B, ...G].map(bytes32), key.subarray(1)));
  const e = number(digest('sm3', joined(z, message)));
  const point = sm2Add(sm2Times(s, G), sm2Times(t, [x, y]));
  return point !== null && mod(e + point[0], N) === r;
}
