#!/usr/bin/env python3
"""Check a proof, a history, a whole log or a draw of Huozheng, offline and with nothing of ours.

  verify.py PATH [--key VKEY]... [--policy FILE] [--json]

PATH is a .tlog-proof or huozheng-proof/1 file, a huozheng-history/1 file, the folder of an exported
log, or the folder of a draw bundle. --key: a key of the log or of a witness that you have from
elsewhere. --policy: which witnesses must have signed (c2sp.org/tlog-policy). Exit code: 0 valid,
1 not valid, 2 wrong usage. Python 3.9 or newer, standard library only. Written from
docs/verify.md, docs/draw-format.md and the C2SP texts; docs/verify.md says what a check means.
"""
import argparse
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from draw import verify_draw  # noqa: E402 (the files beside this one)
from ledger import read_json, verify_history, verify_proof  # noqa: E402
from log_folder import verify_log  # noqa: E402
from notes import Key, Policy, Trust  # noqa: E402
from verdict import WORDS, run  # noqa: E402

FILE_MAX = 256 * 1024 * 1024


def kind_of(path):
    """proof, history, log, draw, or None."""
    if os.path.isdir(path):
        for kind, name in (('draw', 'commit.txt'), ('draw', 'params.txt'), ('draw', 'pool.tsv'),
                           ('log', 'checkpoint'), ('log', 'sm3'), ('log', 'tile')):
            if os.path.exists(os.path.join(path, name)):
                return kind
        return None
    with open(path, 'rb') as file:
        data = file.read(FILE_MAX)
    value = None if data.startswith(b'c2sp.org/tlog-proof') else read_json(data)
    is_history = isinstance(value, dict) and value.get('format') == 'huozheng-history/1'
    return 'history' if is_history else 'proof'


def verify(path, trust=None):
    """The verdict on a file or folder; None if a folder is neither log nor draw."""
    trust, kind, name = trust or Trust(), kind_of(path), os.path.basename(path)
    if kind in ('log', 'draw'):
        steps = {'log': verify_log, 'draw': verify_draw}[kind]
        return run(kind, lambda verdict: steps(verdict, path, trust))
    if kind is None:
        return None
    with open(path, 'rb') as file:
        data = file.read()
    steps = {'proof': verify_proof, 'history': verify_history}[kind]
    return run(kind, lambda verdict: steps(verdict, data, name, trust))


def show(document):
    marks = {True: ('通过', 'ok'), False: ('不通过', 'FAILED'), None: ('未核对', 'not checked')}
    kind = WORDS['kinds'][document['kind']]
    print('%s / %s' % (kind['zh'], kind['en']))
    for check in document['checks']:
        print('\n[%s / %s]\n  %s\n  %s' % (*marks[check['ok']], check['zh'], check['en']))
    print('\n%s\n%s' % (document['zh'], document['en']))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('path')
    parser.add_argument('--key', action='append', default=[])
    parser.add_argument('--policy')
    parser.add_argument('--json', action='store_true')
    args = parser.parse_args()
    try:
        policy = None
        if args.policy:
            with open(args.policy, 'rb') as file:
                policy = Policy(file.read())
        trust = Trust([Key(text) for text in args.key], policy)
        verdict = verify(args.path, trust)
    except ValueError as error:
        parser.error('not a key or policy: %s' % error)
    except OSError as error:
        parser.error(str(error))
    if verdict is None:
        parser.error('%s is neither a log nor a draw bundle' % args.path)
    document = verdict.document()
    if args.json:
        print(json.dumps(document, ensure_ascii=False))
    else:
        show(document)
    return 0 if document['valid'] else 1


if __name__ == '__main__':
    sys.exit(main())
