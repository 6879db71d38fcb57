"""TAP for tests in Python: each function whose name begins with test_ is one result."""
import sys
import traceback


class Skip(Exception):
    """Raised by a test that cannot run here, with the reason."""


def run(module):
    tests = [(name, one) for name, one in vars(module).items() if name.startswith('test_')]
    print('1..%d' % len(tests))
    failed = 0
    for number, (name, one) in enumerate(tests, 1):
        title = '%s - %s' % (number, name[5:].replace('_', '-'))
        try:
            one()
            print('ok ' + title, flush=True)
        except Skip as skip:
            print('ok %s # SKIP %s' % (title, skip), flush=True)
        except Exception:  # any mistake is a failed test
            failed += 1
            print(''.join('# ' + line for line in traceback.format_exc().splitlines(True)), end='')
            print('not ok ' + title, flush=True)
    sys.exit(1 if failed else 0)
