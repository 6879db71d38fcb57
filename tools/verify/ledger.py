"""Entries of the log, proofs of one entry, and the history of one object."""
import base64
import datetime
import hashlib
import json
import re

from hashes import SHA256, SM3, inclusion_fits, leaf_hash
from notes import Checkpoint, check_heads, strict_base64, strict_number
from verdict import Bad

ENTRY = re.compile(
    r'fss-entry/1\n'
    r'time (?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)\n'
    r'type (?P<type>[a-z][a-z0-9.-]{1,63})\n'
    r'actor (?P<actor>[!-~]{1,128})\n'
    r'object (?P<object>(?=[!-~]{1,128}\n)[!-9;-~]+:[!-~]+)\n'
    r'payload (?P<size>0|[1-9][0-9]{0,18}) (?P<commitment>[0-9a-f]{64})\n'
    r'prev (?P<prev>-|0|[1-9][0-9]{0,18})\n'
    r'sig - - -\n')
PROOF_STEPS_MAX = 63
HASH = re.compile('[0-9a-f]{64}')


class Entry:
    """The leaf's text form fss-entry/1, to the byte. ValueError if it is not that."""

    def __init__(self, data):
        match = ENTRY.fullmatch(data.decode('ascii')) if len(data) <= 65535 else None
        if match is None:
            raise ValueError('not fss-entry/1')
        datetime.datetime.fromisoformat(match['time'][:-1])
        self.type, self.actor, self.object = match['type'], match['actor'], match['object']
        self.payload_size, self.commitment = int(match['size']), bytes.fromhex(match['commitment'])
        self.prev = None if match['prev'] == '-' else int(match['prev'])

    def holds(self, salt, payload):
        """Does the commitment open with this salt and payload?"""
        return len(payload) == self.payload_size \
            and hashlib.sha256(salt + payload).digest() == self.commitment


class Opened:
    """The `extra` of our proofs: an entry, and perhaps behind it what opens its commitment."""

    def __init__(self, data):
        """ValueError unless it begins with an entry."""
        end = data.find(b'\nsig - - -\n')
        self.leaf = data[:end + 11] if end >= 0 else data
        rest = data[len(self.leaf):]
        self.entry = Entry(self.leaf)
        self.payload = None
        if rest:
            self.payload = rest[16:]
            if not self.entry.holds(rest[:16], self.payload):
                raise ValueError('salt and payload do not open the commitment')


def read_entry(data, check, files, line=None):
    try:
        return Entry(data)
    except ValueError:
        raise Bad(check, 'entry-form', files, line) from None


# --- JSON ----------------------------------------------------------------------------------------

def _no_twins(pairs):
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError('a name twice')
    return made


def read_json(data):
    """The value, or None; a name that comes twice is refused."""
    try:
        return json.loads(data.decode('utf-8'), object_pairs_hook=_no_twins)
    except (ValueError, RecursionError):
        return None


def _whole(value, low):
    return type(value) is int and low <= value < 2 ** 63


def _hashes(value):
    """A list of hashes in hex as bytes; None if it is not one."""
    if not isinstance(value, list) or len(value) > PROOF_STEPS_MAX or not all(
            isinstance(one, str) and HASH.fullmatch(one) for one in value):
        return None
    return [bytes.fromhex(one) for one in value]


def _bytes(value):
    return strict_base64(value) if isinstance(value, str) else None


# --- the proof of one entry ----------------------------------------------------------------------

def verify_proof(verdict, data, name, trust):
    if data.startswith(b'c2sp.org/tlog-proof@v1\n'):
        _verify_tlog_proof(verdict, data, name, trust)
    else:
        _verify_old_proof(verdict, data, name)


def _verify_old_proof(verdict, data, name):
    """huozheng-proof/1: index, size, leaf, leaf_hash, proof, root; the root is not signed."""
    proof = read_json(data)
    if not isinstance(proof, dict) or proof.get('format') != 'huozheng-proof/1':
        raise Bad('form', 'proof-form', [name])
    leaf, steps = _bytes(proof.get('leaf')), _hashes(proof.get('proof'))
    ends = _hashes([proof.get('leaf_hash'), proof.get('root')])
    if leaf is None or steps is None or ends is None or not _whole(proof.get('index'), 0) \
            or not _whole(proof.get('size'), 1):
        raise Bad('form', 'proof-form', [name])
    verdict.passed('form')
    read_entry(leaf, 'entry', [name])
    if leaf_hash(SHA256, leaf) != ends[0]:
        raise Bad('entry', 'entry-hash', [name])
    verdict.passed('entry')
    if not inclusion_fits(SHA256, proof['index'], proof['size'], ends[0], steps, ends[1]):
        raise Bad('inclusion', 'path', [name])
    verdict.passed('inclusion')
    for check in ('signature', 'witness', 'key'):
        verdict.unknown(check, 'no-head')


