"""A draw bundle: everything from the frozen files to the result, recomputed (docs/draw-format.md)."""
import os
import re

from beacons import read_beacons, seed_of_beacons, shares_of_parties
from hashes import SHA256, SM3, Tree, digest, leaf_hash
from ledger import Opened, TlogProof, read_json
from notes import check_heads, check_witnesses
from officers import Officer, assign, lp
from substitutions import FILE, check_substitutions, places_of
from verdict import Bad

ID = '[0-9A-Z_-]{1,20}'
COUNT = '(?:0|[1-9][0-9]{0,3})'
LOAD = '(?:0|[1-9][0-9]{0,5}|1000000)'
POOL = re.compile(r'(%s)\t([0-9a-z_-]{1,32})\t([0-9A-Za-z_-]{1,20})\t([0-9A-Za-z_-]{1,16})\t([0-9A-Za-z_-]{1,16})'
                  r'\t(%s)\t(%s)\t(%s)\t([0-9A-Za-z_-]{1,16})' % (ID, COUNT, COUNT, COUNT))
INSPECTOR = re.compile(r'(%s)\t([0-9A-Za-z_-]{1,20})\t([01])\t([0-9]{4}-[0-9]{2}-[0-9]{2})'
                       r'\t(%s)\t(%s)' % (ID, LOAD, LOAD))
DENIED = re.compile(r'(%s)\t(%s)\t[0-9A-Za-z_-]{1,16}' % (ID, ID))
SMALL = ('params.txt', 'commit.txt', 'beacon.txt', 'reveals.txt', 'salt.txt', 'result.tsv')
TABLES = ('pool.tsv', 'insp.tsv', 'deny.tsv')
WEIGHT_MAX, QUOTA_MAX, RUNGS_MAX = 64, 100000, 9
DELTA_MIN = 600  # seconds


class Bundle:
    """The files, and what was read out of them so far."""

    def __init__(self, folder):
        self.folder = folder
        self.texts = {name: self._small(name) for name in SMALL}
        self.params, self.commit = {}, {}

    def read(self, name):
        try:
            with open(os.path.join(self.folder, name), 'rb') as file:
                return file.read()
        except FileNotFoundError:
            return None

    def _small(self, name):
        data = self.read(name)
        if data is None:
            return None
        try:
            text = data.decode('utf-8')
        except UnicodeDecodeError:
            raise Bad('files', 'text', [name]) from None
        if '\0' in text or (text and not text.endswith('\n')):
            raise Bad('files', 'text', [name])
        return text

    def table(self, name, check):
        """Its lines as bytes without LF."""
        data = self.read(name)
        if data and not data.endswith(b'\n'):
            raise Bad(check, 'text', [name], data.count(b'\n') + 1)
        return data.split(b'\n')[:-1]

    def need(self, *names):
        for name in names:
            present = self.texts[name] is not None if name in self.texts else \
                os.path.exists(os.path.join(self.folder, name))
            if not present:
                raise Bad('files', 'missing', [name])


def read_keys(text, check, name):
    """key=value lines, sorted bytewise, each key once."""
    values, before = {}, b''
    for number, line in enumerate(text.split('\n')[:-1], 1):
        key, equals, value = line.partition('=')
        if not equals or key.encode() <= before:
            raise Bad(check, 'key-value', [name], number)
        values[key], before = value, key.encode()
    return values


def whole(text, low, high):
    """A number written in digits, from low to high; None otherwise."""
    return int(text) if text is not None and re.fullmatch('[0-9]{1,9}', text) \
        and low <= int(text) <= high else None


