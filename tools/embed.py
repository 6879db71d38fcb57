#!/usr/bin/env python3
"""Write a C file that holds every view, migration, asset and rule file of the tree.

The binary then needs no files beside it. Paths are those a reader of the repository sees, without
the leading "src/": "registry/views/unit_list.html", "ledger/schema/0001_ledger.sql", "assets/hz.css",
"law/national/checklists/fire-inspection.yaml". `build-assets/` (made from npm packages by
tools/assets.py) is embedded as "assets/…".
"""
import argparse
import os
import sys


def wanted(root):
    """Yield (embedded path, file path) in a stable order."""
    found = {}
    for base, prefix, endings in (
            ('src', '', ('.html', '.sql', '.json')),
            ('law', 'law/', ('.yaml', '.md')),
            ('assets', 'assets/', ('.css', '.js', '.mjs', '.svg', '.ico', '.json')),
            ('tools/verify', 'assets/verify/', ('.json',)),
            ('build-assets', 'assets/', ('.css', '.js', '.svg', '.gz', '.json'))):
        top = os.path.join(root, base)
        for folder, dirs, names in os.walk(top):
            dirs.sort()
            for name in sorted(names):
                if name.endswith(endings):
                    path = os.path.join(folder, name)
                    found[prefix + os.path.relpath(path, top)] = path
    return sorted(found.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('output')
    parser.add_argument('--root', required=True)
    parser.add_argument('--depfile', required=True)
    args = parser.parse_args()
    files = wanted(args.root)
    folders = set()
    with open(args.output, 'w', encoding='utf-8') as out:
        out.write('/* Made by tools/embed.py; do not edit. */\n#include "base/embedded.h"\n\n')
        for number, (_, path) in enumerate(files):
            folders.add(os.path.dirname(path))
            # .incbin keeps compile time flat for megabytes of data.
            out.write('__asm__(".section .rodata\\n.balign 8\\nembedded_%d:\\n.incbin \\"%s\\"\\n'
                      'embedded_%d_end:\\n.byte 0\\n.previous\\n");\n' % (number, path, number))
            out.write('extern const unsigned char embedded_%d[], embedded_%d_end[];\n'
                      % (number, number))
        out.write('\nconst EmbeddedSpan embedded_table[] = {\n')
        for number, (name, _) in enumerate(files):
            out.write('    {"%s", embedded_%d, embedded_%d_end},\n' % (name, number, number))
        out.write('    {0, 0, 0},\n};\nconst unsigned embedded_table_count = %du;\n' % len(files))
    for base in ('src', 'law', 'assets', 'tools/verify', 'build-assets'):
        for folder, _, _ in os.walk(os.path.join(args.root, base)):
            folders.add(folder)
    with open(args.depfile, 'w', encoding='utf-8') as dep:
        dep.write('%s: %s\n' % (args.output, ' '.join(
            sorted(path.replace(' ', '\\ ') for path in
                   [p for _, p in files] + list(folders) + [os.path.abspath(__file__)]))))
    return 0


if __name__ == '__main__':
    sys.exit(main())
