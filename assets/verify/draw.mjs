/* A draw bundle: everything from the frozen files to the result, recomputed (docs/draw-format.md).
 * `files` is a Map from a file's name to its bytes. */
import { readBeacons, seedOfBeacons, sharesOfParties } from './beacon.mjs';
import { Tree, compareBytes, digest, hex, joined, leafHash, text, unhex, utf8 } from './hash.mjs';
import { Opened, TlogProof, attempt, readJson } from './ledger.mjs';
import { checkHeads, checkWitnesses } from './note.mjs';
import { assign, lp } from './officers.mjs';
import { checkSubstitutions } from './substitutions.mjs';
import { Bad } from './verdict.mjs';

const ID = '[0-9A-Z_-]{1,20}', TOKEN = '[0-9A-Za-z_-]{1,16}', DISTRICT = '[0-9A-Za-z_-]{1,20}';
const COUNT = '(?:0|[1-9][0-9]{0,3})', LOAD = '(?:0|[1-9][0-9]{0,5}|1000000)', STRATUM = '[0-9a-z_-]{1,32}';
const row = (...fields) => new RegExp(`^${fields.map((field) => `(${field})`).join('\t')}$`);
const TABLES = [
  { name: 'pool', check: 'pool', keys: 1, line: row(ID, STRATUM, DISTRICT, TOKEN, TOKEN, COUNT, COUNT, COUNT, TOKEN) },
  { name: 'insp', check: 'inspectors', keys: 1, line: row(ID, DISTRICT, '[01]', '[0-9]{4}-[0-9]{2}-[0-9]{2}', LOAD, LOAD) },
  { name: 'deny', check: 'denied', keys: 2, line: row(ID, ID, TOKEN) },
];
const SMALL = ['params.txt', 'commit.txt', 'beacon.txt', 'reveals.txt', 'salt.txt', 'result.tsv'];
const WEIGHT_MAX = 64, QUOTA_MAX = 100000, RUNGS_MAX = 9, DELTA_MIN = 600, DELTA_MAX = 86400 * 366;

/* --- files ---------------------------------------------------------------------------------------- */

function need(files, ...names) {
  for (const name of names) if (!files.has(name)) throw new Bad('files', 'missing', [name]);
}

function readSmall(files) {
  const texts = {};
  for (const name of SMALL.filter((one) => files.has(one))) {
    const written = text(files.get(name));
    if (written === null || written.includes('\0') || (written !== '' && !written.endsWith('\n'))) throw new Bad('files', 'text', [name]);
    texts[name] = written;
  }
  return texts;
}

/* key=value lines, sorted bytewise, each key once: a Map. */
function readKeys(written, check, name) {
  const values = new Map();
  let before = new Uint8Array(0);
  written.split('\n').slice(0, -1).forEach((line, i) => {
    const equals = line.indexOf('='), key = utf8(line.slice(0, Math.max(equals, 0)));
    if (equals < 0 || compareBytes(key, before) <= 0) throw new Bad(check, 'key-value', [name], i + 1);
    before = key;
    values.set(line.slice(0, equals), line.slice(equals + 1));
  });
  return values;
}

/* A number written in digits, from low to high; null otherwise. */
function whole(written, low, high) {
  const value = /^[0-9]{1,9}$/.test(written ?? '') ? Number(written) : NaN;
  return value >= low && value <= high ? value : null;
}

/* params.txt, whose hash stands in commit.txt. */
function readRules(values, written, commit) {
  const bad = (reason, ...files) => { throw new Bad('params', reason, ['params.txt', ...files]); };
  const kind = values.get('hash'), dateTo = values.get('insp_date_to') ?? '';
  if (values.get('alg') !== 'FSS-DRAW/1' || !['sm3', 'sha256'].includes(kind)
    || !['open', 'sealed'].includes(values.get('mode')) || utf8(dateTo).length !== 10) bad('params');
  if (commit.get('params') !== hex(digest(kind, utf8(written)))) bad('params-hash', 'commit.txt');
  const rules = {
    kind, dateTo, cap: whole(values.get('cap'), 1, 9999), delta: whole(values.get('delta'), 0, DELTA_MAX),
    quotas: new Map(), rungs: [], neighbours: new Set(), weights: new Map(),
  };
  for (const [key, value] of values) {
    const dot = key.indexOf('.'), head = dot < 0 ? '' : key.slice(0, dot), rest = key.slice(dot + 1);
    if (head === 'quota' || head === 'alt') {
      const number = whole(value, 0, QUOTA_MAX);
      if (number === null || !new RegExp(`^${STRATUM}$`).test(rest)) bad('params');
      if (!rules.quotas.has(rest)) rules.quotas.set(rest, { quota: 0, alt: 0 });
      rules.quotas.get(rest)[head] = number;
    } else if (head === 'rung') {
      rules.rungs.push(value);
      if (rest !== String(rules.rungs.length) || !['same', 'adjacent', 'any'].includes(value)) bad('params');
    } else if (head === 'adj') {
      for (const other of value.split(',')) rules.neighbours.add(`${rest}\t${other}`);
    } else if (head === 'w') {
      rules.weights.set(rest, whole(value, 1, WEIGHT_MAX));
    }
  }
  if (rules.cap === null || rules.delta === null || rules.rungs.length > RUNGS_MAX) bad('params');
  return rules;
}

