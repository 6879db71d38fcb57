#!/usr/bin/env python3
"""GB/T 26875.3 frames decoded on one core: found, verified, every field of every object touched; beside
a pass over the same bytes that only sums them.

  bench/frame.py [--seconds 10]

The mix is ../shared/data/gb26875_frames.tsv where it is (frames of public sources that the standard
profile takes), and always the committed frames of tests/data/gb26875. Prints one JSON document as
bench/run.py reads it.
"""
import argparse
import json
import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = 8000000  # frames a second


def public_frames():
    path = os.path.join(ROOT, '../shared/data/gb26875_frames.tsv')
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8') as file:
        return [line.split('\t')[0] for line in file.read().splitlines()[1:]]


def own_frames():
    with open(os.path.join(ROOT, 'tests/data/gb26875/frames.jsonl'), encoding='utf-8') as file:
        cases = [json.loads(line) for line in file]
    return [case['hex'] for case in cases if len(case['hex']) <= 2 * 1054]


def measure(frames, seconds):
    # On a busy machine others' turns would be measured; not everybody may ask for real time.
    first = ['chrt', '-r', '10'] if shutil.which('chrt') and os.geteuid() == 0 else []
    return json.loads(subprocess.check_output(
        first + [os.path.join(ROOT, 'build/bench/frame_speed'), str(seconds)],
        input='\n'.join(frames) + '\n', text=True))


def figure(name, run, target):
    return {
        'name': name, 'value': round(run['frames']), 'unit': 'frames/s',
        'target': '≥ %d' % target if target else '', 'holds': run['frames'] >= target,
        'comparison': 'only summing the bytes: %d/s, ratio %.2f; eight at a time: %d/s, ratio %.2f' % (
            run['plain'], run['frames'] / run['plain'], run['wide'], run['frames'] / run['wide']),
        'detail': '%d frames of %.0f bytes and %.1f objects on average, no allocation'
                  % (run['kinds'], run['frame_bytes'], run['objects']),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=int, default=10)
    args = parser.parse_args()
    public = public_frames()
    figures = []
    if public:
        figures.append(figure('decode, frames of public sources', measure(public, args.seconds), TARGET))
    figures.append(figure('decode, frames of our own making up to the largest', measure(own_frames(), args.seconds),
                          0 if public else TARGET))
    print(json.dumps({'title': 'Frames of GB/T 26875.3, one core', 'figures': figures}, ensure_ascii=False))


if __name__ == '__main__':
    main()
