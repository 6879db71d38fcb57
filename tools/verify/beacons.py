"""Where the seed of a draw comes from: public randomness, and shares of named parties."""
import datetime
import math
import re

from hashes import digest
from verdict import Bad

DRAND_GENESIS, DRAND_PERIOD, DRAND_BITS = 1692803367, 3, 128  # quicknet
DICE = {'dice10': (0, 9), 'dice6': (1, 6)}
LOTTERIES = {  # rows of different numbers: how many, lowest, highest
    'kl8': ((20, 1, 80),),
    'ssq': ((6, 1, 33), (1, 1, 16)),
    'dlt': ((5, 1, 35), (2, 1, 12))}
BITS_MIN, BEACONS_MAX, PARTIES_MAX = 60, 9, 20


class Beacon:
    """beacon.<j>=<source>:<round>:<time RFC 3339>. ValueError if it is not well formed."""

    def __init__(self, text):
        self.source, self.round, time = text.split(':', 2)
        if not re.fullmatch(r'[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z', time):
            raise ValueError('time')
        moment = datetime.datetime.fromisoformat(time[:-1] + '+00:00')
        self.seconds, self.typed = moment.timestamp(), self.source == 'form'
        if self.typed:
            right = self.round == '1'
        elif self.source == 'drand':
            right = re.fullmatch('[1-9][0-9]{0,10}', self.round) \
                and self.seconds == DRAND_GENESIS + (int(self.round) - 1) * DRAND_PERIOD
        elif self.source in DICE:
            right = re.fullmatch('[1-9][0-9]{0,2}', self.round) and int(self.round) <= 200
        else:
            right = self.source in LOTTERIES and re.fullmatch('[0-9-]{1,20}', self.round)
        if not right:
            raise ValueError('round')

    def bits(self):
        """How unpredictable its value is, by the rule of the source."""
        if self.source in DICE:
            low, high = DICE[self.source]
            return int(self.round) * math.log2(high - low + 1)
        if self.source in LOTTERIES:
            return sum(math.log2(math.comb(high - low + 1, count)) for count, low, high in LOTTERIES[self.source])
        return DRAND_BITS

    def can_be(self, value):
        """Are these bytes such a value? One byte for each die or number; drand: 32 bytes."""
        if self.typed:
            return True
        if self.source in DICE:
            low, high = DICE[self.source]
            return len(value) == int(self.round) and all(low <= one <= high for one in value)
        if self.source == 'drand':
            return len(value) == 32
        at = 0
        for count, low, high in LOTTERIES[self.source]:
            row = value[at:at + count]
            if len(row) != count or list(row) != sorted(set(row)) or row[0] < low or row[-1] > high:
                return False
            at += count
        return at == len(value)


def numbered(commit, head, check):
    """Values of head.01, head.02, … without a gap."""
    keys = [key for key in commit if key.startswith(head + '.')]
    if keys != ['%s.%02d' % (head, number) for number in range(1, len(keys) + 1)]:
        raise Bad(check, 'numbers', ['commit.txt'])
    return [commit[key] for key in keys]


def read_beacons(commit):
    try:
        beacons = [Beacon(text) for text in numbered(commit, 'beacon', 'beacon')]
    except ValueError:
        raise Bad('beacon', 'beacon-name', ['commit.txt']) from None
    typed = any(beacon.typed for beacon in beacons)
    parties = any(key.startswith('party.') for key in commit)
    if len(beacons) > BEACONS_MAX or typed and (len(beacons) > 1 or parties) \
            or sum(beacon.bits() for beacon in beacons) < BITS_MIN:
        raise Bad('beacon', 'beacon-weak', ['commit.txt'])
    return beacons


def seed_of_beacons(kind, beacons, text):
    """B from beacon.txt (j, source, round, value): all that commit.txt names and no others."""
    lines = text.split('\n')[:-1]
    if len(lines) != len(beacons):
        raise Bad('beacon', 'beacon-count', ['beacon.txt', 'commit.txt'])
    values = []
    for number, (line, beacon) in enumerate(zip(lines, beacons), 1):
        fields = line.split('\t')
        if fields[:3] != [str(number), beacon.source, beacon.round]:
            raise Bad('beacon', 'beacon-other', ['beacon.txt', 'commit.txt'], number)
        if len(fields) != 4 or not re.fullmatch('(?:[0-9a-f]{2}){1,255}', fields[3]) \
                or not beacon.can_be(bytes.fromhex(fields[3])):
            raise Bad('beacon', 'beacon-value', ['beacon.txt'], number)
        values.append(bytes.fromhex(fields[3]))
    if len(values) == 1:
        return values[0]
    return digest(kind, b''.join(bytes([len(value)]) + value for value in values))


def shares_of_parties(kind, commit, text):
    """[(j, r_j)] of the parties that revealed; each must open what the party had committed to."""
    parties, draw = numbered(commit, 'party', 'shares'), commit.get('draw', '').encode()
    if len(parties) > PARTIES_MAX or not all(re.fullmatch('[^:]{1,60}:[0-9a-f]{64}', one) for one in parties):
        raise Bad('shares', 'party', ['commit.txt'])
    shares = []
    for number, line in enumerate(text.split('\n')[:-1], 1):
        match = re.fullmatch(r'([1-9][0-9]?)\t([^\t:]{1,60})\t([0-9a-f]{64})', line)
        if match is None or int(match[1]) > len(parties) or shares and int(match[1]) <= shares[-1][0]:
            raise Bad('shares', 'share-line', ['reveals.txt'], number)
        name, share = match[2].encode(), bytes.fromhex(match[3])
        sealed = digest(kind, b'FSS-PARTY/1\0' + bytes([len(draw)]) + draw + bytes([len(name)]) + name + share)
        if parties[int(match[1]) - 1] != '%s:%s' % (match[2], sealed.hex()):
            raise Bad('shares', 'share-other', ['reveals.txt', 'commit.txt'], number)
        shares.append((int(match[1]), share))
    return shares
