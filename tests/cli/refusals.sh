#!/bin/sh
# What is refused, and how: the thing, the reason and the next step, with the
# exit code that the same kind of mistake always has.
set -eu

. "$(dirname "$0")/lib.sh"

clean()
{
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
	[ -z "${apart:-}" ] || rm -rf "$apart"
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

# --- files that are not what they should be ---------------------------------------------------

mkfifo pipe
mkdir folder
for f in pipe folder /dev/null; do
	expect 1 timeout 5 "$KERWEN" schema check "$f"
	says "$f is not a file" "name the file of the schema"
	expect 1 timeout 5 "$KERWEN" -C new init --centre --name N --schema "$f"
	says "$f is not a file"
	expect 2 timeout 5 "$KERWEN" -C new init --join "$f"
	says "$f is not a file" "that \`kerwen office invite\` wrote"
	expect 2 timeout 5 "$KERWEN" -C a import person "$f"
	says "$f is not a file"
done
expect 1 "$KERWEN" -C a import person none.csv
says "none.csv" "check the name"
printf 'schema: a\nversion: 0\nkinds: []\n' >zero.yaml
expect 14 "$KERWEN" schema check zero.yaml
says "from 1 to"
expect 1 "$KERWEN" -C c office invite b --number 2 --region R --out none/b.inv
says "none/b.inv" "folder"
expect 0 "$KERWEN" -C c office list
! grep -q '^b ' out || fail "the office was admitted first"
long=$(printf '%070d' 0)
expect 2 "$KERWEN" -C c office invite "$long" --number 2 --region R --out b.inv
says "choose a shorter name"
expect 2 "$KERWEN" -C c office invite b --number 2 --region "$long" --out b.inv
says "choose a shorter code"

lost
mv b/key away
expect 12 "$KERWEN" -C b sync
says "b/key is missing" "from a backup"
lost
mv b/kerwen.yaml away
expect 10 "$KERWEN" -C b status
says "b/kerwen.yaml" "from a backup"
mkfifo b/kerwen.yaml
expect 1 timeout 5 "$KERWEN" -C b status
says "b/kerwen.yaml is not a file" "from a backup"
rm b/kerwen.yaml
head -c 2000000 /dev/zero >b/kerwen.yaml
expect 1 "$KERWEN" -C b status
says "b/kerwen.yaml is larger" "from a backup"

# --- CSV files: the file, the line, the reason; mistakes of its form are exit 2 -----------------

# csv CODE TEXT WORDS...: importing a file of that text is refused so.
csv()
{
	code=$1
	printf "$2" >f.csv
	shift 2
	expect "$code" "$KERWEN" -C a import person f.csv
	says "f.csv" "$@"
}

csv 2 'nr,\0tags\n1,x\n' "a NUL byte in the first line" "UTF-8"
csv 2 '\377\376n\0r\0\n\0' "is in UTF-16" "UTF-8"
csv 2 'nr,tags\r1,x\r2,y\r' "carriage return" "line ends"
csv 2 'nr,nr\n1,2\n' "stands there twice"
csv 2 'nr,city\n1,2\n' "no field"
csv 2 'nr\n1\n"2\n' "line 3: a quote"
csv 2 'tags\nx\n' "person.nr is required"
printf '\357\273\277\357\273\277nr\nbom\n' >f.csv
expect 0 "$KERWEN" -C a import person f.csv
awk 'BEGIN { print "nr"; while (i++ < 4300) printf "%01000d", 0; print "" }' >f.csv
expect 2 "$KERWEN" -C a import person f.csv
says "f.csv" "line 2" "more than 4194304 bytes"
awk 'BEGIN { while (i++ < 4300) printf "%01000d", 0; print "" }' >f.csv
expect 2 "$KERWEN" -C a import person f.csv
says "f.csv" "first line is longer" "is it a CSV file?"
printf 'nr,tags\nq,a||b\n' >f.csv
expect 3 "$KERWEN" -C a import person f.csv
grep -q "person.tags: an element of the list is empty" f.rejected.csv || fail "$(cat f.rejected.csv)"

# What stands where the rejected rows are to go is not waited for, nor written.
for make in "mkfifo" "mkdir" "ln -s /dev/full" "ln -s elsewhere.csv"; do
	rm -rf f.rejected.csv
	$make f.rejected.csv
	printf 'nr,friend\nr,nobody\n' >f.csv
	expect 1 timeout 10 "$KERWEN" -C a import person f.csv --again
	says "f.rejected.csv" "move it away"
done
[ ! -e elsewhere.csv ] || fail "it wrote through a link"
rm -rf f.rejected.csv

# --- words on the command line -------------------------------------------------------------------

expect 2 "$KERWEN" -C a show 123
says "123: this is not an id" "give a whole id"
expect 2 "$KERWEN" -C a show Aman
says "this is not an id" "other signs"
! grep -q Aman err || fail "what was typed is repeated: $(cat err)"
expect 1 "$KERWEN" -C a set 000000 nr=2
says "000000: there is no record"
expect 2 "$KERWEN" -C a add person nr=l friend=000000
says "person.friend: 000000: there is no record"
expect 2 "$KERWEN" -C a add person nr=l "tags=a||b"
says "person.tags: an element of the list is empty"
expect 2 "$KERWEN" -C a list person --after xx
says "--after xx"
expect 2 "$KERWEN" -C a list person --where 'nr ='
says "--where, column" "schema show"
expect 2 "$KERWEN" -C a export person --where 'nope = 1'
says "--where, column" "schema show"
expect 2 "$KERWEN" -C a add person nr=l --author ""
says "--author is empty"
awk 'BEGIN { printf "nr=big tags="; while (i++ < 40) printf("%s%0800d", (i > 1 ? "|" : ""), i) }' >words
# shellcheck disable=SC2046
expect 2 "$KERWEN" -C a add person $(cat words)
says "bytes, the most is"

# Marks that turn the text of a terminal around are shown as numbers.
expect 0 "$KERWEN" -C a add person "$(printf 'nr=a\342\200\256cba')"
expect 0 "$KERWEN" -C a list person
grep -qF 'a\u202ecba' out || fail "not escaped: $(cat out)"

# A figure of an office's own field is told of, and allowed.
cat schema.yaml - >figure.yaml <<'YAML'
figures:
  - {name: secrets, type: flow, measure: count, of: person, by: [secret]}
YAML
expect 0 "$KERWEN" schema check figure.yaml
says "figure secrets looks at secret" "never leaves its office"
expect 0 "$KERWEN" schema check schema.yaml
[ ! -s err ] || fail "a note without reason: $(cat err)"

# --- another program at the centre's address --------------------------------------------------------

perl -MIO::Socket::INET -e '
	$l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 5) or exit 1;
	open(F, ">", "http.port.new") and print(F $l->sockport, "\n") and close(F);
	rename("http.port.new", "http.port");
	while ($c = $l->accept) { print $c "HTTP/1.0 400 Bad Request\r\n\r\n"; close($c) }' &
pids="$pids $!"
until [ -s http.port ]; do
	sleep 0.05
done
expect 5 "$KERWEN" -C a sync --timeout 5 --centre "127.0.0.1:$(cat http.port)"
says "this is not TLS" "check the address"