def verify_draw(verdict, folder, trust):
    if not os.path.exists(os.path.join(folder, FILE)):
        verdict.skip('substitutions')
    bundle = Bundle(folder)
    bundle.need('params.txt', 'commit.txt')
    bundle.params = read_keys(bundle.texts['params.txt'], 'params', 'params.txt')
    sealed = bundle.params.get('mode') == 'sealed'
    opened = not sealed or any(bundle.texts[name] for name in ('salt.txt', 'result.tsv')) or any(
        os.path.exists(os.path.join(folder, name)) for name in TABLES)
    if opened:
        bundle.need(*TABLES, 'beacon.txt', 'reveals.txt', 'salt.txt', 'result.tsv')
    verdict.passed('files')
    bundle.commit = read_keys(bundle.texts['commit.txt'], 'commit', 'commit.txt')
    if not re.fullmatch(ID, bundle.commit.get('draw', '')):
        raise Bad('commit', 'draw-id', ['commit.txt'])
    verdict.passed('commit')
    rules = Rules(bundle)
    verdict.passed('params')
    if not opened:
        for check in ('pool', 'inspectors', 'denied', 'weights', 'beacon', 'shares', 'tickets', 'officers'):
            verdict.unknown(check, 'sealed')
        if bundle.read(FILE) is not None:
            verdict.unknown('substitutions', 'sealed')
    else:
        recompute(verdict, bundle, rules, read_salt(bundle, sealed))
    check_ledger(verdict, bundle, rules, trust, opened)


class Rules:
    """params.txt, whose hash stands in commit.txt."""

    def __init__(self, bundle):
        values, text = bundle.params, bundle.texts['params.txt']

        def bad(reason, files=('params.txt',)):
            raise Bad('params', reason, files)
        if values.get('alg') != 'FSS-DRAW/1' or values.get('hash') not in (SM3, SHA256) \
                or values.get('mode') not in ('open', 'sealed') or len(values.get('insp_date_to', '').encode()) != 10:
            bad('params')
        self.kind, self.date_to = values['hash'], values['insp_date_to']
        if bundle.commit.get('params') != digest(self.kind, text.encode()).hex():
            bad('params-hash', ('params.txt', 'commit.txt'))
        self.cap, self.delta = whole(values.get('cap'), 1, 9999), whole(values.get('delta'), 0, 86400 * 366)
        self.quotas, self.rungs, self.neighbours = {}, [], set()
        for key, value in values.items():
            head, _, rest = key.partition('.')
            if head in ('quota', 'alt'):
                number = whole(value, 0, QUOTA_MAX)
                if number is None or not re.fullmatch('[0-9a-z_-]{1,32}', rest):
                    bad('params')
                self.quotas.setdefault(rest, {'quota': 0, 'alt': 0})[head] = number
            elif head == 'rung':
                self.rungs.append(value)
                if rest != str(len(self.rungs)) or value not in ('same', 'adjacent', 'any'):
                    bad('params')
            elif head == 'adj':
                self.neighbours.update((rest, other) for other in value.split(','))
        if self.cap is None or self.delta is None or len(self.rungs) > RUNGS_MAX:
            bad('params')
        self.weights = {key[2:]: whole(value, 1, WEIGHT_MAX) for key, value in values.items()
                        if key.startswith('w.')}


# --- the frozen tables ---------------------------------------------------------------------------

def read_salt(bundle, sealed):
    """S, from which each line of a sealed draw has its salt; None in open mode."""
    text = bundle.texts['salt.txt']
    if not sealed:
        if text:
            raise Bad('files', 'not-empty', ['salt.txt'])
        return None
    if not re.fullmatch('[0-9a-f]{64}\n', text):
        raise Bad('files', 'salt', ['salt.txt'])
    return bytes.fromhex(text[:-1])


def read_table(bundle, rules, salt, name, check, pattern, key_fields):
    """Rows of a table whose lines are well formed, in order, and under the root in commit.txt."""
    file, tree, rows, before = name + '.tsv', Tree(rules.kind), [], ''
    for number, line in enumerate(bundle.table(file, check), 1):
        match = pattern.fullmatch(line.decode('latin-1'))
        if match is None:
            raise Bad(check, 'line', [file], number)
        key = '\t'.join(match.groups()[:key_fields])
        if key <= before:
            raise Bad(check, 'not-sorted', [file], number)
        before = key
        rows.append(match.groups())
        own = b'' if salt is None else digest(
            rules.kind, b'FSS-SALT/1\0' + salt + lp(file) + (number - 1).to_bytes(8, 'big'))[:16]
        tree.add(leaf_hash(rules.kind, own + line))
    if bundle.commit.get(name + '.count') != str(tree.size) \
            or bundle.commit.get(name + '.root') != tree.root().hex():
        raise Bad(check, 'table-root', [file, 'commit.txt'] + (['salt.txt'] if salt else []))
    return rows