class TlogProof:
    """c2sp.org/tlog-proof@v1. ValueError if it is not one."""

    def __init__(self, data):
        head, blank, checkpoint = data.partition(b'\n\n')
        lines = head.decode('ascii').split('\n')
        if not blank or lines[0] != 'c2sp.org/tlog-proof@v1' or len(lines) < 2:
            raise ValueError('first lines')
        self.extra = None
        if lines[1].startswith('extra '):
            self.extra = strict_base64(lines.pop(1)[6:])
            if self.extra is None:
                raise ValueError('extra')
        index = lines[1].partition(' ') if len(lines) > 1 else ('', '', '')
        self.index = strict_number(index[2]) if index[0] == 'index' else None
        self.steps = [strict_base64(line) for line in lines[2:]]
        if self.index is None or len(self.steps) > PROOF_STEPS_MAX \
                or any(step is None or len(step) != 32 for step in self.steps):
            raise ValueError('index or proof')
        self.checkpoint = Checkpoint(checkpoint)

    def leads_to_head(self, leaf):
        return inclusion_fits(SHA256, self.index, self.checkpoint.size, leaf_hash(SHA256, leaf), self.steps,
                              self.checkpoint.root)


def _verify_tlog_proof(verdict, data, name, trust):
    try:
        proof = TlogProof(data)
    except ValueError:
        raise Bad('form', 'proof-form', [name]) from None
    verdict.passed('form')
    if proof.extra is None:
        raise Bad('entry', 'entry-absent', [name])
    try:
        opened = Opened(proof.extra)
    except ValueError:
        raise Bad('entry', 'entry-form', [name]) from None
    verdict.passed('entry')
    if not proof.leads_to_head(opened.leaf):
        raise Bad('inclusion', 'path', [name])
    verdict.passed('inclusion')
    check_heads(verdict, trust, proof.checkpoint, name)


# --- the history of one object -------------------------------------------------------------------

def _read_history(data, name):
    history = read_json(data)
    if not isinstance(history, dict) or history.get('format') != 'huozheng-history/1':
        raise Bad('form', 'history-form', [name])
    rows = history.get('entries')
    if not isinstance(history.get('object'), str) or not _whole(history.get('size'), 1) \
            or not isinstance(rows, list) or not rows:
        raise Bad('form', 'history-form', [name])
    try:
        heads = [Checkpoint(history[key].encode()) for key in ('checkpoint', 'checkpoint_sm3')]
    except (KeyError, AttributeError, ValueError):
        raise Bad('form', 'checkpoint-form', [name]) from None
    if any(head.size != history['size'] for head in heads) or heads[1].origin != heads[0].origin + '-sm3':
        raise Bad('form', 'checkpoint-other', [name])
    return history, heads, [_read_row(row, number, name) for number, row in enumerate(rows, 1)]


def _read_row(row, number, name):
    """(index, leaf, salt, payload, proof, proof_sm3); `number` counts entries of the file from 1."""
    if not isinstance(row, dict):
        raise Bad('form', 'history-form', [name], number)
    leaf, salt, payload = _bytes(row.get('leaf')), row.get('salt'), row.get('payload')
    proofs = _hashes(row.get('proof')), _hashes(row.get('proof_sm3'))
    if leaf is None or None in proofs or not _whole(row.get('index'), 0) \
            or (salt is None) != (payload is None) \
            or salt is not None and not (isinstance(salt, str) and re.fullmatch('[0-9a-f]{32}', salt)) \
            or payload is not None and not isinstance(payload, str):
        raise Bad('form', 'history-form', [name], number)
    return row['index'], leaf, salt, payload, *proofs


def verify_history(verdict, data, name, trust):
    history, heads, rows = _read_history(data, name)
    verdict.passed('form')
    entries = []
    for number, row in enumerate(rows, 1):
        entry = read_entry(row[1], 'entry', [name], number)
        if entry.object != history['object']:
            raise Bad('entry', 'entry-object', [name], number)
        entries.append(entry)
    verdict.passed('entry')
    before = None
    for number, (row, entry) in enumerate(zip(rows, entries), 1):
        if entry.prev != before:
            raise Bad('order', 'prev', [name], number)
        if before is not None and row[0] <= before:
            raise Bad('order', 'index-order', [name], number)
        before = row[0]
    verdict.passed('order')
    _check_payloads(verdict, rows, entries, name)
    for check, kind, head, at in (('inclusion', SHA256, heads[0], 4), ('inclusion-sm3', SM3, heads[1], 5)):
        for number, row in enumerate(rows, 1):
            if not inclusion_fits(kind, row[0], head.size, leaf_hash(kind, row[1]), row[at], head.root):
                raise Bad(check, 'path', [name], number)
        verdict.passed(check)
    check_heads(verdict, trust, heads[0], name, heads[1], name)


def _check_payloads(verdict, rows, entries, name):
    erased = 0
    for number, (row, entry) in enumerate(zip(rows, entries), 1):
        if row[3] is None:
            erased += 1
        elif not entry.holds(bytes.fromhex(row[2]), row[3].encode('utf-8', 'surrogatepass')):
            raise Bad('payload', 'payload', [name], number)
    if erased:
        verdict.unknown('payload', 'erased')
    else:
        verdict.passed('payload')


def checkpoint_body(origin, size, root):
    return '%s\n%d\n%s\n' % (origin, size, base64.b64encode(root).decode())
