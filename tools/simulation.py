#!/usr/bin/env python3
"""Ten years of draws on the demo city: docs/img/draw-simulation.svg and the figures in docs/simulation.md.

  tools/simulation.py [--runs 30] [--keep]    --keep: print the figures, write no file

Needs build/huozheng (make build). The city's day is fixed and the seed is a word, so anybody gets the
same figures.
"""
import argparse
import json
import math
import os
import subprocess
import tempfile

import plot

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, 'build/huozheng')
PAGE = os.path.join(ROOT, 'docs/simulation.md')
PICTURE = os.path.join(ROOT, 'docs/img/draw-simulation.svg')
BEGIN, END = '<!-- figures: tools/simulation.py -->', '<!-- end of figures -->'
QUOTAS = (5, 10, 20, 30, 50)


class City:
    def __init__(self, folder):
        self.env = dict(os.environ, HUOZHENG_DB='sqlite:' + os.path.join(folder, 'city.db'),
                        HUOZHENG_NOW='2026-11-22T09:15:00Z', HUOZHENG_DEMO_PASSWORD='not-used-by-anybody')
        self.call('init', '--demo')

    def call(self, *words):
        return subprocess.check_output([PROGRAM, *words], env=self.env, text=True, stdin=subprocess.DEVNULL)

    def simulate(self, *words):
        return json.loads(self.call('simulate', '--json', *words))


# --- chart ---------------------------------------------------------------------------------------

def steps(most):
    """At most six round values above 0, up to `most` or a little more."""
    for unit in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100):
        if unit * 6 >= most:
            return [unit * i for i in range(math.ceil(most / unit) + 1)]
    raise ValueError(most)


def chosen(weights, count):
    """The least, the greatest and some between: as far apart as can be."""
    last = len(weights) - 1
    return [weights[i] for i in sorted({round(last * k / (count - 1)) for k in range(count)})]


def inclusion_panel(made, left, top, width, height):
    weights = made['weights']
    ys = steps(max(one['high'] for one in weights))
    panel = plot.Panel(left, top, width, height, (0, weights[-1]['weight'] + 1), (0, ys[-1]))
    panel.frame('抽中频率 · Who is drawn how often', '%d runs of %d years; whiskers: 95 %% interval of the mean' % (
        made['runs'], made['years']), [(one['weight'], str(one['weight'])) for one in weights],
        [(y, '%.2g' % y) for y in ys], 'weight: tickets of the unit 签数', 'draws of one unit a year')
    panel.line(1, [(one['weight'], one['expected_per_year']) for one in weights], '6 4')
    for one in weights:
        panel.span(0, one['weight'], one['low'], one['high'], 10)
        panel.mark(0, one['weight'], one['observed_per_year'])
    x, y = panel.at(weights[0]['weight'], ys[-1])
    panel.text(x, y + 22, '●  observed 模拟', kind='label s0')
    panel.text(x, y + 41, '┄  forecast before each draw 预测', kind='label s1')
    return panel


def officers_panel(made, left, top, width, height):
    years = made['officers']['years']
    ys = steps(max(year['max'] for year in years) + 3)
    panel = plot.Panel(left, top, width, height, (0.3, len(years) + 0.7), (0, ys[-1]))
    panel.frame('执法人员工作量 · How the work is shared', '%s officers; Gini %.2f (0: all the same)' % (
        made['officers']['able_to_serve'], sum(year['gini'] for year in years) / len(years)),
        [(i + 1, str(i + 1)) for i in range(len(years))], [(y, '%g' % y) for y in ys], 'simulated year 年',
        'targets of one officer in the year')
    for i, year in enumerate(years):
        panel.span(0, i + 1, year['min'], year['max'], 8)
        panel.span(0, i + 1, year['p10'], year['p90'], 14, 'mark')
        panel.mark(1, i + 1, year['p50'], 'diamond')
    x, y = panel.at(0.3, ys[-1])
    panel.text(x + 6, y + 14, '◆ half of them 中位数', kind='label s1')
    panel.text(x + 156, y + 14, 'box: 10 to 90 %, line: least to most', kind='label s0')
    return panel


