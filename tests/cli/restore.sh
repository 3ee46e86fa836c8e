#!/bin/sh
# A directory that is put back from a copy (D19), one that runs on two machines
# (D20), and a process that is killed while it finds its way back (P1, P19).
set -eu

. "$(dirname "$0")/lib.sh"

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

expect 0 "$KERWEN" -C a add person nr=1 city=Mary visits+=1
id=$(cat out)
sync_of a

# --- D19: the whole directory comes from a copy, and goes on being used ---------
cp -a a copy
expect 0 "$KERWEN" -C a set "$id" city=Murgap visits+=2 secret=s
expect 0 "$KERWEN" -C a add person nr=2
sync_of a
rm -rf a
cp -a copy a
expect 0 "$KERWEN" -C a set "$id" visits+=4
expect 0 "$KERWEN" -C a set "$id" nr=3 visits+=8
expect 0 "$KERWEN" -C a status
grep -q '2 changes are not yet confirmed' out || fail "status: $(cat out)"
sync_of a
says err 'restored from a copy, or runs in two places: 2 changes of yours came back from the centre'
says err '2 written after that were issued again'
says err '1 entry came back without the fields that only this office keeps'
grep -q 'goes on elsewhere than here' c.log || fail "the centre was not told: $(cat c.log)"
expect_value a visits 15
expect_value c visits 15
expect_value a city Murgap
expect_value c nr 3
expect 0 "$KERWEN" -C a status
grep -q 'came back from the centre' out || fail "status forgets it: $(cat out)"
grep -q 'everything written here is confirmed' out || fail "status: $(cat out)"
expect 0 "$KERWEN" -C a status --json
grep -q '"issued":2' out || fail "status: $(cat out)"
[ "$(digests a)" = "$(digests c)" ] || fail "they differ"
sync_of a
[ ! -s err ] || fail "it is told again: $(cat err)"

# --- only the database comes from a copy: the lease knows -------------------------
cp -a a/db db.copy
expect 0 "$KERWEN" -C a set "$id" visits+=16
expect 0 "$KERWEN" -C a set "$id" visits+=32
rm -rf a/db
cp -a db.copy a/db
expect 0 "$KERWEN" -C a list person
grep -q incarnation err && fail "reading begins one: $(cat err)"
expect 0 "$KERWEN" -C a set "$id" visits+=64
says err 'its database is older than its file `lease`'
sync_of a
says err 'were written here and never sent: they are lost'
expect_value c visits 79
[ "$(digests a)" = "$(digests c)" ] || fail "they differ"

# --- a lease that is torn, missing or elsewhere refuses nothing -------------------
printf rubbish >a/lease
expect 0 "$KERWEN" -C a set "$id" visits+=1
says err 'missing, damaged or of another directory'
rm a/lease
expect 0 "$KERWEN" -C a set "$id" visits+=1
says err 'missing, damaged or of another directory'
mkdir state
echo "state: \"$PWD/state\"" >>a/kerwen.yaml
mv a/lease state/lease
expect 0 "$KERWEN" -C a set "$id" visits+=1
[ ! -s err ] || fail "a lease that was moved is the same: $(cat err)"
[ ! -e a/lease ] || fail "the lease is kept in two places"
sync_of a
expect_value c visits 82
rm -rf state
expect 1 "$KERWEN" -C a status
says err 'make it, for this user, or correct `state`'
mkdir state
sync_of a

# --- D20: two machines ------------------------------------------------------------
sed -i '/^state:/d' a/kerwen.yaml
expect 0 "$KERWEN" -C a set "$id" visits+=100
sync_of a
cp -a a b
for i in 1 2 3; do
	expect 0 "$KERWEN" -C a set "$id" visits+=1
	expect 0 "$KERWEN" -C b set "$id" visits+=10
	sync_of a
	sync_of b
done
sync_of a
sync_of b
expect_value c visits 215
expect_value a visits 215
expect_value b visits 215
[ "$(digests a)" = "$(digests c)" ] || fail "a and c differ"
[ "$(digests b)" = "$(digests c)" ] || fail "b and c differ"
expect 0 "$KERWEN" -C c office show Mary
[ "$(grep -c '^incarnation ' out)" -ge 2 ] || fail "its incarnations: $(cat out)"

# --- kill -9 while it finds its way back --------------------------------------------
rm -rf copy
cp -a a copy
visits=215
for round in 1 2 3 4 5 6; do
	expect 0 "$KERWEN" -C a set "$id" visits+=1000 city="r$round"
	visits=$((visits + 1000))
	expect 0 "$KERWEN" -C a add person nr="r$round"
	sync_of a
done
rm -rf a
cp -a copy a
for round in 1 2 3; do
	expect 0 "$KERWEN" -C a set "$id" visits+=3 city="s$round"
	visits=$((visits + 3))
done
for pause in 0.002 0.005 0.01 0.015 0.02 0.03 0.04 0.05 0.07; do
	"$KERWEN" -C a sync --centre "127.0.0.1:$port" >/dev/null 2>&1 </dev/null &
	victim=$!
	sleep "$pause"
	kill -9 "$victim" 2>/dev/null || true
	wait "$victim" 2>/dev/null || true
	expect 0 "$KERWEN" -C a verify
done
sync_of a
expect_value a visits "$visits"
expect_value c visits "$visits"
[ "$(digests a)" = "$(digests c)" ] || fail "a and c differ after kill -9"

# --- a daemon that runs on a restored directory, and one killed ---------------------
rm -rf copy
cp -a a copy
expect 0 "$KERWEN" -C a set "$id" visits+=5000
visits=$((visits + 5000))
sync_of a
rm -rf a
cp -a copy a
sed -i "s/^centre: .*/centre: [\"127.0.0.1:$port\"]/" a/kerwen.yaml
expect 0 "$KERWEN" -C a set "$id" visits+=7
visits=$((visits + 7))
start a
wait_for grep -q 'came back from the centre' a.log
expect 0 "$KERWEN" -C a set "$id" visits+=9
visits=$((visits + 9))
expect 0 "$KERWEN" -C a sync
kill -9 "$daemon"
wait "$daemon" 2>/dev/null || true
expect_value a visits "$visits"
expect_value c visits "$visits"
expect 0 "$KERWEN" -C a verify
expect 0 "$KERWEN" -C c verify