/* --- the frozen tables ---------------------------------------------------------------------------- */

/* S, from which each line of a sealed draw has its salt; null in open mode. */
function readSalt(written, sealed) {
  if (!sealed) {
    if (written !== '') throw new Bad('files', 'not-empty', ['salt.txt']);
    return null;
  }
  if (!/^[0-9a-f]{64}\n$/.test(written)) throw new Bad('files', 'salt', ['salt.txt']);
  return unhex(written.slice(0, -1));
}

function saltOf(kind, salt, file, index) {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(index));
  return digest(kind, joined(utf8('FSS-SALT/1\0'), salt, lp(file), number)).subarray(0, 16);
}

/* Rows of a table whose lines are well formed, in order, and under the root in commit.txt. */
function readTable({ name, check, keys, line: form }, files, rules, commit, salt, progress) {
  const file = `${name}.tsv`, bytes = files.get(file), tree = new Tree(rules.kind), rows = [];
  const latin = new TextDecoder('latin1');
  let before = '';
  if (bytes.length > 0 && bytes[bytes.length - 1] !== 10) {
    throw new Bad(check, 'text', [file], bytes.reduce((count, byte) => count + (byte === 10), 1));
  }
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at), data = bytes.subarray(at, end), fields = form.exec(latin.decode(data));
    if (!fields) throw new Bad(check, 'line', [file], rows.length + 1);
    const key = fields.slice(1, 1 + keys).join('\t');
    if (key <= before) throw new Bad(check, 'not-sorted', [file], rows.length + 1);
    before = key;
    tree.add(leafHash(rules.kind, data, salt ? saltOf(rules.kind, salt, file, rows.length) : undefined));
    rows.push(fields.slice(1));
    at = end + 1;
    if (rows.length % 5000 === 0) progress(check, at / bytes.length);
  }
  if (commit.get(`${name}.count`) !== String(tree.size) || commit.get(`${name}.root`) !== hex(tree.root())) {
    throw new Bad(check, 'table-root', [file, 'commit.txt', ...(salt ? ['salt.txt'] : [])]);
  }
  return rows;
}

function checkWeights(rows, rules) {
  rows.forEach(([, , , risk, credit, drawn, reserved, weight, reason], i) => {
    const isCapped = Number(drawn) + Number(reserved) >= rules.cap;
    const wanted = reason === '-' ? rules.weights.get(`${risk}.${credit}`) ?? null : 0;
    if (!['-', 'CAP', 'CLOSED', 'EXEMPT'].includes(reason) || wanted === null || Number(weight) !== wanted) {
      throw new Bad('weights', 'weight', ['pool.tsv'], i + 1);
    }
    if ((isCapped && reason === '-') || (!isCapped && reason === 'CAP')) throw new Bad('weights', 'cap', ['pool.tsv'], i + 1);
  });
}

/* --- seed, tickets, result ------------------------------------------------------------------------ */

/* KT and KI. */
export function drawKeys(kind, commit, seed, shares) {
  const k0 = digest(kind, joined(utf8('FSS-SEED/1\0'), commit, Uint8Array.of(seed.length), seed,
    Uint8Array.of(shares.length), ...shares.flatMap(({ number, share }) => [Uint8Array.of(number), share])));
  return { target: digest(kind, joined(utf8('FSS-TARGET/1\0'), k0)), inspector: digest(kind, joined(utf8('FSS-INSP/1\0'), k0)) };
}

