#!/usr/bin/env python3
"""The draw: tickets of a large pool beside PostgreSQL's weighted sample of the same rows, officers for
10,000 targets, and how the cost grows (docs/img/draw-cost.svg).

  bench/draw.py [--units 10000000] [--repeat 3] [--quick]

PostgreSQL sorts by -ln(random())/w, which draws by the same law but cannot be checked by anybody; its
rows stand in memory (read once before). Both sides take turns; the best of each counts. Weights are
1, 2, 4, 8 in equal parts, 10,000 units are drawn. The last line is one JSON document.
"""
import argparse
import json
import math
import os
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, 'build/bench/draw_speed')
SAMPLE = 'SELECT count(*) FROM (SELECT id FROM pool ORDER BY -ln(1 - random()) / w LIMIT 10000) drawn'


def speed(*arguments):
    return json.loads(subprocess.check_output([PROGRAM, *map(str, arguments)], text=True))


class PostgreSql:
    """The cluster that tools/with-postgres has started."""

    def __init__(self, units):
        head, mark, tail = os.environ['HUOZHENG_TEST_PG'].partition('?')
        self.url = head + 'postgres' + mark + tail
        self.run('DROP TABLE IF EXISTS pool')
        self.run("CREATE TABLE pool AS SELECT '9144030' || lpad((i - 1)::text, 11, '0') AS id, "
                 '(1 << ((i - 1) %% 4)::int)::int AS w FROM generate_series(1, %d) i' % units)
        self.run('VACUUM (ANALYZE) pool')

    def run(self, statement):
        return subprocess.check_output(
            ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', self.url, '-c', statement],
            text=True).strip()

    def sample(self):
        started = time.monotonic()
        assert self.run(SAMPLE) == '10000'
        return time.monotonic() - started

    def close(self):
        self.run('DROP TABLE pool')


def figure(name, value, unit, target=None, holds=None, comparison='-', detail=''):
    made = {'name': name, 'value': value, 'unit': unit, 'comparison': comparison, 'detail': detail}
    if target is not None:
        made['target'] = target
        made['holds'] = holds
    return made


def pool_figures(units, repeat):
    database = PostgreSql(units)
    database.sample()
    best = {'sha256': math.inf, 'sm3': math.inf, 'postgresql': math.inf}
    for _ in range(repeat):
        best['postgresql'] = min(best['postgresql'], database.sample())
        for kind in ('sha256', 'sm3'):
            made = speed('tickets', kind, units)
            best[kind] = min(best[kind], made['seconds'])
    database.close()
    peer = 'PostgreSQL ORDER BY -ln(random())/w: %.2f s' % best['postgresql']
    shared = '%d units, %d lanes' % (units, made['lanes'])
    figures = []
    for kind, times in (('sha256', 1), ('sm3', 2)):
        ratio = best[kind] / best['postgresql']
        figures.append(figure('tickets with %s' % kind, round(best[kind], 2), 's',
                              '< %d x PostgreSQL' % times, ratio < times, peer,
                              'ratio %.2f; %s' % (ratio, shared)))
    return figures


def width_figures(units):
    """What registers of other machines would give."""
    for kind in ('sha256', 'sm3'):
        for width in (8, 4):
            made = speed('tickets', kind, units, width)
            yield figure('tickets with %s, at most %d lanes' % (kind, width),
                         round(made['seconds'], 2), 's', detail='%d lanes used' % made['lanes'])


def assign_figures(repeat):
    for kind in ('sha256', 'sm3'):
        runs = [speed('assign', kind, 10000, 1500) for _ in range(repeat)]
        best = min(run['seconds'] for run in runs)
        yield figure('officers for 10,000 targets from 1,500, %s' % kind, round(best, 2), 's', '<= 1 s',
                     best <= 1, detail='%d staffed, L* %d' % (runs[0]['staffed'], runs[0]['level']))


