"""Two officers for each object: step 6 of FSS-DRAW/1 (docs/draw-format.md), to the letter.

A maximum flow. The order of search is part of the specification, because it decides which of the
maximum flows comes out. One thing is added for speed, and changes nothing: what a failed search has
visited is cut off from every free officer for good, so later searches of the same flow leave it out.
"""
from hashes import digest


def lp(text):
    return bytes([len(text)]) + text.encode()


class Officer:
    def __init__(self, id, district, lead, valid_to, load, cap):
        self.id, self.district, self.lead, self.valid_to = id, district, lead, valid_to
        self.load, self.cap = load, cap


def candidates(kind, key, targets, officers, denied, rung, neighbours, date_to):
    """For each (id, district) of targets: numbers of officers by (h, id), h = H(KI lp(t) lp(i))."""
    found = []
    for target, district in targets:
        ranked = []
        for number, officer in enumerate(officers):
            near = rung == 'any' or officer.district == district or (
                rung == 'adjacent' and (district, officer.district) in neighbours)
            if near and officer.valid_to >= date_to and (target, officer.id) not in denied:
                ranked.append((digest(kind, key + lp(target) + lp(officer.id)), officer.id, number))
        found.append([number for _, _, number in sorted(ranked)])
    return found


class Flow:
    """flow(L): who holds whom."""

    def __init__(self, officers, choices, level):
        self.officers, self.choices = officers, choices
        self.room = [min(one.cap, max(0, level - one.load)) for one in officers]
        self.held = [[] for _ in choices]      # by target
        self.holders = [[] for _ in officers]  # by officer
        self.dead_officers, self.dead_states = set(), set()
        self.size = 0
        for _ in range(2):
            for target in range(len(choices)):
                self.size += self._augment(target)

    def _may_take_other(self, target):
        """F: the target holds no officer who may not lead."""
        return all(self.officers[one].lead for one in self.held[target])

    def _augment(self, root):
        start = (root, self._may_take_other(root))
        if start in self.dead_states:
            return False
        queue, given, parent = [start], {start: None}, {}

        def known(state):
            return state in given or state in self.dead_states
        for state in queue:  # grows while it is walked: first in, first out
            target, free = state
            for one in self.choices[target]:
                officer = self.officers[one]
                if one in self.held[target] or (not free and not officer.lead) \
                        or one in parent or one in self.dead_officers:
                    continue
                parent[one] = state
                if len(self.holders[one]) < self.room[one]:
                    self._unwind(one, parent, given)
                    return True
                for holder in sorted(self.holders[one]):
                    other = (holder, not officer.lead or self._may_take_other(holder))
                    if known(other) or (not other[1] and known((holder, True))):
                        continue
                    given[other] = one
                    queue.append(other)
        self.dead_officers.update(parent)
        self.dead_states.update(given)
        return False

    def _unwind(self, one, parent, given):
        while True:
            state = parent[one]
            target, lost = state[0], given[state]
            self.held[target].append(one)
            self.holders[one].append(target)
            if lost is None:
                return
            self.held[target].remove(lost)
            self.holders[lost].remove(target)
            one = lost


def assign(kind, key, targets, officers, denied, rungs, neighbours, date_to):
    """([(lead, second) or None for each target], L*, number of the rung)."""
    level, number, teams = 0, 0, [None] * len(targets)
    for number, rung in enumerate(rungs, 1):
        choices = candidates(kind, key, targets, officers, denied, rung, neighbours, date_to)
        high = max([one.load + min(one.cap, 2 * len(targets)) for one in officers], default=0)
        most, low = Flow(officers, choices, high).size, 0
        while low < high:  # the flow only grows with L
            middle = (low + high) // 2
            if Flow(officers, choices, middle).size == most:
                high = middle
            else:
                low = middle + 1
        level, flow = high, Flow(officers, choices, high)
        if flow.size == 2 * len(targets) or number == len(rungs):
            teams = [_team(flow, target) for target in range(len(targets))]
            break
    return teams, level, number


def _team(flow, target):
    """The lead is the one who may lead and comes first among the candidates."""
    held = flow.held[target]
    if len(held) < 2:
        return None
    lead = next(one for one in flow.choices[target] if one in held and flow.officers[one].lead)
    second = held[0] if held[1] == lead else held[1]
    return flow.officers[lead].id, flow.officers[second].id