/* The least of H(KT lp(id) u16 j), in hex. */
export function ticket(kind, key, id, weight) {
  const message = joined(key, lp(id), new Uint8Array(2));
  let least = null;
  for (let j = 0; j < weight; j++) {
    message[message.length - 1] = j;
    const hash = digest(kind, message);
    if (least === null || compareBytes(hash, least) < 0) least = hash;
  }
  return hex(least);
}

const byTicket = (a, b) => (a.ticket < b.ticket ? -1 : a.ticket > b.ticket ? 1 : a.id < b.id ? -1 : 1);

/* The drawn by (ticket, id), and the reserves by stratum. */
function pick(rows, rules, key, progress) {
  const strata = new Map([...rules.quotas.keys()].sort().map((name) => [name, []]));
  rows.forEach(([id, stratum, district, , , , , weight], i) => {
    if (weight !== '0' && strata.has(stratum)) {
      strata.get(stratum).push({ ticket: ticket(rules.kind, key, id, Number(weight)), id, stratum, district });
    }
    if (i % 2000 === 0) progress('tickets', i / rows.length);
  });
  const drawn = [], reserves = [];
  for (const [name, tickets] of strata) {
    const { quota, alt } = rules.quotas.get(name), isShort = tickets.length < quota;
    tickets.sort(byTicket);
    for (const one of tickets.slice(0, quota)) drawn.push({ ...one, isShort });
    reserves.push(...tickets.slice(quota, quota + alt));
  }
  return { drawn: drawn.sort(byTicket), reserves };
}

function writeResult({ drawn, reserves }, { teams, level, rung }) {
  const lines = [...drawn, ...reserves].map((one, i) => {
    const isDrawn = i < drawn.length, team = isDrawn ? teams[i] : ['-', '-'];
    const flag = !isDrawn ? '-' : team === null ? 'UNSTAFFED' : one.isShort ? 'SHORT' : '-';
    return [i + 1, one.id, one.stratum, isDrawn ? 'drawn' : 'reserve', one.ticket, ...(team ?? ['-', '-']), flag];
  });
  return [...lines, ['#', 'L', level, 'rung', rung]].map((line) => `${line.join('\t')}\n`).join('');
}

/* Which check the first difference belongs to, and its line. */
function compareResult(written, computed) {
  const said = written.split('\n'), wanted = computed.split('\n'), count = Math.max(said.length, wanted.length);
  const start = (line) => line.split('\t').slice(0, 5).join('\t');
  for (let at = 0; at < count; at++) {
    if (said[at] === wanted[at]) continue;
    const ofOfficers = at >= wanted.length - 2 || (at < said.length && start(said[at]) === start(wanted[at]));
    throw new Bad(ofOfficers ? 'officers' : 'tickets', 'result', ['result.tsv', 'commit.txt', 'beacon.txt', 'reveals.txt'], at + 1);
  }
}

function recompute(verdict, files, texts, commit, rules, salt, progress) {
  const [pool, inspectors, denied] = TABLES.map((table) => {
    const rows = readTable(table, files, rules, commit, salt, progress);
    verdict.passed(table.check);
    return rows;
  });
  checkWeights(pool, rules);
  verdict.passed('weights');
  const seed = seedOfBeacons(rules.kind, readBeacons(commit), texts['beacon.txt']);
  verdict.passed('beacon');
  const shares = sharesOfParties(rules.kind, commit, texts['reveals.txt']);
  verdict.passed('shares');
  const keys = drawKeys(rules.kind, digest(rules.kind, utf8(texts['commit.txt'])), seed, shares);
  const picked = pick(pool, rules, keys.target, progress);
  progress('officers', 0);
  const input = {
    ...rules, key: keys.inspector, targets: picked.drawn, denied: new Set(denied.map(([target, officer]) => `${target}\t${officer}`)),
    officers: inspectors.map(([id, district, lead, validTo, load, cap]) => (
      { id, district, lead: lead === '1', validTo, load: Number(load), cap: Number(cap) })),
  };
  const teams = assign(input);
  compareResult(texts['result.tsv'], writeResult(picked, teams));
  verdict.passed('tickets');
  verdict.passed('officers');
  if (files.has('substitutions.tsv')) {
    const districts = new Map(pool.map(([id, , district]) => [id, district]));
    checkSubstitutions(verdict, files.get('substitutions.tsv'), { input, picked, districts, ...teams });
  }
}

