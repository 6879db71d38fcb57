"""One random change of a file."""


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def change(data, dice):
    """Another file of about the same size: a bit flipped, or a line dropped, doubled or swapped."""
    lines = data.splitlines(True)
    way = dice.choice(('flip', 'flip', 'flip', 'drop', 'double', 'swap', 'cut'))
    at = dice.randrange(len(lines))
    if way == 'drop':
        lines.pop(at)
    elif way == 'double':
        lines.insert(at, lines[at])
    elif way == 'swap':
        other = dice.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    elif way == 'cut':
        return way, data[:dice.randrange(len(data))]
    else:
        place = dice.randrange(8 * len(data))
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        return 'flip of bit %d' % place, bytes(changed)
    return '%s of line %d' % (way, at + 1), b''.join(lines)
