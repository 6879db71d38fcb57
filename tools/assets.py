#!/usr/bin/env python3
"""Make build-assets/ from node_modules/: what the binary carries besides our own files.

  icons.svg        sprite of the icons named in assets/icons.txt, and our own proof.svg
  htmx.min.js      as published
  regions.tsv.gz   code, name, level (1 province .. 5 community), parent of every region of the
                   country, tab-separated, sorted by code, no head line
  calendar.json    public holidays and make-up working days, from the year in which our rules begin
  map.json         outlines of districts from assets/map/, projected and thinned out, as SVG paths

Only the standard library. Does nothing when its inputs have not changed.
"""
import csv
import gzip
import hashlib
import json
import math
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
    for path in ('package-lock.json', 'assets/icons.txt', 'assets/proof.svg', 'tools/assets.py',
                 'assets/map/chongqing.geojson'):
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


MAP_WIDTH = 1000  # units of a path; the height follows
COARSE, FINE = 0.9, 0.12  # how far a thinned line may leave the drawn one: whole city, one district


def unpack(text, offset):
    """Points of one ring in degrees, packed as ECharts does it: zigzag differences of 1/1024."""
    x, y = offset
    for i in range(0, len(text), 2):
        east, north = ord(text[i]) - 64, ord(text[i + 1]) - 64
        x += (east >> 1) ^ -(east & 1)
        y += (north >> 1) ^ -(north & 1)
        yield x / 1024, y / 1024


def rings_of(geometry):
    parts, offsets = geometry['coordinates'], geometry['encodeOffsets']
    if geometry['type'] == 'Polygon':
        parts, offsets = [parts], [offsets]
    return [list(unpack(text, offset)) for part, place in zip(parts, offsets)
            for text, offset in zip(part, place)]


def thin(points, reach):
    """Douglas and Peucker: drops points that the line through the others hardly misses."""
    keep = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        (x0, y0), (x1, y1) = points[first], points[last]
        length = math.hypot(x1 - x0, y1 - y0)
        worst, at = reach, None
        for i in range(first + 1, last):
            x, y = points[i]
            away = (abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length if length
                    else math.hypot(x - x0, y - y0))
            if away > worst:
                worst, at = away, i
        if at is not None:
            keep.add(at)
            spans += [(first, at), (at, last)]
    return [points[i] for i in sorted(keep)]


def path_of(rings, reach, digits):
    """SVG path; small islands fall away in the coarse one."""
    out = []
    for ring in rings:
        line = thin(ring, reach)
        if len(line) < 4 and len(rings) > 1:
            continue
        scale = 10 ** digits
        whole = [(round(x * scale), round(y * scale)) for x, y in line]
        text, last = '', None
        for x, y in whole[:-1]:
            if last is None:
                text += 'M%g %gl' % (x / scale, y / scale)
            elif (x, y) != last:
                text += '%g %g ' % ((x - last[0]) / scale, (y - last[1]) / scale)
            last = (x, y)
        out.append(text.strip().replace(' -', '-') + 'z')
    return ''.join(out)


def middle(ring):
    """Centre of gravity of a ring."""
    area = east = north = 0
    for (x0, y0), (x1, y1) in zip(ring, ring[1:]):
        cross = x0 * y1 - x1 * y0
        area, east, north = area + cross, east + (x0 + x1) * cross, north + (y0 + y1) * cross
    return [round(east / (3 * area), 1), round(north / (3 * area), 1)] if area else list(ring[0])


def make_map():
    features = json.loads(read('assets', 'map', 'chongqing.geojson'))['features']
    shapes = {one['id']: (one['properties']['name'], rings_of(one['geometry'])) for one in features}
    points = [point for _, rings in shapes.values() for ring in rings for point in ring]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    east_scale = MAP_WIDTH / (east - west)
    north_scale = east_scale / math.cos(math.radians((south + north) / 2))  # true to shape here
    out = {'west': west, 'north': north, 'east_scale': round(east_scale, 4),
           'north_scale': round(north_scale, 4), 'width': MAP_WIDTH,
           'height': math.ceil((north - south) * north_scale), 'shapes': []}
    for code, (name, rings) in sorted(shapes.items()):
        flat = [[((x - west) * east_scale, (north - y) * north_scale) for x, y in ring]
                for ring in rings]
        xs, ys = [x for ring in flat for x, _ in ring], [y for ring in flat for _, y in ring]
        out['shapes'].append({
            'code': code, 'name': name,
            'box': [round(min(xs), 1), round(min(ys), 1), round(max(xs), 1), round(max(ys), 1)],
            'middle': middle(max(flat, key=len)),
            'coarse': path_of(flat, COARSE, 0), 'fine': path_of(flat, FINE, 1)})
    with open(os.path.join(OUT, 'map.json'), 'w', encoding='utf-8') as file:
        json.dump(out, file, ensure_ascii=False, separators=(',', ':'))


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
    make_map()
    with open(mark, 'w', encoding='utf-8') as out:
        out.write(wanted)


if __name__ == '__main__':
    main()
