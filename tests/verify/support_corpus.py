"""support_corpus.py OUT SEED COUNT: good and tampered proofs, histories, bundles and logs.

Writes each to a folder of its own below OUT, and OUT/corpus.json with what the Python verifier says:
[{path, how, verdict}]. OUT/policy.txt and `keys` are to be trusted by everybody.
"""
import json
import os
import random
import shutil
import sys

import support_write as write
from hashes import SHA256, SM3

import verify
from notes import Key, Policy, Trust
from support_tamper import change, read

KEYS = [write.ED.vkey, write.SM.vkey, write.SM_OF_SM3.vkey]


def good(out):
    """(folder, what is to be verified) of everything that is good."""
    log, *heads = write.make_log(270)
    for name, data in (('entry.tlog-proof', write.tlog_proof(log, 77, heads[0])),
                       ('opened.tlog-proof', write.tlog_proof(log, 77, heads[0], opened=True)),
                       ('old.json', write.old_proof(log, 77)),
                       ('history.json', write.history(log, 'unit:7', *heads)),
                       ('erased.json', write.history(log, 'unit:8', *heads, erased=range(100)))):
        write.put(out, 'good/%s/%s' % (name, name), data)
        yield 'good/%s/%s' % (name, name)
    log.write(os.path.join(out, 'good/log'), *heads)
    yield 'good/log'
    log, *heads = write.make_log(3, lost=True)
    log.write(os.path.join(out, 'good/lost'), *heads)
    yield 'good/lost'
    for number, (kind, sealed, beacons) in enumerate((
            (SM3, False, [('drand', 33000000)]), (SHA256, True, [('drand', 33000000), ('drand', 33000009)]),
            (SM3, True, [('drand', 33000000)]))):
        path = 'good/draw%d' % number
        write.make_bundle(os.path.join(out, path), units=40, officers=8, quota=3 + number, kind=kind, sealed=sealed,
                          beacons=beacons, seed=number)
        if number:
            write.add_log_proofs(os.path.join(out, path))
            assert write.add_substitutions(os.path.join(out, path), seed=number, skips=(0, 1) if number == 2 else (0,)) > 2
        yield path
    shutil.copytree(os.path.join(out, 'good/draw2'), os.path.join(out, 'good/closed'))
    for name in ('pool.tsv', 'insp.tsv', 'deny.tsv', 'salt.txt', 'result.tsv', 'reveals.txt', 'result.tlog-proof'):
        os.remove(os.path.join(out, 'good/closed', name))
    yield 'good/closed'


def odd_names(out):
    """(path, how): the last signature line has a key name with one other letter; some are none of a name."""
    for letter in '\x1f\x7f+\x85\xa0\u1680\u180e\u2003\u200b\u2028\u3000\ufeff':
        text = read(os.path.join(out, 'good/entry.tlog-proof/entry.tlog-proof')).decode()
        head, dash, line = text.rpartition('\n\u2014 ')
        path = 'odd/%04x/entry.tlog-proof' % ord(letter)
        write.put(out, path, (head + dash + letter + line[1:]).encode())
        yield path, 'U+%04X in the name of a key' % ord(letter)


def main():
    out, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    dice, rows = random.Random(seed), []
    trust = Trust([Key(text) for text in KEYS], Policy(write.POLICY.encode()))
    write.put(out, 'policy.txt', write.POLICY.encode())

    def judge(path, how):
        rows.append({'path': path, 'how': how, 'verdict': verify.verify(os.path.join(out, path), trust).document()})
    paths = list(good(out))
    for path in paths:
        judge(path, 'good')
    for path, how in odd_names(out):
        judge(path, how)
    for number in range(count):
        source = dice.choice(paths)
        top = '/'.join(source.split('/')[:2])
        copy = 'bad/%d' % number
        shutil.copytree(os.path.join(out, top), os.path.join(out, copy))
        names = sorted(os.path.relpath(os.path.join(base, name), os.path.join(out, copy))
                       for base, _, names in os.walk(os.path.join(out, copy)) for name in names)
        name = dice.choice([one for one in names if os.path.getsize(os.path.join(out, copy, one)) > 0])
        if top != source or dice.random() < 0.9:
            how, data = change(read(os.path.join(out, copy, name)), dice)
            write.put(out, '%s/%s' % (copy, name), data)
        else:
            how = 'removal'
            os.remove(os.path.join(out, copy, name))
        judge(copy + source[len(top):], '%s in %s of %s' % (how, name, source))
    with open(os.path.join(out, 'corpus.json'), 'w', encoding='utf-8') as file:
        json.dump({'keys': KEYS, 'rows': rows}, file, ensure_ascii=False)


main()
