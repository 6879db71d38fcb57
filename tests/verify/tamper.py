"""Whoever changes one bit, drops or swaps lines or entries is found out, and the file is named.

A few hundred random tamperings in `make test`, 10,000 in `make soak` (HUOZHENG_TAMPERINGS and
HUOZHENG_SEED choose others). Logs, proofs, histories and bundles are written by support_write.py.
"""
import os
import random
import shutil
import sys
import tempfile

import support_tap
import support_write as write
from hashes import SHA256, SM3

import verify
from notes import Key, Policy, Trust
from support_tamper import change, read

SOAK = os.environ.get('HUOZHENG_SOAK') == '1'
ROUNDS = int(os.environ.get('HUOZHENG_TAMPERINGS', '10000' if SOAK else '240'))
SEED = int(os.environ.get('HUOZHENG_SEED', '0')) or random.SystemRandom().randrange(1, 1 << 30)
TRUST = Trust([Key(write.ED.vkey)], Policy(write.POLICY.encode()), [Key(write.SM.vkey), Key(write.SM_OF_SM3.vkey)])
# A change in one of these shows only in what is computed from it; then all of them are named.
TOGETHER = {'result.tsv', 'commit.txt', 'beacon.txt', 'reveals.txt'}


def remember_signatures():
    """The same signature over the same text comes again in every round; numbers are slow in Python."""
    fits, known = Key.fits, {}

    def fits_or_known(key, text, signature):
        question = key.kind, key.public, text, signature
        if question not in known:
            known[question] = fits(key, text, signature)
        return known[question]
    Key.fits = fits_or_known


def files_of(folder):
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            if os.path.getsize(path) > 0:
                yield os.path.relpath(path, folder)


def judge(path):
    return verify.verify(path, TRUST).document()


def tamper(folder, names, rounds, is_named, spared=()):
    """Changes one file after the other; each change must be found and named."""
    dice = random.Random(SEED)
    names = sorted(set(names) - set(spared))
    originals = {name: read(os.path.join(folder, name)) for name in names}
    for number in range(rounds):
        name = dice.choice(names)
        how, data = change(originals[name], dice)
        if data == originals[name]:
            continue
        path = os.path.join(folder, name)
        write.put(folder, name, data)
        verdict = verify.verify(folder if os.path.isdir(folder) else path, TRUST)
        failed = [] if verdict is None else [one for one in verdict.document()['checks'] if one['ok'] is False]
        if not failed and notes_alike(data, originals[name], strict='tlog-proof' not in name):
            write.put(folder, name, originals[name])
            continue
        told = 'seed %d, round %d: %s in %s: %s' % (SEED, number, how, name, failed)
        assert len(failed) == 1, told
        assert is_named(name, failed[0].get('files', [])), told
        write.put(folder, name, originals[name])
    assert judge(folder)['valid']


def notes_alike(changed, data, strict=False):
    """The order of signature lines says nothing, nor does the same line twice. One of the log's two
    signatures is enough for a proof; a line of an unknown key is left aside (signed-note)."""
    def parts(note):
        text, _, lines = note.rpartition(b'\n\n')
        return text, set(lines.split(b'\n'))
    (text, lines), (old_text, old_lines) = parts(changed), parts(data)
    missing = old_lines - lines
    own = len(missing) <= 1 and all(line.startswith(('\u2014 %s ' % write.ORIGIN).encode()) for line in missing)
    return bool(old_text) and text == old_text and (lines == old_lines if strict else own)


class Scratch:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix='verify-')
        return self.path

    def __exit__(self, *problem):
        shutil.rmtree(self.path)


def test_good_bundles_of_every_kind_are_valid():
    for kind in (SM3, SHA256):
        for sealed in (False, True):
            with Scratch() as folder:
                write.make_bundle(folder, kind=kind, sealed=sealed, beacons=[('drand', 33000000), ('drand', 33000010)])
                assert judge(folder)['valid'], judge(folder)
                write.add_log_proofs(folder)
                document = judge(folder)
                assert all(one['ok'] for one in document['checks']), document


def test_a_sealed_draw_that_is_not_opened_is_not_called_checked():
    with Scratch() as folder:
        write.make_bundle(folder, sealed=True)
        write.add_log_proofs(folder)
        for name in ('pool.tsv', 'insp.tsv', 'deny.tsv', 'salt.txt', 'result.tsv', 'reveals.txt', 'result.tlog-proof'):
            os.remove(os.path.join(folder, name))
        document = judge(folder)
        states = {one['id']: one['ok'] for one in document['checks']}
        assert document['valid'] and states['tickets'] is None and states['params'] and states['time'], document
        assert '不能核对' in document['zh']
        with open(os.path.join(folder, 'pool.tsv'), 'wb'):
            pass
        assert not judge(folder)['valid'], 'half opened'