def unvisited_panel(made, left, top, width, height):
    panel = plot.Panel(left, top, width, height, (0, made['years']), (0, 1))
    panel.frame('多久没检查 · Who has not been visited yet', 'marks: observed; lines: (1−p)ⁿ',
                [(n, str(n)) for n in range(made['years'] + 1)],
                [(k / 5, '%d %%' % (20 * k)) for k in range(6)], 'years 年', 'share never drawn so far')
    ends = []
    for series, one in enumerate(chosen(made['weights'], 4)):
        panel.line(series, list(enumerate(one['unvisited_expected'])))
        for n, share in enumerate(one['unvisited']):
            if n > 0:
                panel.mark(series, n, share)
        _, y = panel.at(0, one['unvisited'][-1])
        ends.append([y + 4, series, 'w %d: %.1f %%' % (one['weight'], 100 * one['unvisited'][-1])])
    for i in range(len(ends) - 2, -1, -1):  # labels keep a line's distance, from the bottom upwards
        ends[i][0] = min(ends[i][0], ends[i + 1][0] - 15)
    for y, series, words in ends:
        panel.text(left + width + 8, y, words, kind='label s%d' % series)
    return panel


def cap_panel(made, left, top, width, height):
    limit = made['cap']['limit']
    panel = plot.Panel(left, top, width, height, (-0.6, limit + 1.6), (0, 1))
    panel.frame('每年上限 · Draws of one unit in a calendar year',
                'share of the units of a weight; %d years of each unit' % (made['years'] * made['runs']),
                [(n, '%d' % n) for n in range(limit + 1)] + [(limit + 1, '%d or more' % (limit + 1))],
                [(k / 5, '%d %%' % (20 * k)) for k in range(6)], 'times drawn in the year 次', 'share')
    shown = chosen(made['weights'], 3)
    for series, one in enumerate(shown):
        all_years = sum(one['times'])
        for n in range(limit + 2):
            count = sum(one['times'][n:]) if n > limit else one['times'][n]
            share = count / all_years
            x = n + (series - 1) * 0.29
            panel.span(series, x, 0, share, 26, 'mark' if series != 1 else 'hollow')
            px, py = panel.at(x, share)
            words = '0' if count == 0 else '%.0f %%' % (100 * share) if share >= 0.1 else '%.1f %%' % (100 * share)
            panel.add('<text x="%.1f" y="%.1f" text-anchor="middle" class="label s%d" style="font-size:11px">%s</text>',
                      px, py - 5, series, words)
    x, y = panel.at(limit + 0.5, 1)
    panel.add('<path class="limit" d="M%.1f %d v%d"/>', x, y, height)
    panel.text(x - 8, y + 14, 'cap 上限 %d' % limit, 'end', 'limit-label')
    for series, one in enumerate(shown):
        panel.text(x - 8, y + 38 + 18 * series, '%s weight %d' % ('■□■'[series], one['weight']), 'end',
                   'label s%d' % series)
    return panel


def draw_chart(made, path):
    panels = [inclusion_panel(made, 70, 90, 380, 240), officers_panel(made, 560, 90, 400, 240),
              unvisited_panel(made, 70, 482, 320, 240), cap_panel(made, 560, 482, 400, 240)]
    plot.write(path, 1000, 780, 'Ten simulated years of draws on the demo city: how often each weight is drawn, how '
               'the work of officers is shared, how long units stay unvisited, and that the yearly cap holds', panels)


# --- figures -------------------------------------------------------------------------------------

def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---:|' * len(head)]
    return lines + ['| ' + ' | '.join(row) + ' |' for row in rows] + ['']


def weight_rows(made):
    for one in made['weights']:
        gap = one['longest_gap_years']
        yield ['%d' % one['weight'], '{:,}'.format(one['objects']), '%.4f' % one['expected_per_year'],
               '%.4f' % one['observed_per_year'], '%.4f to %.4f' % (one['low'], one['high']), '%.3f' % one['ratio'],
               '%+.1f' % one['standard_errors'], '%.2f / %.2f / %.2f' % (gap['p50'], gap['p90'], gap['p99']),
               '%.2f %%' % (100 * one['unvisited'][-1]), '%.2f %%' % (100 * one['unvisited_expected'][-1])]


