/* What the browser page and the tests call: files in, verdict out. No network, no clock. */
import { text } from './hash.mjs';
import { readJson, verifyHistory, verifyProof } from './ledger.mjs';
import { verifyDraw } from './draw.mjs';
import { filesOfLog, verifyLog } from './log.mjs';
import { Key, Policy, Trust } from './note.mjs';
import { run } from './verdict.mjs';

const DRAW_FILES = ['pool.tsv', 'insp.tsv', 'deny.tsv', 'params.txt', 'commit.txt', 'beacon.txt', 'reveals.txt',
  'salt.txt', 'result.tsv', 'commit.tlog-proof', 'result.tlog-proof', 'substitutions.tsv'];

/* The verdict (huozheng-verdict/1) on `chosen`, a Map from path to bytes: a whole log, a draw bundle,
 * or one proof or history file; null if they are neither. `keys`: vkeys; `policy`: bytes of a tlog-policy file.
 * RangeError if one of these is not well formed. `progress(check, part)` is called now and then. */
export function verify(chosen, words, { keys = [], policy = null, progress = () => {} } = {}) {
  const trust = new Trust(keys.map((key) => new Key(key)), policy ? new Policy(policy) : null);
  const log = filesOfLog(chosen);
  if (log) return run('log', words, (verdict) => verifyLog(verdict, log, trust, progress));
  const files = new Map([...chosen].map(([path, bytes]) => [path.split('/').pop(), bytes]));
  if (['commit.txt', 'params.txt', 'pool.tsv'].some((name) => files.has(name))) {
    const bundle = new Map([...files].filter(([name]) => DRAW_FILES.includes(name)));
    return run('draw', words, (verdict) => verifyDraw(verdict, bundle, trust, progress));
  }
  if (files.size !== 1) return null;
  const [[name, bytes]] = files, isText = text(bytes) !== null;
  const isHistory = isText && readJson(bytes).format === 'huozheng-history/1';
  const steps = isHistory ? verifyHistory : verifyProof;
  return run(isHistory ? 'history' : 'proof', words, (verdict) => steps(verdict, bytes, name, trust));
}