def test_a_substitution_that_the_rule_does_not_give_is_found():
    with Scratch() as folder:
        write.make_bundle(folder, officers=16)
        assert write.add_substitutions(folder, wanted=8) > 4
        states = {one['id']: one['ok'] for one in judge(folder)['checks']}
        assert states['substitutions'] is True, states
        rows = read(os.path.join(folder, write.SUBSTITUTIONS)).decode().splitlines()
        for number, row in enumerate(rows, 1):
            fields = row.split('\t')
            for column, other in ((3, 'U999'), (4, 'F999'), (1, '999'), (0, '99'), (5, 'MOOD'), (7, '3')):
                if column == 7 and number == 1:
                    continue  # any entry may come first
                bad = fields[:column] + [other] + fields[column + 1:]
                write.put(folder, write.SUBSTITUTIONS, '\n'.join(
                    rows[:number - 1] + ['\t'.join(bad)] + rows[number:] + ['']).encode())
                failed = [one for one in judge(folder)['checks'] if one['ok'] is False]
                assert [one['id'] for one in failed] == ['substitutions'] and failed[0]['line'] == number, (bad, failed)


def test_who_was_passed_over_is_a_remark():
    with Scratch() as folder:
        write.make_bundle(folder, officers=16)
        write.add_substitutions(folder, wanted=8, skips=(1,))
        document = judge(folder)
        told = next(one for one in document['checks'] if one['id'] == 'substitutions')
        assert document['valid'] and told['ok'] is None and 'ledger entry 4' in told['en'] and 'F0' in told['zh'], told


def test_a_late_commitment_is_found():
    with Scratch() as folder:
        round = (write.WITNESSED_AT + 590 - 1692803367) // 3
        write.make_bundle(folder, beacons=[('drand', round)])
        write.add_log_proofs(folder)
        failed = [one['id'] for one in judge(folder)['checks'] if one['ok'] is False]
        assert failed == ['time'], failed


def test_a_typed_seed_is_never_called_checked():
    with Scratch() as folder:
        write.make_bundle(folder)
        path = os.path.join(folder, 'commit.txt')
        text = read(path).decode()
        assert judge(folder)['valid']
        write.put(folder, 'commit.txt', text.replace('drand:33000000', 'form:1').encode())
        failed = [one['id'] for one in judge(folder)['checks'] if one['ok'] is False]
        assert failed == ['beacon'], failed  # and the draw has parties, which a typed seed cannot have


def test_every_change_of_a_bundle_is_named():
    def is_named(name, files):
        return name in files or name in TOGETHER and set(files) & TOGETHER
    for sealed in (False, True):
        with Scratch() as folder:
            write.make_bundle(folder, units=40, officers=8, quota=3, sealed=sealed)
            write.add_log_proofs(folder)
            tamper(folder, files_of(folder), ROUNDS // 4, lambda name, files: is_named(name, files)
                   or name.endswith('.tlog-proof') and files == [name])


def test_every_change_of_a_bundle_without_log_proofs_is_named():
    with Scratch() as folder:
        write.make_bundle(folder, units=40, officers=8, quota=3)
        tamper(folder, files_of(folder), ROUNDS // 4,
               lambda name, files: name in files or name in TOGETHER and set(files) & TOGETHER)


