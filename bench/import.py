#!/usr/bin/env python3
"""Import of a large CSV: `huozheng import` beside the plainest means of each database.

  bench/import.py [--rows 1000000] [--engine sqlite --engine postgresql] [--huozheng build/huozheng]

SQLite: the sqlite3 shell, .import into a temporary table and INSERT … SELECT into the same tables with
the same indexes, search rows made by the same functions (bench/import_ext.c), in one transaction.
PostgreSQL: psql, COPY into a temporary table and INSERT … SELECT; the search rows are copied ready-made,
because they cannot be computed there, so its side of the comparison does less.
Both sides take turns in one run and must end with equal tables. The last line is one JSON document.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HERE = os.path.join(ROOT, 'bench')
RATIO_MIN = 0.5
RSS_MAX_MB = 200


def measured(command, **more):
    """Run; return (seconds, processor seconds, largest resident MB)."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    out, problem = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    if process.returncode != 0 or b'Error' in problem:
        sys.exit('%s: %s' % (command[0], (out[-2000:] + problem[-2000:]).decode(errors='replace')))
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def build_extension(folder):
    path = os.path.join(folder, 'registry.so')
    flags = subprocess.check_output(['pkg-config', '--cflags', '--libs', 'glib-2.0'], text=True).split()
    sources = [os.path.join(HERE, 'import_ext.c')] + [
        os.path.join(ROOT, 'src/registry', name) for name in ('search_rules.c', 'vocabulary.c')]
    subprocess.check_call(['cc', '-O2', '-fPIC', '-shared', '-I' + os.path.join(ROOT, 'src')]
                          + sources + ['-o', path] + flags)
    return path


def ours(args, url, files, mode):
    subprocess.check_call([args.huozheng, 'import', '--db', url, '--kind', 'region', files['regions']],
                          stdout=subprocess.DEVNULL)
    return measured([args.huozheng, 'import', '--db', url, '--kind', 'unit'] + mode + [files['units']])


CHECK = ('SELECT count(*), sum(match_key %% 1000003), sum(cell), sum(district), sum(length(name)), '
         '(SELECT sum(n) FROM unit_count) FROM unit')


def with_sqlite(args, folder, files):
    extension = build_extension(folder)
    paths = {name: os.path.join(folder, name + '.db') for name in ('ours', 'all', 'shell')}
    urls = {name: 'sqlite:' + path for name, path in paths.items()}
    result = {'skipping': ours(args, urls['ours'], files, ['--skip-bad'])}
    subprocess.check_call([args.huozheng, 'import', '--db', urls['shell'], '--kind', 'region',
                           files['regions']], stdout=subprocess.DEVNULL)
    with open(os.path.join(HERE, 'import_shell.sql'), encoding='utf-8') as file:
        script = file.read() % {'extension': extension, 'file': files['units']}
    script_path = os.path.join(folder, 'shell.sql')
    with open(script_path, 'w', encoding='utf-8') as file:
        file.write(script)
    with open(script_path, encoding='utf-8') as file:
        result['plain'] = measured(['sqlite3', paths['shell']], stdin=file)
    os.environ['SQLITE_TMPDIR'] = folder
    sums = [subprocess.check_output(['sqlite3', paths[name], CHECK.replace('%%', '%')], text=True)
            for name in ('ours', 'shell')]
    if sums[0] != sums[1]:
        sys.exit('the tables differ: %s and %s' % tuple(sums))
    os.unlink(paths['shell'])
    os.unlink(paths['ours'])
    result['all'] = ours(args, urls['all'], files, [])
    os.unlink(paths['all'])
    return result


def psql(url, script, **more):
    return measured(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', script]
                    if not more else ['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', url], **more)


PG_SCRIPT = r"""
BEGIN;
CREATE TEMP TABLE raw (source text, source_id text, uscc text, name text, address text, region text,
    category text, legal_person text, phone text, risk text, is_key text, longitude text, latitude text);
\copy raw FROM '%(file)s' (FORMAT csv, HEADER true)
CREATE TEMP TABLE derived (source_id text PRIMARY KEY, match_key bigint, category bigint, risk bigint);
\copy derived FROM '%(derived)s'
INSERT INTO unit (source, source_id, uscc, name, address, region, district, category, risk, credit,
        is_key, cell, match_key, legal_person, phone, longitude, latitude, created_us, changed_us)
    SELECT r.source, r.source_id, r.uscc, r.name, r.address, r.region, r.region::bigint, d.category,
        d.risk, 0, (r.is_key = '是')::int, d.category * 50 + d.risk * 10 + (r.is_key = '是')::int,
        d.match_key, r.legal_person, r.phone, r.longitude::float8, r.latitude::float8, 1, 1
    FROM raw r JOIN derived d USING (source_id) ORDER BY r.source_id;
\copy unit_search FROM '%(search)s'
INSERT INTO unit_count (scope, cell, n)
    SELECT district / 10000, cell, count(*) FROM unit GROUP BY 1, 2
    UNION ALL SELECT district / 100, cell, count(*) FROM unit GROUP BY 1, 2
    UNION ALL SELECT district, cell, count(*) FROM unit GROUP BY 1, 2;
COMMIT;
"""


