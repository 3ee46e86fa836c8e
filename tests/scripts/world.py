"""The world of a scenario script: a centre with its daemon on the loopback, and
offices, each a real directory; every step is a process of the real program.

A World is used in a `with`: leaving it ends the daemon. What cannot be set up
is Trouble; a command that fails is no trouble but output, with its exit code.

So that a script prints the same every time, ids that it named are printed as
{Name}, other ids, times of today and versions as <id>, <time> and <version>,
and writers are called "clerk".
"""
import functools
import json
import os
import re
import subprocess
import time

CENTRE = "Centre"
SECONDS_MAX = 120
LINE_ID_LEN = 36

WRITES = {"add", "set", "delete", "restore", "import", "resolve", "link", "unlink", "not-same", "move"}

UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b")
VERSION = re.compile(r"\b[0-9a-f]{16}:[0-9]+(?:,[0-9a-f]{16}:[0-9]+)*\b")
AGE = re.compile(r"(just now|\d+ (minute|hour|day)s?)$")
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
ENDING = re.compile(r"^[0-9a-f]{12}\b")
TIME = re.compile(r"\b(\d{4})-(\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?Z")


class Trouble(Exception):
    pass


@functools.lru_cache
def find_clock():
    """The library that fakes a clock. Its wrapper is only asked where it is: one
    that is killed leaves a semaphore named by its process, which stands in the
    way of the next with that number."""
    for _ in range(100):
        asked = subprocess.run(
            ["faketime", "-f", "+0", "printenv", "LD_PRELOAD"], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )
        if asked.returncode == 0:
            return asked.stdout.strip()
    raise Trouble("faketime does not work: " + asked.stderr)