def test_every_change_of_a_log_is_named():
    """keys.txt and policy.txt are what the reader trusts: they are not part of what is checked."""
    with Scratch() as folder:
        log, *heads = write.make_log(570)
        log.write(folder, *heads)
        document = judge(folder)
        assert all(one['ok'] for one in document['checks']), document
        tamper(folder, files_of(folder), ROUNDS // 4, lambda name, files: name in files, ('keys.txt', 'policy.txt'))


def test_moved_and_dropped_entries_are_found():
    for way in ('swap', 'drop', 'roll back', 'fork'):
        with Scratch() as folder:
            log, *heads = write.make_log(300)
            if way == 'swap':
                log.rows[100], log.rows[101] = log.rows[101], log.rows[100]
            elif way == 'drop':
                log.rows.pop(100)
            elif way == 'roll back':
                log.rows = log.rows[:-40]
            else:
                log = write.make_log(300, seed=2)[0]
            log.write(folder, *heads)
            assert not judge(folder)['valid'], way


def test_a_log_whose_links_are_wrong_is_found_though_it_is_signed():
    for way, check in (('prev', 'order'), ('xhead', 'heads'), ('tail', 'heads')):
        with Scratch() as folder:
            log = write.Log()
            log.sign()
            log.append('unit.change', 'unit:1', {'n': 1})
            if way == 'prev':
                log.last['unit:1'] = 0
                log.append('unit.change', 'unit:1', {'n': 2})
            if way == 'xhead':
                log.bodies[1] = log.bodies[1].replace('-sm3', '-sm4')
            heads = log.sign()
            if way == 'tail':
                log.append('unit.change', 'unit:1', {'n': 3})
                body = [write.checkpoint_body(write.ORIGIN + end, tree.size, tree.root())
                        for end, tree in zip(('', '-sm3'), log.trees)]
                heads = (body[0] + '\n' + write.ED.line(body[0]) + write.SM.line(body[0])
                         + ''.join(one.line(body[0], 1) for one in write.WITNESSES),
                         body[1] + '\n' + write.SM_OF_SM3.line(body[1]))
            log.write(folder, *heads)
            failed = [one['id'] for one in judge(folder)['checks'] if one['ok'] is False]
            assert failed == [check], (way, failed)


def test_every_change_of_a_proof_is_found():
    log, checkpoint, checkpoint_sm3 = write.make_log(130)
    texts = {'entry.tlog-proof': write.tlog_proof(log, 77, checkpoint),
             'opened.tlog-proof': write.tlog_proof(log, 77, checkpoint, opened=True),
             'old.json': write.old_proof(log, 77),
             'history.json': write.history(log, 'unit:7', checkpoint, checkpoint_sm3)}
    dice = random.Random(SEED)
    with Scratch() as folder:
        for name, data in texts.items():
            path = os.path.join(folder, name)
            write.put(folder, name, data)
            assert judge(path)['valid'], judge(path)
            for number in range(ROUNDS // 8):
                how, changed = change(data, dice)
                write.put(folder, name, changed)
                if changed == data or name.endswith('.json') and read_alike(changed, data):
                    continue
                assert not judge(path)['valid'] or notes_alike(changed, data) or heads_alike(changed, data), (
                    'seed %d, round %d: %s in %s' % (SEED, number, how, name))


HEADS = ('checkpoint', 'checkpoint_sm3')


def read_alike(changed, data, heads=HEADS):
    """A blank for a blank, or a name that nobody reads: the document says the same."""
    from ledger import read_json
    keys = ('format', 'object', 'size', 'index', 'leaf', 'leaf_hash', 'proof', 'root', 'entries', *heads)
    a, b = read_json(changed), read_json(data)
    return isinstance(a, dict) and [a.get(key) for key in keys] == [b.get(key) for key in keys]


def heads_alike(changed, data):
    """A history holds its heads as notes; for them the same is said as for a note by itself."""
    from ledger import read_json
    if not data.startswith(b'{') or not read_alike(changed, data, ()):
        return False
    a, b = read_json(changed), read_json(data)
    return all(isinstance(a.get(key), str) and isinstance(b.get(key), str)
               and notes_alike(a[key].encode(), b[key].encode()) for key in HEADS)


def test_erased_contents_leave_the_history_whole():
    log, checkpoint, checkpoint_sm3 = write.make_log(130)
    with Scratch() as folder:
        places = [i for i, row in enumerate(log.rows) if b'\nobject unit:7\n' in row[0]]
        write.put(folder, 'h.json', write.history(log, 'unit:7', checkpoint, checkpoint_sm3, erased=places[:1]))
        document = judge(os.path.join(folder, 'h.json'))
        states = {one['id']: one['ok'] for one in document['checks']}
        assert document['valid'] and states.pop('payload') is None and all(states.values()), document


def test_a_foreign_key_is_named():
    log, checkpoint, _ = write.make_log(60)
    with Scratch() as folder:
        path = os.path.join(folder, 'x.tlog-proof')
        write.put(folder, 'x.tlog-proof', write.tlog_proof(log, 7, checkpoint))
        other = write.Signer(write.ORIGIN, write.ED25519, b'x' * 32)
        document = verify.verify(path, Trust([Key(other.vkey)])).document()
        assert [one['id'] for one in document['checks'] if one['ok'] is False] == ['signature'], document
        unknown = verify.verify(path).document()
        states = {one['id']: one['ok'] for one in unknown['checks']}
        assert unknown['valid'] and states['inclusion'] and states['signature'] is None and states['key'] is None


remember_signatures()
print('# seed %d, %d tamperings' % (SEED, ROUNDS))
support_tap.run(sys.modules[__name__])
