#!/bin/sh
# Importing what was exported: nothing changes; an old file does not undo what
# came after it; what its maker changed stands beside that.
set -eu

. "$(dirname "$0")/lib.sh"
daemon=

# Ends what this script started, and nothing else.
clean()
{
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
}

a()
{
	"$KERWEN" -C a "$@"
}

b()
{
	"$KERWEN" -C b "$@"
}

# counts NEW CHANGED UNCHANGED REJECTED: what the last import reported.
counts()
{
	want="$1 new, $2 changed, $3 unchanged, $4 rejected"
	grep -qF "$want" out || fail "not \"$want\": $(cat out)"
}

# shows ID TEXT: the record at a has this in its JSON.
shows()
{
	expect 0 a --json show "$1"
	grep -qF -- "$2" out || fail "no $2: $(cat out)"
}

# value FIELD=JSON: what the record $id at a shows in a field.
value()
{
	expect 0 a --json show "$id"
	grep -qF -- "\"${1%%=*}\":{\"value\":${1#*=}," out || fail "no $1: $(cat out)"
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
      - {name: nr, type: text, policy: latest}
      - {name: name, type: text, policy: ask}
      - {name: city, type: text, policy: latest}
      - {name: born, type: date, policy: fixed}
      - {name: tags, type: text, merge: set}
      - {name: visits, type: int, merge: counter}
      - {name: notes, type: text, merge: log}
      - {name: calls, type: int, merge: counter, reach: office}
  - name: decree
    reach: nation
    writers: centre
    unique: [[number]]
    fields:
      - {name: number, type: text}
      - {name: announced, type: int}
YAML

expect 0 "$KERWEN" -C c init --centre --name Demo --schema schema.yaml --listen 127.0.0.1:0
"$KERWEN" -C c run 2>c.log </dev/null &
daemon=$!
until [ -n "$(port_of c)" ]; do
	sleep 0.05
done
expect 0 "$KERWEN" -C c office invite Mary --number 1 --region TM-M \
	--centre "127.0.0.1:$(port_of c)" --out a.inv
expect 0 "$KERWEN" -C c office invite Murgap --number 2 --region TM-M \
	--centre "127.0.0.1:$(port_of c)" --out b.inv
expect 0 a init --join a.inv
expect 0 b init --join b.inv
expect 0 "$KERWEN" -C c add decree number=7 announced=4
expect 0 "$KERWEN" -C c add decree number=8 announced=5

# meet: everything reaches everybody.
meet()
{
	for office in a b a; do
		expect 0 "$KERWEN" -C $office sync
	done
}

# --- nothing differs, nothing is written -----------------------------------------

expect 0 a add person nr=1 name=x city=Mary
meet
# Two values to decide between, two of which one is the latest, and two that
# are the same.
expect 0 a set "$(a list person --csv | tail -n 1 | cut -d, -f1)" name=y city=Murgap born=1980-01-01
id=$(cut -d' ' -f2 out)
expect 0 b set "$id" name=z city=Tejen born=1980-01-01
meet
shows "$id" '"conflict":true'
cp out before
expect 0 a export person
cp out all.csv
expect 0 a import person all.csv
counts 0 0 1 0
expect 0 a --json show "$id"
cmp -s out before || fail "importing an export changed: $(cat out), before: $(cat before)"

# By its key alone, too.
sed -E 's/^[^,]*,("[^"]*"|[^,]*),//' all.csv >keys.csv
expect 0 a import person keys.csv
counts 0 0 1 0
expect 0 a --json show "$id"
cmp -s out before || fail "importing by the key changed: $(cat out), before: $(cat before)"

# A cell that chooses the other value decides.
sed 's/,z,/,Q,/; s/,y,/,z,/; s/,Q,/,y,/' all.csv >other.csv
expect 0 a import person other.csv
counts 0 1 0 0
shows "$id" '"conflict":false'

# What only the centre writes may be given back as it is, and no other way.
expect 0 a export decree
cp out decrees.csv
expect 0 a import decree decrees.csv
counts 0 0 2 0
sed 's/,7,4/,7,9/' decrees.csv >altered.csv
expect 3 a import decree altered.csv
counts 0 0 1 1
grep -qF 'only the centre writes this kind; ask the centre to write it' altered.rejected.csv ||
	fail "altered: $(cat altered.rejected.csv)"
expect 0 "$KERWEN" -C c delete "$(tail -n 1 decrees.csv | cut -d, -f1)"
meet
expect 3 a import decree decrees.csv --again
counts 0 0 1 1
grep -qF 'this record was deleted; use `kerwen restore`' decrees.rejected.csv ||
	fail "deleted: $(cat decrees.rejected.csv)"

# --- an old file -------------------------------------------------------------------

expect 0 a add person nr=2 name=Aman city=Mary born=1980-01-01 'tags=p|q|r' visits=17 notes=begun
id=$(cat out)
expect 0 a export person --where 'nr = "2"'
cp out old.csv
expect 0 a set "$id" name=Amangul city=Tejen visits+=2 tags-=p tags+=s notes+=more
expect 0 a import person old.csv
counts 0 0 1 0
value 'name="Amangul"'
value 'visits=19'
value 'tags=["q","r","s"]'

# What its maker changed stands beside what was changed since.
sed 's/,Mary,/,Kaka,/; s/p|q|r,17,begun/p|r|t,20,begun|seen/' old.csv >edited.csv
expect 0 a import person edited.csv
counts 0 1 0 0
value 'name="Amangul"'
value 'visits=22'
value 'tags=["r","s","t"]'
value 'notes=["begun","more","seen"]'
shows "$id" '"value":"Tejen"'
shows "$id" '"value":"Kaka"'
cp out before

# The same file once more says nothing new, also when it was edited elsewhere
# and others went on: nothing of it counts twice, nothing comes back.
expect 0 a import person edited.csv --again
counts 0 0 1 0
expect 0 a --json show "$id"
cmp -s out before || fail "again changed: $(cat out), before: $(cat before)"
expect 0 a set "$id" city=Bamy visits+=1 tags-=t
{
	cat edited.csv
	echo ",,3,Oraz,,,,,,"
} >longer.csv
expect 0 a import person longer.csv
counts 1 0 1 0
value 'city="Bamy"'
value 'visits=23'
value 'tags=["r","s"]'
meet
shows "$id" '"conflict":false'

# Who changed it to the same value meanwhile has done it already.
expect 0 a export person --where 'nr = "2"'
sed 's/Bamy/Sarahs/' out >same.csv
expect 0 b set "$id" city=Sarahs
meet
expect 0 a import person same.csv
counts 0 0 1 0

# A fixed value that the file leaves alone is no reason to reject the row.
expect 0 a set "$id" visits+=1
sed 's/Amangul/Oguljan/' same.csv >fixed.csv
expect 0 a import person fixed.csv
counts 0 1 0 0

# Another author says it anew.
expect 0 a export person --where 'nr = "2"'
sed 's/,24,/,30,/' out >count.csv
cmp -s out count.csv && fail "not 24 visits: $(cat out)"
expect 0 a import person count.csv --author Jeren
value 'visits=30'
expect 0 a import person count.csv --author Jeren --again
value 'visits=30'
expect 0 a import person count.csv --author Maral --again
value 'visits=36'

# --- versions that the record never had -------------------------------------------

# version ID: the version of the record at a.
version()
{
	expect 0 a --json show "$1"
	sed 's/.*"version":"\([^"]*\)".*/\1/' out
}

# row ID VERSION VISITS: a file with one row.
row()
{
	printf 'id,_version,nr,visits\n%s,"%s",,%s\n' "$@" >row.csv
}

# rejected ID VERSION: no form may carry it, nor a row; nothing changes.
rejected()
{
	row "$1" "$2" 500
	expect 3 a import person row.csv
	counts 0 0 0 1
	grep -qF '_version,this record never had this version here' row.rejected.csv ||
		grep -qF '_version,"this record never had this version here' row.rejected.csv ||
		fail "rejected: $(cat row.rejected.csv)"
	expect 2 a set "$1" visits+=500 --if-version "$2"
	grep -qF -- '--if-version: this record never had this version here' err ||
		fail "refused: $(cat err)"
}

# Of another record, older than anything in this one.
expect 0 a add person nr=6 name=x visits=5
other=$(version "$(cat out)")
expect 0 a add person nr=7 name=x visits=100
id=$(cat out)
first=$(version "$id")
expect 0 a set "$id" visits+=1
rejected "$id" "$other"
value 'visits=101'

# Half of a version: what b wrote, who had seen what a wrote before.
meet
expect 0 b set "$id" name=y
meet
whole=$(version "$id")
case $whole in
*,*) ;;
*) fail "one feed: $whole" ;;
esac
expect 0 a set "$id" city=Mary
for half in "${whole%%,*}" "${whole#*,}"; do
	[ "${half%%:*}" = "${first%%:*}" ] || rejected "$id" "$half"
