#!/usr/bin/env python3
"""Run every benchmark, print each figure beside its comparison, write docs/benchmarks.md.

A benchmark is a program in bench/ that ends with one line of JSON on stdout:
{"title": …, "figures": [{"name", "value", "unit", "target", "holds", "comparison", "detail"}]}.

  bench/run.py [--only pages_sqlite,import] [--quick]   --quick: small city, short runs; writes no file
  bench/run.py --only pages_sqlite --match /work/units   only those pages; the file's other rows stay

A section of the file says when and at which commit it was measured; --only renews its sections and
leaves the others.
"""
import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# name, command, arguments of --quick
BENCHMARKS = (
    ('pages_sqlite', ['node', 'bench/pages.mjs', '--engine', 'sqlite'], ['--scale', '4', '--seconds', '3']),
    ('pages_postgresql', ['node', 'bench/pages.mjs', '--engine', 'postgresql'],
     ['--scale', '4', '--seconds', '3']),
    ('import', ['bench/import.py'], ['--rows', '20000']),
    ('casework', ['node', 'bench/casework.mjs'], ['--matters', '5000', '--acts', '200', '--seconds', '2']),
    ('draw', ['bench/draw.py'], ['--units', '100000', '--repeat', '1']),
    ('ledger', ['bench/ledger.py'], ['--leaves', '20000']),
    ('law', ['bench/law.py'], ['--repeat', '1']),
    ('frame', ['bench/frame.py'], ['--seconds', '1']),
    ('weight', ['node', 'bench/weight.mjs'], []),
    ('verify_browser', ['node', 'bench/verify_browser.mjs'], ['--units', '5000']),
    ('gateway_sqlite', ['bench/gateway.py'], ['--devices', '1000', '--seconds', '3', '--idle', '2000']),
    ('gateway_postgresql', ['bench/gateway.py', '--engine', 'postgresql'], ['--devices', '1000', '--seconds', '3']),
    ('gateway_hostile', ['node', 'bench/gateway_hostile.mjs'], ['--seconds', '4']),
    ('alarm_live_sqlite', ['node', 'bench/alarm_live.mjs', '--engine', 'sqlite'],
     ['--seconds', '5', '--rate', '2000', '--devices', '1000']),
    ('alarm_live_postgresql', ['node', 'bench/alarm_live.mjs', '--engine', 'postgresql'],
     ['--seconds', '5', '--rate', '2000', '--devices', '1000']),
    ('connections', ['node', 'bench/connections.mjs'], ['--idle', '500', '--streams', '500']),
)


def machine():
    """What the figures were measured on, as (label, text)."""
    def first(path, key):
        with open(path, encoding='utf-8') as file:
            for line in file:
                if line.startswith(key):
                    return line.split(':', 1)[1].strip()
        return '?'

    def output(*command):
        try:
            return subprocess.check_output(command, text=True, stderr=subprocess.STDOUT, cwd=ROOT).strip()
        except (OSError, subprocess.CalledProcessError):
            return '?'
    memory_gb = int(first('/proc/meminfo', 'MemTotal').split()[0]) / 1e6
    with open('/etc/os-release', encoding='utf-8') as file:
        system = dict(line.strip().split('=', 1) for line in file if '=' in line)['PRETTY_NAME'].strip('"')
    return [
        ('Date', datetime.date.today().isoformat()),
        ('Commit', output('git', 'describe', '--always', '--dirty')),
        ('Machine', '%d cores of %s, %.0f GB' % (
            os.cpu_count(), first('/proc/cpuinfo', 'model name'), memory_gb)),
        ('System', '%s, Linux %s' % (system, platform.release().split('-')[0])),
        ('Software', 'gcc %s, SQLite %s, PostgreSQL %s, node %s' % (
            output('gcc', '-dumpfullversion'), output('sqlite3', '--version').split()[0],
            output('psql', '--version').split()[2], output('node', '--version'))),
        ('Note', 'client, server and database share the cores'),
    ]


def run(name, command, extra):
    print('== ' + name, flush=True)
    done = subprocess.run(command + extra, cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout)
        return {'title': name, 'failed': 'ended with %d' % done.returncode, 'figures': []}
    document = json.loads(done.stdout.strip().split('\n')[-1])
    for figure in document['figures']:
        print('%s %-60s %12s %s  (target %s; %s)' % (
            '  ' if figure.get('holds', True) else '! ', figure['name'], figure['value'],
            figure['unit'], figure.get('target', '-'), figure.get('comparison', '-')), flush=True)
    return document


