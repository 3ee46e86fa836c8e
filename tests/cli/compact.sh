#!/bin/sh
# Clean-up from outside: nothing goes before every office has confirmed it and a
# backup holds it; a compact that is killed at any moment leaves a directory
# that verifies and goes on; and a new office begins with the base, over a road
# that falls, of which nothing is seen before all of it is there.
set -eu

. "$(dirname "$0")/lib.sh"

road=${ROAD:-$(dirname "$KERWEN")/tests/demo_road}

# number NAME: a number out of the JSON in out.
number()
{
	sed "s/.*\"$1\":\([0-9]*\).*/\1/" out
}

digests()
{
	"$KERWEN" -C "$1" verify | grep " region " | sed 's/ *$//'
}

cat >schema.yaml <<'YAML'
schema: test
version: 1
kinds:
  - name: person
    reach: region
    fields:
      - {name: nr, type: text, required: true}
      - {name: note, type: text}
YAML
"$KERWEN" -C c init --centre --name C --schema schema.yaml --listen 127.0.0.1:0 >/dev/null
"$KERWEN" -C c run 2>c.log </dev/null &
daemon=$!
pids="$pids $daemon"
until port=$(sed -n 's/.*listening on port \([0-9]*\).*/\1/p' c.log) && [ -n "$port" ]; do
	sleep 0.05
done
invite()
{
	"$KERWEN" -C c office invite "$1" --number "$2" --region R \
		--centre "127.0.0.1:$port" --out "$1.inv" >/dev/null
	"$KERWEN" -C "$1" init --join "$1.inv" >/dev/null
}
invite a 1

# Lists that come again and again, each with another note.
head -c 400000 /dev/urandom | od -An -v -tx1 -w40 | tr -d ' ' |
	awk '{ print substr($0, 1, 10) "," substr($0, 11) }' >rows
for round in 1 2 3; do
	{
		echo "nr,note"
		awk -F, -v r=$round '{ print $1 "," r $2 }' rows
	} >p.csv
	"$KERWEN" -C a import person p.csv --key nr >/dev/null
	"$KERWEN" -C a sync >/dev/null
done

# Without a backup nothing goes, and it says so; nor does a dry run change it.
"$KERWEN" -C c compact >out 2>err
grep -q "^0 entries deleted" out || fail "$(cat out)"
grep -q "kerwen backup" err || fail "no word of a backup: $(cat err)"
echo "several words that nobody would guess" >pass
chmod 600 pass
"$KERWEN" -C c backup c.bak --passphrase-file pass >/dev/null
"$KERWEN" -C a add person nr=x note=y >/dev/null
"$KERWEN" -C a sync >/dev/null
"$KERWEN" -C c compact --dry-run --json >out
before=$("$KERWEN" -C c verify --json | sed 's/.*"entries":\([0-9]*\).*/\1/')
was=$(digests c)

# Killed in the middle of it, again and again: every time it verifies.
kills=0
for wait in 0.01 0.02 0.03 0.05 0.08 0.12 0.2 0.3; do
	"$KERWEN" -C c compact >/dev/null 2>&1 &
	victim=$!
	sleep "$wait"
	kill -9 "$victim" 2>/dev/null && kills=$((kills + 1))
	wait "$victim" 2>/dev/null || true
	[ "$(digests c)" = "$was" ] || fail "killed after $wait: $("$KERWEN" -C c verify 2>&1)"
done
[ "$kills" -ge 1 ] || fail "none was still at work"
"$KERWEN" -C c compact >out 2>err
after=$("$KERWEN" -C c verify --json | sed 's/.*"entries":\([0-9]*\).*/\1/')
[ "$after" -lt $((before / 2)) ] || fail "$after entries of $before are left: $(cat out err)"
[ "$(digests c)" = "$was" ] || fail "the records are others now"

# What is shown of a record stays; its history begins behind the floor, and says so.
id=$("$KERWEN" -C c list person --json | sed 's/.*"rows":\[{"id":"\([^"]*\)".*/\1/')
"$KERWEN" -C c show "$id" --history >out 2>err
grep -q "^note " out || fail "the record shows nothing: $(cat out)"
grep -q "cleaned up" err || fail "no word of the older history: $(cat err)"
"$KERWEN" -C c show "$id" --history --json | grep -q '"history_is_cut":true' || fail "nor in JSON"

# The office follows, when it has heard of it.
"$KERWEN" -C a sync >/dev/null
"$KERWEN" -C a compact --json >out
[ "$(number rows)" -gt 0 ] || fail "the office deleted nothing: $(cat out)"
"$KERWEN" -C a verify >/dev/null

# A new office: the road falls, what it took stays, and it says that it is not ready.
invite b 2
tries=0
code=5
said=no
while [ "$code" != 0 ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 80 ] || fail "no end: $(cat out err)"
	"$road" "$port" $((1300 + tries * 9)) 0 >road.address &
	carrier=$!
	until [ -s road.address ]; do
		sleep 0.01
	done
	code=0
	"$KERWEN" -C b sync --centre "$(cat road.address)" >out 2>err </dev/null || code=$?
	kill "$carrier" 2>/dev/null || true
	wait "$carrier" 2>/dev/null || true
	rm -f road.address
	if grep -q "not ready" err; then
		said=yes
		"$KERWEN" -C b status >out
		grep -q "^base: [0-9]* % - not ready" out || fail "status: $(cat out)"
		grep -q "^0 records are saved here" out || fail "half of it is seen: $(cat out)"
	fi
done
[ "$said" = yes ] || fail "it came in one go: $tries tries"
"$KERWEN" -C b status --json >out
grep -q '"base_percent":null' out || fail "$(cat out)"
"$KERWEN" -C b verify >/dev/null
[ "$(digests b)" = "$(digests c)" ] || fail "b is not like c"
