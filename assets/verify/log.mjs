/* A whole log as exported: entries, tiles of both trees, heads, links. Everything is recomputed. */
import { joined, leafHash, sameBytes, text, Tree, utf8 } from './hash.mjs';
import { attempt, Entry } from './ledger.mjs';
import { Checkpoint, checkHeads, Key, Policy, Trust } from './note.mjs';
import { Bad } from './verdict.mjs';

const TILE = 256, HASH = 32, NO_SALT = new Uint8Array(16);
const PART = /^(|.*\/)(?:sm3\/)?(?:checkpoint|tile\/(?:[0-9]+|entries)\/.+)$/;
const TILE_NAME = /^tile\/([0-9]+|entries)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/* Of `files` (Map from path to bytes) those of a log, by their names in it; null if there is none. */
export function filesOfLog(files) {
  const part = [...files.keys()].map((path) => PART.exec(path)).find((found) => found !== null);
  if (!part) return null;
  const top = part[1].replace(/sm3\/$/, '');
  return new Map([...files].filter(([path]) => path.startsWith(top)).map(([path, bytes]) => [path.slice(top.length), bytes]));
}

/* 1234067 -> x001/x234/067 */
function tileNumber(number) {
  const last = String(number % 1000).padStart(3, '0');
  let rest = '';
  for (let n = Math.floor(number / 1000); n > 0; n = Math.floor(n / 1000)) rest = `x${String(n % 1000).padStart(3, '0')}/${rest}`;
  return rest + last;
}

const tilePath = (level, number, width) => `tile/${level}/${tileNumber(number)}${width === TILE ? '' : `.p/${width}`}`;

/* Folder by folder, the files of each before the folders in it. */
function inWalkOrder(a, b) {
  const left = a.split('/'), right = b.split('/');
  let at = 0;
  while (at < left.length - 1 && at < right.length - 1 && left[at] === right[at]) at++;
  const isFile = left.length - 1 === at, isOtherFile = right.length - 1 === at;
  if (isFile !== isOtherFile) return isFile ? -1 : 1;
  return left[at] < right[at] ? -1 : left[at] > right[at] ? 1 : 0;
}

/* [name, level, number, width] of every tile file that is there, of one tree. */
function tilesIn(files, prefix) {
  return [...files.keys()].filter((name) => name.startsWith(`${prefix}tile/`)).sort(inWalkOrder).flatMap((name) => {
    const [match, level, digits, width] = TILE_NAME.exec(name.slice(prefix.length)) ?? [];
    return match ? [[name, level, Number(digits.replace(/[x/]/g, '')), Number(width ?? TILE)]] : [];
  });
}

function readHead(files, name) {
  if (!files.has(name)) throw new Bad('form', 'missing', [name]);
  return attempt(() => new Checkpoint(files.get(name)), 'form', 'checkpoint-form', [name]);
}

/* What the reader brought, and the keys.txt and policy.txt that lie beside the log. */
function readTrust(files, trust) {
  const readKeys = () => {
    const all = text(files.get('keys.txt'));
    if (all === null) throw new RangeError('not UTF-8');
    return all.split('\n').filter(Boolean).map((line) => new Key(line));
  };
  const beside = files.has('keys.txt') ? attempt(readKeys, 'keys', 'key-form', ['keys.txt']) : [];
  const policy = trust.policy ?? (files.has('policy.txt')
    ? attempt(() => new Policy(files.get('policy.txt')), 'keys', 'key-form', ['policy.txt']) : null);
  return new Trust(trust.given, policy, beside);
}

/* One tree as its tiles must be: levels[level][number] holds up to 256 hashes. */
class Growing {
  constructor(kind) {
    Object.assign(this, { kind, tree: new Tree(kind), levels: [[]], hashes: [] });
  }

  add(bytes) {
    const hash = leafHash(this.kind, bytes);
    this.tree.add(hash);
    this.hashes.push(hash);
    if (this.hashes.length === TILE) this.close();
  }

  /* What was added since the last full tile becomes one. */
  close() {
    if (this.hashes.length > 0) this.levels[0].push(joined(...this.hashes));
    this.hashes = [];
  }

  /* The levels above: roots of full tiles. */
  finish() {
    this.close();
    for (let level = 0; this.levels[level].some((tile) => tile.length === TILE * HASH); level++) {
      const roots = this.levels[level].filter((tile) => tile.length === TILE * HASH).map((tile) => {
        const tree = new Tree(this.kind);
        for (let at = 0; at < tile.length; at += HASH) tree.add(tile.subarray(at, at + HASH));
        return tree.root();
      });
      this.levels.push([]);
      for (let at = 0; at < roots.length; at += TILE) this.levels[level + 1].push(joined(...roots.slice(at, at + TILE)));
    }
  }
}

/* One pass over the entries; what does not fit between them is kept until its check is due. */
class Reading {
  constructor(files, heads, progress) {
    Object.assign(this, { files, heads, progress, size: heads[0].size, trees: [new Growing('sha256'), new Growing('sm3')] });
    Object.assign(this, { last: new Map(), badLinks: new Map(), newestXhead: null, lostKey: null });
    this.setBodies();
  }

  setBodies() {
    this.bodies = this.heads.map(({ origin }, i) => {
      const { tree } = this.trees[i];
      return `${origin}\n${tree.size}\n${btoa(String.fromCharCode(...tree.root()))}\n`;
    });
  }

  widthOf(number) {
    return Math.min(TILE, this.size - number * TILE);
  }

