"""SHA-256 and SM3, and the tree of RFC 9162 over either of them."""
import hashlib

SHA256, SM3 = 'sha256', 'sm3'
EMPTY = b''


# --- SM3 (GB/T 32905-2016) -----------------------------------------------------------------------

MASK = 0xffffffff
SM3_START = (0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
             0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e)


def _turn(x, n):
    n %= 32
    return ((x << n) | (x >> (32 - n))) & MASK


def _sm3_block(state, block):
    w = [int.from_bytes(block[i:i + 4], 'big') for i in range(0, 64, 4)]
    for j in range(16, 68):
        x = w[j - 16] ^ w[j - 9] ^ _turn(w[j - 3], 15)
        w.append(x ^ _turn(x, 15) ^ _turn(x, 23) ^ _turn(w[j - 13], 7) ^ w[j - 6])
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        t = 0x79cc4519 if j < 16 else 0x7a879d8a
        ss1 = _turn((_turn(a, 12) + e + _turn(t, j)) & MASK, 7)
        ss2 = ss1 ^ _turn(a, 12)
        ff = a ^ b ^ c if j < 16 else (a & b) | (a & c) | (b & c)
        gg = e ^ f ^ g if j < 16 else (e & f) | (~e & g & MASK)
        tt1 = (ff + d + ss2 + (w[j] ^ w[j + 4])) & MASK
        tt2 = (gg + h + ss1 + w[j]) & MASK
        a, b, c, d = tt1, a, _turn(b, 9), c
        e, f, g, h = tt2 ^ _turn(tt2, 9) ^ _turn(tt2, 17), e, _turn(f, 19), g
    return tuple(old ^ new for old, new in zip(state, (a, b, c, d, e, f, g, h)))


def sm3_plain(message):
    """SM3 written out, for a Python whose OpenSSL does not offer it, and to check one that does."""
    padded = message + b'\x80' + bytes(-(len(message) + 9) % 64) + (8 * len(message)).to_bytes(8, 'big')
    state = SM3_START
    for at in range(0, len(padded), 64):
        state = _sm3_block(state, padded[at:at + 64])
    return b''.join(word.to_bytes(4, 'big') for word in state)


def _choose_sm3():
    """hashlib's SM3 is a hundred times faster; it is used only if it says the same as ours."""
    try:
        fast = hashlib.new('sm3')
    except ValueError:
        return sm3_plain
    for sample in (b'', b'abc', b'abcd' * 16, bytes(range(200))):
        again = fast.copy()
        again.update(sample)
        if again.digest() != sm3_plain(sample):
            return sm3_plain

    def sm3_fast(message):
        again = fast.copy()
        again.update(message)
        return again.digest()
    return sm3_fast


_sm3 = _choose_sm3()


def digest(kind, message):
    return hashlib.sha256(message).digest() if kind == SHA256 else _sm3(message)


# --- the tree (RFC 9162, 2.1) --------------------------------------------------------------------

def leaf_hash(kind, data):
    return digest(kind, b'\x00' + data)


def node_hash(kind, left, right):
    return digest(kind, b'\x01' + left + right)


class Tree:
    """Grows leaf by leaf and keeps one hash for each set bit of its size."""

    def __init__(self, kind):
        self.kind = kind
        self.size = 0
        self.peaks = []  # (level, hash), largest subtree first

    def add(self, hash_of_leaf):
        level, node = 0, hash_of_leaf
        while self.peaks and self.peaks[-1][0] == level:
            node = node_hash(self.kind, self.peaks.pop()[1], node)
            level += 1
        self.peaks.append((level, node))
        self.size += 1

    def root(self):
        if not self.peaks:
            return digest(self.kind, EMPTY)
        node = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            node = node_hash(self.kind, left, node)
        return node


def root_of(kind, hashes):
    tree = Tree(kind)
    for one in hashes:
        tree.add(one)
    return tree.root()


def root_from_proof(kind, index, size, leaf, proof):
    """The root that an inclusion proof leads to (2.1.3.2); None if the proof has the wrong length."""
    if not 0 <= index < size or any(len(one) != 32 for one in (leaf, *proof)):
        return None
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            value = node_hash(kind, sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(kind, value, sibling)
        node, last = node >> 1, last >> 1
    return value if last == 0 else None


def inclusion_fits(kind, index, size, leaf, proof, root):
    return root_from_proof(kind, index, size, leaf, proof) == root


def consistency_fits(kind, old_size, size, old_root, root, proof):
    """2.1.4.2. An old size of 0, or one above the new size, is an error of the question."""
    if not 0 < old_size <= size or any(len(one) != 32 for one in (old_root, root, *proof)):
        return False
    if old_size == size:
        return not proof and old_root == root
    proof = list(proof)
    if old_size & (old_size - 1) == 0:  # a power of two is its own first hash
        proof.insert(0, old_root)
    if not proof:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(kind, sibling, old), node_hash(kind, sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(kind, new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == root
