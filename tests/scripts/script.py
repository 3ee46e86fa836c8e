"""Scenario scripts: prose at the margin, steps indented by four blanks, what a
step printed behind "  | " below it. See ../README.md.

play() runs the steps of a text in a world and gives the text back with what
was printed now. A script that cannot be read is a Mistake, with its line.
"""
import re
import shlex

INDENT = "    "
OUTPUT = INDENT + "  |"

NAMES = r"(\w+(?:, \w+)*(?: and \w+)?)"
ROWS = re.compile(r"\{(\d+)\.\.(\d+)\}")

# What a step can be, and what of the world it calls. The first that fits.
STEPS = [
    (re.compile(r"offices: (.+)$"), "on_offices"),
    (re.compile(r"schema: (\w+)$"), "on_schema_name"),
    (re.compile(r"schema:$"), "on_schema"),
    (re.compile(r"file (\S+):$"), "on_file"),
    (re.compile(r"(\w+) reads (\S+)$"), "on_read"),
    (re.compile(r"(\w+)'s clock: (.+)$"), "on_clock"),
    (re.compile(r"(\w+) looks at (.+)$"), "on_look"),
    (re.compile(NAMES + r" syncs? at once$"), "on_sync_at_once"),
    (re.compile(NAMES + r" syncs?$"), "on_sync"),
    (re.compile(NAMES + r" hold the same$"), "on_same"),
    (re.compile(r"(\w+)(?: at ([0-9T:-]+))?> (.+?)(?:\s+-> (\w+))?$"), "on_command"),
]


class Mistake(Exception):
    pass


class Step:
    """One step: its line, and the lines of the block below it."""

    def __init__(self, line, text):
        self.line = line
        self.text = text
        self.block = []


def is_step(line):
    return line.startswith(INDENT) and line[len(INDENT) : len(INDENT) + 1] not in ("", " ")


def read(text):
    """The lines of a script without what steps printed: prose as strings, steps
    as Steps."""
    items = []
    step = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(OUTPUT):
            if step is None:
                raise Mistake("line %d: output without a step" % number)
        elif is_step(line):
            step = Step(number, line[len(INDENT) :].rstrip())
            items.append(step)
        elif line.startswith(INDENT) and step is not None:
            step.block.append(line)
        elif step is not None and line == "" and step.block:
            step.block.append(line)
        else:
            step = None
            items.append(line)
    return items


def blocks_of(step):
    """The block without its indent and its empty end."""
    lines = list(step.block)
    while lines and lines[-1] == "":
        lines.pop()
    return [line[len(INDENT) + 2 :] for line in lines]


def grow(lines):
    """File content; a line with {1..40} stands for 40 lines."""
    out = []
    for line in lines:
        range_ = ROWS.search(line)
        if range_ is None:
            out.append(line)
            continue
        for i in range(int(range_[1]), int(range_[2]) + 1):
            out.append(ROWS.sub(str(i), line))
    return "".join(line + "\n" for line in out)


def names_of(text):
    return re.split(r", | and ", text)


class Player:
    """Runs steps; each on_... gives the lines that it printed."""

    def __init__(self, world):
        self.world = world

    def on_offices(self, step, offices):
        for office in re.split(r",\s*", offices):
            parts = re.fullmatch(r"(\w+) \(([\w-]+)\)", office)
            if parts is None:
                raise Mistake("line %d: offices are written: Mary (TM-M), Lebap (TM-L)" % step.line)
            self.world.add_office(parts[1], parts[2])
        return []

    def on_schema_name(self, step, name):
        self.world.use_schema(name)
        return []

    def on_schema(self, step):
        self.world.make_schema("\n".join(blocks_of(step)) + "\n")
        return []

    def on_file(self, step, name):
        self.world.make_file(name, grow(blocks_of(step)))
        return []

    def on_read(self, step, _, name):
        return self.world.read_file(name)

    def on_clock(self, step, name, clock):
        self.world.set_clock(name, None if clock == "right" else clock)
        return []

    def on_look(self, step, name, record):
        return self.world.look(name, record)

    def on_sync(self, step, names):
        out = []
        for name in names_of(names):
            out += self.world.sync(name)
        return out

    def on_sync_at_once(self, step, names):
        return self.world.sync_at_once(names_of(names))

    def on_same(self, step, names):
        return self.world.compare(names_of(names))

    def on_command(self, step, name, clock, command, record):
        try:
            words = shlex.split(command)
        except ValueError as e:
            raise Mistake("line %d: %s" % (step.line, e)) from e
        return self.world.run(name, words, clock=clock, record=record)

    def play(self, step):
        for pattern, act in STEPS:
            parts = pattern.match(step.text)
            if parts is not None:
                return getattr(self, act)(step, *parts.groups())
        raise Mistake('line %d: "%s" is no step' % (step.line, step.text))


def play(text, world):
    player = Player(world)
    out = []
    with world:
        for item in read(text):
            if isinstance(item, str):
                out.append(item)
                continue
            said = player.play(item)
            out.append(INDENT + item.text)
            out += [line for line in item.block if line != ""]
            out += [(OUTPUT + " " + line).rstrip() for line in said]
            out += [""] if item.block and item.block[-1] == "" else []
    return "\n".join(out) + "\n"
