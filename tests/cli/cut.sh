#!/bin/sh
# A road that falls after any number of bytes: in the handshake, in the hello,
# in every chunk. The next sync goes on where the last receipt stood, and what
# is sent twice is at most one chunk for each fall.
set -eu

road=${ROAD:-$(dirname "$KERWEN")/tests/demo_road}
. "$(dirname "$0")/lib.sh"
daemon=

clean()
{
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
}

# fall BYTES: one sync of office b over a road that is cut after so many bytes
# towards the centre. Leaves the exit code in code.
fall()
{
	"$road" "$port" "$1" 0 >road.address &
	carrier=$!
	until [ -s road.address ]; do
		sleep 0.01
	done
	code=0
	"$KERWEN" -C b sync --centre "$(cat road.address)" >out 2>err </dev/null || code=$?
	kill "$carrier" 2>/dev/null || true
	wait "$carrier" 2>/dev/null || true
	rm -f road.address
}

# confirmed: how many changes of office b are not confirmed yet.
unconfirmed()
{
	"$KERWEN" -C b status --json | sed 's/.*"unconfirmed":\([0-9]*\).*/\1/'
}

cat >schema.yaml <<'YAML'
schema: test
version: 1
kinds:
  - name: person
    reach: region
    fields:
      - {name: nr, type: text, required: true}
      - {name: file, type: text, reach: centre}
      - {name: size, type: int}
figures:
  - {name: sizes, type: flow, measure: sum(size), of: person, by: [office]}
YAML

"$KERWEN" -C c init --centre --name C --schema schema.yaml --listen 127.0.0.1:0 >/dev/null
"$KERWEN" -C c run 2>c.log </dev/null &
daemon=$!
until port=$(sed -n 's/.*listening on port \([0-9]*\).*/\1/p' c.log) && [ -n "$port" ]; do
	sleep 0.05
done
number=0
for office in a b; do
	number=$((number + 1))
	"$KERWEN" -C c office invite "$office" --number "$number" --region "R$number" \
		--centre "127.0.0.1:$port" --out "$office.inv" >/dev/null
	"$KERWEN" -C "$office" init --join "$office.inv" >/dev/null
done

# Noise does not compress: chunks of about 64 KiB really cross the road.
head -c 600000 /dev/urandom | od -An -v -tx1 -w60 | tr -d ' ' |
	awk 'BEGIN { print "nr,file,size" } { print substr($0, 1, 60) "," substr($0, 61) ",1" }' >p.csv
rows=$(($(wc -l <p.csv) - 1))
"$KERWEN" -C a import person p.csv >/dev/null
"$KERWEN" -C b import person p.csv >/dev/null
whole=$("$KERWEN" -C a sync --json | sed 's/.*"bytes_out":\([0-9]*\).*/\1/')

# Before the first chunk is through, nothing may be confirmed and nothing lost.
for bytes in 1 7 100 300 517 700 900 1100 1300 1500 1700 2000 5000 20000; do
	fall "$bytes"
	[ "$code" = 5 ] || fail "cut after $bytes: exit $code, not 5: $(cat out err)"
done

# Then so far that every fall lets one or two chunks through.
falls=0
carried=0
while fall 150000 && [ "$code" != 0 ]; do
	falls=$((falls + 1))
	carried=$((carried + 150000))
	[ "$falls" -lt 100 ] || fail "no progress: $(unconfirmed) of $rows left"
done
[ "$falls" -ge 3 ] || fail "the road fell only $falls times"
last=$("$KERWEN" -C b sync --json | sed 's/.*"sent":\([0-9]*\).*/\1/')
[ "$last" = 0 ] || fail "$last changes were sent after all was confirmed"
wasted=$((carried - whole))
[ "$wasted" -le $((falls * 70000)) ] ||
	fail "$carried bytes in $falls falls, $whole in one go: more than a chunk a fall is lost"

"$KERWEN" -C c figures sizes --json >out
grep -q "\"office\":\"a\",\"value\":$rows}" out || fail "office a: $(cat out)"
grep -q "\"office\":\"b\",\"value\":$rows}" out || fail "office b: $(cat out)"
"$KERWEN" -C c verify >/dev/null