def check_weights(rows, rules):
    for number, row in enumerate(rows, 1):
        _, _, _, risk, credit, drawn, reserved, weight, reason = row
        capped = int(drawn) + int(reserved) >= rules.cap
        wanted = rules.weights.get(risk + '.' + credit) if reason == '-' else 0
        if reason not in ('-', 'CAP', 'CLOSED', 'EXEMPT') or wanted is None or int(weight) != wanted:
            raise Bad('weights', 'weight', ['pool.tsv'], number)
        if capped and reason == '-' or not capped and reason == 'CAP':
            raise Bad('weights', 'cap', ['pool.tsv'], number)


# --- seed, tickets, result -----------------------------------------------------------------------

def draw_keys(kind, commit, seed, shares):
    """K0, KT, KI."""
    k0 = digest(kind, b'FSS-SEED/1\0' + commit + bytes([len(seed)]) + seed + bytes([len(shares)])
                + b''.join(bytes([j]) + share for j, share in shares))
    return k0, digest(kind, b'FSS-TARGET/1\0' + k0), digest(kind, b'FSS-INSP/1\0' + k0)


def ticket(kind, key, id, weight):
    head = key + lp(id)
    return min(digest(kind, head + j.to_bytes(2, 'big')) for j in range(weight))


def pick(rows, rules, key):
    """[(ticket, id, stratum, district, short)] of the drawn, then of the reserves."""
    strata = {name: [] for name in rules.quotas}
    for id, stratum, district, _, _, _, _, weight, _ in rows:
        if int(weight) and stratum in strata:
            strata[stratum].append((ticket(rules.kind, key, id, int(weight)), id, stratum, district))
    drawn, reserves = [], []
    for name, tickets in sorted(strata.items()):
        tickets.sort()
        quota, alt = rules.quotas[name]['quota'], rules.quotas[name]['alt']
        drawn += [one + (len(tickets) < quota,) for one in tickets[:quota]]
        reserves += [one + (False,) for one in tickets[quota:quota + alt]]
    return sorted(drawn), reserves


def write_result(drawn, reserves, teams, level, rung):
    lines = []
    for order, (one, team) in enumerate(zip(drawn + reserves, teams + [None] * len(reserves)), 1):
        is_drawn = order <= len(drawn)
        flag = '-' if not is_drawn else 'UNSTAFFED' if team is None else 'SHORT' if one[4] else '-'
        lines.append([str(order), one[1], one[2], 'drawn' if is_drawn else 'reserve', one[0].hex(),
                      *(team or ('-', '-')), flag])
    lines.append(['#', 'L', str(level), 'rung', str(rung)])
    return ''.join('\t'.join(line) + '\n' for line in lines)


def compare_result(said, wanted):
    """Which check the first difference belongs to, and its line."""
    said, wanted = said.split('\n'), wanted.split('\n')
    if said == wanted:
        return
    at = next(i for i in range(len(said) + 1) if said[i:i + 1] != wanted[i:i + 1])
    of_officers = at >= len(wanted) - 2 or (
        at < len(said) and said[at].split('\t')[:5] == wanted[at].split('\t')[:5])
    raise Bad('officers' if of_officers else 'tickets', 'result',
              ['result.tsv', 'commit.txt', 'beacon.txt', 'reveals.txt'], at + 1)


