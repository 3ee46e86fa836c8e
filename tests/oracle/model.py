"""
The merge once more, from DESIGN section 4 and proto/README.md alone.

It decodes the raw entries itself (entries.py) and knows no order of application, no
incremental state and no storage: a record is a set of events, each of which
*saw* some of the others, and everything that is stored or shown follows from
that by definition. Numbers in [] are chapters of proto/README.md.

    History   all entries that anybody wrote, and who saw what
    State     what a set of events leaves of a record in one scope
    View      what a node shows of a record

compare.py feeds it and compares.
"""
from bisect import bisect_left
from struct import unpack_from

from entries import (Entry, fields_of, hash256, number, one_of_each, varint, wrapped, zigzag)

ALIVE, DELETED = 1, 2
HOME = 0  # the field that names the record's home [11]
PUT, CLEAR, ADD, REMOVE, COUNT, LOG = range(6)
REGISTER, SET, COUNTER, LOGS = range(4)  # the classes of ops, and of fields
CLASS = {PUT: REGISTER, CLEAR: REGISTER, ADD: SET, REMOVE: SET, COUNT: COUNTER, LOG: LOGS}
ASK, LATEST, FIXED, CENTRE, MIN, MAX, FLOW = range(7)
OFFICE, SCHEMA_PART = 1, 2  # the built-in kinds of offices and of the schema [14]
NO_HOME = b"\0\0\0\0"
NEVER = 1 << 64  # the place of what no cut covers yet


# --- the schema, from the records that carry it [15] -----------------------------

class Field:
    __slots__ = ("number", "name", "merge", "policy", "ranks", "is_derived")

    def __init__(self, raw):
        self.number = self.merge = self.policy = 0
        self.name, self.ranks, self.is_derived = b"", {}, False
        for n, v in fields_of(raw):
            if n == 1:
                self.number = v
            elif n == 2:
                self.name = v
            elif n == 4:
                self.merge = v
            elif n == 5:
                self.policy = v
            elif n == 13:
                flow = one_of_each(v)
                self.ranks[flow[1]] = flow.get(2, 0)
            elif n == 14:
                self.is_derived = v != 0


def read_schema(history):
    """kind number -> its fields, in the order of their numbers, and -> its field
    of sameness; from the records of kind 2, none of which was written twice."""
    pieces, kinds, same = {}, {}, {}
    for (kind, _), scopes in history.events.items():
        if kind == SCHEMA_PART:
            values = {f: v for f, _, v in scopes[0][0].ops}
            if values.get(1) == b"kind":
                piece = one_of_each(values[3])
                pieces[values[2]] = (piece.get(1, 0), piece.get(2, b""))
    for name, (count, data) in pieces.items():
        for i in range(2, count + 1):
            data += pieces[name + b"#%d" % i][1]
        if count:
            fields = [Field(v) for n, v in fields_of(data) if n == 4]
            kind = one_of_each(data)
            kinds[kind[1]] = sorted(fields, key=lambda f: f.number)
            if 7 in kind:
                same[kind[1]] = fields[one_of_each(kind[7]).get(2, 0)].number
    return kinds, same


def read_offices(history):
    """scope -> the office whose own, or whose centre's, it is."""
    scopes = {}
    for (kind, _), parts in history.events.items():
        if kind == OFFICE:
            values = {f: v for c in parts[0] for f, _, v in c.ops}
            for field in (4, 5):
                if field in values:
                    scopes[number(values[field])] = number(values[1])
    return scopes


# --- what is true: events and "saw" [7, 9, 11, 13] ---------------------------------

