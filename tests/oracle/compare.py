#!/usr/bin/env python3
"""
Compares what stores show with what the model says.

    build/tests/oracle -s SEED -n HISTORIES | python3 tests/oracle/compare.py

Reads the stream that tell.h describes. Compared, at every look at a node: the
hash of each feed, what is applied of it, which records there are, the state of
each in each scope to the byte, and its view: what is shown, in conflict, the
siblings, members and lines, alive or deleted, home. At every commit: that the
entries say what was drafted, with the form that was on the screen.

Prints one line of counts. A difference prints its seed and an account of the
record. Exit status: 0 no difference, 1 differences, 2 a broken stream.
"""
import sys
from struct import pack

from model import (ADD, ALIVE, CLEAR, COUNT, DELETED, HOME, POLICIES, PUT, REGISTER, REMOVE, SET,
                   History, State, View, counts, group_of, number, read_offices, read_schema)
from strays import Strays

ACTS = ("add", "edit", "delete", "restore")
CODES = ("put", "clear", "add", "remove", "count", "log")
MET = tuple(p[3:] for p in POLICIES) + (
    "set", "counter", "log", "form", "stale form", "deleted", "deleted, but edited",
    "in 1 scopes", "in 2 scopes", "in 3 scopes", "linked", "moved", "moved back", "stray")
MET_AT = 1000  # histories, in which all of it must have been met
DIFFERENCES_MAX = 3  # accounts that are printed


class Reader:
    """Numbers and blocks out of one message."""

    def __init__(self, b):
        self.b, self.at = b, 0

    def number(self, length):
        self.at += length
        return int.from_bytes(self.b[self.at - length:self.at], "big")

    def bytes(self, length):
        self.at += length
        return self.b[self.at - length:self.at]

    def block(self):
        return self.bytes(self.number(2))

    def value(self):
        return self.number(1) == 1, self.block()


def dot_text(dot):
    return "office %d scope %d seq %d" % (dot[0] >> 48, dot[0] >> 32 & 0xffff, dot[1])


def put_value(out, value):
    out.append(b"\1" if value[0] else b"\0")
    out.append(pack(">H", len(value[1])))
    out.append(value[1])


def view_bytes(view, fields):
    """A view in the form of the stream."""
    out, conflict = [], view.torn
    for f in fields:
        if not view.has(f):
            out.append(b"\0\0\0\0\0\0")  # no conflict, unset, nothing listed
            continue
        is_open, shown, items = view.field(f)
        conflict = conflict or is_open
        out.append(b"\1" if is_open else b"\0")
        put_value(out, shown)
        out.append(pack(">H", len(items)))
        for i in items:
            put_value(out, i)
    conflict = conflict and not view.deleted  # nothing to decide, until it is back
    flags = view.deleted | view.torn << 1 | conflict << 2 | view.moved << 3 | view.exists << 4
    return bytes((flags,)) + view.home() + b"".join(out)


def read_view(b, fields):
    """A view of the stream as texts, for people."""
    if not b:
        return {}
    r, out = Reader(b), {}
    flags = r.number(1)
    out["here, moved, in conflict, torn, deleted"] = "{:05b}".format(flags)
    out["home"] = r.bytes(4).hex()
    for f in fields:
        is_open, shown = r.number(1), r.value()
        items = [r.value() for _ in range(r.number(2))]
        out[f.name.decode()] = "shows %s%s of %s" % (
            shown[1] if shown[0] else "nothing", " (conflict)" if is_open else "",
            [v if is_set else "clear" for is_set, v in items])
    return out