done
value 'visits=101'

# What it had is taken: all of it, and what it was before b wrote.
row "$id" "$whole" 103
expect 0 a import person row.csv
counts 0 1 0 0
value 'visits=103'
row "$id" "$first" 110
expect 0 a import person row.csv
counts 0 1 0 0
value 'visits=113'

# What only the office has of it is no step from nothing.
expect 0 a add person nr=10 calls=100
id=$(cat out)
whole=$(version "$id")
for half in "${whole%%,*}" "${whole#*,}"; do
	printf 'id,_version,nr,calls\n%s,"%s",,150\n' "$id" "$half" >row.csv
	expect 3 a import person row.csv
	counts 0 0 0 1
done
value 'calls=100'

# --- conflicts are told ------------------------------------------------------------

silent()
{
	! grep -qF -- "$1" err || fail "told: $1: $(cat err)"
}

expect 0 a add person nr=8 name=x
id=$(cat out)
meet
expect 0 a set "$id" name=y
expect 0 b set "$id" name=z
meet
shows "$id" '"conflict":true'
expect 0 a export person --where 'nr = "8"'
cp out open.csv
expect 0 a import person open.csv --fail-on-conflict
counts 0 0 1 0
silent conflict
sed -E 's/,8,[xyz],/,8,w,/' open.csv >settle.csv
for option in --dry-run --again; do
	expect 0 a import person settle.csv $option --fail-on-conflict
	says err 'note: 1 row settles an open conflict'
	silent 'in open conflict'
