#!/usr/bin/env python3
"""`huozheng law check` over the rules inside the binary: how long until every example was computed.

  bench/law.py [--repeat 5]

Prints one JSON document as bench/run.py reads it.
"""
import argparse
import json
import os
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET_MS = 2000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--repeat', type=int, default=5)
    args = parser.parse_args()
    binary = os.path.join(ROOT, 'build/huozheng')
    spent, started = [], []
    for _ in range(args.repeat):
        begun = time.monotonic()
        document = json.loads(subprocess.check_output([binary, 'law', 'check', '--json']))
        spent.append((time.monotonic() - begun) * 1000)
        begun = time.monotonic()
        subprocess.check_call([binary, '--help'], stdout=subprocess.DEVNULL)
        started.append((time.monotonic() - begun) * 1000)
    middle = sorted(spent)[len(spent) // 2]
    print(json.dumps({
        'title': 'Rules: every worked example of law/',
        'figures': [{
            'name': 'huozheng law check, %d examples' % document['examples'],
            'value': round(middle), 'unit': 'ms', 'target': '≤ %d' % TARGET_MS, 'holds': middle <= TARGET_MS,
            'comparison': 'huozheng --help: %.0f ms' % sorted(started)[len(started) // 2],
            'detail': 'runs: ' + ', '.join('%.0f' % one for one in spent),
        }],
    }))


if __name__ == '__main__':
    main()
