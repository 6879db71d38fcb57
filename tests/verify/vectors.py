"""The independent verifier against published vectors: SHA-256 tree, SM3, SM2, Ed25519, notes, the draw.

Those of ../shared/data are third-party; the small ones here are from the standards themselves.
"""
import base64
import glob
import json
import os
import subprocess
import sys

import support_tap
from support_write import ROOT, der, sm2_pair  # first: it sets the path to tools/verify

import draw
from hashes import SHA256, SM3, consistency_fits, digest, inclusion_fits, root_of, leaf_hash, sm3_plain
from notes import Key, Policy
from officers import Officer, assign
from signatures import ed25519_fits, sm2_fits

SHARED = os.path.join(ROOT, '..', 'shared', 'data', 'merkle-vectors')


def test_sm3_of_GB_T_32905_both_ways():
    vectors = {b'abc': '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0',
               b'abcd' * 16: 'debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732'}
    for message, hash in vectors.items():
        assert sm3_plain(message).hex() == hash and digest(SM3, message).hex() == hash
    for size in range(0, 200):
        message = bytes(range(size))
        assert sm3_plain(message) == digest(SM3, message), size


def test_roots_of_the_eight_standard_leaves():
    leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
    ends = ['e3b0c442 b855', '6e340b9c a01d', 'fac54203 c125', 'aeb6bcfe 6e77', 'd37ee418 14b7', '4e3bbb1f 64d4',
            '76e67dad 87ef', 'ddb89be4 4c8c', '5dc9da79 4328']
    for size, end in enumerate(ends):
        root = root_of(SHA256, [leaf_hash(SHA256, bytes.fromhex(leaf)) for leaf in leaves[:size]]).hex()
        first, last = end.split()
        assert root.startswith(first) and root.endswith(last), (size, root)


def third_party(kind):
    if not os.path.isdir(SHARED):
        raise support_tap.Skip('../shared/data/merkle-vectors is not here')
    for path in sorted(glob.glob(os.path.join(SHARED, kind, '**', '*.json'), recursive=True)):
        with open(path, encoding='utf-8') as file:
            value = json.load(file)
        for key in ('root', 'root1', 'root2', 'leafHash'):
            value[key] = base64.b64decode(value.get(key) or '')
        value['proof'] = [base64.b64decode(one) for one in value.get('proof') or []]
        yield path, value


def test_third_party_inclusion_proofs():
    seen = [0, 0]
    for path, v in third_party('inclusion'):
        fits = inclusion_fits(SHA256, v['leafIdx'], v['treeSize'], v['leafHash'], v['proof'], v['root'])
        assert fits != v.get('wantErr', False), path
        seen[fits] += 1
    assert seen[1] >= 3 and sum(seen) >= 40, seen


def test_third_party_consistency_proofs():
    seen = [0, 0]
    for path, v in third_party('consistency'):
        fits = consistency_fits(SHA256, v['size1'], v['size2'], v['root1'], v['root2'], v['proof'])
        assert fits != v.get('wantErr', False), path
        seen[fits] += 1
    assert seen[1] >= 3 and sum(seen) >= 40, seen


def test_sm2_of_GB_T_32918_annex_A():
    secret = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
    nonce = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
    r = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
    s = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
    key = bytes.fromhex('0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020'
                        'CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13')
    assert sm2_pair(secret, b'message digest', nonce) == (r, s)
    assert sm2_fits(key, b'message digest', der((r, s)))
    assert not sm2_fits(key, b'message digesT', der((r, s)))
    assert not sm2_fits(key, b'message digest', der((s, r)))
    assert not sm2_fits(key, b'message digest', der((r, s)) + b'\0')
    # the usual mistake: the NUL of the C string as a 17th byte, and OpenSSL 3's empty ID
    for id in (b'1234567812345678\0', b''):
        assert not sm2_fits(key, b'message digest', der(sm2_pair(secret, b'message digest', nonce, id)))


def test_ed25519_of_RFC_8032():
    for key, message, signature in (
            ('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '',
             'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b'
             'd25bf5f0595bbe24655141438e7a100b'),
            ('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72',
             '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c'
             '387b2eaeb4302aeeb00d291612bb0c00'),
            ('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82',
             '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659'
             '4a7c15e9716ed28dc027beceea1ec40a')):
        key, message, signature = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
        assert ed25519_fits(key, message, signature)
        assert not ed25519_fits(key, message + b'\0', signature)
        raised = int.from_bytes(signature[32:], 'little') + 2 ** 252 + 27742317777372353535851937790883648493
        assert not ed25519_fits(key, message, signature[:32] + raised.to_bytes(32, 'little')), 's above the order'


