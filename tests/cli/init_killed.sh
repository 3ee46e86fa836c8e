#!/bin/sh
# An init that is killed anywhere: the directory is whole, or the same init
# makes it whole; what somebody else put there is never cleared.
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
YAML
expect 0 "$KERWEN" -C c init --centre --name C --schema schema.yaml
expect 0 "$KERWEN" -C c office invite a --number 1 --region R --centre 127.0.0.1:1 --out a.inv

# killed WORD...: kills an init after more and more time, 75 times, and gives
# it again: it must not be needed, or work.
killed()
{
	unfinished=0
	i=0
	while [ "$i" -lt 75 ]; do
		i=$((i + 1))
		rm -rf k
		timeout --foreground -s KILL "0.$(printf %04d $((10 + 2 * i)))" \
			"$KERWEN" -C k init "$@" >/dev/null 2>&1 </dev/null || true
		if "$KERWEN" -C k status >out 2>err </dev/null; then
			continue
		fi
		if [ -d k ] && [ -n "$(ls -A k)" ]; then
			unfinished=$((unfinished + 1))
			says err "was not finished"
			says err "give the same"
		fi
		expect 0 "$KERWEN" -C k init "$@"
		expect 0 "$KERWEN" -C k verify
		[ "$(ls k | grep -v '^lease$' | tr '\n' ' ')" = "db kerwen.yaml key " ] || fail "left: $(ls -A k)"
	done
	echo "$unfinished of 75 were unfinished: $*"
}
killed --centre --name X --schema schema.yaml
killed --join a.inv

# Every state in which it can be left, made by hand.
for left in "" "key" "key.Ab12Cd" "key db" "key db db/data.mdb" "key db db/data.mdb db/lock.mdb" \
	"key db db/data.mdb lease"; do
	rm -rf k
	mkdir -m 700 k
	: >k/kerwen.yaml.unfinished
	for f in $left; do
		case $f in
		db) mkdir k/db ;;
		*) echo half >"k/$f" ;;
		esac
	done
	expect 10 "$KERWEN" -C k status
	says err "was not finished"
	expect 0 "$KERWEN" -C k init --join a.inv
	expect 0 "$KERWEN" -C k verify
	[ "$(ls -A k | grep -v '^lease$' | tr '\n' ' ')" = "db kerwen.yaml key " ] || fail "left: $(ls -A k)"
done

# Anything else in it: nothing is cleared.
for f in notes.txt db/notes.txt key.old; do
	rm -rf k
	mkdir -m 700 k k/db
	: >k/kerwen.yaml.unfinished
	echo mine >"k/$f"
	echo half >k/key
	expect 2 "$KERWEN" -C k init --join a.inv
	says err "is not empty"
	[ -e k/key ] && [ "$(cat "k/$f")" = mine ] || fail "$f: something was cleared"
done

# A whole directory whose settings are gone is not an unfinished one.
rm -rf k
expect 0 "$KERWEN" -C k init --join a.inv
mv k/kerwen.yaml kept
expect 10 "$KERWEN" -C k status
expect 2 "$KERWEN" -C k init --centre --name X --schema schema.yaml
mv kept k/kerwen.yaml
expect 0 "$KERWEN" -C k verify

# Of two at a time one makes it, and what it makes is whole.
i=0
while [ "$i" -lt 20 ]; do
	i=$((i + 1))
	rm -rf k
	"$KERWEN" -C k init --centre --name X --schema schema.yaml >/dev/null 2>first.err </dev/null &
	first=$!
	second=0
	"$KERWEN" -C k init --centre --name X --schema schema.yaml >out 2>err </dev/null || second=$?
	one=0
	wait "$first" || one=$?
	case "$one $second" in
	"0 2" | "2 0" | "0 11" | "11 0") ;;
	*) fail "two at a time: $one and $second: $(cat first.err err)" ;;
	esac
	expect 0 "$KERWEN" -C k verify
done
