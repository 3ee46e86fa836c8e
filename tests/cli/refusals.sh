#!/bin/sh
# What is refused, and how: the thing, the reason and the next step, with the
# exit code that the same kind of mistake always has.
set -eu

: "${KERWEN:?names the program}"
: "${TMPDIR:=/tmp}"
cd "$TMPDIR"
pids=

fail()
{
	echo "$*"
	exit 1
}

clean()
{
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
	[ -z "${apart:-}" ] || rm -rf "$apart"
}
trap clean EXIT

# expect CODE COMMAND...: runs it; leaves its output in out and err.
expect()
{
	code=$1
	shift
	got=0
	"$@" >out 2>err </dev/null || got=$?
	[ "$got" = "$code" ] || fail "status $got, not $code: $*: $(cat out err)"
}

# says WORDS...: the last error has each of them.
says()
{
	for words; do
		grep -qF -- "$words" err || fail "not said: $words: $(cat err)"
	done
}

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
      - {name: tags, type: text, merge: set}
      - {name: friend, type: link, to: person, policy: latest}
      - {name: secret, type: text, policy: latest, reach: office}
YAML
expect 0 "$KERWEN" -C c init --centre --name C --schema schema.yaml --listen 127.0.0.1:0
expect 0 "$KERWEN" -C c office invite a --number 1 --region R --centre 127.0.0.1:1 --out a.inv
expect 0 "$KERWEN" -C a init --join a.inv
expect 0 "$KERWEN" -C a add person nr=1

# --- a database that is missing, empty or another's -----------------------------

# lost NAME: a copy of the office in b, to be damaged.
lost()
{
	rm -rf b
	cp -pR a b
}
lost
rm b/db/data.mdb
expect 10 "$KERWEN" -C b status
says "db/data.mdb, is missing" "join anew"
[ ! -e b/db/data.mdb ] || fail "status makes a database"
rm -r b/db
expect 10 "$KERWEN" -C b status
says "is missing" "join anew"
[ ! -e b/db ] || fail "status makes a database"
for content in "" "this is no database, and long enough to be looked at"; do
	lost
	printf '%s' "$content" >b/db/data.mdb
	expect 13 "$KERWEN" -C b status
	says "is damaged" "join anew"
	expect 13 "$KERWEN" -C b verify
	says "is damaged" "join anew"
	! grep -q "kerwen verify" err || fail "verify names itself: $(cat err)"
	[ "$(cat b/db/data.mdb)" = "$content" ] || fail "status writes into it"
done
rm -rf b
cp -pR c b
: >b/db/data.mdb
expect 13 "$KERWEN" -C b status
says "from a backup"

# --- one's own directory, closed to oneself ------------------------------------------

# Root may write everywhere: then it is another user who tries.
apart=$(mktemp -d "${TMPDIR%/}/kerwen.XXXXXX")
as_user=
if [ "$(id -u)" = 0 ]; then
	rm -rf "$apart"
	apart=$(mktemp -d /tmp/kerwen-refusals.XXXXXX)
	as_user="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
cp "$KERWEN" "$apart/kerwen"
cp -R a "$apart/a"
if [ -n "$as_user" ]; then
	chown -R 65534:65534 "$apart"
	chmod 755 "$apart"
fi
chmod 500 "$apart/a/db"
chmod 400 "$apart/a/db/data.mdb"
expect 11 $as_user "$apart/kerwen" -C "$apart/a" status
says "a/db may not be written by its owner" "chmod u+rwx"
chmod 700 "$apart/a/db"
expect 11 $as_user "$apart/kerwen" -C "$apart/a" status
says "data.mdb may not be written by its owner" "chmod u+rw "
chmod 600 "$apart/a/db/data.mdb"
expect 0 $as_user "$apart/kerwen" -C "$apart/a" status
chmod 500 "$apart/a"
expect 11 $as_user "$apart/kerwen" -C "$apart/a" run
says "a may not be written by its owner" "chmod u+rwx"
chmod 700 "$apart/a"
chmod 000 "$apart/a/kerwen.yaml"
expect 11 $as_user "$apart/kerwen" -C "$apart/a" status
says "kerwen.yaml" "chmod u+rw"
rm -rf "$apart"

# --- a second daemon ---------------------------------------------------------------------

"$KERWEN" -C c run 2>c.log </dev/null &
pids="$pids $!"
until grep -q "listening on port" c.log; do
	sleep 0.05
done
expect 11 "$KERWEN" -C c run
says "runs already" "kerwen status"
! grep -q "listen" err || fail "another listen does not help: $(cat err)"
port=$(sed -n 's/.*listening on port \([0-9]*\).*/\1/p' c.log)
expect 0 "$KERWEN" -C d init --centre --name D --schema schema.yaml --listen "127.0.0.1:$port"
expect 11 "$KERWEN" -C d run
says "127.0.0.1:$port" "use another \`listen\`"
rm -rf d

# --- a result that cannot be printed --------------------------------------------------------

records()
{
	"$KERWEN" -C a status --json | sed 's/.*"records":\([0-9]*\).*/\1/'
}
before=$(records)
status=0
"$KERWEN" -C a add person nr=full >/dev/full 2>err </dev/null || status=$?
[ "$status" = 1 ] || fail "status $status for a result that is lost"
says "it was saved" "do not give the command again"
status=0
"$KERWEN" -C a add person nr=closed >&- 2>err </dev/null || status=$?
[ "$status" = 1 ] || fail "status $status with a closed output"
says "it was saved" "standard output is closed"
[ "$(records)" = $((before + 2)) ] || fail "they were not saved"
status=0
"$KERWEN" -C a status >&- 2>err </dev/null || status=$?
[ "$status" = 1 ] || fail "status $status with a closed output"
says "could not be written: standard output is closed"
status=0
"$KERWEN" -C a list person --json >/dev/full 2>err </dev/null || status=$?
[ "$status" = 1 ] || fail "status $status for a result that is lost"
[ "$(wc -l <err)" = 1 ] || fail "not told once: $(cat err)"