def test_the_example_of_signed_note():
    key = Key('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')
    note = ('If you think cryptography is the answer to your problem,\nthen you don\'t know what your problem is.\n\n'
            '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n')
    text, _, line = note.rpartition('\n\n')
    signature = base64.b64decode(line.split()[2])
    assert signature[:4] == key.id and key.fits((text + '\n').encode(), signature[4:])
    assert not key.fits(text.encode(), signature[4:])


def test_policies_count_witnesses_and_groups():
    from support_write import WITNESSES
    a, b = (one.vkey for one in WITNESSES)
    of = [(one.name, one.id) for one in WITNESSES]
    two = Policy(('witness a %s\nwitness b %s http://b/\n# c\ngroup g 2 a b\nquorum g\n' % (a, b)).encode())
    assert two.time_of({of[0]: 5}) is None and two.time_of({of[0]: 5, of[1]: 3}) == 5
    one = Policy(('witness a %s\nwitness b %s\ngroup g any a b\nquorum g\n' % (a, b)).encode())
    assert one.time_of({of[0]: 5, of[1]: 3}) == 3 and one.time_of({}) is None
    for bad in ('quorum g\n', '', 'witness a %s\nquorum b\n' % a, 'witness a %s\nwitness a %s\nquorum a\n' % (a, b),
                'witness a %s\ngroup g 2 a\nquorum g\n' % a, 'witness a %s\nquorum a\nquorum a\n' % a):
        try:
            Policy(bad.encode())
        except ValueError:
            continue
        raise AssertionError(bad)


DRAWS = {
    SM3: ('b80c3787bf874f37c85eb3cfd8c9706ca29da8e534a7d05fed8969cadae24e62',
          '58: 01,04* | 21: 09,00* | 10: 04*,10 | 3: 09,00* | 19: 04*,10 | 2: 11,08* | 46: 04*,01 | 24: 00*,03'),
    SHA256: ('7c4373128fc0d846920d465034500be49bc1211cb9e4133ea1af1cc61697224c',
             '35: 08*,02 | 23: 05,08* | 59: 05,08* | 19: 04*,01 | 58: 01,04* | 54: 09,00* | 51: 09,00* | 55: 10,04*')}


def test_both_draws_of_the_specification():
    for kind, (key, wanted) in DRAWS.items():
        _, target_key, officer_key = draw.draw_keys(kind, b'\x11' * 32, b'\x22' * 32, [])
        assert target_key.hex() == key
        units = ['9144030%011d' % i for i in range(60)]
        tickets = sorted((draw.ticket(kind, target_key, id, 1 << i % 4), id, i) for i, id in enumerate(units))[:8]
        officers = [Officer('ZF%06d' % i, str(i % 3), i % 4 == 0, '2020' if i % 7 == 6 else '2030', i % 3, 1000)
                    for i in range(12)]
        denied = {(units[t], officers[i].id) for t in range(60) for i in range(12) if (t + i) % 11 == 0}
        teams, level, rung = assign(kind, officer_key, [(id, str(i % 3)) for _, id, i in tickets], officers, denied,
                                    ['same'], set(), '2026')
        assert (level, rung) == (5, 1)
        for (_, id, number), (lead, second), line in zip(tickets, teams, wanted.split(' | ')):
            unit, pair = line.split(': ')
            assert int(unit) == number
            assert 'ZF0000%s' % [one[:-1] for one in pair.split(',') if one.endswith('*')][0] == lead
            assert 'ZF0000%s' % [one for one in pair.split(',') if not one.endswith('*')][0] == second


def test_a_ticket_by_hand():
    key = bytes.fromhex(DRAWS[SM3][0])
    hash = '0208dbec371f9b96a15954a3ef5631d2faeec2903521f8a97b01dd5f28f7b2e7'
    assert draw.ticket(SM3, key, '914403000000000058', 4).hex() == hash


def test_the_same_vectors_in_the_browsers_modules():
    result = subprocess.run(['node', os.path.join(ROOT, 'tests', 'verify', 'support_vectors.mjs')],
                            capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


support_tap.run(sys.modules[__name__])