def with_postgresql(args, folder, files):
    base = os.environ.get('HUOZHENG_TEST_PG')
    if base is None:
        sys.exit('PostgreSQL: run under tools/with-postgres')
    mark = base.index('?') if '?' in base else len(base)
    head, tail = base[:mark], base[mark:]
    names = {name: 'bench_import_%s_%d' % (name, os.getpid()) for name in ('ours', 'plain')}
    urls = {name: head + database + tail for name, database in names.items()}
    for database in names.values():
        psql(head + 'postgres' + tail, 'CREATE DATABASE ' + database)
    paths = {name: os.path.join(folder, name + '.txt') for name in ('derived', 'search')}
    try:
        result = {'skipping': ours(args, urls['ours'], files, ['--skip-bad'])}
        for name, what in (('derived', '(SELECT source_id, match_key, category, risk FROM unit)'),
                           ('search', 'unit_search')):
            psql(urls['ours'], "\\copy %s TO '%s'" % (what, paths[name]))
        subprocess.check_call([args.huozheng, 'import', '--db', urls['plain'], '--kind', 'region',
                               files['regions']], stdout=subprocess.DEVNULL)
        script = os.path.join(folder, 'plain.sql')
        with open(script, 'w', encoding='utf-8') as file:
            file.write(PG_SCRIPT % {'file': files['units'], **paths})
        with open(script, encoding='utf-8') as file:
            result['plain'] = psql(urls['plain'], None, stdin=file)
        sums = [subprocess.check_output(['psql', '-X', '-A', '-t', '-d', urls[name], '-c',
                                         CHECK.replace('%%', '%')], text=True) for name in names]
        if sums[0] != sums[1]:
            sys.exit('the tables differ: %s and %s' % tuple(sums))
        return result
    finally:
        for database in names.values():
            psql(head + 'postgres' + tail, 'DROP DATABASE IF EXISTS %s WITH (FORCE)' % database)


def figures_of(engine, rows, result):
    plain = result['plain']
    out = []
    for mode, name in (('skipping', 'durable chunks (--skip-bad)'), ('all', 'all or nothing')):
        if mode not in result:
            continue
        seconds, processor, resident = result[mode]
        ratio = plain[0] / seconds
        figure = {'name': 'import of %s rows, %s, %s' % (format(rows, ','), engine, name),
                  'value': round(rows / seconds), 'unit': 'rows/s',
                  'comparison': '%s: %d rows/s, so %.2f of it' % (
                      'sqlite3 shell' if engine == 'SQLite' else 'psql, search rows ready-made',
                      rows / plain[0], ratio),
                  'detail': '%.1f s (processor %.1f s) beside %.1f s (%.1f s)' % (
                      seconds, processor, plain[0], plain[1])}
        if engine == 'SQLite' and mode == 'skipping':
            figure.update(target='at least %.1f of the shell' % RATIO_MIN, holds=ratio >= RATIO_MIN)
        out.append(figure)
        out.append({'name': 'memory of that import', 'value': round(resident), 'unit': 'MB',
                    'target': 'at most %d MB' % RSS_MAX_MB, 'holds': resident <= RSS_MAX_MB,
                    'comparison': 'the shell: %d MB' % plain[2] if engine == 'SQLite' else '',
                    'detail': 'largest resident set'})
    return out


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rows', type=int, default=1000000)
    parser.add_argument('--engine', action='append', choices=('sqlite', 'postgresql'))
    parser.add_argument('--huozheng', default=os.path.join(ROOT, 'build/huozheng'))
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix='bench-import-', dir=os.environ.get('HUOZHENG_BENCH_DIR'))
    os.chmod(folder, 0o755)
    files = {'units': os.path.join(folder, 'units.csv'), 'regions': os.path.join(folder, 'regions.csv')}
    figures = []
    try:
        subprocess.check_call([sys.executable, os.path.join(HERE, 'import_city.py'), str(args.rows),
                               files['units'], files['regions']])
        engines = args.engine or ['sqlite', 'postgresql']
        if 'sqlite' in engines:
            figures += figures_of('SQLite', args.rows, with_sqlite(args, folder, files))
        if 'postgresql' in engines:
            figures += figures_of('PostgreSQL', args.rows, with_postgresql(args, folder, files))
    finally:
        shutil.rmtree(folder)
    print(json.dumps({'title': 'Import', 'figures': figures}, ensure_ascii=False))
    return 0


if __name__ == '__main__':
    sys.exit(main())