class History:
    """All entries that anybody wrote. Nodes differ only in which they applied."""

    def __init__(self, world=None):
        # dot -> Entry; feed -> [h(0), h(1) ...]
        self.entries = dict(world.entries) if world else {}
        self.hashes = {f: list(h) for f, h in world.hashes.items()} if world else {}
        self.events = {}  # (kind, id) -> scope -> [Change]
        self.cuts = {}    # feed -> [(seq, the centre's seq, its time)]
        self.centre_of = dict(world.centre_of) if world else {}  # scope -> the centre's feed
        self.kinds = world.kinds if world else {}
        self.same = world.same if world else {}
        self.offices = world.offices if world else {}
        self.states, self.views = {}, {}
        if world:
            self.events = {k: {s: list(c) for s, c in v.items()} for k, v in world.events.items()}

    def genesis(self, feed, raw):
        self.hashes[feed] = [hash256(raw)]

    def add(self, feed, raw):
        chain = self.hashes[feed]
        e = Entry(raw, chain[-1])
        if e.feed != feed or e.seq != len(chain):
            raise ValueError("feed %016x: entry %d comes after %d" % (feed, e.seq, len(chain) - 1))
        chain.append(e.hash)
        self.entries[feed, e.seq] = e
        if e.office == 0:
            self.centre_of[e.scope] = feed
        for f, seq, hash_there in e.cuts:
            if self.hashes[f][seq] != hash_there:
                raise ValueError("a cut of %016x:%d has another hash" % (f, seq))
            self.cuts.setdefault(f, []).append((seq, e.seq, e.time))
        for c in e.changes:
            self.events.setdefault((c.kind, c.id), {}).setdefault(e.scope, []).append(c)
        return e

    def first_cut(self, dot):
        """(place, time) of the first cut that covers a dot, or None."""
        cuts = self.cuts.get(dot[0])
        if cuts:
            at = bisect_left(cuts, (dot[1],))
            if at < len(cuts):
                return cuts[at][1:]
        return None

    def had(self, e, dot):
        """Whether the author's node had applied a dot when it wrote entry e of
        the same scope."""
        feed, seq = dot
        if feed == e.feed:
            return seq <= e.seen_own
        if feed >> 48 == 0:
            return seq <= e.seen_centre
        cut = self.first_cut(dot)
        return cut is not None and cut[0] <= e.seen_centre

    def saw(self, c, dot):
        """Whether who wrote change c had seen a dot. A form says what the
        person saw, and nobody sees what the node did not have."""
        return (c.form is None or c.form.get(dot[0], 0) >= dot[1]) and self.had(c.entry, dot)

    def said(self, dot):
        """The office that said it, whoever says it again."""
        carried = self.entries[dot].carried
        return carried[0] if carried else dot[0] >> 48

    def stamp(self, dot, applied):
        """Place and time of a dot as a node sees it, which applied so far."""
        e = self.entries[dot]
        if e.office == 0:
            return e.seq, e.carried[1] if e.carried else e.time
        if e.carried:
            return NEVER, e.carried[1]  # in an office's own scope, which nothing cuts
        centre = self.centre_of.get(e.scope)
        time, cut = e.time, self.first_cut(dot)
        if e.seen_centre:
            time = max(time, self.entries[centre, e.seen_centre].time)
        if cut is None or cut[0] > applied.get(centre, 0):
            return NEVER, time
        return cut[0], min(time, cut[1])


class State:
    """One record in one scope: what a set of events leaves."""

    def __init__(self, history, events):
        self.vector, self.heads, self.fields = {}, [], {}
        self.scope = events[0].entry.scope if events else 0
        ops = {}
        for c in events:
            feed, seq = c.dot
            self.vector[feed] = max(seq, self.vector.get(feed, 0))
            for field, code, value in c.ops:
                ops.setdefault((field, CLASS[code]), []).append((c, code, value))
        saw = history.saw
        lives = [c for c in events if c.life]
        self.heads = sorted((c.dot, c.life == DELETED) for c in lives
                            if not any(saw(o, c.dot) for o in lives))
        for (field, cls), those in ops.items():
            if cls == REGISTER:
                items = {(c.dot, code != CLEAR, v) for c, code, v in those
                         if not any(saw(o, c.dot) for o, _, _ in those)}
            elif cls == SET:
                items = {(v, c.dot) for c, code, v in those if code == ADD and
                         not any(saw(o, c.dot) for o, _, w in those if w == v)}
            elif cls == LOGS:
                items = {(c.dot, v) for c, _, v in those}
            else:
                sums = {}
                for c, _, v in those:
                    sums[c.dot[0]] = wrapped(sums.get(c.dot[0], 0) + number(v))
                items = sums.items()
            if items:
                self.fields[field, cls] = sorted(items)
        self.bytes = self.encode()

    def encode(self):
        """The one written form [12]."""
        feeds = sorted(self.vector)
        places = {f: i for i, f in enumerate(feeds)}

        def ref(dot, flag=False):
            feed, seq = dot
            other = seq != self.vector[feed]
            return varint(places[feed] * 4 + flag * 2 + other) + (varint(seq) if other else b"")

        def block(value):
            return varint(len(value)) + value

        out = [varint(len(feeds))]
        out += [f.to_bytes(8, "big") + varint(self.vector[f]) for f in feeds]
        out.append(varint(len(self.heads)))
        out += [ref(dot, deleted) for dot, deleted in self.heads]
        for field, cls in sorted(self.fields):
            items = self.fields[field, cls]
            out += [varint(field * 4 + cls), varint(len(items))]
            for item in items:
                if cls == REGISTER:
                    dot, is_set, value = item
                    out.append(ref(dot, not is_set) + (block(value) if is_set else b""))
                elif cls == COUNTER:
                    out.append(varint(places[item[0]] * 4) + zigzag(item[1]))
                else:
                    dot, value = item if cls == LOGS else item[::-1]
                    out.append(ref(dot) + block(value))
        return b"".join(out)


# --- what is shown [13, 22] --------------------------------------------------------

