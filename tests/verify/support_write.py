"""Writes logs, proofs, histories and draw bundles as the specifications say, for tests of readers.

Keys are fixed: these are no secrets. Nothing here is used by the product."""
import base64
import copy
import datetime
import hashlib
import json
import os
import random
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tools', 'verify'))

import draw  # noqa: E402
import signatures  # noqa: E402
from hashes import SHA256, SM3, Tree, digest, leaf_hash, root_of  # noqa: E402
from ledger import checkpoint_body  # noqa: E402
from beacons import read_beacons, seed_of_beacons, shares_of_parties  # noqa: E402
from log_folder import TILE, tile_path  # noqa: E402
from notes import ED25519, SM2, WITNESS  # noqa: E402
from officers import Officer, assign, lp  # noqa: E402
from substitutions import FILE as SUBSTITUTIONS, places_of  # noqa: E402


# --- signing -------------------------------------------------------------------------------------

def ed_public(secret):
    return _ed_encode(signatures._ed_times(_ed_scalar(secret)[0], signatures.ED_BASE))


def _ed_scalar(secret):
    h = hashlib.sha512(secret).digest()
    return int.from_bytes(h[:32], 'little') & (2 ** 254 - 8) | 2 ** 254, h[32:]


def _ed_encode(point):
    z = pow(point[2], -1, signatures.P)
    x, y = point[0] * z % signatures.P, point[1] * z % signatures.P
    return (y | (x & 1) << 255).to_bytes(32, 'little')


def ed_sign(secret, message):
    scalar, prefix = _ed_scalar(secret)
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), 'little') % signatures.ORDER
    r = _ed_encode(signatures._ed_times(nonce, signatures.ED_BASE))
    h = int.from_bytes(hashlib.sha512(r + ed_public(secret) + message).digest(), 'little')
    return r + ((nonce + h * scalar) % signatures.ORDER).to_bytes(32, 'little')


def sm2_public(secret):
    x, y = signatures._sm2_times(secret, signatures.G)
    return b'\x04' + x.to_bytes(32, 'big') + y.to_bytes(32, 'big')


def sm2_pair(secret, message, nonce, id=signatures.SM2_ID):
    curve = b''.join(n.to_bytes(32, 'big') for n in (signatures.A, signatures.B, *signatures.G))
    z = digest(SM3, (8 * len(id)).to_bytes(2, 'big') + id + curve + sm2_public(secret)[1:])
    e = int.from_bytes(digest(SM3, z + message), 'big')
    r = (e + signatures._sm2_times(nonce, signatures.G)[0]) % signatures.N
    return r, pow(1 + secret, -1, signatures.N) * (nonce - r * secret) % signatures.N