def growth(largest, repeat):
    """[(kind, units, seconds)] from 10^4 upwards."""
    points = []
    units = 10000
    while units <= largest:
        for kind in ('sha256', 'sm3'):
            points.append((kind, units, min(speed('tickets', kind, units)['seconds']
                                            for _ in range(repeat))))
        units *= 10
    return points


COLOURS = {'sha256': '#1f5fa8', 'sm3': '#b3402e'}
STROKES = {'sha256': '', 'sm3': ' stroke-dasharray="7 4"'}


def plot(points, path):
    """Seconds over units, both axes logarithmic; a straight line at 45 degrees is linear cost."""
    left, top, width, height = 76, 24, 480, 300
    ys = [seconds for _, _, seconds in points]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def place(units, seconds):
        x = left + width * (math.log10(units) - 4) / 3
        y = top + height * (high - math.log10(seconds)) / (high - low)
        return '%.1f,%.1f' % (x, y)
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400" font-family="sans-serif" '
             'font-size="13" role="img" aria-label="Seconds of a draw over the number of units">',
             '<rect width="640" height="400" fill="#fff"/>']
    for power in range(4, 8):
        x = left + width * (power - 4) / 3
        lines.append('<path d="M%.1f %d V%d" stroke="#ddd"/>' % (x, top, top + height))
        lines.append('<text x="%.1f" y="%d" text-anchor="middle">10^%d</text>' % (x, top + height + 20, power))
    for power in range(low, high + 1):
        y = top + height * (high - power) / (high - low)
        lines.append('<path d="M%d %.1f H%d" stroke="#ddd"/>' % (left, y, left + width))
        lines.append('<text x="%d" y="%.1f" text-anchor="end">%g s</text>' % (left - 8, y + 4, 10 ** power))
    lines.append('<text x="%d" y="%d" text-anchor="middle">units in the pool</text>'
                 % (left + width / 2, top + height + 48))
    ends = []
    for kind, colour in COLOURS.items():
        mine = [(units, seconds) for name, units, seconds in points if name == kind]
        ends.append((float(place(*mine[-1]).split(',')[1]) + 4, kind, colour))
        lines.append('<polyline fill="none" stroke="%s" stroke-width="2"%s points="%s"/>'
                     % (colour, STROKES[kind], ' '.join(place(*point) for point in mine)))
    lowest = -math.inf
    for y, kind, colour in sorted(ends):  # words of lines that end close together stand below each other
        lowest = max(y, lowest + 15)
        lines.append('<text x="%d" y="%.1f" fill="%s">%s</text>' % (left + width + 6, lowest, colour, kind))
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines + ['</svg>']) + '\n')


def growth_figures(points):
    for kind in COLOURS:
        mine = [(units, seconds) for name, units, seconds in points if name == kind]
        costs = [1e9 * seconds / units for units, seconds in mine]
        # Threads start at some ten thousand units; from there on the cost of a unit must stay.
        ratio = costs[-1] / costs[-2]
        yield figure('cost of a unit, 10^%d against 10^%d, %s' % (
            round(math.log10(mine[-1][0])), round(math.log10(mine[-2][0])), kind),
            round(ratio, 2), 'x', '<= 1.5', ratio <= 1.5,
            detail=', '.join('%d: %.0f ns' % (units, cost) for (units, _), cost in zip(mine, costs)))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--units', type=int, default=10000000)
    parser.add_argument('--repeat', type=int, default=3)
    parser.add_argument('--plot', default=os.path.join(ROOT, 'docs/img/draw-cost.svg'))
    args = parser.parse_args()
    figures = pool_figures(args.units, args.repeat)
    figures += width_figures(args.units)
    figures += assign_figures(args.repeat)
    points = growth(args.units, args.repeat)
    figures += growth_figures(points)
    if args.units >= 10000000:
        plot(points, args.plot)
    print(json.dumps({'title': 'Draw', 'figures': figures}))


if __name__ == '__main__':
    main()