def year_rows(made):
    for i, year in enumerate(made['officers']['years']):
        yield ['%d' % (i + 1)] + ['%d' % year[key] for key in ('min', 'p10', 'p50', 'p90', 'max')] + [
            '%.2f' % year['mean'], '%.2f' % year['variation'], '%.2f' % year['gini']]


def quota_rows(by_quota):
    for percent, made in by_quota:
        low, high = made['weights'][0], made['weights'][-1]
        yield ['%d %%' % percent, '{:,}'.format(made['quota_of_a_year']),
               '%.1f %%' % (100 * low['unvisited'][5]), '%.1f %%' % (100 * low['unvisited'][-1]),
               '%.1f %%' % (100 * high['unvisited'][5]), '%.2f' % low['observed_per_year'],
               '%.2f' % high['observed_per_year']]


def figures(made, by_quota):
    officers = made['officers']
    draws = sum(officers['draws_by_rung'])
    last = officers['draws_of_the_year'][-1]
    lines = [BEGIN, '', 'Region %s: %s units in %d categories, %s drawn a year; %d runs of %d years with %d draws each, %s '
             'targets in all.' % (made['region'], '{:,}'.format(made['objects']), made['strata'],
                                  '{:,}'.format(made['quota_of_a_year']), made['runs'], made['years'],
                                  made['draws_per_year'], '{:,}'.format(officers['targets'])), '']
    lines += table(['weight', 'units', 'expected a year', 'observed a year', '95 % interval', 'ratio', 'standard errors',
                    'longest time unvisited, years: half / 90 % / 99 %', 'never in %d years' % made['years'],
                    '(1-p)^n says'], weight_rows(made))
    lines += ['- Largest deviation from the forecast: %.1f standard errors (weight %d).' % (
        abs(made['largest_deviation']['standard_errors']), made['largest_deviation']['weight']),
        '- Cap: no unit was drawn more than %d times in a year; %s times a unit reached %d; %d breaches.' % (
            made['cap']['most'], '{:,}'.format(made['cap']['reached']), made['cap']['limit'], made['cap']['breaches']),
        '- Officers: %d may serve. Those of the same district sufficed in %d of %d draws, with those next door in %d more; %d '
        'targets stayed without officers. L* of the last draw of a year: %.1f on average, %d at most.' % (
            officers['able_to_serve'], officers['draws_within_district'], draws, officers['draws_with_neighbours'],
            officers['unstaffed'], last['level'],
            last['level_most']), '']
    lines += table(['year', 'least', '10 %', 'half', '90 %', 'most', 'mean', 'variation', 'Gini'], year_rows(made))
    lines += ['The same with other quotas; the weights are those with the fewest and the most tickets, %d and %d:' % (
        made['weights'][0]['weight'], made['weights'][-1]['weight']), '']
    lines += table(['quota a year', 'drawn a year', 'fewest tickets: not in 5 years', 'not in 10 years',
                    'most tickets: not in 5 years', 'fewest: draws a year', 'most: draws a year'], quota_rows(by_quota))
    return lines + [END]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=30)
    parser.add_argument('--keep', action='store_true')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        city = City(folder)
        made = city.simulate('--runs', str(args.runs))
        by_quota = [(quota, city.simulate('--runs', '3', '--quota', str(quota))) for quota in QUOTAS]
    lines = figures(made, by_quota)
    print('\n'.join(lines))
    if args.keep:
        return
    draw_chart(made, PICTURE)
    with open(PAGE, encoding='utf-8') as file:
        text = file.read()
    before, rest = text.split(BEGIN, 1)
    with open(PAGE, 'w', encoding='utf-8') as file:
        file.write(before + '\n'.join(lines) + rest.split(END, 1)[1])


if __name__ == '__main__':
    main()
