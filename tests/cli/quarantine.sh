#!/bin/sh
# P14: what a stolen machine had not finished to send when it was shut out
# waits in quarantine at both ends of the region; the centre accepts one change
# and discards another, with a reason, and everybody sees the same.
set -eu

. "$(dirname "$0")/lib.sh"

road=${ROAD:-$(dirname "$KERWEN")/tests/demo_road}

found_three_offices

# A commit that the road cuts short: the centre holds the beginning of it.
expect 0 "$KERWEN" -C Mary add person nr=whole
expect 0 "$KERWEN" -C Mary sync
head -c 1500000 /dev/urandom | od -An -v -tx1 -w60 | tr -d ' ' |
	awk 'BEGIN { print "nr,note" } { print "n" NR "," $0 }' >many.csv
expect 0 "$KERWEN" -C Mary import person many.csv
# cut_short BYTES: a sync that falls after so many bytes. True once the centre
# holds the beginning of a commit without its end.
cut_short()
{
	"$road" "$(port_of c)" "$1" 0 >road.address &
	carrier=$!
	pids="$pids $carrier"
	wait_for test -s road.address
	expect 5 "$KERWEN" -C Mary sync --centre "$(cat road.address)"
	wait "$carrier" 2>/dev/null || true
	rm -f road.address
	wait_for is_gone Mary
	expect 0 "$KERWEN" -C c office revoke Mary --reason stolen --dry-run --json
	! grep -q '"quarantine":0,' out
}

is_gone()
{
	! "$KERWEN" -C c status --json | grep -q "\"name\":\"$1\",\"connected\":true"
}

tries=0
until cut_short 90000; do
	tries=$((tries + 1))
	[ "$tries" -lt 20 ] || fail "no fall left a commit in two"
done
expect 0 "$KERWEN" -C c quarantine list
[ "$(wc -l <out)" = 1 ] || fail "something is in quarantine before: $(cat out)"
expect 0 "$KERWEN" -C c figures people --json
confirmed=$(sed 's/.*"total":\([0-9]*\),.*/\1/' out)

expect 0 "$KERWEN" -C c office revoke Mary --reason stolen --author Orazow
grep -q 'changes of it were not confirmed' out || fail "revoke says nothing of the rest: $(cat out)"
expect 2 "$KERWEN" -C c office retire Nowhere --reason gone
says err 'there is no office "Nowhere"'
printf 'nr\nlate\n' >late.csv
expect 1 "$KERWEN" -C c add person --for Mary nr=late
says err 'Mary is closed'
expect 1 "$KERWEN" -C c import person late.csv --for Mary
says err 'Mary is closed'
expect 0 "$KERWEN" -C c status
grep -q 'wait in quarantine' out || fail "status: $(cat out)"
expect 0 "$KERWEN" -C c quarantine list --json
ref=$(sed 's/.*"quarantine":\[{"ref":"\([^"]*\)".*/\1/' out)
other=$(sed 's/.*},{"ref":"\([^"]*\)".*/\1/' out)
waiting=$(grep -o '"ref"' out | wc -l)
grep -q '"why":"its office was closed before it came","state":"waiting","can_be_accepted":true' \
	out || fail "list: $(head -c 400 out)"

# One change: who, when, what and why; and no values in the log.
expect 0 "$KERWEN" -C c quarantine show "$ref"
grep -q '^office  Mary' out && grep -q '^why     its office was closed' out &&
	grep -q 'note  *put ' out || fail "show: $(cat out)"
expect 2 "$KERWEN" -C c quarantine show nonsense
grep -q 'FEED:SEQ.PLACE' err || fail "a bad reference: $(cat err)"
expect 1 "$KERWEN" -C c quarantine show "${ref%.*}.4000"

# Only the centre decides, and says why.
expect 2 "$KERWEN" -C c quarantine accept "$ref"
grep -q -- '--reason' err || fail "no reason: $(cat err)"
expect 0 "$KERWEN" -C Merw sync
code=0
"$KERWEN" -C Merw quarantine accept "$ref" --reason x >out 2>err </dev/null || code=$?
[ "$code" != 0 ] && grep -q 'only the centre' err || fail "an office decides: $(cat out err)"
expect 0 "$KERWEN" -C Merw quarantine list --json
[ "$(grep -o '"ref"' out | wc -l)" = "$waiting" ] || fail "Merw sees another quarantine"

expect 0 "$KERWEN" -C c quarantine accept "$ref" --reason "the list is on paper" --dry-run
grep -q 'would be: 1 change accepted' out || fail "dry run: $(cat out)"
expect 0 "$KERWEN" -C c figures people --json
grep -q "\"total\":$confirmed," out || fail "the dry run wrote something: $(cat out)"
expect 0 "$KERWEN" -C c quarantine show "$ref"
grep -q '^(home)  *put  *Mary *$' out || fail "the home: $(cat out)"
expect 0 "$KERWEN" -C c quarantine accept "$ref" "$ref" --reason "the list is on paper"
grep -q '^1 change accepted' out || fail "one change, named twice: $(cat out)"
expect 0 "$KERWEN" -C c quarantine discard "$other" --reason "not known"
expect 1 "$KERWEN" -C c quarantine accept "$ref" --reason again
grep -q 'accepted already' err || fail "accepted twice: $(cat err)"
expect 0 "$KERWEN" -C Merw sync
for node in c Merw; do
	expect 0 "$KERWEN" -C "$node" figures people --json
	grep -q "\"total\":$((confirmed + 1))," out || fail "$node counts $(cat out)"
	expect 0 "$KERWEN" -C "$node" status --json
	grep -q "\"quarantine\":$((waiting - 2))," out || fail "$node: $(cat out)"
	expect 0 "$KERWEN" -C "$node" quarantine list --all --json
	[ "$(grep -o '"ref"' out | wc -l)" = "$waiting" ] || fail "$node lost some"
	expect 0 "$KERWEN" -C "$node" quarantine show "$other" --json
	grep -q '"state":"discarded".*"reason":"not known"' out || fail "$node: $(cat out)"
	expect 0 "$KERWEN" -C "$node" verify --json
	sed 's/.*"scopes":\(.*\)/\1/' out | grep -o '"reach":"region"[^}]*"digest":"[0-9a-f]*"' |
		grep -o '[0-9a-f]\{64\}' >"$node.digest"
done
grep -q -f Merw.digest c.digest || fail "the digests differ: $(cat c.digest Merw.digest)"
