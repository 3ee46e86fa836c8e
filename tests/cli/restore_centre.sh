#!/bin/sh
# A centre that is restored from an old backup, while its offices went on; it is
# killed while it finds its way back. And what belongs to somebody else.
set -eu

: "${KERWEN:?names the program}"
: "${TMPDIR:=/tmp}"
cd "$TMPDIR"
pids=

fail()
{
	echo "$*"
	exit 1
}

# Ends what this script started, and nothing else.
clean()
{
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
}
trap clean EXIT

# expect CODE COMMAND...: runs it; leaves its output in out and err.
expect()
{
	code=$1
	shift
	got=0
	"$@" >out 2>err </dev/null || got=$?
	[ "$got" = "$code" ] || fail "status $got, not $code: $*: $(cat out err)"
}

# says TEXT: what was just run said so on standard error.
says()
{
	grep -qF -e "$1" err || fail "not said: $1: $(cat err)"
}

port_of()
{
	sed -n 's/.*listening on port \([0-9]*\).*/\1/p' "$1.log" 2>/dev/null | tail -n 1
}

# start DIR: runs its daemon until the end of the test.
start()
{
	"$KERWEN" -C "$1" run 2>>"$1.log" </dev/null &
	daemon=$!
	pids="$pids $daemon"
}

wait_for()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || fail "did not happen: $*: $(tail -n 3 ./*.log)"
		sleep 0.1
	done
}

listens()
{
	[ -n "$(port_of "$1")" ]
}

sync_of()
{
	expect 0 "$KERWEN" -C "$1" sync --centre "127.0.0.1:$port"
}

# value DIR FIELD: of the one record that all write to.
value()
{
	"$KERWEN" -C "$1" show "$id" --json | python3 -c "
import json, sys
d = json.load(sys.stdin)
f = [f for f in d['fields'] if f['name'] == '$2'][0] if isinstance(d['fields'], list) else d['fields']['$2']
print(f.get('value', f.get('values')) if isinstance(f, dict) else f)"
}

expect_value()
{
	got=$(value "$1" "$2")
	[ "$got" = "$3" ] || fail "$1: $2 is $got, not $3"
}

# digests DIR: of the scopes that travel.
digests()
{
	"$KERWEN" -C "$1" verify --json | python3 -c "
import json, sys
d = json.load(sys.stdin)
assert d['problems'] in (0, []), d
print([(s['scope'], s['digest']) for s in d['scopes'] if s['scope'] in (0, 2, 3)])"
}

cat >schema.yaml <<'YAML'
schema: test
version: 1
kinds:
  - name: person
    reach: region
    title: [nr]
    fields:
      - {name: nr, type: text}
      - {name: city, type: text, policy: latest}
      - {name: visits, type: int, merge: counter}
      - {name: secret, type: text, policy: latest, reach: office}
YAML

expect 0 "$KERWEN" -C c init --centre --name Ministry --schema schema.yaml --listen 127.0.0.1:0
start c
wait_for listens c
port=$(port_of c)
expect 0 "$KERWEN" -C c office invite Mary --number 1 --region TM-M --centre "127.0.0.1:$port" \
	--out mary.invite
expect 0 "$KERWEN" -C a init --join mary.invite
expect 0 "$KERWEN" -C c office invite Lebap --number 2 --region TM-L --centre "127.0.0.1:$port" \
	--out lebap.invite
expect 0 "$KERWEN" -C b init --join lebap.invite
echo "a passphrase of some length" >secret
chmod 600 secret


expect 0 "$KERWEN" -C a add person nr=1 city=Mary visits+=1
id=$(cat out)
sync_of a
sync_of b
expect 0 "$KERWEN" -C c backup c.backup --passphrase-file secret

# --- all go on, and the centre's disk is lost ----------------------------------
visits=1
for round in 1 2 3 4 5; do
	expect 0 "$KERWEN" -C a set "$id" visits+=10 city="r$round"
	visits=$((visits + 10))
	sync_of a
	expect 0 "$KERWEN" -C c set "$id" visits+=100 nr="c$round"
	visits=$((visits + 100))
	sync_of a
done
expect 0 "$KERWEN" -C b add person nr=9
other=$(cat out)
sync_of b
kill -9 "$daemon"
wait "$daemon" 2>/dev/null || true
mv c c.lost
mv c.log c.lost.log
expect 2 "$KERWEN" -C a restore c.backup --passphrase-file secret
grep -q ' a ' err || grep -q 'a:' err || fail "what is not empty is not named: $(cat err)"
expect 0 "$KERWEN" -C c restore c.backup --passphrase-file secret

# --- killed at any moment, it goes on where it was -------------------------------
for pause in 0.01 0.03 0.05 0.08 0.12 0.2; do
	rm -f c.log
	start c
	wait_for listens c
	port=$(port_of c)
	"$KERWEN" -C a sync --centre "127.0.0.1:$port" >/dev/null 2>&1 </dev/null &
	victim=$!
	sleep "$pause"
	kill -9 "$daemon"
	wait "$daemon" 2>/dev/null || true
	wait "$victim" 2>/dev/null || true
	expect 0 "$KERWEN" -C c verify
	expect 0 "$KERWEN" -C a verify
done
rm -f c.log
start c
wait_for listens c
port=$(port_of c)
sync_of a
sync_of b
sync_of a
expect_value c visits "$visits"
expect_value a visits "$visits"
expect_value c nr c5
expect_value c city r5
id=$other
expect_value c nr 9
[ "$(digests a)" = "$(digests c)" ] || fail "a and c differ"
expect 0 "$KERWEN" -C a status
grep -q 'everything written here is confirmed' out || fail "status: $(cat out)"
expect 0 "$KERWEN" -C c status
grep -q 'this centre was restored from a copy: .* of its own entries' out || fail "$(cat out)"

# --- what it cannot do yet -----------------------------------------------------------
"$KERWEN" -C c office invite Balkan --number 3 --region TM-B --out balkan.invite >out 2>err && fail "invited"
says 'this centre was restored from a copy'

# --- what belongs to somebody else -------------------------------------------------
cp b/lease a/lease
expect 0 "$KERWEN" -C a add person nr=10
says 'missing, damaged or of another directory'
sync_of a
expect 0 "$KERWEN" -C twice init --join mary.invite
expect 0 "$KERWEN" -C twice add person nr=11
expect 15 "$KERWEN" -C twice sync --centre "127.0.0.1:$port"
says 'the invitation was used'
expect 0 "$KERWEN" -C twice list person
grep -q 11 out || fail "what it wrote is gone: $(cat out)"
expect 0 "$KERWEN" -C d init --centre --name Other --schema schema.yaml --listen 127.0.0.1:0
start d
wait_for listens d
expect 12 "$KERWEN" -C a sync --centre "127.0.0.1:$(port_of d)"
