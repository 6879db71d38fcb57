"""substitutions.tsv: who came in after the draw, by the rule (docs/draw-format.md, "Substitutions")."""
import re

from officers import candidates
from verdict import Bad

FILE = 'substitutions.tsv'
ID = '[0-9A-Z_-]{1,20}'
LINE = re.compile(r'([1-9][0-9]{0,8})\t([1-9][0-9]{0,8})\t(object|officer)\t(%s)\t(%s)\t([A-Z]+)'
                  r'\t[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z\t(0|[1-9][0-9]{0,17})' % (ID, ID))
OBJECT_REASONS = ('CLOSED', 'MOVED', 'GONE', 'DEMOLISHED')
OFFICER_REASONS = ('AWAY', 'LEFT', 'RECUSED', 'CERTIFICATE', 'RULE')


class Place:
    """A drawn line of result.tsv: the object that holds it, and numbers of its officers."""

    def __init__(self, id, stratum, team):
        self.id, self.stratum, self.team, self.tried = id, stratum, team, set(team)


class Places:
    def __init__(self, drawn, reserves, teams, officers, choose):
        """`choose(id, later)`: numbers of officers whom the files let meet the object, in order, at the
        rung of the draw (later = 0) or so many behind it; none there: None."""
        numbers = {one.id: number for number, one in enumerate(officers)}
        self.officers, self.choose = officers, choose
        self.places = [Place(one[1], one[2], [numbers[id] for id in team or ()]) for one, team in zip(drawn, teams)]
        self.reserves = [(one[1], one[2]) for one in reserves]  # those not used yet
        self.owed, self.changed = [], None  # officers who must leave the object that came in, and its place
        self.passed = None  # (line, who, entry) of the first line that passes somebody over

    def take_object(self, place, out, new):
        first = next((id for id, stratum in self.reserves if stratum == place.stratum), '-')
        if self.owed or out != place.id or new != first:
            return False
        if new == '-':
            place.id, place.team = None, []
            return True
        self.reserves.remove((new, place.stratum))
        place.id, self.changed = new, place
        may = self.choose(new, 0) or ()
        self.owed = [one for one in place.team if one not in may]
        return True

    def take_officer(self, place, out, new, reason, line, entry):
        leaving = [one for one in place.team if self.officers[one].id == out]
        if not leaving or bool(self.owed) != (reason == 'RULE') \
                or self.owed and (place is not self.changed or self.owed.pop(0) != leaving[0]):
            return False
        passed = []
        for one in self._turns(place.id):
            if not self._may_take(place, leaving[0], one):
                continue
            if self.officers[one].id == new:
                self.passed = self.passed or (passed and (line, ', '.join(passed), entry)) or None
                place.team[place.team.index(leaving[0])] = one
                place.team.sort(key=lambda each: not self.officers[each].lead)  # stable: who leads goes on
                place.tried.add(one)
                return True
            passed.append(self.officers[one].id)
        return False

    def _turns(self, id):
        """Those of the rung of the draw, then whom each later rung adds."""
        seen, later = set(), 0
        while (found := self.choose(id, later)) is not None:
            yield from (one for one in found if one not in seen)
            seen.update(found)
            later += 1

    def _may_take(self, place, leaving, one):
        stays = next(other for other in place.team if other != leaving)
        count = sum(one in other.team for other in self.places)
        return one not in place.tried and (self.officers[stays].lead or self.officers[one].lead) \
            and count < self.officers[one].cap


def check_substitutions(verdict, data, places):
    """The lines of the file, one after the other."""
    def bad(reason, line):
        raise Bad('substitutions', reason, [FILE], line)
    lines, last = data.split(b'\n'), -1
    if lines.pop():
        bad('text', len(lines) + 1)
    for number, line in enumerate(lines, 1):
        match = LINE.fullmatch(line.decode('latin-1'))
        if match is None:
            bad('line', number)
        n, order, kind, out, new, reason, entry = match.groups()
        if reason not in (OBJECT_REASONS if kind == 'object' else OFFICER_REASONS) or kind == 'officer' and new == '-':
            bad('line', number)
        if int(n) != number:
            bad('numbers', number)
        if int(entry) <= last:
            bad('index-order', number)
        last, place = int(entry), places.places[int(order) - 1] if int(order) <= len(places.places) else None
        if place is None or not place.team or not (
                places.take_object(place, out, new) if kind == 'object'
                else places.take_officer(place, out, new, reason, number, entry)):
            bad('substitution', number)
    if places.owed:
        bad('substitution', len(lines))
    if places.passed:
        line, who, entry = places.passed
        verdict.unknown('substitutions', 'passed-over', [FILE], line, (who, entry))
    else:
        verdict.passed('substitutions')


def places_of(rules, key, pool, drawn, reserves, teams, officers, denied, rung):
    """The places as result.tsv left them; `rung`: number of the rung in its last line."""
    districts, known = {row[0]: row[2] for row in pool}, {}
    rungs = rules.rungs[rung - 1:] if rung else []

    def choose(id, later):
        if later >= len(rungs):
            return None
        if (id, later) not in known:
            known[id, later] = candidates(rules.kind, key, [(id, districts[id])], officers, denied, rungs[later],
                                          rules.neighbours, rules.date_to)[0]
        return known[id, later]
    return Places(drawn, reserves, teams, officers, choose)
