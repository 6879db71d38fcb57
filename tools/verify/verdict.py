"""A verdict: one line for each check, in words of words.json."""
import json
import os

WORDS = json.load(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'words.json'), encoding='utf-8'))


class Bad(Exception):
    """What was looked at does not hold. `files` are those of which one is wrong, `line` from 1."""

    def __init__(self, check, reason, files=(), line=None):
        super().__init__(check, reason, files, line)
        self.check, self.reason, self.files, self.line = check, reason, list(files), line


class Verdict:
    def __init__(self, kind):
        self.kind = kind
        self.checks = {one: None for one in WORDS['kinds'][kind]['checks']}
        self.said = {}

    def passed(self, check):
        self.checks[check] = ('passed', None, [], None, None)

    def unknown(self, check, reason, files=(), line=None, said=None, entry=None):
        """Cannot be checked from these files; never counts as passed. `said`: for the reason's "%s";
        `entry`: that it is about."""
        self.checks[check] = ('unknown', reason, list(files), line, entry)
        if said:
            self.said[check] = said

    def skip(self, check):
        """What it would look at is not among the files and need not be."""
        del self.checks[check]

    def failed(self, bad):
        self.checks[bad.check] = ('failed', bad.reason, bad.files, bad.line, None)
        for check, state in self.checks.items():
            if state is None:
                self.unknown(check, 'earlier')

    @property
    def valid(self):
        return all(state is not None and state[0] != 'failed' for state in self.checks.values())

    def _sentence(self, check, language):
        state, reason, files, line, _ = self.checks[check]
        words = WORDS['checks'][check][language]
        if state == 'passed':
            return words['ok']
        colon, stop = ('：', '。') if language == 'zh' else (': ', '.')
        place = ''
        if files:
            place = ('、' if language == 'zh' else ', ').join(files)
            if line is not None:
                place += (' 第 %d 行' if language == 'zh' else ', line %d') % line
            place += colon
        said = WORDS['reasons'][reason][language]
        if check in self.said:
            said %= self.said[check]
        return (words['bad'] if state == 'failed' else words['what']) + colon + place + said + stop

    def _summary(self, language):
        words = WORDS['verdict'][language]
        failed = [check for check, state in self.checks.items() if state[0] == 'failed']
        unknown = sum(state[0] == 'unknown' for state in self.checks.values())
        if failed:
            return words['bad'] % self._sentence(failed[0], language)
        return words['part'] % unknown if unknown else words['ok']

    def document(self):
        checks = []
        for check, (state, _, files, line, entry) in self.checks.items():
            one = {'id': check, 'ok': {'passed': True, 'failed': False, 'unknown': None}[state],
                   'zh': self._sentence(check, 'zh'), 'en': self._sentence(check, 'en')}
            if files:
                one['files'] = files
            if line is not None:
                one['line'] = line
            if entry is not None:
                one['entry'] = entry
            checks.append(one)
        return {'format': 'huozheng-verdict/1', 'kind': self.kind, 'valid': self.valid, 'checks': checks,
                'zh': self._summary('zh'), 'en': self._summary('en')}


def run(kind, steps):
    """Calls steps(verdict); the first Bad ends it."""
    verdict = Verdict(kind)
    try:
        steps(verdict)
    except Bad as bad:
        verdict.failed(bad)
    return verdict