def der(pair):
    body = b''
    for number in pair:
        data = number.to_bytes(number.bit_length() // 8 + 1, 'big')
        body += bytes([2, len(data)]) + data
    return bytes([0x30, len(body)]) + body


def sm2_sign(secret, message):
    nonce = int.from_bytes(hashlib.sha256(b'nonce' + message).digest(), 'big') % signatures.N
    return der(sm2_pair(secret, message, nonce))


class Signer:
    def __init__(self, name, kind, secret):
        self.name, self.kind, self.secret = name, kind, secret
        self.public = sm2_public(secret) if kind == SM2 else ed_public(secret)
        data = kind + self.public
        self.id = hashlib.sha256(name.encode() + b'\n' + data).digest()[:4]
        self.vkey = '%s+%s+%s' % (name, self.id.hex(), base64.b64encode(data).decode())

    def line(self, body, time=None):
        if self.kind == SM2:
            signature = sm2_sign(self.secret, body.encode())
        elif self.kind == WITNESS:
            signature = time.to_bytes(8, 'big') + ed_sign(
                self.secret, b'cosignature/v1\ntime %d\n' % time + body.encode())
        else:
            signature = ed_sign(self.secret, body.encode())
        return '\u2014 %s %s\n' % (self.name, base64.b64encode(self.id + signature).decode())


ORIGIN = 'example.gov.cn/fss'
ED = Signer(ORIGIN, ED25519, b'e' * 32)
SM = Signer(ORIGIN, SM2, 0x1234567890abcdef)
SM_OF_SM3 = Signer(ORIGIN + '-sm3', SM2, 0x1234567890abcdef)
WITNESSES = [Signer('w%d.example.org' % n, WITNESS, bytes([n]) * 32) for n in (1, 2)]
WITNESSED_AT = 1790000000
POLICY = 'log %s\nwitness a %s\nwitness b %s\ngroup both 2 a b\nquorum both\n' % (
    ED.vkey, WITNESSES[0].vkey, WITNESSES[1].vkey)


# --- a log ---------------------------------------------------------------------------------------

def entry_bytes(type, actor, object, salt, payload, prev, time='2026-11-22T08:00:00.000Z'):
    return ('fss-entry/1\ntime %s\ntype %s\nactor %s\nobject %s\npayload %d %s\nprev %s\nsig - - -\n' % (
        time, type, actor, object, len(payload), hashlib.sha256(salt + payload).hexdigest(),
        '-' if prev is None else prev)).encode()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()


class Log:
    def __init__(self):
        self.rows, self.last, self.bodies = [], {}, None  # (bytes, salt, payload)
        self.trees = [Tree(SHA256), Tree(SM3)]
        self.hashes = [[], []]
        self._set_bodies()

    def _set_bodies(self):
        self.bodies = [checkpoint_body(ORIGIN + suffix, tree.size, tree.root())
                       for suffix, tree in zip(('', '-sm3'), self.trees)]

    def append(self, type, object, payload, actor='account:7', salt=None):
        """Index of the new entry."""
        index = len(self.rows)
        salt = hashlib.sha256(b'salt%d' % index).digest()[:16] if salt is None else salt
        payload = canonical(payload)
        data = entry_bytes(type, actor, object, salt, payload, self.last.get(object))
        self.last[object] = index
        self.rows.append((data, salt, payload))
        for tree, hashes in zip(self.trees, self.hashes):
            hashes.append(leaf_hash(tree.kind, data))
            tree.add(hashes[-1])
        return index

    def sign(self):
        """An xhead entry, then heads right behind it: (checkpoint, SM3 checkpoint)."""
        self.append('xhead', 'log:heads', dict(zip(('sha256', 'sm3'), self.bodies)), 'system', bytes(16))
        self._set_bodies()
        lines = ED.line(self.bodies[0]) + SM.line(self.bodies[0]) + ''.join(
            one.line(self.bodies[0], WITNESSED_AT + n) for n, one in enumerate(WITNESSES))
        return self.bodies[0] + '\n' + lines, self.bodies[1] + '\n' + SM_OF_SM3.line(self.bodies[1])

    def prove(self, index, tree=0):
        """RFC 9162 2.1.3.1"""
        kind, hashes = self.trees[tree].kind, self.hashes[tree]

        def path(m, low, high):
            if high - low == 1:
                return []
            k = 1
            while 2 * k < high - low:
                k *= 2
            left, right = (low, low + k), (low + k, high)
            inside, other = (left, right) if m < low + k else (right, left)
            return path(m, *inside) + [root_of(kind, hashes[slice(*other)])]
        return path(index, 0, len(hashes))

    def write(self, folder, checkpoint, checkpoint_sm3):
        put(folder, 'checkpoint', checkpoint.encode())
        put(folder, 'sm3/checkpoint', checkpoint_sm3.encode())
        put(folder, 'keys.txt', ''.join(one.vkey + '\n' for one in (ED, SM, SM_OF_SM3)).encode())
        put(folder, 'policy.txt', POLICY.encode())
        for number in range(0, len(self.rows), TILE):
            some = [data for data, _, _ in self.rows[number:number + TILE]]
            put(folder, tile_path('entries', number // TILE, len(some)),
                b''.join(len(data).to_bytes(2, 'big') + data for data in some))
        for prefix, tree, hashes in zip(('', 'sm3/'), self.trees, self.hashes):
            level = 0
            while hashes:
                for at in range(0, len(hashes), TILE):
                    some = hashes[at:at + TILE]
                    put(folder, prefix + tile_path(level, at // TILE, len(some)), b''.join(some))
                hashes = [root_of(tree.kind, hashes[at:at + TILE]) for at in range(0, len(hashes) - TILE + 1, TILE)]
                level += 1


def make_log(count, seed=1, lost=False):
    """(log, checkpoint, SM3 checkpoint) with a head about every fifty entries; `lost`: keys were."""
    log, dice = Log(), random.Random(seed)
    heads = log.sign()
    if lost:
        log.append('log.key.lost', 'log:keys', {'keys': [], 'lost': []})
    for number in range(count):
        log.append('unit.change', 'unit:%d' % dice.randrange(1, 20), {'n': number, 'text': '改动'})
        if number % 50 == 49 or number == count - 1:
            heads = log.sign()
    return log, *heads


def put(folder, name, data):
    path = os.path.join(folder, *name.split('/'))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(data)


def tlog_proof(log, index, checkpoint, opened=False):
    data, salt, payload = log.rows[index]
    extra = data + salt + payload if opened else data
    lines = ['c2sp.org/tlog-proof@v1', 'extra ' + base64.b64encode(extra).decode(), 'index %d' % index]
    lines += [base64.b64encode(one).decode() for one in log.prove(index)]
    return ('\n'.join(lines) + '\n\n' + checkpoint).encode()


def old_proof(log, index):
    data = log.rows[index][0]
    return json.dumps({
        'format': 'huozheng-proof/1', 'index': index, 'size': len(log.rows), 'leaf': base64.b64encode(data).decode(),
        'leaf_hash': log.hashes[0][index].hex(), 'proof': [one.hex() for one in log.prove(index)],
        'root': log.trees[0].root().hex()}).encode()


def history(log, object, checkpoint, checkpoint_sm3, erased=()):
    rows = []
    for index, (data, salt, payload) in enumerate(log.rows):
        if b'\nobject %s\n' % object.encode() in data:
            kept = index not in erased
            rows.append({'index': index, 'leaf': base64.b64encode(data).decode(), 'salt': salt.hex() if kept else None,
                         'payload': payload.decode() if kept else None,
                         'proof': [one.hex() for one in log.prove(index)],
                         'proof_sm3': [one.hex() for one in log.prove(index, 1)]})
    return json.dumps({'format': 'huozheng-history/1', 'object': object, 'size': len(log.rows), 'entries': rows,
                       'checkpoint': checkpoint, 'checkpoint_sm3': checkpoint_sm3}, ensure_ascii=False).encode()


# --- a draw bundle -------------------------------------------------------------------------------

def lines(values):
    return ''.join('%s=%s\n' % one for one in sorted(values.items()))


def make_bundle(folder, units=60, officers=12, kind=SM3, sealed=False, beacons=None, parties=2, seed=7, quota=5):
    """Writes a bundle; returns the Rules' view of it. Times lie behind WITNESSED_AT."""
    dice = random.Random(seed)
    beacons = beacons or [('drand', 33000000)]
    cells = {'w.%s.%s' % (risk, credit): str(1 << n) for n, (risk, credit) in enumerate(
        (('low', 'A'), ('general', 'B'), ('high', 'C')))}
    params = {'alg': 'FSS-DRAW/1', 'hash': kind, 'scope': '演示市', 'year': '2026', 'cap': '2', **cells,
              'quota.hotel': str(quota), 'alt.hotel': '2', 'quota.mall': str(quota), 'alt.mall': '3',
              'insp_date_to': '2027-01-31', 'rung.1': 'same', 'rung.2': 'adjacent', 'rung.3': 'any',
              'adj.500101': '500102', 'adj.500102': '500101,500103', 'adj.500103': '500102',
              'mode': 'sealed' if sealed else 'open', 'delta': '600'}
    pool = []
    for number in sorted('U%d' % n for n in range(1, units + 1)):
        cell = dice.choice(sorted(cells))
        drawn, reserved = dice.choice(((0, 0), (0, 0), (1, 0), (1, 1)))
        reason = 'CAP' if drawn + reserved >= 2 else dice.choice(('-',) * 9 + ('CLOSED',))
        pool.append('\t'.join((number, dice.choice(('hotel', 'mall', 'other')), '50010%d' % dice.randrange(1, 4),
                               *cell.split('.')[1:], str(drawn), str(reserved), cells[cell] if reason == '-' else '0', reason)))
    people = ['\t'.join(('F%04d' % n, '50010%d' % dice.randrange(1, 4), '1' if n % 3 else '0',
                         '2027-06-30' if n % 5 else '2026-12-31', str(dice.randrange(4)), '60'))
              for n in range(1, officers + 1)]
    denied = sorted({'U%d\tF%04d' % (dice.randrange(1, units + 1), dice.randrange(1, officers + 1)) for _ in range(20)})
    tables = {'pool.tsv': pool, 'insp.tsv': people, 'deny.tsv': [pair + '\tRECUSE' for pair in denied]}
    salt = digest(SHA256, b'S') if sealed else None
    commit = {'draw': 'D7', 'params': digest(kind, lines(params).encode()).hex(), 'log.size': '12',
              'log.root': digest(SHA256, b'log').hex()}
    for name, rows in tables.items():
        own = [b'' if salt is None else digest(kind, b'FSS-SALT/1\0' + salt + lp(name) + n.to_bytes(8, 'big'))[:16]
               for n in range(len(rows))]
        commit[name[:4] + '.count'] = str(len(rows))
        commit[name[:4] + '.root'] = root_of(kind, [
            leaf_hash(kind, salt_i + row.encode()) for salt_i, row in zip(own, rows)]).hex()
        put(folder, name, ''.join(row + '\n' for row in rows).encode())
    values = [bytes(dice.randrange(256) for _ in range(32)) for _ in beacons]
    for j, (source, round) in enumerate(beacons, 1):
        commit['beacon.%02d' % j] = '%s:%d:%s' % (source, round, _drand_time(round))
    shares = {j: digest(SHA256, b'share%d' % j) for j in range(1, parties + 1)}
    for j, share in shares.items():
        commit['party.%02d' % j] = '公证处%d:%s' % (j, digest(
            kind, b'FSS-PARTY/1\0' + lp('D7') + _lp('公证处%d' % j) + share).hex())
    shares.pop(1, None)  # the first party did not reveal: it is left out
    put(folder, 'params.txt', lines(params).encode())
    put(folder, 'commit.txt', lines(commit).encode())
    put(folder, 'beacon.txt', ''.join('%d\t%s\t%d\t%s\n' % (j, *one, value.hex()) for j, (one, value) in enumerate(
        zip(beacons, values), 1)).encode())
    put(folder, 'reveals.txt', ''.join('%d\t公证处%d\t%s\n' % (j, j, r.hex()) for j, r in shares.items()).encode())
    put(folder, 'salt.txt', (salt.hex() + '\n').encode() if salt else b'')
    put(folder, 'result.tsv', result_of(params, lines(commit), values, shares, pool, people, denied).encode())
    return params, commit


def _lp(text):
    return bytes([len(text.encode())]) + text.encode()


def _drand_time(round):
    moment = datetime.datetime.fromtimestamp(1692803367 + 3 * (round - 1), datetime.timezone.utc)
    return moment.strftime('%Y-%m-%dT%H:%M:%S.000Z')


def result_of(params, commit, values, shares, pool, people, denied):
    kind = params['hash']
    value = values[0] if len(values) == 1 else digest(kind, b''.join(bytes([len(v)]) + v for v in values))
    _, target_key, officer_key = draw.draw_keys(kind, digest(kind, commit.encode()), value, sorted(shares.items()))

    class Rules:
        quotas = {name: {head: int(params['%s.%s' % (head, name)]) for head in ('quota', 'alt')} for name in ('hotel', 'mall')}
    Rules.kind = kind
    drawn, reserves = draw.pick([row.split('\t') for row in pool], Rules, target_key)
    staff = [Officer(f[0], f[1], f[2] == '1', f[3], int(f[4]), int(f[5])) for f in (one.split('\t') for one in people)]
    near = {(key[4:], other) for key, value in params.items() if key.startswith('adj.') for other in value.split(',')}
    teams, level, rung = assign(kind, officer_key, [(one[1], one[3]) for one in drawn], staff,
                                {tuple(one.split('\t')) for one in denied}, ['same', 'adjacent', 'any'], near, params['insp_date_to'])
    return draw.write_result(drawn, reserves, teams, level, rung)


def _places(folder):
    bundle = draw.Bundle(folder)
    bundle.params = draw.read_keys(bundle.texts['params.txt'], 'params', 'params.txt')
    bundle.commit = draw.read_keys(bundle.texts['commit.txt'], 'commit', 'commit.txt')
    rules = draw.Rules(bundle)
    pool, people, denied = ([line.decode().split('\t') for line in bundle.table(name, name)]
                            for name in ('pool.tsv', 'insp.tsv', 'deny.tsv'))
    seed = seed_of_beacons(rules.kind, read_beacons(bundle.commit), bundle.texts['beacon.txt'])
    shares = shares_of_parties(rules.kind, bundle.commit, bundle.texts['reveals.txt'])
    key = draw.draw_keys(rules.kind, digest(rules.kind, bundle.texts['commit.txt'].encode()), seed, shares)[2]
    *rows, last = (line.split('\t') for line in bundle.texts['result.tsv'].split('\n')[:-1])
    drawn, reserves = ([(row[4], row[1], row[2]) for row in rows if row[3] == kind] for kind in ('drawn', 'reserve'))
    teams = [None if row[5] == '-' else row[5:7] for row in rows if row[3] == 'drawn']
    staff = [Officer(f[0], f[1], f[2] == '1', f[3], int(f[4]), int(f[5])) for f in people]
    return places_of(rules, key, pool, drawn, reserves, teams, staff, {(f[0], f[1]) for f in denied}, int(last[4]))


def _next_officer(places, place, out, skip):
    """The officer whose turn it is after so many who are passed over; None: nobody."""
    able = [one for one in places._turns(place.id) if places._may_take(place, out, one)]
    return places.officers[able[skip]].id if skip < len(able) else None


def add_substitutions(folder, seed=1, wanted=6, skips=(0,)):
    """Writes substitutions.tsv by the rule; with 1 in `skips` somebody is passed over now and then. How many lines."""
    dice, places, rows = random.Random(seed), _places(folder), []

    def add(kind, place, out, new, reason):
        number = len(rows) + 1
        done = places.take_object(place, out, new) if kind == 'object' else places.take_officer(
            place, out, new, reason, number, str(40 + number))
        assert done
        rows.append((number, places.places.index(place) + 1, kind, out, new, reason,
                     '2026-11-23T08:00:%02d.000Z' % number, 40 + number))

    def try_officer(place, out, reason, skip=0):
        new = _next_officer(places, place, out, skip)
        if new is not None:
            add('officer', place, places.officers[out].id, new, reason)
        return new is not None
    for _ in range(4 * wanted):
        before, count = copy.deepcopy(places), len(rows)
        place = dice.choice(places.places)
        if len(rows) >= wanted or not place.team:
            continue
        if dice.random() < 0.5:
            first = next((id for id, stratum in places.reserves if stratum == place.stratum), '-')
            add('object', place, place.id, first, 'CLOSED')
            while places.owed and try_officer(place, places.owed[0], 'RULE'):
                pass
        else:
            try_officer(place, dice.choice(place.team), 'AWAY', dice.choice(skips))
        if places.owed:  # nobody can follow: such a substitution is refused
            places, rows[count:] = before, []
    put(folder, SUBSTITUTIONS, ''.join('\t'.join(map(str, row)) + '\n' for row in rows).encode())
    return len(rows)


def add_log_proofs(folder):
    """Appends draw.commit and draw.result to a log and puts their proofs beside the bundle."""
    def read(name):
        with open(os.path.join(folder, name), 'rb') as file:
            return file.read()
    kind = SM3 if b'\nhash=sm3\n' in read('params.txt') else SHA256
    log = Log()
    first = log.append('draw.commit', 'draw:7', {'commit': digest(kind, read('commit.txt')).hex(), 'draw': 'D7'})
    checkpoint, _ = log.sign()
    put(folder, 'commit.tlog-proof', tlog_proof(log, first, checkpoint, opened=True))
    second = log.append('draw.result', 'draw:7', {'result': digest(kind, read('result.tsv')).hex()})
    checkpoint, _ = log.sign()
    put(folder, 'result.tlog-proof', tlog_proof(log, second, checkpoint, opened=True))