def recompute(verdict, bundle, rules, salt):
    pool = read_table(bundle, rules, salt, 'pool', 'pool', POOL, 1)
    verdict.passed('pool')
    inspectors = read_table(bundle, rules, salt, 'insp', 'inspectors', INSPECTOR, 1)
    verdict.passed('inspectors')
    denied = read_table(bundle, rules, salt, 'deny', 'denied', DENIED, 2)
    verdict.passed('denied')
    check_weights(pool, rules)
    verdict.passed('weights')
    beacons = read_beacons(bundle.commit)
    seed = seed_of_beacons(rules.kind, beacons, bundle.texts['beacon.txt'])
    verdict.passed('beacon')
    shares = shares_of_parties(rules.kind, bundle.commit, bundle.texts['reveals.txt'])
    verdict.passed('shares')
    commit = digest(rules.kind, bundle.texts['commit.txt'].encode())
    _, target_key, officer_key = draw_keys(rules.kind, commit, seed, shares)
    drawn, reserves = pick(pool, rules, target_key)
    people = [Officer(id, district, lead == '1', valid_to, int(load), int(cap))
              for id, district, lead, valid_to, load, cap in inspectors]
    teams, level, rung = assign(rules.kind, officer_key, [(one[1], one[3]) for one in drawn], people,
                                set(denied), rules.rungs, rules.neighbours, rules.date_to)
    compare_result(bundle.texts['result.tsv'], write_result(drawn, reserves, teams, level, rung))
    verdict.passed('tickets')
    verdict.passed('officers')
    if bundle.read(FILE) is not None:
        check_substitutions(verdict, bundle.read(FILE), places_of(
            rules, officer_key, pool, drawn, reserves, teams, people, set(denied), rung))


# --- what the public ledger says -----------------------------------------------------------------

def read_log_proof(bundle, name, type, member, wanted):
    """The proof that the entry `type` about this draw is in the log; None if there is no such file.

    Its payload must say `wanted` under `member`; (proof, was the payload handed over)."""
    data = bundle.read(name)
    if data is None:
        return None
    try:
        proof = TlogProof(data)
        opened = Opened(proof.extra or b'')
    except ValueError:
        raise Bad('ledger', 'proof-form', [name]) from None
    payload = read_json(opened.payload) if opened.payload is not None else None
    if opened.entry.type != type or opened.payload is not None and (
            not isinstance(payload, dict) or payload.get(member) != wanted):
        raise Bad('ledger', 'ledger-other', [name, 'commit.txt' if member == 'commit' else 'result.tsv'])
    if not proof.leads_to_head(opened.leaf):
        raise Bad('ledger', 'path', [name])
    return proof, opened.payload is not None


def check_ledger(verdict, bundle, rules, trust, opened):
    commit = digest(rules.kind, bundle.texts['commit.txt'].encode()).hex()
    first = read_log_proof(bundle, 'commit.tlog-proof', 'draw.commit', 'commit', commit)
    second = read_log_proof(bundle, 'result.tlog-proof', 'draw.result', 'result', digest(
        rules.kind, bundle.texts['result.tsv'].encode()).hex()) if opened else None
    if first is None:
        for check in ('ledger', 'signature', 'witness', 'key'):
            verdict.unknown(check, 'no-log-proof')
        check_time(verdict, bundle, rules, None)
        return
    if not first[1] or (second is not None and not second[1]):
        verdict.unknown('ledger', 'not-opened')
    elif opened and second is None:
        verdict.unknown('ledger', 'no-result-proof')
    else:
        verdict.passed('ledger')
    if second is not None:
        check_heads(verdict, trust, second[0].checkpoint, 'result.tlog-proof')
    check_heads(verdict, trust, first[0].checkpoint, 'commit.tlog-proof')
    check_time(verdict, bundle, rules, check_witnesses(verdict, trust, first[0].checkpoint, 'commit.tlog-proof'))


def check_time(verdict, bundle, rules, witnessed):
    """The commitment was witnessed at least delta seconds before the first beacon existed."""
    beacons = read_beacons(bundle.commit)
    if any(beacon.typed for beacon in beacons):
        verdict.unknown('time', 'typed-seed')
        return
    if rules.delta < DELTA_MIN:
        raise Bad('time', 'delta', ['params.txt'])
    if not witnessed:
        verdict.unknown('time', 'not-witnessed')
        return
    if witnessed + rules.delta > min(beacon.seconds for beacon in beacons):
        raise Bad('time', 'too-late', ['commit.txt', 'commit.tlog-proof'])
    verdict.passed('time')
