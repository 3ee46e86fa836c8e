#!/bin/sh
# Passphrases asked for on a terminal: never shown, twice for a new one, and
# Ctrl-C leaves the terminal as it was.
set -eu

. "$(dirname "$0")/lib.sh"

umask 077
cat >schema.yaml <<'YAML'
schema: test
version: 1
kinds:
  - {name: person, reach: region, fields: [{name: nr, type: text}]}
YAML
"$KERWEN" -C c init --centre --name C --schema schema.yaml --listen 127.0.0.1:0 2>err
cat >ask.py <<'PY'
import os, pty, select, signal, sys, termios, time

KERWEN = sys.argv[1]
LONG = b"four words nobody guesses\n"

def wait_for(fd, shown, end):
    """Reads until it shows `end` (None: until it ends)."""
    deadline = time.time() + 60
    while time.time() < deadline and not (end and shown.endswith(end)):
        if select.select([fd], [], [], 0.1)[0]:
            try:
                more = os.read(fd, 4096)
            except OSError:
                break
            if not more:
                break
            shown += more
    return shown

def run(words, answers):
    """Gives the exit code, what was shown, and whether the terminal echoes."""
    master, slave = pty.openpty()
    pid = os.fork()
    if pid == 0:
        os.close(master)
        signal.signal(signal.SIGINT, signal.SIG_DFL) # who runs this in the background ignores it
        os.login_tty(slave) if hasattr(os, "login_tty") else take(slave)
        os.execv(KERWEN, [KERWEN] + words)
    shown = b""
    for answer in answers:
        shown = wait_for(master, shown, b": ")
        time.sleep(0.05)
        os.write(master, answer)
        shown += b"|"
    _, status = os.waitpid(pid, 0)
    echoes = bool(termios.tcgetattr(slave)[3] & termios.ECHO)
    os.close(slave)
    shown = wait_for(master, shown, None)
    os.close(master)
    return os.waitstatus_to_exitcode(status), shown.decode(), echoes

def take(slave):
    import fcntl
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(slave, fd)

def expect(code, text, words, answers):
    got, shown, echoes = run(words, answers)
    if got != code or text not in shown or "nobody gue" in shown or not echoes:
        sys.exit("%s: status %s, not %s; echo %s; shown: %s" % (words, got, code, echoes, shown))

expect(2, "not the same", ["-C", "c", "backup", "f"], [LONG, b"four words nobody guessed\n"])
expect(2, "less than 8", ["-C", "c", "backup", "f"], [b"words\n"])
expect(130, "interrupted", ["-C", "c", "backup", "f"], [b"\x03"])
expect(130, "interrupted", ["-C", "c", "backup", "f"], [LONG, b"\x03"])
if os.path.exists("f") or os.path.exists("f.part"):
    sys.exit("something was left")
expect(0, "entries of C", ["-C", "c", "backup", "f"], [LONG, LONG])
expect(12, "not its passphrase", ["-C", "d", "restore", "f"], [b"other words than those\n"])
expect(0, "all proved", ["-C", "d", "restore", "f"], [LONG])
expect(0, "under a passphrase", ["-C", "d", "key", "protect"], [LONG, LONG])
expect(12, "not the passphrase", ["-C", "d", "key", "unprotect"], [b"other words than those\n"])
expect(0, "stands bare", ["-C", "d", "key", "unprotect"], [LONG])
PY
python3 -B ask.py "$KERWEN"
