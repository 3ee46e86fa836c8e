#!/bin/sh
# Bytes of an entry that change on the disk: named, never served, and fetched
# again by the next sync, from the centre or from the office. And a verify of a
# large directory beside a daemon and an import that go on.
set -eu

. "$(dirname "$0")/lib.sh"

start_centre()
{
	"$KERWEN" -C centre run 2>>centre.log </dev/null &
	daemon=$!
	pids="$pids $daemon"
	tries=0
	until "$KERWEN" -C centre status --json 2>/dev/null | grep -q '"port":[1-9]'; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || fail "the centre does not listen: $(cat centre.log)"
		sleep 0.1
	done
	port=$("$KERWEN" -C centre status --json | sed -n 's/.*"port":\([1-9][0-9]*\).*/\1/p')
}

stop_centre()
{
	kill "$daemon"
	wait "$daemon" || fail "the centre ended with $?: $(cat centre.log)"
}

# rot DIR FROM TO: bytes of the database change, as on a bad disk.
rot()
{
	python3 - "$1/db/data.mdb" "$2" "$3" <<-'PY'
		import sys
		path, old, new = sys.argv[1], sys.argv[2].encode(), sys.argv[3].encode()
		data = open(path, "rb").read()
		assert len(old) == len(new) and old in data
		open(path, "wb").write(data.replace(old, new))
	PY
}

cat >schema.yaml <<'E2'
schema: test
version: 1
kinds:
  - name: person
    reach: centre
    fields:
      - {name: name, type: text}
      - {name: number, type: text}
    unique: [[number]]
figures:
  - {name: people, type: flow, measure: count, of: person, by: [office]}
E2
"$KERWEN" -C centre init --centre --name T --schema schema.yaml --listen 127.0.0.1:0 -q ||
	fail "no centre"
start_centre
"$KERWEN" -C centre office invite Mary --number 1 --region TM-M --centre "127.0.0.1:$port" \
	--out mary.invitation -q
"$KERWEN" -C mary init --join mary.invitation -q
"$KERWEN" -C mary add person name=Gulnabat number=1 -q >/dev/null
"$KERWEN" -C mary add person name=Oguljahan number=2 -q >/dev/null
expect 0 "$KERWEN" -C mary sync
expect 0 "$KERWEN" -C mary verify

# At the office: verify names it, the centre gives it back.
rot mary Gulnabat GulnabaT
expect 13 "$KERWEN" -C mary verify
grep -q 'differs: entry .*:1 is not what its author wrote' out || fail "not named: $(cat out)"
grep -q 'of them are damaged' err || fail "no reason: $(cat err)"
! grep -qi gulnabat out err || fail "a value is in a message"
expect 0 "$KERWEN" -C mary status
grep -q ':1 is damaged: .*; the next sync asks for it' out || fail "status: $(cat out)"
expect 0 "$KERWEN" -C mary status --json
grep -q '"damaged_count":1' out || fail "status: $(cat out)"
expect 0 "$KERWEN" -C mary sync
expect 0 "$KERWEN" -C mary verify
expect 0 "$KERWEN" -C mary status
! grep -q damaged out || fail "still named: $(cat out)"

# At the centre: from the office.
stop_centre
rot centre Oguljahan OguljahaN
start_centre
sed -i "s/127.0.0.1:[0-9]*/127.0.0.1:$port/" mary/kerwen.yaml
expect 13 "$KERWEN" -C centre verify
expect 0 "$KERWEN" -C mary sync --centre "127.0.0.1:$port"
expect 0 "$KERWEN" -C centre verify

# Beside a daemon, and an import that goes on.
awk 'BEGIN { print "name,number"; for (i = 10; i < 20000; i++) print "N" i "," i }' >people.csv
"$KERWEN" -C mary -q import person people.csv >import.out 2>&1 &
import=$!
pids="$pids $import"
while kill -0 "$import" 2>/dev/null; do
	expect 0 "$KERWEN" -C mary verify
	expect 0 "$KERWEN" -C mary verify --repair
done
wait "$import" || fail "the import failed: $(cat import.out)"
expect 0 "$KERWEN" -C mary verify --json
grep -q '"ok":true' out || fail "not sound: $(cat out)"
stop_centre
