#!/bin/sh
# Offices and their centre over real sockets: both directions, refusals, what
# must stay at home, daemons that push, and a line that falls.
set -eu

. "$(dirname "$0")/lib.sh"

cat >schema.yaml <<'YAML'
schema: test
version: 1
kinds:
  - name: person
    reach: region
    title: [nr]
    unique: [[nr]]
    fields:
      - {name: nr, type: text, required: true}
      - {name: city, type: text, policy: latest}
      - {name: secret, type: text, policy: latest, reach: office}
      - {name: file, type: text, policy: latest, reach: centre}
figures:
  - {name: people, type: flow, measure: count, of: person, by: [city]}
YAML

expect 0 "$KERWEN" -C c init --centre --name Centre --schema schema.yaml --listen 127.0.0.1:0
start c
centre=$daemon
wait_for listens c
at=127.0.0.1:$(port_of c)
for office in Mary:1:TM-M Merw:2:TM-M Lebap:3:TM-L; do
	name=${office%%:*}
	rest=${office#*:}
	expect 0 "$KERWEN" -C c office invite "$name" --number "${rest%%:*}" \
		--region "${rest#*:}" --centre "$at" --out "$name.inv"
	expect 0 "$KERWEN" -C "$name" init --join "$name.inv"
done

# Both ways, and each fact where it may be.
expect 0 "$KERWEN" -C Mary add person nr=1 city=Mary secret=KANAR1 file=KANAR2
id=$(cat out)
expect 0 "$KERWEN" -C Mary --json sync
grep -q '"sent":1,"received":[0-9]*,"confirmed":1,' out || fail "sync: $(cat out)"
expect 0 "$KERWEN" -C Mary --json sync
grep -q '"sent":0,"received":0,"confirmed":0,.*"round_trips":1}' out || fail "idle: $(cat out)"
bytes=$(sed 's/.*"bytes_out":\([0-9]*\),"bytes_in":\([0-9]*\).*/\1 \2/' out)
[ "${bytes% *}" -le 400 ] && [ "${bytes#* }" -le 400 ] || fail "idle sync took $bytes bytes"
expect 0 "$KERWEN" -C c set "$id" city=Murgap
expect 0 "$KERWEN" -C Merw sync
expect 0 "$KERWEN" -C Merw show "$id"
grep -q Murgap out || fail "the region does not see the centre's change: $(cat out)"
grep -q KANAR out && fail "a field went too far: $(cat out)"
expect 0 "$KERWEN" -C Lebap sync
expect 1 "$KERWEN" -C Lebap show "$id"
grep -q KANAR1 Mary/db/data.mdb || fail "the canary is not where it was written"
for other in c Merw Lebap; do
	grep -q KANAR1 "$other/db/data.mdb" && fail "an office field reached $other"
done
for other in Merw Lebap; do
	grep -q KANAR2 "$other/db/data.mdb" && fail "a centre field reached $other"
done
grep -q KANAR ./*.log && fail "personal data in a log"

# An invitation opens the door once.
expect 0 "$KERWEN" -C copy init --join Mary.inv
expect 0 "$KERWEN" -C copy add person nr=2
kept=$(cat out)
expect 15 "$KERWEN" -C copy sync
grep -q 'invitation' err || fail "twice used: $(cat err)"
expect 0 "$KERWEN" -C copy show "$kept"

# Somebody else answers at the centre's address.
expect 0 "$KERWEN" -C other init --centre --name Other --schema schema.yaml --listen 127.0.0.1:0
start other
wait_for listens other
expect 12 "$KERWEN" -C Mary sync --centre "127.0.0.1:$(port_of other)"

# Garbage and silence do not hurt the centre.
if command -v bash >/dev/null; then
	bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" && head -c 4096 /dev/urandom >&3' "$(port_of c)" ||
		true
	expect 0 "$KERWEN" -C Lebap sync
fi

# A line that falls: the sync is killed again and again, and goes on.
awk 'BEGIN { print "nr,city,secret,file"
	for (i = 10; i < 4010; i++) print i ",Lebap,s" i ",f" i }' >many.csv
expect 0 "$KERWEN" -C Lebap import person many.csv
for wait in 0.02 0.05 0.08 0.1; do
	"$KERWEN" -C Lebap sync >/dev/null 2>&1 </dev/null &
	victim=$!
	sleep "$wait"
	kill -9 "$victim" 2>/dev/null || true
	wait "$victim" 2>/dev/null || true
done
expect 0 "$KERWEN" -C Lebap sync
expect 0 "$KERWEN" -C c figures people --json
grep -q '"city":"Lebap","value":4000}' out || fail "after the falls: $(cat out)"
expect 0 "$KERWEN" -C c verify
expect 0 "$KERWEN" -C Lebap verify

# Two syncs at once, held up by a centre that stands still: nothing goes twice,
# and the second waits for the first and prints its result.
expect 0 "$KERWEN" -C Lebap add person nr=again city=Lebap
kill -STOP "$centre"
"$KERWEN" -C Lebap --json sync >one 2>&1 </dev/null &
one=$!
sleep 0.3
"$KERWEN" -C Lebap --json sync >two 2>&1 </dev/null &
two=$!
sleep 0.3
kill -CONT "$centre"
wait "$one" || fail "the first of two syncs: $(cat one)"
wait "$two" || fail "the second of two syncs: $(cat two)"
grep -q '"sent":1,' one || fail "two syncs at once: $(cat one two)"
cmp -s one two || fail "the second did not print the result of the first: $(cat one two)"

# What was written after the first began is not passed over.
kill -STOP "$centre"
"$KERWEN" -C Lebap --json sync >one 2>&1 </dev/null &
one=$!
sleep 0.3
expect 0 "$KERWEN" -C Lebap add person nr=later city=Lebap
"$KERWEN" -C Lebap --json sync >two 2>&1 </dev/null &
two=$!
sleep 0.3
kill -CONT "$centre"
wait "$one" "$two" || fail "two syncs and a write between: $(cat one two)"
expect 0 "$KERWEN" -C Lebap --json status
grep -q '"unconfirmed":0,' out || fail "a write was passed over: $(cat out)"

# Daemons push what is written beside them; a manual sync goes through them.
start Mary
expect 0 "$KERWEN" -C Mary sync
expect 0 "$KERWEN" -C Mary add person nr=5 city=Tagtabazar
arrived()
{
	"$KERWEN" -C c figures people --json | grep -q Tagtabazar
}
wait_for arrived
expect 0 "$KERWEN" -C c sync
expect 11 "$KERWEN" -C Mary run

# No road: at once, and nothing is lost.
kill "$centre"
wait "$centre" || fail "the centre did not end in order"
expect 0 "$KERWEN" -C Merw add person nr=6
expect 5 "$KERWEN" -C Merw sync
expect 6 "$KERWEN" -C c sync
expect 0 "$KERWEN" -C Merw status --json
grep -q '"unconfirmed":1,' out || fail "status: $(cat out)"
