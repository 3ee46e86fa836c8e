#!/bin/sh
# P8, P24: offices are retired and revoked under a running centre: cut off while
# connected, sent away when they call, gone from the lists of who was heard; and
# an office whose key was lost goes on under another.
set -eu

. "$(dirname "$0")/lib.sh"

found_three_offices

connected()
{
	"$KERWEN" -C c status --json | grep -q "\"name\":\"$1\",\"connected\":true"
}

is_gone()
{
	! connected "$1"
}

expect 0 "$KERWEN" -C Mary add person nr=1
expect 0 "$KERWEN" -C Merw add person nr=2
expect 0 "$KERWEN" -C Lebap add person nr=3
for office in Mary Merw Lebap; do
	expect 0 "$KERWEN" -C "$office" sync
done

# What must not be.
expect 2 "$KERWEN" -C c office revoke Mary
grep -q -- '--reason' err || fail "no reason: $(cat err)"
expect 2 "$KERWEN" -C c office retire Mary Merw --reason x
expect 2 "$KERWEN" -C c office retire Nobody --reason x
grep -q 'no office "Nobody"' err || fail "unknown: $(cat err)"
expect 2 "$KERWEN" -C c office retire Mary --on 2026-02-30 --reason x
code=0
"$KERWEN" -C Merw office revoke Mary --reason x >out 2>err </dev/null || code=$?
[ "$code" != 0 ] && grep -q 'only the centre' err || fail "an office revokes: $(cat out err)"

# A dry run says what would be, and a connected office stays.
start Mary
wait_for connected Mary
expect 0 "$KERWEN" -C c office revoke Mary --reason stolen --dry-run
grep -q 'would be: office Mary is revoked' out && grep -q 'closed at 0001' out ||
	fail "dry run: $(cat out)"
expect 0 "$KERWEN" -C c office show Mary
grep -q 'state  *active' out || fail "the dry run wrote something: $(cat out)"
connected Mary || fail "the dry run cut it off"

# Revoked: cut off at once, though connected, and told so when it calls.
began=$(date +%s)
expect 0 "$KERWEN" -C c office revoke Mary --reason "taken from the car" --author Orazow
wait_for is_gone Mary
[ $(($(date +%s) - began)) -le 5 ] || fail "cut off only after $(($(date +%s) - began)) s"
grep -q 'office=1: .*office Mary was revoked' c.log || fail "the log: $(cat c.log)"
grep -q 'taken from the car' c.log && fail "the reason is in the log"
expect 0 "$KERWEN" -C Mary add person nr=4
expect 15 "$KERWEN" -C Mary sync
grep -q 'office Mary was revoked on 20' err || fail "the thief is told: $(cat err)"
grep -q 'taken' err && fail "the reason is nobody's business there: $(cat err)"
expect 1 "$KERWEN" -C c office revoke Mary --reason again
grep -q 'was revoked on' err || fail "twice: $(cat err)"
expect 1 "$KERWEN" -C c office invite Mary --again --out again.inv
expect 0 "$KERWEN" -C c office list
grep -q 'Mary  *TM-M  *revoked  *20' out || fail "list: $(cat out)"

# Others know, go on, and keep what was confirmed.
expect 0 "$KERWEN" -C Merw add person nr=5
expect 0 "$KERWEN" -C Merw sync
expect 0 "$KERWEN" -C Merw office show Mary
grep -q 'revoked' out && grep -q 'taken from the car' out || fail "Merw: $(cat out)"
expect 0 "$KERWEN" -C c figures people --json
grep -q '"office":"Mary","value":1' out && grep -q '"total":4' out || fail "figures: $(cat out)"
grep -q '"heard":\[.*"office":"Mary"' out && fail "a ghost: $(cat out)"

# Retired, from a date on.
expect 0 "$KERWEN" -C c office retire Lebap --on 2020-01-31 --reason "merged with Mary"
grep -q 'from 2020-01-31 on it is not counted' out || fail "retire: $(cat out)"
expect 15 "$KERWEN" -C Lebap sync
expect 0 "$KERWEN" -C c figures people --json
grep -q '"heard":\[{"office":"Merw","through":"[^"]*"}\]' out || fail "heard: $(cat out)"

# A lost key: void at once; the office goes on in a new directory.
start Merw
wait_for connected Merw
expect 2 "$KERWEN" -C c office rekey Merw --out merw2.inv
expect 0 "$KERWEN" -C c office rekey Merw --out merw2.inv --centre "$at" --reason "disk broke"
wait_for is_gone Merw
expect 15 "$KERWEN" -C Merw sync
expect 0 "$KERWEN" -C merw2 init --join merw2.inv
expect 0 "$KERWEN" -C merw2 add person nr=6
expect 0 "$KERWEN" -C merw2 sync
expect 0 "$KERWEN" -C c figures people --json
grep -q '"office":"Merw","value":3' out || fail "after the new key: $(cat out)"
for node in c merw2; do
	expect 0 "$KERWEN" -C "$node" verify
done

# A lost key, and a directory that is whole: nothing is lost, nothing doubled.
expect 0 "$KERWEN" -C c office invite Balkan --number 4 --region TM-B --centre "$at" --out b.inv
expect 0 "$KERWEN" -C b init --join b.inv
expect 0 "$KERWEN" -C b add person nr=10
expect 0 "$KERWEN" -C b sync
cp b/key old.key
expect 0 "$KERWEN" -C b init --join b.inv
cmp -s b/key old.key || fail "a key that is good was made anew"
expect 0 "$KERWEN" -C b add person nr=11
expect 0 "$KERWEN" -C b add person nr=12
rm b/key
expect 12 "$KERWEN" -C b sync
expect 0 "$KERWEN" -C c office rekey Balkan --out b2.inv --centre "$at" --reason "key lost"
expect 0 "$KERWEN" -C b init --join b2.inv
grep -q 'has a new key' err out || fail "the new key: $(cat out err)"
expect 0 "$KERWEN" -C b add person nr=13
expect 0 "$KERWEN" -C b sync
grep -q '3 not confirmed before that were issued again' err || fail "issued again: $(cat err)"
expect 0 "$KERWEN" -C c figures people --json
grep -q '"office":"Balkan","value":4' out || fail "with the new key: $(cat out)"
expect 0 "$KERWEN" -C c quarantine list --json
grep -q 'Balkan' out && fail "put aside: $(cat out)"
expect 0 "$KERWEN" -C b status --json
grep -q '"unconfirmed":0' out || fail "not confirmed: $(cat out)"
for node in c b; do
	expect 0 "$KERWEN" -C "$node" verify
done
# The old key opens nothing any more.
mv b/key new.key
mv old.key b/key
expect 12 "$KERWEN" -C b sync

# To a key that became void the true reason is told, also with work unsent.
expect 0 "$KERWEN" -C c office invite Hazar --number 6 --region TM-B --centre "$at" --out h.inv
expect 0 "$KERWEN" -C h init --join h.inv
expect 0 "$KERWEN" -C h add person nr=20
expect 0 "$KERWEN" -C h sync
expect 0 "$KERWEN" -C c office rekey Hazar --out h2.inv --centre "$at" --reason "key lost"
expect 0 "$KERWEN" -C h add person nr=21
for _ in 1 2 3 4 5 6; do # what was sent ahead may come before the key is judged
	expect 15 "$KERWEN" -C h sync
	grep -q 'this key is not known here' err || fail "a void key with unsent work: $(cat err)"
done