class Comparison:
    def __init__(self):
        self.world = self.history = None
        self.seed = self.histories = self.operations = self.compared = self.differences = 0
        self.settled, self.commits = {}, {}
        self.met = dict.fromkeys(MET, 0)

    # --- the stream ---------------------------------------------------------------

    def run(self, stream):
        take = {b"W": self.on_world, b"H": self.on_history, b"G": self.on_genesis,
                b"E": self.on_entry, b"C": self.on_commit, b"D": self.on_look,
                b"T": lambda r: print("  " + r.b.decode()), b"Z": self.on_end}
        while True:
            head = stream.read(5)
            if head[:1] == b"Q":
                return
            length = int.from_bytes(head[1:], "big")
            payload = stream.read(length)
            if len(head) < 5 or len(payload) < length:
                raise ValueError("the stream is cut short")
            take[head[:1]](Reader(payload))

    def on_world(self, _):
        self.history = self.world = History()

    def on_history(self, r):
        if not self.world.kinds:
            self.world.kinds, self.world.same = read_schema(self.world)
            self.world.offices = read_offices(self.world)
        self.history = History(self.world)
        self.seed = r.number(8)
        self.settled, self.commits = {}, {}

    def on_genesis(self, r):
        feed = r.number(8)
        self.history.genesis(feed, r.b[8:])

    def on_entry(self, r):
        feed = r.number(8)
        e = self.history.add(feed, r.b[8:])
        self.commits.setdefault((e.office, feed & 0xffffffff, e.commit), []).append(e)

    def on_end(self, r):
        self.histories += 1
        self.operations += r.number(8)

    # --- what was drafted is what was written --------------------------------------

    def on_commit(self, r):
        office, incarnation, commit = r.number(2), r.number(4), r.number(8)
        applied = {r.number(8): r.number(8) for _ in range(r.number(2))}
        entries = self.commits.get((office, incarnation, commit), [])
        drafts = []
        for _ in range(r.number(2)):
            key, act, has_form = (r.number(2), r.bytes(16)), r.number(1), r.number(1)
            form = {r.number(8): r.number(8) for _ in range(r.number(2))}
            ops = [(r.number(2), r.number(1), r.block()) for _ in range(r.number(2))]
            drafts.append((key, act, form if has_form else None, ops))
        for key, act, form, ops in drafts:
            changes = [c for e in entries for c in e.changes if (c.kind, c.id) == key]
            self.check_draft(key, act, form, changes)
            if sum(d[0] == key for d in drafts) == 1:
                self.check_ops(key, form, ops, changes, applied, entries)

    def check_draft(self, key, act, form, changes):
        """Two drafts of one commit may be about one record: some change fits."""
        life = DELETED if ACTS[act] == "delete" else ALIVE
        self.compared += 1
        self.met["form"] += form is not None
        self.met["stale form"] += any(self.is_stale(c) for c in changes)
        if not any(c.life == life for c in changes):
            self.differ("a draft (%s) left the record as it was" % ACTS[act], key)
        if not any(self.has_form_of(c, form) for c in changes):
            self.differ("a draft (%s) with %s is not what was written" %
                        (ACTS[act], "no form" if form is None else "a form"), key)

    def is_stale(self, change):
        """Whether its form had not seen all that its author's node had."""
        events = self.history.events[change.kind, change.id][change.entry.scope]
        return change.form is not None and any(
            self.history.had(change.entry, c.dot) and not self.history.saw(change, c.dot)
            for c in events)

    @staticmethod
    def has_form_of(change, form):
        if form is None or change.form is None:
            return form is None and change.form is None
        return change.form == {f: s for f, s in form.items() if f >> 32 & 0xffff ==
                               change.entry.scope}

    def check_ops(self, key, form, ops, changes, applied, entries):
        """All that was typed is written, or stood there already."""
        derived = [f.number for f in self.history.kinds[key[0]] if f.is_derived]
        written = [op for c in changes for op in c.ops if op[0] not in (HOME, *derived)]
        before = None
        for op in ops:
            self.compared += 1
            if op not in written:
                before = before or self.before(key, applied, entries)
                if not self.is_needless(op, before, form):
                    self.differ("%s of %s in field %d was dropped" %
                                (CODES[op[1]], op[2], op[0]), key)
        if any(op not in ops for op in written):
            self.differ("something was written that nobody typed", key)

    def before(self, key, applied, entries):
        """The record as its author's node had it, where it has its home."""
        states = [State(self.history, [c for c in events if c.entry not in entries and
                                       c.dot[1] <= applied.get(c.dot[0], 0)])
                  for events in self.history.events[key].values()]
        return View(self.history, states, applied).states

    @staticmethod
    def is_needless(op, states, form):
        """Whether an op would have changed nothing of what the person saw."""
        def seen(dot):
            return form is None or form.get(dot[0], 0) >= dot[1]

        field, code, value = op
        if code in (PUT, CLEAR):
            left = [i for s in states for i in s.fields.get((field, REGISTER), ())]
            return all(i[1:] == (code == PUT, value) and seen(i[0]) for i in left) and \
                (left or code == CLEAR)
        if code in (ADD, REMOVE):
            left = [i for s in states for i in s.fields.get((field, SET), ())]
            return (code == ADD) == any(v == value and seen(dot) for v, dot in left)
        return code == COUNT and number(value) == 0

    # --- looks ----------------------------------------------------------------------

    def note(self, view, fields):
        """What was met: a run that never saw a case proves nothing about it."""
        self.met["deleted"] += view.deleted
        self.met["moved"] += view.moved
        self.met["deleted, but edited"] += view.torn
        if view.states:
            self.met["in %d scopes" % len(view.states)] += 1
        for f in fields:
            if f.merge == REGISTER:
                self.met[POLICIES[f.policy][3:]] += len(view.items(f.number, REGISTER)) > 1
            else:
                self.met[("", "set", "counter", "log")[f.merge]] += view.has(f)

    def on_look(self, r):
        office, settled = r.number(2), r.number(1)
        applied = self.check_feeds(r, office)
        if settled:
            self.check_settled(office, applied)
        seen, views, groups = set(), {}, []
        for _ in range(r.number(2)):
            key = r.number(2), r.bytes(16)
            parts = {}
            for _ in range(r.number(1)):
                scope = r.number(2)
                parts[scope] = r.block()
            seen.add(key)
            view = self.check_record(office, applied, key, parts, r.block())
            views.setdefault(key[0], {})[key[1]] = view
            groups.append((key, (r.number(1), r.number(1))))
        self.check_groups(office, views, groups)
        if settled and office == 0:
            for key in seen:
                self.check_moves(key)
        for key, scopes in self.history.events.items():
            if key[0] in self.history.kinds and key not in seen and \
                    any(c.dot[1] <= applied.get(c.dot[0], 0) for s in scopes.values() for c in s):
                self.differ("node %d has not got record %s" % (office, key[1].hex()))

    def check_feeds(self, r, office):
        """Chain hashes; and others' entries are applied as far as cuts say."""
        applied, h = {}, self.history
        for _ in range(r.number(2)):
            feed, head, done, chain = r.number(8), r.number(8), r.number(8), r.bytes(32)
            applied[feed] = done
            self.compared += 1
            if h.hashes[feed][head] != chain:
                self.differ("node %d: feed %016x has another hash at %d" % (office, feed, head))
        for feed, done in applied.items():
            if feed >> 48 in (0, office):
                continue
            centre = h.centre_of.get(feed >> 32 & 0xffff)
            cuts = [c[0] for c in h.cuts.get(feed, ()) if c[1] <= applied.get(centre, 0)]
            if done != max(cuts, default=0):
                self.differ("node %d applied feed %016x up to %d, cuts say %d" %
                            (office, feed, done, max(cuts, default=0)))
        return applied

    def check_settled(self, office, applied):
        """In the end all members of a scope have applied the same, all of it."""
        for feed, done in applied.items():
            self.compared += 1
            if self.settled.setdefault(feed, done) != done or \
                    done + 1 != len(self.history.hashes[feed]):
                self.differ("node %d: feed %016x ends at %d" % (office, feed, done))

    def check_record(self, office, applied, key, parts, shown):
        h = self.history
        states, centres = [], []
        for scope, events in h.events.get(key, {}).items():
            dots = tuple([c.dot for c in events if c.dot[1] <= applied.get(c.dot[0], 0)])
            if not dots:
                continue
            state = h.states.get((key, dots))
            if state is None:
                state = State(h, [c for c in events if c.dot in dots])
                h.states[key, dots] = state
            states.append(state)
            centres.append(applied.get(h.centre_of.get(scope), 0))
            self.compared += 1
            if parts.pop(scope, None) != state.bytes:
                self.differ("node %d, scope %d: another state" % (office, scope), key=key)
        if parts:
            self.differ("node %d has parts in scopes %s" % (office, sorted(parts)), key=key)
        fields = h.kinds.get(key[0])
        if fields is None:
            return None
        # Equal states and equal cuts show the same: once is enough.
        name = (key, tuple(map(id, states)), tuple(centres))
        if name not in h.views:
            view = View(h, states, applied)
            h.views[name] = view, view_bytes(view, fields)
            self.note(view, fields)
        self.compared += len(fields) + 1
        view, wanted = h.views[name]
        if wanted != shown:
            self.differ("node %d: another view" % office, key=key)
            self.tell_views(wanted, shown, fields)
        return view

    def check_moves(self, key):
        """What came late to an old home is said again in the new one."""
        strays = Strays(self.history, self.history.events[key])
        self.met["moved back"] += strays.came_back()
        for c, commit in strays.find():
            self.compared += 1
            self.met["stray"] += 1
            if not strays.is_carried(c, commit):
                self.differ("what %s said came late and was not carried on" % dot_text(c.dot), key)

    def check_groups(self, office, views, groups):
        """Who is one with whom, and who counts."""
        for (kind, record), told in groups:
            same, wanted = self.history.same.get(kind), (0, 0)
            if same is not None:
                group = group_of(views[kind], same, record)
                wanted = len(group), counts(views[kind], group, record)
                self.met["linked"] += len(group) > 1
            self.compared += 1
            if wanted != told:
                self.differ("node %d: a group of %d, counting %d, but it tells %d, %d" %
                            (office, *wanted, *told), (kind, record))

    # --- differences ------------------------------------------------------------------

    def differ(self, text, key=None):
        self.differences += 1
        if self.differences > DIFFERENCES_MAX:
            return
        print("SEED=%d: %s" % (self.seed, text))
        if key is not None:
            self.tell_record(key)

    def tell_record(self, key):
        """What happened to a record, and who saw what."""
        h = self.history
        print("  record %s of kind %d:" % (key[1].hex(), key[0]))
        names = {f.number: f.name.decode() for f in h.kinds.get(key[0], ())}
        for events in h.events.get(key, {}).values():
            for c in events:
                ops = ["%s %s %s" % (names.get(f, f), CODES[code], v) for f, code, v in c.ops]
                print("    %s: %s%s, time %d, %s" % (
                    dot_text(c.dot), ("", "alive", "deleted")[c.life],
                    "" if c.form is None else ", from a form", c.entry.time, "; ".join(ops)))
                print("      saw %s" % ([dot_text(o.dot) for o in events if h.saw(c, o.dot)]))

    def tell_views(self, wanted, shown, fields):
        if self.differences <= DIFFERENCES_MAX:
            a, b = read_view(wanted, fields), read_view(shown, fields)
            for name in a:
                if a[name] != b.get(name):
                    print("  %s: the model %s; the node %s" % (name, a[name], b.get(name)))


def main():
    c = Comparison()
    try:
        c.run(sys.stdin.buffer)
    except (ValueError, KeyError, IndexError) as e:
        print("SEED=%d: the stream cannot be followed: %r" % (c.seed, e))
        return 2
    print("%d histories, %d operations, %d comparisons, %d differences" %
          (c.histories, c.operations, c.compared, c.differences))
    print("met: " + ", ".join("%s %d" % m for m in c.met.items()))
    if c.histories >= MET_AT and not all(c.met.values()):
        print("a case of the list was never met")
        return 1
    return 1 if c.differences else 0


if __name__ == "__main__":
    sys.exit(main())
