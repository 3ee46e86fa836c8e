#!/usr/bin/env python3
"""Runs scenario scripts and compares what they print: run.py [--accept] [-j N] SCRIPT...

Prints one line a script, a diff of those that fail, and last "N passed, N
failed", with "N skipped" if some wait for a feature: what .ci/run counts.
--accept writes what was printed into the scripts instead, to be read as a
diff. KERWEN names the program. How a script is written: ../README.md.
"""
import concurrent.futures
import difflib
import os
import shutil
import sys
import tempfile

import script
import world

WAITS = "waits for:"


def judge(path, accept):
    """Runs one script; gives ("pass" | "FAIL" | "wait" | "new", what to say)."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if text.startswith(WAITS):
        return "wait", text.split("\n", 1)[0]
    where = tempfile.mkdtemp(prefix="kerwen-script.")
    try:
        got = script.play(text, world.World(where))
    except (script.Mistake, world.Trouble) as e:
        return "FAIL", "%s\n(what it left is in %s)" % (e, where)
    shutil.rmtree(where, ignore_errors=True)
    if got == text:
        return "pass", ""
    if accept:
        with open(path, "w", encoding="utf-8") as f:
            f.write(got)
        return "new", ""
    return "FAIL", "".join(
        difflib.unified_diff(
            text.splitlines(True), got.splitlines(True), "what the script says", "what happened"
        )
    )


def main(words):
    accept = "--accept" in words
    words = [w for w in words if w != "--accept"]
    jobs = 1
    if words[:1] == ["-j"]:
        jobs, words = int(words[1]), words[2:]
    if not words or "KERWEN" not in os.environ:
        sys.exit(__doc__)
    count = {"pass": 0, "FAIL": 0, "wait": 0, "new": 0}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for path, (what, said) in zip(words, pool.map(lambda p: judge(p, accept), words)):
            count[what] += 1
            print(what, path + (": " + said if what == "wait" else ""), flush=True)
            if what == "FAIL":
                print("    " + said.rstrip("\n").replace("\n", "\n    "))
    print(
        "%d passed, %d failed" % (count["pass"] + count["new"], count["FAIL"])
        + (", %d rewritten" % count["new"] if count["new"] else "")
        + (", %d skipped" % count["wait"] if count["wait"] else "")
    )
    return 1 if count["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
