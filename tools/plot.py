"""Panels of an SVG chart, readable in light and dark: every series has a word and a mark of its own,
not only a colour. Used by tools/simulation.py."""

# Series in the order of use: class, mark.
MARKS = ('circle', 'square', 'triangle', 'diamond')
STYLE = '''
text { font-family: "Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif; font-size: 13px; fill: #24292f }
.page { fill: #ffffff } .title { font-size: 15px; font-weight: 600 } .note { fill: #57606a; font-size: 12px }
.grid { stroke: #d8dee4 } .axis { stroke: #8c959f }
.s0 { --c: #1f5fa8 } .s1 { --c: #a5371f } .s2 { --c: #2b6e2f } .s3 { --c: #7a3e9d }
.line { stroke: var(--c); fill: none; stroke-width: 1.8 } .mark { stroke: var(--c); fill: var(--c) }
.hollow { stroke: var(--c); fill: none; stroke-width: 1.5 } .label { fill: var(--c) } .limit { stroke: #cf222e; stroke-width: 1.8; stroke-dasharray: 6 4 }
.limit-label { fill: #b3202b; font-weight: 600 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .page { fill: #0d1117 } .note { fill: #9aa4b0 } .grid { stroke: #262c34 } .axis { stroke: #6e7681 }
.s0 { --c: #79b8ff } .s1 { --c: #ff9e80 } .s2 { --c: #7ee787 } .s3 { --c: #d2a8ff }
.limit { stroke: #ff7b72 } .limit-label { fill: #ff7b72 }
}
'''


def escape(text):
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('"', '&quot;')


class Panel:
    """One coordinate system. x and y are pairs (least, most)."""

    def __init__(self, left, top, width, height, x, y):
        self.left, self.top, self.width, self.height = left, top, width, height
        self.x, self.y = x, y
        self.parts = []

    def at(self, x, y):
        return (self.left + self.width * (x - self.x[0]) / (self.x[1] - self.x[0]),
                self.top + self.height * (self.y[1] - y) / (self.y[1] - self.y[0]))

    def add(self, part, *values):
        self.parts.append(part % values if values else part)

    def text(self, x, y, words, anchor='start', kind=''):
        self.add('<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>', x, y, anchor, kind, escape(words))

    def frame(self, title, note, xs, ys, x_name, y_name):
        """Title, grid and axes; xs and ys are lists of (value, text)."""
        self.text(self.left - 44, self.top - 56, title, kind='title')
        self.text(self.left - 44, self.top - 37, note, kind='note')
        for value, words in ys:
            _, y = self.at(self.x[0], value)
            self.add('<path class="grid" d="M%d %.1f h%d"/>', self.left, y, self.width)
            self.text(self.left - 8, y + 4, words, 'end')
        for value, words in xs:
            x, _ = self.at(value, self.y[0])
            self.text(x, self.top + self.height + 19, words, 'middle')
        self.add('<path class="axis" d="M%d %d h%d"/>', self.left, self.top + self.height, self.width)
        self.text(self.left + self.width / 2, self.top + self.height + 38, x_name, 'middle', 'note')
        self.text(self.left - 44, self.top - 14, y_name, kind='note')

    def line(self, series, points, dash=''):
        self.add('<polyline class="line s%d"%s points="%s"/>', series,
                 ' stroke-dasharray="%s"' % dash if dash else '',
                 ' '.join('%.1f,%.1f' % self.at(*point) for point in points))

    def mark(self, series, x, y, shape=None):
        x, y = self.at(x, y)
        shape = shape or MARKS[series]
        if shape == 'circle':
            self.add('<circle class="mark s%d" cx="%.1f" cy="%.1f" r="3.6"/>', series, x, y)
            return
        d = {'square': 'M%.1f %.1fm-3.4-3.4h6.8v6.8h-6.8z', 'triangle': 'M%.1f %.1fm0-4.6l4.4 7.8h-8.8z',
             'diamond': 'M%.1f %.1fm0-5l5 5l-5 5l-5-5z'}[shape] % (x, y)
        self.add('<path class="mark s%d" d="%s"/>', series, d)

    def span(self, series, x, low, high, wide, kind='line'):
        """An upright stroke from low to high, with feet of this width; or a box."""
        x, y = self.at(x, low)
        _, top = self.at(0, high)
        if kind == 'line':
            self.add('<path class="line s%d" d="M%.1f %.1fh%.1fm%.1f 0V%.1fm%.1f 0h%.1f"/>', series, x - wide / 2, y,
                     wide, -wide / 2, top, -wide / 2, wide)
        else:
            self.add('<rect class="%s s%d" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>', kind, series,
                     x - wide / 2, top, wide, max(y - top, 0.5))


def write(path, width, height, about, panels):
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">'
             % (width, height, escape(about)), '<style>%s</style>' % STYLE,
             '<rect class="page" width="%d" height="%d"/>' % (width, height)]
    lines += [part for panel in panels for part in panel.parts]
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines + ['</svg>']) + '\n')
