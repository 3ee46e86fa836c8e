#!/bin/sh
# Importing by fields that are no unique of the kind (--key): which record a
# row means, also when a file was cut, and when others write meanwhile.
set -eu

. "$(dirname "$0")/lib.sh"

k()
{
	"$KERWEN" -C office "$@"
}

# counts NEW CHANGED UNCHANGED REJECTED: what the last import reported.
counts()
{
	want="$1 new, $2 changed, $3 unchanged, $4 rejected"
	grep -qF "$want" out || fail "not \"$want\": $(cat out)"
}

# ids WHERE: the ids of these visits, one a line.
ids()
{
	k list visit --csv --where "$1" | sed -n 's/^\([0-9a-f-]*\),.*/\1/p' | grep -v '^id$' || true
}

cat >schema.yaml <<'YAML'
schema: visits
version: 1
kinds:
  - name: place
    reach: centre
    title: [name]
    fields:
      - {name: name, type: text, policy: latest}
  - name: visit
    reach: centre
    title: [who]
    fields:
      - {name: who, type: text, policy: latest}
      - {name: day, type: date, policy: latest}
      - {name: fee, type: decimal, scale: 2, policy: latest}
      - {name: at, type: link, to: place, policy: latest}
      - {name: body, type: text, policy: latest}
      - {name: secret, type: text, policy: latest, reach: office}
YAML

expect 0 "$KERWEN" -C centre init --centre --name Demo --schema schema.yaml
expect 0 "$KERWEN" -C centre office invite Mary --number 6 --region TM-M --out mary.inv
expect 0 k init --join mary.inv

# --- which record is meant -----------------------------------------------------

printf 'who,day,fee,body\nAman,2016-01-01,1.5,a\nAman,2016-01-02,2,b\nOraz,2016-01-01,3,c\n' >f.csv
expect 0 k import visit f.csv --key who,day
counts 3 0 0 0
expect 0 k import visit f.csv --key day,who --again
counts 0 0 3 0
printf 'who,day,fee,body\nAman,2016-01-02,2,B\nJeren,2016-01-02,4,d\nJeren,2016-01-02,4,D\n,2016-01-03,5,e\n' >f.csv
expect 0 k import visit f.csv --key who,day
counts 2 2 0 0
expect 0 k list visit --csv --where 'who = "Jeren"'
grep -q ',D,' out || fail "the later row does not stand: $(cat out)"

# By value, not by how it is written; and by links.
printf 'fee,body\n1.50,A\n' >f.csv
expect 0 k import visit f.csv --key fee
counts 0 1 0 0
expect 0 k add place name=Kaka
place=$(cat out)
expect 0 k set "$(ids 'who = "Oraz"')" "at=$place"
printf 'at,body\n%s,at Kaka\n%s,here too\n' "$place" "${place##*-}" >f.csv
expect 0 k import visit f.csv --key at
counts 0 2 0 0
[ "$(ids 'body = "here too" and who = "Oraz"' | wc -l)" = 1 ] || fail "not by its link"

# A record that has other values by now is not meant any more.
expect 0 k set "$(ids 'who = "Oraz"')" who=Merdan
printf 'who,body\nOraz,new\nMerdan,same\n' >f.csv
expect 0 k import visit f.csv --key who
counts 1 1 0 0

printf 'id,who,body\n%s,Serdar,renamed\n,Merdan,another\n' "$(ids 'who = "Merdan"')" >f.csv
expect 0 k import visit f.csv --key who
counts 1 1 0 0

# Several with the same values: the row is for nobody.
printf 'who,body\nAman,x\n' >f.csv
expect 3 k import visit f.csv --key who
for id in $(ids 'who = "Aman"'); do
	grep -qF "${id##*-}" f.rejected.csv || fail "not named: ${id##*-}: $(cat f.rejected.csv)"
done
grep -qF 'several records have these values' f.rejected.csv || fail "$(cat f.rejected.csv)"

# Deleted ones are passed over, but not brought back under another id.
first=$(ids 'who = "Aman" and fee = "1.50"')
expect 0 k delete "$first"
expect 0 k import visit f.csv --key who --again
counts 0 1 0 0
expect 0 k delete "$(ids 'who = "Aman"')"
expect 3 k import visit f.csv --key who --again
grep -qF 'this record was deleted; use `kerwen restore`' f.rejected.csv ||
	fail "deleted: $(cat f.rejected.csv)"
[ -z "$(ids 'who = "Aman"')" ] || fail "a deleted record came back"

# What does not leave the office cannot tell records apart at the centre.
printf 'who,secret\na,b\n' >f.csv
expect 2 "$KERWEN" -C centre import visit f.csv --key secret --for Mary
grep -qF 'visit.secret does not leave its office' err || fail "$(cat err)"

# --- a long file: cut, gone on with, and somebody who writes meanwhile -----------

awk 'BEGIN { print "who,day,body"
	for (i = 0; i < 60000; i++) {
		printf "W%06d,2017-%02d-01,%s\n", i % 50000, i % 5 + 1, i
	} }' >long.csv
"$KERWEN" -C office import visit long.csv --key who,day >out 2>err &
pid=$!
while [ -z "$(ids 'who = "W000100"')" ]; do
	sleep 0.05
done
kill -9 $pid 2>/dev/null || true
wait $pid 2>/dev/null || true
expect 0 k add visit who=W049999 day=2017-05-01 body=mine
expect 0 k import visit long.csv --key who,day
"$KERWEN" -C office list visit --csv --where 'day >= 2017-01-01' >all.csv
[ "$(tail -n +2 all.csv | cut -d, -f2 | sort | uniq -d | wc -l)" = 0 ] ||
	fail "some are there twice: $(tail -n +2 all.csv | cut -d, -f2 | sort | uniq -d | head -n 3)"
[ "$(tail -n +2 all.csv | wc -l)" = 50000 ] || fail "rows: $(wc -l <all.csv)"
[ "$(ids 'who = "W009999" and body = "59999"' | wc -l)" = 1 ] || fail "the later row does not stand"

sed 's/,\([0-9]*\)$/,x\1/' long.csv >more.csv
"$KERWEN" -C office import visit more.csv --key who,day >import.out 2>&1 &
pid=$!
n=0
while kill -0 $pid 2>/dev/null; do
	expect 0 k add visit who=other "body=$n"
	n=$((n + 1))
done
wait $pid || fail "with another writer: $(cat import.out)"
grep -qF "0 new, 60000 changed, 0 unchanged, 0 rejected" import.out || fail "$(cat import.out)"
expect 0 k verify
