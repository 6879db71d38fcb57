"""Verification of Ed25519 (RFC 8032) and of SM2 with SM3 (GB/T 32918.2), with whole numbers only.

Verifying handles no secret, so nothing here needs constant time.
"""
import hashlib

from hashes import SM3, digest

# --- Ed25519 -------------------------------------------------------------------------------------

P = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def _ed_add(a, b):
    """Points as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z."""
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def _ed_times(number, point):
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = _ed_add(total, point)
        point = _ed_add(point, point)
        number >>= 1
    return total


def _ed_equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def _ed_point(data):
    """32 bytes to a point; None if they are none."""
    y = int.from_bytes(data, 'little')
    sign, y = y >> 255, y & (2 ** 255 - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


ED_BASE = _ed_point((4 * pow(5, P - 2, P) % P).to_bytes(32, 'little'))


def ed25519_fits(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = _ed_point(key), _ed_point(signature[:32])
    s = int.from_bytes(signature[32:], 'little')
    if a is None or r is None or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), 'little') % ORDER
    return _ed_equal(_ed_times(s, ED_BASE), _ed_add(r, _ed_times(h, a)))


# --- SM2 -----------------------------------------------------------------------------------------

SM2_ID = b'1234567812345678'  # 16 bytes; never the C string with its NUL
Q = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = Q - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
     0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0)


def _sm2_add(a, b):
    """Affine points; None is the point at infinity."""
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0]:
        if (a[1] + b[1]) % Q == 0:
            return None
        slope = (3 * a[0] * a[0] + A) * pow(2 * a[1], -1, Q) % Q
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, Q) % Q
    x = (slope * slope - a[0] - b[0]) % Q
    return x, (slope * (a[0] - x) - a[1]) % Q


def _sm2_times(number, point):
    total = None
    while number:
        if number & 1:
            total = _sm2_add(total, point)
        point = _sm2_add(point, point)
        number >>= 1
    return total


def _der_number(data, at):
    """One DER INTEGER, written the shortest way; (number, next place) or None."""
    if at + 2 > len(data) or data[at] != 2:
        return None
    size = data[at + 1]
    body = data[at + 2:at + 2 + size]
    if not 1 <= size <= 33 or len(body) != size or body[0] & 0x80:
        return None
    if size > 1 and body[0] == 0 and not body[1] & 0x80:
        return None
    return int.from_bytes(body, 'big'), at + 2 + size


def _der_pair(data):
    """SEQUENCE of two INTEGERs and nothing after it."""
    if len(data) < 2 or data[0] != 0x30 or data[1] != len(data) - 2:
        return None
    first = _der_number(data, 2)
    second = _der_number(data, first[1]) if first else None
    return (first[0], second[0]) if second and second[1] == len(data) else None


def sm2_fits(key, message, signature):
    """`key` is the uncompressed point, 65 bytes; `signature` is DER."""
    pair = _der_pair(signature)
    if pair is None or len(key) != 65 or key[0] != 4:
        return False
    x, y = int.from_bytes(key[1:33], 'big'), int.from_bytes(key[33:], 'big')
    if x >= Q or y >= Q or (y * y - (x * x * x + A * x + B)) % Q:
        return False
    r, s = pair
    t = (r + s) % N
    if not (0 < r < N and 0 < s < N) or t == 0:
        return False
    curve = b''.join(n.to_bytes(32, 'big') for n in (A, B, *G))
    z = digest(SM3, (8 * len(SM2_ID)).to_bytes(2, 'big') + SM2_ID + curve + key[1:])
    e = int.from_bytes(digest(SM3, z + message), 'big')
    point = _sm2_add(_sm2_times(s, G), _sm2_times(t, (x, y)))
    return point is not None and (e + point[0]) % N == r
