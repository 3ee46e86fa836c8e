#!/bin/sh
# The demo, as `make demo` runs it: in time, the numbers that were published,
# plain text without a terminal, and nothing left running.
set -eu

root=$PWD
. "$(dirname "$0")/lib.sh"

fail()
{
	echo "$*"
	cat out
	exit 1
}

# has LINE: a line of the output, blanks aside
has()
{
	tr -s ' ' <out | grep -qFx -e "$1" || fail "the demo does not print: $1"
}

began=$(date +%s)
sh "$root/tests/demo/demo.sh" "$PWD/demo" >out 2>&1 </dev/null || fail "status $?"
took=$(($(date +%s) - began))
[ "$took" -lt 60 ] || fail "the demo took $took s"

has "2005 794 1063 262 824 5874 4428 13245"
has "2016 207 179 97 304 272 318 1377"
has "2024 172 149 80 252 229 264 1146"
has "all 3636 3526 1588 4997 9661 8790 32198"
has "C2016 -4"
has "C2016 0"
has "2016 1381"
has "Silence is not zero: 6 of 6 offices were never heard."
if grep -q "$(printf '\033')" out; then
	fail "colour in a file"
fi

# Whoever still runs holds the lock of its directory, or answers in it.
for dir in demo/centre demo/lebap; do
	"$KERWEN" -C $dir status | grep -q 'no daemon is running here' || fail "$dir still runs"
done

# Stopped in the middle, it stops what it started.
: >stopped.out # what the demo above printed must not be taken for its words
sh "$root/tests/demo/demo.sh" "$PWD/stopped" >stopped.out 2>&1 </dev/null &
demo=$!
until grep -q 'sync --centre' stopped.out; do
	kill -0 $demo || fail "the demo ended too early"
	sleep 0.1
done
kill $demo
status=0
wait $demo || status=$?
[ "$status" = 143 ] || fail "status $status, not 143"
"$KERWEN" -C stopped/centre status | grep -q 'no daemon is running here' ||
	fail "a stopped demo leaves the centre running"