  readAll() {
    for (let number = 0; number * TILE < this.size; number++) {
      const width = this.widthOf(number), name = tilePath('entries', number, width);
      this.bundle(name, width).forEach((bytes, at) => this.take(number * TILE + at, bytes, name, at + 1));
      this.progress('entries', number * TILE / this.size);
    }
    for (const [name, level, number, width] of tilesIn(this.files, '')) {
      const count = this.widthOf(number), some = this.files.get(name);
      if (level === 'entries' && width !== count) { // a bundle of an earlier head
        const all = count > width ? this.files.get(tilePath(level, number, count)) : undefined;
        if (!all || !sameBytes(some, all.subarray(0, some.length))) throw new Bad('entries', 'bundle', [name]);
      }
    }
    for (const tree of this.trees) tree.finish();
  }

  /* Entries, each after its length in two bytes. */
  bundle(name, count) {
    const bytes = this.files.get(name), entries = [];
    if (!bytes) throw new Bad('entries', 'missing', [name]);
    let at = 0;
    for (let i = 0; i < count; i++) {
      const size = at + 2 <= bytes.length ? bytes[at] * 256 + bytes[at + 1] : 0;
      if (at + 2 + size > bytes.length) throw new Bad('entries', 'bundle', [name]);
      entries.push(bytes.subarray(at + 2, at + 2 + size));
      at += 2 + size;
    }
    if (at !== bytes.length) throw new Bad('entries', 'bundle', [name]);
    return entries;
  }

  badLink(check, ...rest) {
    if (!this.badLinks.has(check)) this.badLinks.set(check, new Bad(check, ...rest));
  }

  take(index, bytes, name, line) {
    const entry = attempt(() => new Entry(bytes), 'entries', 'entry-form', [name], line);
    if (entry.prev !== (this.last.get(entry.object) ?? null)) this.badLink('order', 'prev', [name], line);
    this.last.set(entry.object, index);
    for (const tree of this.trees) tree.add(bytes);
    if (entry.type === 'log.key.lost') this.lostKey = index;
    if (entry.type !== 'xhead' && entry.object !== 'log:heads') return;
    const payload = utf8(JSON.stringify({ sha256: this.bodies[0], sm3: this.bodies[1] }));
    if (entry.type !== 'xhead' || entry.actor !== 'system' || entry.object !== 'log:heads' || !entry.holds(NO_SALT, payload)) {
      this.badLink('heads', 'xhead', [name], line);
    }
    this.newestXhead = index;
    this.setBodies();
  }

  checkLinks(verdict) {
    if (this.size > 0 && this.newestXhead !== this.size - 1) this.badLink('heads', 'xhead-last', ['checkpoint']);
    for (const check of ['heads', 'order']) {
      if (this.badLinks.has(check)) throw this.badLinks.get(check);
      verdict.passed(check);
    }
  }

  /* Every tile that the size asks for, and every other one that lies there, holds our hashes. */
  checkTiles(which, prefix, check) {
    const { levels } = this.trees[which];
    levels.forEach((tiles, level) => tiles.forEach((tile, number) => {
      const name = prefix + tilePath(level, number, tile.length / HASH);
      if (!this.files.has(name)) throw new Bad(check, 'missing', [name]);
    }));
    for (const [name, level, number, width] of tilesIn(this.files, prefix)) {
      if (level === 'entries') continue;
      const wanted = levels[Number(level)]?.[number]?.subarray(0, width * HASH);
      if (wanted?.length !== width * HASH || !sameBytes(this.files.get(name), wanted)) {
        throw new Bad(check, ...this.blame(which, name, level, number));
      }
    }
  }

  /* A tile and our hash differ: if the other tree differs at the same entry, the entry was changed. */
  blame(which, name, level, number) {
    const count = this.widthOf(number);
    if (level === '0' && count > 0) {
      const other = this.files.get((which === 0 ? 'sm3/' : '') + tilePath(0, number, count));
      const wanted = this.trees[1 - which].levels[0][number];
      if (other && !sameBytes(other, wanted)) return ['entry-changed', [tilePath('entries', number, count)]];
    }
    return ['tile', [name]];
  }
}

/* The check of a whole log; `files` by their names in it (filesOfLog). */
export function verifyLog(verdict, files, brought, progress) {
  const head = readHead(files, 'checkpoint'), headSm3 = readHead(files, 'sm3/checkpoint');
  if (headSm3.size !== head.size || headSm3.origin !== `${head.origin}-sm3`) {
    throw new Bad('form', 'checkpoint-other', ['checkpoint', 'sm3/checkpoint']);
  }
  verdict.passed('form');
  const trust = readTrust(files, brought);
  verdict.passed('keys');
  checkHeads(verdict, trust, [{ checkpoint: head, file: 'checkpoint' }, { checkpoint: headSm3, file: 'sm3/checkpoint' }], true);
  const reading = new Reading(files, [head, headSm3], progress);
  reading.readAll();
  verdict.passed('entries');
  if (reading.lostKey !== null) verdict.unknown('keys', 'keys-lost', { said: [reading.lostKey], entry: reading.lostKey }); // these files cannot show it
  for (const [which, prefix, suffix] of [[0, '', ''], [1, 'sm3/', '-sm3']]) {
    reading.checkTiles(which, prefix, `tiles${suffix}`);
    verdict.passed(`tiles${suffix}`);
    if (!sameBytes(reading.trees[which].tree.root(), reading.heads[which].root)) {
      throw new Bad(`tree${suffix}`, 'root', [`${prefix}checkpoint`]);
    }
    verdict.passed(`tree${suffix}`);
  }
  reading.checkLinks(verdict);
}
