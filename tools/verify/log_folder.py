"""A whole log as exported: entries, tiles of both trees, heads, links. Everything is recomputed."""
import json
import os
import re

from hashes import SHA256, SM3, Tree, digest, leaf_hash, root_of
from ledger import checkpoint_body, read_entry
from notes import Checkpoint, Key, Policy, Trust, check_heads
from verdict import Bad

TILE = 256
TILE_NAME = re.compile(r'tile/([0-9]+|entries)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?')


def tile_number(number):
    """1234067 -> x001/x234/067"""
    parts = ['%03d' % (number % 1000)]
    while number >= 1000:
        number //= 1000
        parts.insert(0, 'x%03d' % (number % 1000))
    return '/'.join(parts)


def tile_path(level, number, width):
    return 'tile/%s/%s%s' % (level, tile_number(number), '' if width == TILE else '.p/%d' % width)


class Folder:
    def __init__(self, path):
        self.path = path

    def read(self, name):
        """The bytes of a file, or None if it is not there."""
        try:
            with open(os.path.join(self.path, *name.split('/')), 'rb') as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def tiles(self, prefix):
        """(name, level, number, width) of every tile file that is there."""
        top = os.path.join(self.path, *prefix.split('/'), 'tile')
        for folder, dirs, names in os.walk(top):
            dirs.sort()
            for name in sorted(names):
                path = os.path.relpath(os.path.join(folder, name), os.path.dirname(top)).replace(os.sep, '/')
                match = TILE_NAME.fullmatch(path)
                if match:
                    number = int(''.join(re.findall(r'[0-9]{3}', match[2])))
                    yield prefix + path, match[1], number, int(match[3] or TILE)


def read_head(folder, name):
    data = folder.read(name)
    if data is None:
        raise Bad('form', 'missing', [name])
    try:
        return Checkpoint(data)
    except ValueError:
        raise Bad('form', 'checkpoint-form', [name]) from None


def read_trust(folder, trust):
    """What the reader brought, and the keys.txt and policy.txt that lie beside the log."""
    beside, policy = [], trust.policy
    for name in ('keys.txt', 'policy.txt'):
        data = folder.read(name)
        try:
            if data is not None and name == 'keys.txt':
                beside = [Key(line) for line in data.decode('utf-8').split('\n') if line]
            elif data is not None and policy is None:
                policy = Policy(data)
        except ValueError:
            raise Bad('keys', 'key-form', [name]) from None
    return Trust(trust.given, policy, beside)


def verify_log(verdict, path, trust):
    folder = Folder(path)
    head, head_sm3 = read_head(folder, 'checkpoint'), read_head(folder, 'sm3/checkpoint')
    if head_sm3.size != head.size or head_sm3.origin != head.origin + '-sm3':
        raise Bad('form', 'checkpoint-other', ['checkpoint', 'sm3/checkpoint'])
    verdict.passed('form')
    trust = read_trust(folder, trust)
    verdict.passed('keys')
    check_heads(verdict, trust, head, 'checkpoint', head_sm3, 'sm3/checkpoint', whole=True)
    reading = Reading(folder, head, head_sm3)
    reading.read_all()
    verdict.passed('entries')
    if reading.lost_key is not None:  # it may well be the same log; these files cannot show it
        verdict.unknown('keys', 'keys-lost', said=(reading.lost_key,), entry=reading.lost_key)
    for tree, prefix, suffix in ((reading.trees[0], '', ''), (reading.trees[1], 'sm3/', '-sm3')):
        check_tiles(folder, prefix, tree, reading, 'tiles' + suffix)
        verdict.passed('tiles' + suffix)
        if tree.root != (head if prefix == '' else head_sm3).root:
            raise Bad('tree' + suffix, 'root', [prefix + 'checkpoint'])
        verdict.passed('tree' + suffix)
    reading.check_links(verdict)


class Leaves:
    """All leaf hashes of one tree, and its root."""

    def __init__(self, kind):
        self.kind, self.hashes, self.growing = kind, [], Tree(kind)

    def add(self, data):
        self.hashes.append(leaf_hash(self.kind, data))
        self.growing.add(self.hashes[-1])

    @property
    def root(self):
        return self.growing.root()