def is_left(history, scope, home):
    """Whether a record of that home has left its part in a scope."""
    office, region = unpack_from(">HH", home)
    if scope == 0 or home == NO_HOME:
        return False
    return history.offices.get(scope, office) != office or \
        scope not in history.offices and scope != region


class View:
    """One record as one node shows it: a pure function of its states, of what
    the node applied of the cuts, and of the schema."""

    def __init__(self, history, states, applied):
        self.stamp = lambda dot: history.stamp(dot, applied)
        self.said = history.said
        self.all = states
        self.states = [s for s in states if not is_left(history, s.scope, self.home())]
        heads = [h for s in self.states for h in s.heads]
        deleted = [d for _, d in heads]
        self.exists = bool(heads)
        self.moved = not heads and any(s.heads for s in states)
        self.deleted, self.torn = bool(heads) and all(deleted), any(deleted) and not all(deleted)

    def has(self, field):
        return any((field.number, field.merge) in s.fields for s in self.states)

    def items(self, field, cls):
        return [i for s in self.states for i in s.fields.get((field, cls), ())]

    def latest(self, dot):
        place, time = self.stamp(dot)
        return place == NEVER, time, self.author(dot)

    def first(self, dot):
        return self.stamp(dot)[0], self.author(dot)

    def author(self, dot):
        return self.said(dot), dot[0] & 0xffffffff, dot[1]  # office, incarnation, seq

    def is_live(self):
        return self.exists and not self.deleted

    def home(self):
        """The centre's, else the greatest dot, of all parts [11]."""
        homes = [i for s in self.all for i in s.fields.get((HOME, REGISTER), ())]
        best = max(homes, key=lambda i: (i[0][0] >> 48 == 0, i[0]), default=None)
        return best[2] if best else NO_HOME

    def register(self, field):
        """(in conflict, shown, siblings); a value is (is set, bytes)."""
        items = self.items(field.number, REGISTER)
        if field.policy in (ASK, LATEST) and len(items) > 1:
            items.sort(key=lambda i: self.latest(i[0]), reverse=True)
        values = []
        for i in items:
            if i[1:] not in values:
                values.append(i[1:])
        if len(values) < 2:
            return False, values[0] if values else (False, b""), values
        conflict, shown = getattr(self, POLICIES[field.policy])(field, items)
        return conflict, shown[1:], values

    def by_ask(self, _, items):
        return True, items[0]

    def by_latest(self, _, items):
        return False, items[0]

    def by_fixed(self, _, items):
        return True, min(items, key=lambda i: self.first(i[0]))

    def by_centre(self, _, items):
        own = [i for i in items if self.said(i[0]) == 0]
        shown = max(own or items, key=lambda i: self.latest(i[0]))
        offices = [i for i in items if self.said(i[0]) != 0]
        return bool(own) and any(i[1:] != shown[1:] for i in offices), shown

    def by_min(self, _, items):
        return False, min((i for i in items if i[1]), key=lambda i: number(i[2]))

    def by_max(self, _, items):
        return False, max((i for i in items if i[1]), key=lambda i: number(i[2]))

    def by_flow(self, field, items):
        def rank(i):
            return field.ranks.get(i[2], -1) if i[1] else -2

        highest = max(map(rank, items))
        furthest = [i for i in items if rank(i) == highest]
        conflict = any(i[1:] != furthest[0][1:] for i in furthest)
        return conflict, max(furthest, key=lambda i: self.latest(i[0]))

    def field(self, field):
        """(in conflict, shown, items) of a field of any kind."""
        if field.merge == REGISTER:
            return self.register(field)
        if field.merge == COUNTER:
            sums = [s for _, s in self.items(field.number, COUNTER)]
            bound = (1 << 53) - 1
            total = max(-bound, min(bound, sum(sums)))
            return False, (bool(sums), zigzag(total) if sums else b""), []
        items = self.items(field.number, field.merge)
        if field.merge == SET:
            return False, (False, b""), [(True, v) for v in sorted({v for v, _ in items})]
        items.sort(key=lambda i: (self.first(i[0]), i[1]))
        return False, (False, b""), [(True, v) for _, v in items]


POLICIES = ("by_ask", "by_latest", "by_fixed", "by_centre", "by_min", "by_max", "by_flow")


# --- doubles [15] ------------------------------------------------------------------

def group_of(views, same, record):
    """What links hold together; views: id -> the view of each record of the kind."""
    def named(record):
        return {v for v, _ in views[record].items(same, SET)}

    group, open_ends = {record}, [record]
    while open_ends:
        one = open_ends.pop()
        for other in named(one) - group:
            if other in views and one in named(other):
                group.add(other)
                open_ends.append(other)
    return group


def counts(views, group, record):
    """Whether the record stands for its group."""
    return record == min((r for r in group if views[r].is_live()), default=None)
