#!/bin/sh
# Accidents of daily life, each found by hand once: what must be refused, with
# which exit code, and that nothing is doubled or lost.
set -eu

. "$(dirname "$0")/lib.sh"

cat >schema.yaml <<'YAML'
schema: test
version: 1
kinds:
  - name: person
    reach: region
    fields:
      - {name: nr, type: text, required: true}
      - {name: visits, type: int, merge: counter}
YAML
expect 0 "$KERWEN" -C c init --centre --name C --schema schema.yaml --listen 127.0.0.1:0
expect 0 "$KERWEN" -C c office invite a --number 1 --region R --centre 127.0.0.1:1 --out a.inv
expect 0 "$KERWEN" -C a init --join a.inv

# One file by two commands at a time: the second is told, no row is made twice.
awk 'BEGIN { print "nr"; for (i = 0; i < 60000; i++) print "n" i }' >many.csv
"$KERWEN" -C a import person many.csv >first.out 2>first.err </dev/null &
first=$!
tries=0
until [ "$("$KERWEN" -C a list person --limit 1 --json | grep -c '"id"')" = 1 ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 500 ] || fail "the first import does not begin"
done
second=0
"$KERWEN" -C a import person many.csv >out 2>err </dev/null || second=$?
wait "$first" || [ "$?" = 11 ] || fail "first: $(cat first.err)"
expect 0 "$KERWEN" -C a import person many.csv
expect 0 "$KERWEN" -C a status --json
grep -q '"records":60000,' out || fail "doubled (second ended with $second): $(cat out)"

# A counter stays a number that a script can read.
expect 0 "$KERWEN" -C a add person nr=x visits+=7
id=$(cat out)
expect 2 "$KERWEN" -C a set "$id" visits+=9007199254740991
grep -q visits err || fail "the field is not named: $(cat err)"

# No address, and an address beside a daemon.
sed 's/^centre:.*/centre: []/; /^  *- /d' a/kerwen.yaml >k && cat k >a/kerwen.yaml
"$KERWEN" -C a run 2>a.log </dev/null &
daemon=$!
trap 'kill "$daemon" 2>/dev/null || true' EXIT
until [ -S a/control.sock ]; do
	sleep 0.05
done
expect 11 "$KERWEN" -C a sync --centre 127.0.0.1:1
kill "$daemon"
wait "$daemon" || fail "the daemon did not end in order"

# A database that was cut off is told, not died of.
expect 0 "$KERWEN" -C a verify
size=$(wc -c <a/db/data.mdb)
head -c $((size / 8192 * 4096)) a/db/data.mdb >cut && cat cut >a/db/data.mdb
expect 13 "$KERWEN" -C a status
grep -q damaged err || fail "not told: $(cat err)"