class World:
    def __init__(self, where):
        self.where = where
        self.kerwen = os.path.abspath(os.environ["KERWEN"])
        self.schema = None
        self.offices = []
        self.clocks = {}
        self.ids = {}
        self.versions = {}
        self.port = None
        self.daemon = None
        self.is_ready = False
        self.year = time.gmtime().tm_year

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # --- setting up ---------------------------------------------------------

    def add_office(self, name, region):
        self.offices.append((name, region))

    def use_schema(self, name):
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.schema = os.path.join(root, "configs", name + ".yaml")

    def make_schema(self, text):
        """Name and version are left out of scripts."""
        if not text.startswith("schema:"):
            text = "schema: script\nversion: 1\n" + text
        self.make_file("schema.yaml", text)
        self.schema = os.path.join(self.where, "schema.yaml")

    def make_file(self, name, text):
        if "/" in name or name.startswith("."):
            raise Trouble("a file of a script has a plain name, not " + name)
        with open(os.path.join(self.where, name), "w", encoding="utf-8") as f:
            f.write(text)

    def read_file(self, name):
        try:
            with open(os.path.join(self.where, name), encoding="utf-8") as f:
                return [self.mask(line) for line in f.read().splitlines()]
        except OSError:
            return ["(there is no file %s)" % name]

    def set_clock(self, name, clock):
        """From now on the node's processes think that it is then."""
        self.clocks[name] = clock
        if name == CENTRE and self.daemon is not None:
            self.stop()
            self.start()

    def ready(self):
        """Founds the centre and its offices, before the first command."""
        if self.is_ready:
            return
        self.is_ready = True
        if self.schema is None:
            raise Trouble("the script has no schema")
        self.must(
            CENTRE, "init", "--centre", "--name", "Service", "--schema", self.schema, "--listen", "127.0.0.1:0"
        )
        self.start()
        for number, (name, region) in enumerate(self.offices, 1):
            self.must(
                CENTRE, "office", "invite", name, "--number", str(number), "--region", region,
                "--centre", self.address(), "--out", name + ".invitation",
            )
            self.must(name, "init", "--join", name + ".invitation")

    def must(self, name, *words):
        code, out, err = self.call(name, words)
        if code != 0:
            raise Trouble("%s> %s: exit code %d\n%s%s" % (name, " ".join(words), code, out, err))
        return out

    # --- processes ----------------------------------------------------------

    def command(self, name, words, clock=None):
        """The words of a process, and its environment."""
        clock = clock or self.clocks.get(name)
        env = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8")
        env.pop("KERWEN_DIR", None)
        argv = [self.kerwen, "-C", name] + list(words)
        if clock is not None:
            # Timers go on as ever; a build with sanitizers does not mind.
            env["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
            env["LD_PRELOAD"] = find_clock()
            moment = clock.replace("T", " ")
            env["FAKETIME"] = "@" + (moment if " " in moment else moment + " 00:00:00")
        return argv, env

    def call(self, name, words, clock=None):
        argv, env = self.command(name, words, clock)
        try:
            done = subprocess.run(
                argv, env=env, cwd=self.where, stdin=subprocess.DEVNULL, capture_output=True,
                timeout=SECONDS_MAX, check=False, start_new_session=True,
            )
        except subprocess.TimeoutExpired as e:
            raise Trouble("%s> %s: no end after %d s" % (name, " ".join(words), SECONDS_MAX)) from e
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def start(self):
        log = os.path.join(self.where, "centre.log")
        with open(log, "w", encoding="utf-8") as f:
            argv, env = self.command(CENTRE, ["run"])
            self.daemon = subprocess.Popen(
                argv, env=env, cwd=self.where, stdin=subprocess.DEVNULL, stderr=f, stdout=f,
                start_new_session=True,
            )
        for _ in range(1000):
            with open(log, encoding="utf-8", errors="replace") as f:
                port = re.search(r"listening on port (\d+)", f.read())
            if port is not None:
                self.port = port[1]
                return
            time.sleep(0.01)
        raise Trouble("the centre does not listen; see " + log)

    def stop(self):
        if self.daemon is None:
            return
        self.daemon.terminate()
        try:
            self.daemon.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.daemon = None

    def address(self):
        return "127.0.0.1:" + self.port

    # --- steps --------------------------------------------------------------

    def check_name(self, name):
        if name != CENTRE and name not in [o[0] for o in self.offices]:
            raise Trouble("there is no office " + name)

    def fill_in(self, name, word):
        """{Name} in a word becomes the record's id, {version} what the node saw."""
        if "{version}" in word:
            word = word.replace("{version}", self.versions.get(name, "{version}"))
        for record, id_ in self.ids.items():
            word = word.replace("{" + record + "}", id_)
        return word

    def run(self, name, words, clock=None, record=None):
        """Runs a command; the lines to show. record: the name of the id it prints."""
        self.check_name(name)
        self.ready()
        words = [self.fill_in(name, w) for w in words]
        if words[0] in WRITES and "--author" not in words and "list" not in words[1:2]:
            words += ["--author", "clerk"]
        if words[0] == "sync" and name != CENTRE:
            words += ["--centre", self.address()]
        code, out, err = self.call(name, words, clock)
        if record is not None and code == 0 and UUID.fullmatch(out.strip()):
            self.ids[record] = out.strip()
            out = ""
        return self.lines(code, out, err)

    def lines(self, code, out, err):
        lines = [self.mask(line) for line in out.splitlines() + err.splitlines()]
        return lines + (["(exit code %d)" % code] if code != 0 else [])

    def look(self, name, record):
        """Remembers the record's version, for --if-version {version}."""
        self.check_name(name)
        out = self.must(name, "--json", "show", self.fill_in(name, record))
        self.versions[name] = json.loads(out)["version"]
        return []

    def sync(self, name):
        """What a sync says is shown only if it did not go well."""
        self.check_name(name)
        self.ready()
        code, out, err = self.call(name, ["sync", "--centre", self.address()])
        return self.lines(code, out, err) if code != 0 else []

    def sync_at_once(self, names):
        self.ready()
        running = []
        for name in names:
            self.check_name(name)
            argv, env = self.command(name, ["sync", "--centre", self.address()])
            running.append(
                subprocess.Popen(
                    argv, env=env, cwd=self.where, stdin=subprocess.DEVNULL, text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                )
            )
        said = []
        for process in running:
            out, err = process.communicate(timeout=SECONDS_MAX)
            said += self.lines(process.returncode, out, err) if process.returncode != 0 else []
        return said

    def digests(self, name):
        self.check_name(name)
        scopes = json.loads(self.must(name, "--json", "verify"))["scopes"]
        return {s["scope"]: (s["reach"] + " " + s["of"], s["digest"]) for s in scopes}

    def compare(self, names):
        """Whether nodes hold the same bytes in every scope that they share."""
        self.ready()
        held = [self.digests(name) for name in names]
        shared = set(held[0]).intersection(*held[1:])
        differing = sorted(s for s in shared if len({h[s][1] for h in held}) > 1)
        if not differing:
            return ["yes"]
        return ["no: %s differs" % held[0][s][0].strip() for s in differing]

    # --- masks --------------------------------------------------------------

    def mask(self, line):
        for record, id_ in self.ids.items():
            line = self.put(line, re.compile(r"\b(%s-)?%s\b" % (id_[:23], id_[-12:])), "{" + record + "}")
        line = self.put(self.put(line, UUID, "<id>"), ENDING, "<id>")
        line = re.sub(r"\bport \d+", "port <port>", DIGEST.sub("<digest>", line))
        line = VERSION.sub("<version>", line)
        line = AGE.sub("<age>", line.rstrip())
        line = TIME.sub(lambda found: self.time(found).ljust(len(found[0])), line)
        for word in (self.where, self.address()):
            line = line.replace(word, "...")
        return line.rstrip()

    def time(self, found):
        """A time of today is hidden; of another year the date is shown."""
        return "<time>" if abs(int(found[1]) - self.year) <= 1 else "%s-%s <time>" % (found[1], found[2])

    @staticmethod
    def put(line, pattern, mask):
        """Puts a mask. Where a column begins it keeps the width, for the table's sake;
        a whole id at the margin begins a sentence."""

        def replace(found):
            is_short = len(found[0]) < LINE_ID_LEN
            begins = is_short if found.start() == 0 else line[found.start() - 2 : found.start()] == "  "
            ends = line[found.end() : found.end() + 1] == " "
            return mask.ljust(len(found[0])) if begins and ends else mask

        return pattern.sub(replace, line)