class Reading:
    """One pass over the entries; what does not fit between them is kept until its check is due."""

    def __init__(self, folder, head, head_sm3):
        self.folder, self.heads = folder, (head, head_sm3)
        self.trees = (Leaves(SHA256), Leaves(SM3))
        self.last = {}  # object -> index of its newest entry
        self.bad_links = {}  # check -> first Bad
        self.newest_xhead = None
        self.lost_key = None  # the newest entry that gives the keys before up
        self.bodies = self._bodies(0, [digest(SHA256, b''), digest(SM3, b'')])

    def _bodies(self, size, roots):
        return [checkpoint_body(head.origin, size, root) for head, root in zip(self.heads, roots)]

    def read_all(self):
        size = self.heads[0].size
        for number in range((size + TILE - 1) // TILE):
            count = min(TILE, size - number * TILE)
            name = tile_path('entries', number, count)
            for at, data in enumerate(self._bundle(name, count)):
                self._take(number * TILE + at, data, name, at + 1)
        for name, level, number, width in self.folder.tiles(''):
            count = min(TILE, size - number * TILE)
            if level == 'entries' and width != count:  # a bundle of an earlier head
                newest = self.folder.read(tile_path(level, number, count)) if count > width else None
                if newest is None or not newest.startswith(self.folder.read(name)):
                    raise Bad('entries', 'bundle', [name])

    def _bundle(self, name, count):
        data, at, entries = self.folder.read(name), 0, []
        if data is None:
            raise Bad('entries', 'missing', [name])
        for _ in range(count):
            size = int.from_bytes(data[at:at + 2], 'big')
            if at + 2 + size > len(data):
                raise Bad('entries', 'bundle', [name])
            entries.append(data[at + 2:at + 2 + size])
            at += 2 + size
        if at != len(data):
            raise Bad('entries', 'bundle', [name])
        return entries

    def _take(self, index, data, name, line):
        entry = read_entry(data, 'entries', [name], line)
        if entry.prev != self.last.get(entry.object):
            self.bad_links.setdefault('order', Bad('order', 'prev', [name], line))
        self.last[entry.object] = index
        for tree in self.trees:
            tree.add(data)
        if entry.type == 'log.key.lost':
            self.lost_key = index
        if entry.type == 'xhead' or entry.object == 'log:heads':
            payload = json.dumps(dict(zip(('sha256', 'sm3'), self.bodies)), separators=(',', ':'),
                                 sort_keys=True, ensure_ascii=False).encode()
            if (entry.type, entry.actor, entry.object) != ('xhead', 'system', 'log:heads') \
                    or not entry.holds(bytes(16), payload):
                self.bad_links.setdefault('heads', Bad('heads', 'xhead', [name], line))
            self.newest_xhead = index
            self.bodies = self._bodies(index + 1, [tree.root for tree in self.trees])

    def check_links(self, verdict):
        size = self.heads[0].size
        if size and self.newest_xhead != size - 1:
            self.bad_links.setdefault('heads', Bad('heads', 'xhead-last', ['checkpoint']))
        for check in ('heads', 'order'):
            if check in self.bad_links:
                raise self.bad_links[check]
            verdict.passed(check)


def check_tiles(folder, prefix, tree, reading, check):
    """Every tile that the size asks for, and every other one that lies there, holds our hashes."""
    levels = [tree.hashes]
    while len(levels[-1]) >= TILE:
        below = levels[-1]
        levels.append([root_of(tree.kind, below[at:at + TILE])
                       for at in range(0, len(below) - TILE + 1, TILE)])
    for level, hashes in enumerate(levels):
        for number in range((len(hashes) + TILE - 1) // TILE):
            width = min(TILE, len(hashes) - number * TILE)
            name = prefix + tile_path(level, number, width)
            if folder.read(name) is None:
                raise Bad(check, 'missing', [name])
    for name, level, number, width in folder.tiles(prefix):
        if level == 'entries':
            continue
        hashes = levels[int(level)] if int(level) < len(levels) else []
        wanted = hashes[number * TILE:number * TILE + width]
        if len(wanted) != width or folder.read(name) != b''.join(wanted):
            raise Bad(check, *blame(folder, prefix, reading, name, level, number))


def blame(folder, prefix, reading, name, level, number):
    """A tile and our hash differ: if the other tree differs at the same entry, the entry was changed."""
    other_tree, other_prefix = (reading.trees[1], 'sm3/') if prefix == '' else (reading.trees[0], '')
    count = min(TILE, reading.heads[0].size - number * TILE)
    if level == '0' and count > 0:
        other = folder.read(other_prefix + tile_path(0, number, count))
        wanted = b''.join(other_tree.hashes[number * TILE:number * TILE + count])
        if other is not None and other != wanted:
            return 'entry-changed', [tile_path('entries', number, count)]
    return 'tile', [name]
