#!/usr/bin/env python3
"""Make build-assets/ from node_modules/: what the binary carries besides our own files.

  icons.svg        sprite of the icons named in assets/icons.txt, and our own proof.svg
  htmx.min.js      as published
  regions.tsv.gz   code, name, level (1 province .. 5 community), parent of every region of the
                   country, tab-separated, sorted by code, no head line
  calendar.json    public holidays and make-up working days, from the year in which our rules begin

Only the standard library. Does nothing when its inputs have not changed.
"""
import csv
import gzip
import hashlib
import json
import os
import re
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODULES = os.path.join(ROOT, 'node_modules')
OUT = os.path.join(ROOT, 'build-assets')
LEVELS = (  # file, column that holds the parent
    ('provinces', None), ('cities', 'provinceCode'), ('areas', 'cityCode'),
    ('streets', 'areaCode'), ('villages', 'streetCode'))


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding='utf-8') as file:
        return file.read()


def fingerprint():
    """Changes when the lock file, our lists or this program change."""
    total = hashlib.sha256()
    for path in ('package-lock.json', 'assets/icons.txt', 'assets/proof.svg', 'tools/assets.py'):
        total.update(read(path).encode())
    return total.hexdigest()


def symbol(name, svg):
    """One <symbol> with the drawing only: size, colour and stroke come from our CSS class `ic`."""
    body = re.sub(r'<!--.*?-->', '', svg, flags=re.S)
    body = re.search(r'<svg[^>]*>(.*)</svg>', body, re.S).group(1)
    body = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', '', body)
    body = re.sub(r'\s+', ' ', body).replace('> <', '><').replace(' />', '/>').strip()
    return '<symbol id="%s" viewBox="0 0 24 24">%s</symbol>' % (name, body)


def make_icons():
    names = [line.strip() for line in read('assets', 'icons.txt').splitlines()]
    names = sorted({name for name in names if name and not name.startswith('#')})
    folder = os.path.join(MODULES, '@tabler', 'icons', 'icons', 'outline')
    missing = [name for name in names if not os.path.exists(os.path.join(folder, name + '.svg'))]
    if missing:
        sys.exit('assets: Tabler Icons has no ' + ', '.join(missing) + ' (assets/icons.txt)')
    parts = [symbol(name, read(folder, name + '.svg')) for name in names]
    parts.append(symbol('proof', read('assets', 'proof.svg')))
    with open(os.path.join(OUT, 'icons.svg'), 'w', encoding='utf-8') as out:
        out.write('<svg xmlns="http://www.w3.org/2000/svg">%s</svg>\n' % ''.join(parts))


def regions():
    """Yield (code, name, level, parent) of every region."""
    for level, (name, parent) in enumerate(LEVELS, 1):
        path = os.path.join(MODULES, 'china-division', 'dist', name + '.csv')
        with open(path, encoding='utf-8', newline='') as file:
            for row in csv.DictReader(file):
                text = row['name'].replace('\t', ' ').strip()
                yield row['code'], text, level, row[parent] if parent else ''


def make_regions():
    lines = sorted('%s\t%s\t%d\t%s\n' % row for row in regions())
    path = os.path.join(OUT, 'regions.tsv.gz')
    with open(path, 'wb') as raw, gzip.GzipFile('', 'wb', 9, raw, mtime=0) as out:
        out.write(''.join(lines).encode())


FIRST_YEAR = 2020


def make_calendar():
    """Days off and make-up days of chinese-days (notices of the State Council); a year is covered
    when it has both New Year and National Day."""
    with open(os.path.join(MODULES, 'chinese-days', 'dist', 'chinese-days.json'), encoding='utf-8') as file:
        source = json.load(file)
    off = {day: text.split(',')[1] for day, text in sorted(source['holidays'].items())}
    worked = {day: text.split(',')[1] for day, text in sorted(source['workdays'].items())}
    last = FIRST_YEAR
    while '%d-01-01' % (last + 1) in off and '%d-10-01' % (last + 1) in off:
        last += 1
    out = {'from': FIRST_YEAR, 'to': last}
    for name, days in (('holidays', off), ('workdays', worked)):
        out[name] = {day: text for day, text in days.items() if FIRST_YEAR <= int(day[:4]) <= last}
    with open(os.path.join(OUT, 'calendar.json'), 'w', encoding='utf-8') as file:
        json.dump(out, file, ensure_ascii=False, sort_keys=True)


def main():
    if not os.path.isdir(MODULES):
        sys.exit('assets: there is no node_modules/; run `make build`, which installs it')
    mark = os.path.join(OUT, '.made-from')
    wanted = fingerprint()
    if os.path.exists(mark) and read(mark) == wanted:
        return
    os.makedirs(OUT, exist_ok=True)
    make_icons()
    shutil.copyfile(os.path.join(MODULES, 'htmx.org', 'dist', 'htmx.min.js'),
                    os.path.join(OUT, 'htmx.min.js'))
    make_regions()
    make_calendar()
    with open(mark, 'w', encoding='utf-8') as out:
        out.write(wanted)


if __name__ == '__main__':
    main()