done
shows "$id" '"conflict":false'

# What a row says beside a newer value is to be decided.
expect 0 a add person nr=9 name=x
expect 0 a export person --where 'nr = "8" or nr = "9"'
sed -E 's/,8,w,/,8,u,/; s/,9,x,/,9,u,/' out >beside.csv
for id in $(sed -n 's/^\([^,]*-[^,]*\),.*/\1/p' beside.csv); do
	expect 0 a set "$id" name=v
done
expect 4 a import person beside.csv --fail-on-conflict
counts 0 2 0 0
says err 'note: 2 rows leave their records in open conflict; see `kerwen conflicts person`'
silent settle
expect 0 a import person beside.csv --again
counts 0 0 2 0
silent conflict

# So it is when the row was rejected beside, and in JSON.
{
	sed 's/,u,/,t,/' beside.csv
	echo ',,,,,no date,,,,'
} >both.csv
expect 3 a --json import person both.csv --fail-on-conflict
grep -qF '"settled":0,"open":2,' out || fail "JSON: $(cat out)"

# Taking out what was put in again since takes nothing out: nothing is written.
expect 0 a --json add person nr=5 tags=q
id=$(sed 's/.*"id":"\([^"]*\)".*/\1/' out)
version=$(sed 's/.*"version":"\([^"]*\)".*/\1/' out)
expect 0 a set "$id" tags-=q
expect 0 a set "$id" tags+=q
expect 0 a set "$id" tags-=q --if-version "$version"
grep -q '^unchanged' out || fail "removed what was not seen: $(cat out)"
value 'tags=["q"]'
expect 0 a verify