HEAD = """# Benchmarks

Written by `make bench`; every figure stands beside its comparison from the same run.
"""


def section(name, document):
    """One part of the file; the comment finds it again."""
    lines = ['## ' + document['title'], '<!-- %s -->' % name, '']
    lines += ['- %s: %s' % pair for pair in machine()] + ['']
    if document.get('failed'):
        return lines + ['Did not finish: ' + document['failed'], '']
    lines += ['| what | measured | target | | comparison | detail |', '|---|---:|---|---|---|---|']
    return lines + [row(figure) for figure in document['figures']] + ['']


def row(figure):
    return '| %s | %s %s | %s | %s | %s | %s |' % (
        figure['name'], figure['value'], figure['unit'], figure.get('target', ''),
        {True: 'holds', False: '**missed**'}.get(figure.get('holds'), ''),
        figure.get('comparison', ''), figure.get('detail', ''))


def renewed(lines, document, match):
    """A section with the rows of this document in the place of those of the same name."""
    rows = {'| %s |' % figure['name']: row(figure) for figure in document['figures'] if match in figure['name']}
    facts = dict(machine())
    lines = [next((new for start, new in rows.items() if line.startswith(start)), line) for line in lines]
    said = '- Rows with `%s` measured again: %s, commit %s' % (match, facts['Date'], facts['Commit'])
    return lines[:lines.index('| what | measured | target | | comparison | detail |') - 1] + [said] + \
        lines[lines.index('| what | measured | target | | comparison | detail |') - 1:]


def write(documents, match):
    """documents: {name: document}. Sections of other names stay, and with `match` the other rows."""
    path = os.path.join(ROOT, 'docs/benchmarks.md')
    kept = {}
    with open(path, encoding='utf-8') as file:
        for part in file.read().split('\n## ')[1:]:
            found = re.search(r'<!-- (\w+) -->', part)
            if found:
                kept[found.group(1)] = ('## ' + part).rstrip('\n').split('\n') + ['']
    for name, document in documents.items():
        kept[name] = renewed(kept[name], document, match) if match else section(name, document)
    lines = [line for name, _, _ in BENCHMARKS if name in kept for line in kept[name]]
    with open(path, 'w', encoding='utf-8') as file:
        file.write(HEAD + '\n' + '\n'.join(lines))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', default='')
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--match', default='', help='of pages_sqlite and pages_postgresql: only pages with this')
    args = parser.parse_args()
    only = set(filter(None, args.only.split(',')))
    names = [name for name, _, _ in BENCHMARKS]
    if not only.issubset(names):
        parser.error('there are: ' + ', '.join(names))
    if args.match and not (only and only <= {'pages_sqlite', 'pages_postgresql'}):
        parser.error('--match needs --only with one of the parts of pages')
    if 'HUOZHENG_TEST_PG' not in os.environ:
        starter = os.path.join(ROOT, 'tools/with-postgres')
        os.execv(starter, [starter, sys.executable, os.path.abspath(__file__)] + sys.argv[1:])
    programs = ['bench/' + name for name in (
        'units_queries', 'conn_baseline', 'casework_acts', 'draw_speed', 'frame_speed', 'gateway_load', 'gateway_sink',
        'gateway_attack', 'ledger_append')]
    subprocess.check_call(['ninja', '-C', 'build', 'huozheng'] + programs, cwd=ROOT, stdout=subprocess.DEVNULL)
    match = ['--match', args.match] if args.match else []
    documents = {name: run(name, command, match + (extra if args.quick else []))
                 for name, command, extra in BENCHMARKS if not only or name in only}
    if not args.quick:
        write(documents, args.match)
    figures = [figure for document in documents.values() for figure in document['figures']]
    missed = sum(not figure.get('holds', True) for figure in figures)
    failed = sum(bool(document.get('failed')) for document in documents.values())
    print('%d figures, %d missed, %d benchmarks failed' % (len(figures), missed, failed))
    return 1 if missed or failed else 0


if __name__ == '__main__':
    sys.exit(main())