export function verifyDraw(verdict, files, trust, progress) {
  if (!files.has('substitutions.tsv')) verdict.skip('substitutions');
  const texts = readSmall(files);
  need(files, 'params.txt', 'commit.txt');
  const values = readKeys(texts['params.txt'], 'params', 'params.txt'), sealed = values.get('mode') === 'sealed';
  const opened = !sealed || Boolean(texts['salt.txt'] || texts['result.tsv']) || TABLES.some(({ name }) => files.has(`${name}.tsv`));
  if (opened) need(files, ...TABLES.map(({ name }) => `${name}.tsv`), 'beacon.txt', 'reveals.txt', 'salt.txt', 'result.tsv');
  verdict.passed('files');
  const commit = readKeys(texts['commit.txt'], 'commit', 'commit.txt');
  if (!row(ID).test(commit.get('draw') ?? '')) throw new Bad('commit', 'draw-id', ['commit.txt']);
  verdict.passed('commit');
  const rules = readRules(values, texts['params.txt'], commit);
  verdict.passed('params');
  if (opened) {
    recompute(verdict, files, texts, commit, rules, readSalt(texts['salt.txt'], sealed), progress);
  } else {
    for (const check of ['pool', 'inspectors', 'denied', 'weights', 'beacon', 'shares', 'tickets', 'officers']) verdict.unknown(check, 'sealed');
    if (files.has('substitutions.tsv')) verdict.unknown('substitutions', 'sealed');
  }
  checkLedger(verdict, files, texts, commit, rules, trust, opened);
}

/* --- what the public ledger says ------------------------------------------------------------------ */

/* The proof that the entry `type` about this draw is in the log; null if there is no such file. Its
 * payload, if it was handed over, must say `wanted` under `member`. */
function readLogProof(files, name, type, member, wanted) {
  if (!files.has(name)) return null;
  const bad = ['ledger', 'proof-form', [name]];
  const proof = attempt(() => new TlogProof(files.get(name)), ...bad), opened = attempt(() => new Opened(proof.extra), ...bad);
  if (opened.entry.type !== type || (opened.payload && readJson(opened.payload)[member] !== wanted)) {
    throw new Bad('ledger', 'ledger-other', [name, member === 'commit' ? 'commit.txt' : 'result.tsv']);
  }
  if (!proof.leadsToHead(opened.leaf)) throw new Bad('ledger', 'path', [name]);
  return { checkpoint: proof.checkpoint, isOpened: opened.payload !== null };
}

function checkLedger(verdict, files, texts, commit, rules, trust, isOpened) {
  const hashOf = (name) => hex(digest(rules.kind, utf8(texts[name])));
  const first = readLogProof(files, 'commit.tlog-proof', 'draw.commit', 'commit', hashOf('commit.txt'));
  const second = isOpened ? readLogProof(files, 'result.tlog-proof', 'draw.result', 'result', hashOf('result.tsv')) : null;
  if (first === null) {
    for (const check of ['ledger', 'signature', 'witness', 'key']) verdict.unknown(check, 'no-log-proof');
    checkTime(verdict, commit, rules, null);
    return;
  }
  if (!first.isOpened || (second && !second.isOpened)) verdict.unknown('ledger', 'not-opened');
  else if (isOpened && !second) verdict.unknown('ledger', 'no-result-proof');
  else verdict.passed('ledger');
  if (second) checkHeads(verdict, trust, [{ checkpoint: second.checkpoint, file: 'result.tlog-proof' }]);
  const head = { checkpoint: first.checkpoint, file: 'commit.tlog-proof' };
  checkHeads(verdict, trust, [head]);
  checkTime(verdict, commit, rules, checkWitnesses(verdict, trust, head.checkpoint, head.file));
}

/* The commitment was witnessed at least delta seconds before the first beacon existed. */
function checkTime(verdict, commit, rules, witnessed) {
  const beacons = readBeacons(commit);
  if (beacons.some((one) => one.typed)) {
    verdict.unknown('time', 'typed-seed');
    return;
  }
  if (rules.delta < DELTA_MIN) throw new Bad('time', 'delta', ['params.txt']);
  if (!witnessed) {
    verdict.unknown('time', 'not-witnessed');
    return;
  }
  if (witnessed + rules.delta > Math.min(...beacons.map((one) => one.seconds))) {
    throw new Bad('time', 'too-late', ['commit.txt', 'commit.tlog-proof']);
  }
  verdict.passed('time');
}
