"""
What offices wrote into parts that a record had left, since they did not know it
yet, and what the centre must have said again of it; from proto/README.md,
chapter 22, alone.
"""
from bisect import bisect_left

from model import (ADD, CLEAR, COUNT, DELETED, HOME, LOG, NEVER, PUT, REGISTER, SET, State, is_left)


class Strays:
    """One record, as the centre has it. The centre's commits are in one order
    over all scopes, so they tell what was before what."""

    def __init__(self, history, scopes):
        self.history, self.scopes = history, scopes
        self.by_centre = sorted((c for events in scopes.values() for c in events
                                 if c.entry.office == 0), key=lambda c: c.entry.commit)
        homes = [(c.entry.commit, c, v) for c in self.by_centre
                 for field, _, v in c.ops if field == HOME]
        self.commits = [h[0] for h in homes]
        self.marks = [h[1] for h in homes]
        self.homes = [h[2] for h in homes]

    def came_back(self):
        """Whether it ever moved to where it had been before."""
        made = [v for events in self.scopes.values() for c in events if c.entry.office != 0
                for field, _, v in c.ops if field == HOME]
        homes = made + self.homes
        moves = [h for i, h in enumerate(homes) if i == 0 or h != homes[i - 1]]
        return len(moves) > len(set(moves))

    def find(self):
        """(change, the commit that cut it) for each that had to be carried."""
        if not self.homes:
            return
        for scope, events in self.scopes.items():
            for c in events:
                cut = self.history.first_cut(c.dot)
                if c.entry.office == 0 or cut is None:
                    continue
                commit = self.history.entries[self.history.centre_of[scope], cut[0]].commit
                if self.is_stray(c, scope, bisect_left(self.commits, commit)):
                    yield c, commit

    def is_stray(self, c, scope, place):
        """place: how many homes the centre had put when it applied c. If the next
        one brings the record back it may have come before c was looked at."""
        if place == 0 or not is_left(self.history, scope, self.homes[place - 1]):
            return False
        if place < len(self.homes) and not is_left(self.history, scope, self.homes[place]):
            return False
        return not any(m.entry.scope == scope and self.history.saw(c, m.dot)
                       for m in self.marks[:place])

    def is_carried(self, c, commit):
        """Whether an entry says it again: all that lasts of it, in its author's
        name, at its time, and as if nothing of the new home had been seen."""
        state = State(self.history, self.scopes[c.entry.scope])
        lasts = [op for op in c.ops if self.has(state, c, op)]
        deletes = (c.dot, True) in state.heads
        if not lasts and not c.life:
            return True
        time = self.history.stamp(c.dot, {self.history.centre_of[c.entry.scope]: NEVER})[1]
        return any(o.entry.commit > commit and o.entry.scope != c.entry.scope and
                   o.entry.carried == (c.entry.office, time) and
                   o.entry.author == c.entry.author and o.form == {} and
                   all(op in o.ops for op in lasts) and all(op in c.ops for op in o.ops) and
                   bool(o.life) == bool(c.life) and (o.life == DELETED or not deletes)
                   for o in self.by_centre)

    @staticmethod
    def has(state, c, op):
        """Whether the part that c came to still has what op said."""
        field, code, value = op
        if code in (PUT, CLEAR):
            return any(i[0] == c.dot for i in state.fields.get((field, REGISTER), ()))
        if code == ADD:
            return (value, c.dot) in state.fields.get((field, SET), ())
        return code in (COUNT, LOG)
