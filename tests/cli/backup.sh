#!/bin/sh
# Backups of a node that works, and what becomes of them: restored elsewhere,
# killed, interrupted, given a wrong passphrase. Keys under a passphrase.
set -eu

. "$(dirname "$0")/lib.sh"

# start DIR: runs its daemon until the end of the test.
start()
{
	"$KERWEN" -C "$1" run 2>>"$1.log" </dev/null &
	daemon=$!
	pids="$pids $daemon"
	tries=0
	until [ -S "$1/control.sock" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || fail "the daemon does not begin: $(cat "$1.log")"
		sleep 0.05
	done
}

# digests DIR: of the scopes that nodes share.
digests()
{
	"$KERWEN" -C "$1" verify --json >verified </dev/null || fail "verify $1: $(cat verified)"
	grep -o '"scope":[0-9]*,"reach":"[a-z]*","of":"[^"]*","parts":[0-9]*,"digest":"[0-9a-f]*"' \
		verified
}

umask 077
echo 'four words nobody guesses' >secret
echo 'another four words then' >wrong
cat >schema.yaml <<'YAML'
schema: test
version: 1
kinds:
  - name: person
    reach: region
    unique: [[nr]]
    fields:
      - {name: nr, type: text, required: true}
      - {name: city, type: text, policy: latest}
YAML
expect 0 "$KERWEN" -C c init --centre --name Service --schema schema.yaml --listen 127.0.0.1:0
start c
centre=$daemon
address=127.0.0.1:$(sed -n 's/.*listening on port \([0-9]*\).*/\1/p' c.log | tail -n 1)
expect 0 "$KERWEN" -C c office invite Mary --number 1 --region R --centre "$address" --out Mary.inv
expect 0 "$KERWEN" -C Mary init --join Mary.inv
awk 'BEGIN { print "nr,city"; for (i = 0; i < 4000; i++) print "KANARYA" i ",Mary" }' >many.csv
expect 0 "$KERWEN" -C Mary import person many.csv
expect 0 "$KERWEN" -C Mary sync

# While the daemon runs and people write: one moment, whole.
start Mary
office=$daemon
(
	i=0
	while [ ! -e enough ]; do
		"$KERWEN" -C Mary add person "nr=w$i" >/dev/null 2>&1 </dev/null || exit 1
		i=$((i + 1))
	done
) &
writer=$!
sleep 0.3
expect 0 "$KERWEN" -C Mary backup Mary.backup --passphrase-file secret
grep -q 'entries of Mary' err || fail "backup: $(cat err)"
touch enough
wait "$writer" || fail "writing failed beside the backup"
[ "$(stat -c %a Mary.backup)" = 600 ] || fail "others may read the backup"
grep -q KANARYA Mary/db/data.mdb || fail "the test looks for the wrong thing"
grep -qa KANARYA Mary.backup && fail "a value is in the backup in clear"
grep -qaF "$(cut -d' ' -f2 Mary/key)" Mary.backup && fail "the key is in the backup in clear"
expect 1 "$KERWEN" -C Mary backup Mary.backup --passphrase-file secret
grep -q 'exists already' err || fail "refused: $(cat err)"

# What the file says of itself, without its secret.
expect 0 "$KERWEN" restore --list Mary.backup
grep -q 'proved only by restoring' out || fail "not marked: $(cat out)"
expect 0 "$KERWEN" restore --list Mary.backup --json
grep -q '"verified":false,"system_name":"Service",.*"name":"Mary","number":1,' out ||
	fail "list: $(cat out)"

# Restored elsewhere: the same state, it connects, and what is newer comes back.
kill "$office"
wait "$office" || fail "the daemon did not end in order"
expect 0 "$KERWEN" -C Mary sync
expect 12 "$KERWEN" -C new restore Mary.backup --passphrase-file wrong
[ ! -e new ] || fail "a wrong passphrase left something"
expect 0 "$KERWEN" -C new restore Mary.backup --passphrase-file secret
grep -q 'What it sent after that comes back from the centre' err || fail "restore: $(cat err)"
[ ! -e new/lease ] || fail "a lease was restored"
[ "$(stat -c %a new new/key | tr '\n' ' ')" = '700 600 ' ] || fail "others may look into it"
expect 0 "$KERWEN" -C new verify
cmp -s Mary/kerwen.yaml new/kerwen.yaml || fail "the settings are not the same"
mv Mary Mary.lost

# A backup from before nothing was written is the node itself.
expect 0 "$KERWEN" -C Mary.lost backup last.backup --passphrase-file secret
expect 0 "$KERWEN" -C last restore last.backup --passphrase-file secret
expect 0 "$KERWEN" -C last sync
digests last >one
digests c >two
grep -vxFf two one >odd || true
[ -s one ] || fail "no digests"
[ "$(grep -c '"reach":"region"' one)" = 1 ] || fail "no region: $(cat one)"
grep -v '"reach":"office"' odd && fail "the restored office is not what the centre has"
expect 0 "$KERWEN" -C last status --json
grep -q '"unconfirmed":0,' out || fail "status: $(cat out)"

# Only into a new or empty directory; files that are none.
expect 2 "$KERWEN" -C c restore Mary.backup --passphrase-file secret
expect 2 "$KERWEN" -C none restore schema.yaml --passphrase-file secret
expect 1 "$KERWEN" -C none restore nowhere --passphrase-file secret
printf 'kerwen-backup 7\nfrom tomorrow' >newer
expect 10 "$KERWEN" -C none restore newer --passphrase-file secret
head -c "$(($(wc -c <Mary.backup) - 1))" Mary.backup >cut
expect 13 "$KERWEN" -C none restore cut --passphrase-file secret
grep -q 'cut short or altered' err || fail "cut: $(cat err)"
[ ! -e none ] || fail "a file that is no backup left something"
expect 2 "$KERWEN" -C c backup other
[ ! -e other ] || fail "a backup without a secret"
chmod 644 wrong
expect 1 "$KERWEN" -C none restore Mary.backup --passphrase-file wrong
grep -q 'chmod 600 wrong' err || fail "no fix: $(cat err)"
chmod 600 wrong

# A record of that name is still a record.
expect 0 "$KERWEN" -C last add person nr=gone
id=$(cat out)
expect 0 "$KERWEN" -C last delete "$id"
expect 0 "$KERWEN" -C last restore "$id"
expect 2 "$KERWEN" -C last restore "$id" --list

# For a recipient, who needs no passphrase.
expect 0 "$KERWEN" backup-key chief
grep -q '^kb1[0-9a-f]*$' out || fail "backup-key: $(cat out)"
chief=$(cat out)
expect 0 "$KERWEN" backup-key chief
[ "$(cat out)" = "$chief" ] || fail "another key: $(cat out)"
[ "$(stat -c %a chief)" = 600 ] || fail "others may read the key for backups"
expect 0 "$KERWEN" backup-key clerk
clerk=$(cat out)
expect 2 "$KERWEN" -C c backup centre.backup --recipient "${chief%?}"
expect 0 "$KERWEN" -C c backup centre.backup --recipient "$chief" --recipient "$clerk" --json
grep -q '^{"format":1,"file":"centre.backup","bytes":[0-9]*,"entries":[0-9]*,"rows":[0-9]*,"time":"' \
	out || fail "backup --json: $(cat out)"
expect 12 "$KERWEN" -C c2 restore centre.backup
expect 12 "$KERWEN" -C c2 restore centre.backup --passphrase-file secret
expect 0 "$KERWEN" -C c2 restore centre.backup --key-file clerk
grep -q 'its offices keep what they have of it' err || fail "of a centre: $(cat err)"

# at SIGNAL SECONDS COMMAND...: sends the signal to it then; leaves its status
# in got.
at()
{
	signal=$1 wait=$2
	shift 2
	"$@" >out 2>err </dev/null &
	victim=$!
	sleep "$wait"
	kill -s "$signal" "$victim" 2>/dev/null || true
	got=0
	wait "$victim" || got=$?
}

# Interrupted at any moment: nothing is left. Killed: what is left is taken over.
for when in 0.01 0.02 0.03 0.04 0.05 0.07 0.1; do
	at TERM $when "$KERWEN" -C last backup stopped --recipient "$chief"
	[ ! -e stopped.part ] || fail "an interrupted backup left a part ($got): $(cat err)"
	[ "$got" = 0 ] || [ ! -e stopped ] || fail "status $got, but there is a backup"
	rm -f stopped
	at KILL $when "$KERWEN" -C last backup killed --recipient "$chief"
	[ ! -e killed ] || expect 0 "$KERWEN" -C "killed$when" restore killed --key-file chief
	rm -f killed
done
expect 0 "$KERWEN" -C last backup killed --recipient "$chief"
[ ! -e killed.part ] || fail "a part was left"
for when in 0.01 0.02 0.03 0.04 0.05 0.07 0.1; do
	at TERM $when "$KERWEN" -C stopped restore killed --key-file chief
	[ "$got" = 0 ] || [ ! -e stopped ] ||
		fail "an interrupted restore left something ($got): $(ls -a stopped)"
	rm -rf stopped
	at KILL $when "$KERWEN" -C again restore killed --key-file chief
	if [ -e again/kerwen.yaml ]; then
		expect 0 "$KERWEN" -C again verify
		rm -r again
	fi
done
expect 0 "$KERWEN" -C again restore killed --key-file chief
expect 0 "$KERWEN" -C again verify
[ ! -e again/kerwen.yaml.unfinished ] || fail "something of the killed restores is left"

# --- keys at rest -------------------------------------------------------------

kill "$centre"
wait "$centre" || fail "the centre did not end in order"
cp c/key bare
expect 0 "$KERWEN" -C c key protect --passphrase-file secret
grep -q "$(cut -d' ' -f2 bare)" c/key && fail "the key is still bare"
[ "$(stat -c %a c/key)" = 600 ] || fail "others may read the key"
expect 1 "$KERWEN" -C c key protect --passphrase-file secret
grep -q 'key change' err || fail "no next step: $(cat err)"
expect 12 "$KERWEN" -C c run
grep -q KERWEN_PASSPHRASE_FILE err || fail "no next step: $(cat err)"
expect 12 "$KERWEN" -C c run --passphrase-file wrong
expect 0 "$KERWEN" -C c list person --limit 1
expect 0 "$KERWEN" -C c status
expect 12 "$KERWEN" -C c office invite Merw --number 2 --region R --out Merw.inv
[ ! -e Merw.inv ] || fail "an invitation without a signature"
expect 0 "$KERWEN" -C c office invite Merw --number 2 --region R --centre "$address" --out Merw.inv \
	--passphrase-file secret
echo short >short
expect 2 "$KERWEN" -C c key change --passphrase-file secret --new-passphrase-file short
expect 12 "$KERWEN" -C c key change --passphrase-file wrong --new-passphrase-file secret
expect 0 "$KERWEN" -C c key change --passphrase-file secret --new-passphrase-file wrong
KERWEN_PASSPHRASE_FILE=wrong
export KERWEN_PASSPHRASE_FILE
start c
centre=$daemon
unset KERWEN_PASSPHRASE_FILE
grep -q 'Max core file size *0 *0 ' "/proc/$centre/limits" || fail "cores may be dumped"
locked=$(sed -n 's/^VmLck:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$centre/status")
[ "$(ulimit -l)" = 0 ] || [ "$locked" -gt 0 ] || fail "the key is not in locked memory"

# A protected key goes into the backup as it is.
expect 0 "$KERWEN" -C c backup protected --recipient "$chief"
expect 0 "$KERWEN" -C c3 restore protected --key-file chief --json
grep -q '"protected":true}' out || fail "restore --json: $(cat out)"
cmp -s c/key c3/key || fail "the key is another one"
expect 0 "$KERWEN" -C c key unprotect --passphrase-file wrong
cmp -s c/key bare || fail "the key did not come back"
expect 1 "$KERWEN" -C c key unprotect --passphrase-file wrong

# Read by others: refused, with the fix.
chmod 755 last
expect 11 "$KERWEN" -C last status
grep -q 'chmod 700 last' err || fail "no fix: $(cat err)"
chmod 700 last
chmod 640 last/key
expect 12 "$KERWEN" -C last sync
grep -q 'chmod 600 last/key' err || fail "no fix: $(cat err)"
