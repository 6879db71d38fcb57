"""Signed notes and what the C2SP texts build on them: keys, checkpoints, cosignatures, policies.

signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy (c2sp.org). Ours besides: SM2 signatures,
type 0xff followed by "fss-sm2-sm3/1".
"""
import base64
import hashlib
import re

from signatures import ed25519_fits, sm2_fits
from verdict import Bad

ED25519, WITNESS, SM2 = b'\x01', b'\x04', b'\xfffss-sm2-sm3/1'
NUMBER = re.compile(r'0|[1-9][0-9]{0,18}')
SIGNATURES_MAX = 64


def strict_base64(text):
    """The bytes, or None unless `text` is their one standard spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode() == text else None


def strict_number(text):
    return int(text) if NUMBER.fullmatch(text) and int(text) < 2 ** 63 else None


class Key:
    """A verifier key: name, four-byte id, type and public key."""

    def __init__(self, text):
        """ValueError unless `text` is name+id+base64 and the id belongs to the rest."""
        name, plus, rest = text.partition('+')
        id_hex, plus_too, encoded = rest.partition('+')
        data = strict_base64(encoded)
        if not (is_name(name) and plus and plus_too and re.fullmatch('[0-9a-f]{8}', id_hex)) or data is None:
            raise ValueError(text)
        self.name, self.id = name, bytes.fromhex(id_hex)
        for kind, size in ((ED25519, 32), (WITNESS, 32), (SM2, 65)):
            if data.startswith(kind) and len(data) == len(kind) + size:
                self.kind, self.public = kind, data[len(kind):]
                break
        else:
            raise ValueError(text)
        if hashlib.sha256(name.encode() + b'\n' + data).digest()[:4] != self.id:
            raise ValueError(text)

    def fits(self, text, signature):
        if self.kind == ED25519:
            return ed25519_fits(self.public, text, signature)
        if self.kind == SM2:
            return sm2_fits(self.public, text, signature)
        if len(signature) != 72:
            return False
        message = b'cosignature/v1\ntime %d\n' % int.from_bytes(signature[:8], 'big') + text
        return ed25519_fits(self.public, message, signature[8:])


def is_name(name):
    """Of a key: not empty, no plus, no Unicode space (c2sp.org/signed-note)."""
    return bool(name) and not any(c == '+' or c < ' ' or c.isspace() for c in name)


class Checkpoint:
    """A note whose text is origin, size and root. ValueError if it is none."""

    def __init__(self, data):
        text = data.decode('utf-8')  # UnicodeDecodeError is a ValueError
        if any(ord(c) < 32 and c != '\n' for c in text):
            raise ValueError('control characters')
        body, blank, signatures = text.rpartition('\n\n')
        lines = body.split('\n')
        root = strict_base64(lines[2]) if len(lines) >= 3 else None
        if not blank or '' in lines or root is None or len(root) != 32:
            raise ValueError('not origin, size and root')
        self.text = (body + '\n').encode()
        self.origin, self.size, self.root = lines[0], strict_number(lines[1]), root
        self.signatures = [self._signature(line) for line in signatures.split('\n')[:-1]]
        if self.size is None or not signatures.endswith('\n') \
                or not 1 <= len(self.signatures) <= SIGNATURES_MAX:
            raise ValueError('size or signatures')

    @staticmethod
    def _signature(line):
        parts = line.split(' ')
        data = strict_base64(parts[2]) if len(parts) == 3 and parts[0] == '\u2014' and is_name(parts[1]) else None
        if data is None or len(data) < 5:
            raise ValueError('not a signature line')
        return parts[1], data[:4], data[4:]

    def signed_by(self, keys):
        """[(key, signature)] of the known keys; None if one of these signatures is false."""
        found = []
        for name, key_id, signature in self.signatures:
            for key in keys:
                if (key.name, key.id) == (name, key_id):
                    if not key.fits(self.text, signature):
                        return None
                    found.append((key, signature))
        return found

    def has_stranger(self, keys):
        """Is there a signature line of a key that is not among `keys`?"""
        known = {(key.name, key.id) for key in keys}
        return any((name, key_id) not in known for name, key_id, _ in self.signatures)


class Policy:
    """tlog-policy: which logs, which witnesses, how many of them. ValueError if it is not one."""

    def __init__(self, data):
        self.logs, self.members, self.quorum = [], {}, None
        for line in data.decode('utf-8').split('\n'):
            words = line.replace('\t', ' ').split(' ')
            words = [word for word in words if word]
            if words and not words[0].startswith('#'):
                self._take(words)
        if self.quorum is None:
            raise ValueError('no quorum')

    def _take(self, words):
        if words[0] == 'log' and len(words) in (2, 3):
            self.logs.append(Key(words[1]))
        elif words[0] == 'witness' and len(words) in (3, 4):
            key = Key(words[2])
            if key.kind != WITNESS:
                raise ValueError('not the key of a witness')
            self._define(words[1], key)
        elif words[0] == 'group' and len(words) >= 4:
            names = words[3:]
            need = {'all': len(names), 'any': 1}.get(words[2]) or strict_number(words[2])
            if not need or need > len(names) or any(name not in self.members for name in names):
                raise ValueError('group')
            self._define(words[1], (need, [self.members[name] for name in names]))
        elif words[0] == 'quorum' and len(words) == 2 and self.quorum is None:
            if words[1] != 'none' and words[1] not in self.members:
                raise ValueError('quorum')
            self.quorum = self.members.get(words[1], (0, []))
        else:
            raise ValueError(words[0])

    def _define(self, name, value):
        if name in self.members or name == 'none':
            raise ValueError('name used twice')
        self.members[name] = value

    def witnesses(self):
        return [one for one in self.members.values() if isinstance(one, Key)]

    def time_of(self, times, what=None):
        """When the quorum was reached, given {(name, id): time of its cosignature}; None if it was not."""
        what = self.quorum if what is None else what
        if isinstance(what, Key):
            return times.get((what.name, what.id))
        need, members = what
        reached = sorted(t for t in (self.time_of(times, one) for one in members) if t is not None)
        if need == 0:
            return 0
        return reached[need - 1] if len(reached) >= need else None


class Trust:
    """What the reader brings or the folder holds: keys, and perhaps a policy."""

    def __init__(self, given=(), policy=None, beside=()):
        self.given, self.policy, self.beside = list(given), policy, list(beside)

    def keys(self):
        extra = self.policy.logs + self.policy.witnesses() if self.policy else []
        return self.given + extra + self.beside


def check_heads(verdict, trust, checkpoint, name, checkpoint_sm3=None, name_sm3=None, whole=False):
    """The checks `signature`, `witness` and `key` on one head of each tree.

    `whole`: an exported folder, which must name every key that signs."""
    keys = [key for key in trust.keys() if key.kind != WITNESS]
    heads = [(checkpoint, name)] + ([(checkpoint_sm3, name_sm3)] if checkpoint_sm3 else [])
    signers = []
    for head, file in heads:
        own = [key for key in keys if key.name == head.origin]
        found = head.signed_by(own)
        if found is None:
            raise Bad('signature', 'signature-false', [file])
        if own and not found or whole and not {key.kind for key, _ in found} >= (
                {ED25519, SM2} if head is checkpoint else {SM2}):
            raise Bad('signature', 'signature-missing', [file])
        if whole and head.has_stranger(trust.keys()):
            raise Bad('signature', 'signature-stranger', [file])
        signers.append({(key.name, key.id) for key, _ in found})
    if all(signers):
        verdict.passed('signature')
    else:
        verdict.unknown('signature', 'no-key')
    check_witnesses(verdict, trust, checkpoint, name)
    given = {(key.name, key.id) for key in trust.given if key.kind != WITNESS}
    if signers[0] & given:
        verdict.passed('key')
    elif given:
        raise Bad('key', 'key-other', [name])
    else:
        verdict.unknown('key', 'key-beside' if all(signers) else 'no-key')


def check_witnesses(verdict, trust, checkpoint, name):
    """The check `witness`; returns the time at which the quorum was reached, or None."""
    keys = [key for key in trust.keys() if key.kind == WITNESS]
    found = checkpoint.signed_by(keys)
    if found is None:
        raise Bad('witness', 'signature-false', [name])
    times = {(key.name, key.id): int.from_bytes(signature[:8], 'big') for key, signature in found}
    if not keys:
        verdict.unknown('witness', 'no-witness-policy' if trust.policy else 'no-witness-key')
        return None
    reached = trust.policy.time_of(times) if trust.policy else min(times.values(), default=None)
    if reached is None:
        raise Bad('witness', 'no-quorum', [name])
    verdict.passed('witness')
    return reached
