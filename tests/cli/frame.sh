#!/bin/sh
# The frame of the command line, seen from outside: help, exit codes, streams.
set -eu

readme=$PWD/README.md
. "$(dirname "$0")/lib.sh"

expect 0 "$KERWEN" --help
grep -q '^  version ' out || fail "the overview does not list version"
[ ! -s err ] || fail "help writes to stderr"

# The exit codes are those of the README, word by word.
sed -n 's/^  *\([0-9][0-9]*\)  \(.*\)$/| \1 | \2 |/p' out >codes
sed -n '/^| exit code/,/^$/{/^| [0-9]/p;}' "$readme" | cmp -s - codes ||
	fail "other exit codes than in the README: $(cat codes)"

# Help fits into a window, but for the line of usage.
sed -n '/^Commands:/,/^Options/s/^  \([a-z].*[a-z]\)   *.*/\1/p' out | sed 's/   .*//' >names
[ "$(wc -l <names)" -gt 20 ] || fail "which commands are there? $(cat out)"
while read -r name; do
	"$KERWEN" help "$name" | grep -v '^usage' >page
	awk 'length > 90 { exit 1 }' page || fail "too wide: help $name: $(cat page)"
done <names

expect 0 "$KERWEN" help limits
grep -q '^usage: kerwen limits' out || fail "no help on limits"

expect 0 "$KERWEN" limits --json
grep -q '^{"format":1,"limits":\[{"name":"ENTRY_BYTES_MAX","value":32768,' out ||
	fail "limits --json: $(head -c 200 out)"

expect 2 "$KERWEN"
expect 2 "$KERWEN" versoin
grep -q 'did you mean version?' err || fail "no did-you-mean: $(cat err)"
[ ! -s out ] || fail "an error writes to stdout"

expect 2 "$KERWEN" versoin --json
grep -q '^{"code":2,"message":".*","hint":"did you mean version?"}$' err ||
	fail "no JSON error: $(cat err)"

# A result that cannot be written is a failure.
if [ -c /dev/full ]; then
	got=0
	"$KERWEN" limits >/dev/full 2>err || got=$?
	[ "$got" = 1 ] || fail "status $got on a full disk"
	grep -q 'could not be written' err || fail "no word of the full disk"
fi

# A reader that leaves early is no reason for a message.
{ "$KERWEN" limits 2>err || true; } | true
[ ! -s err ] || fail "a closed pipe: $(cat err)"

# No colours into a file, and none with closed standard streams either.
expect 0 env TERM=xterm "$KERWEN" limits
if grep -q "$(printf '\033')" out; then
	fail "colour in a file"
fi
expect 0 sh -c '"$KERWEN" version >out2 2>&- <&-'
