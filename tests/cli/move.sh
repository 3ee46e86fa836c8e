#!/bin/sh
# A record moves from office to office, over real sockets (P23): what each
# sees on the way, what must not be seen, and what is refused.
set -eu

. "$(dirname "$0")/lib.sh"

# refuses CODE TEXT COMMAND...: fails with CODE, and says why.
refuses()
{
	why=$2
	code=$1
	shift 2
	expect "$code" "$@"
	grep -qF -- "$why" err || fail "refuses without \"$why\": $(cat err)"
}

at()
{
	node=$1
	shift
	"$KERWEN" -C "$node" "$@"
}

syncs()
{
	for office in "$@"; do
		expect 0 at "$office" sync
	done
}

cat >schema.yaml <<'YAML'
schema: test
version: 1
kinds:
  - name: person
    reach: region
    title: [name, birth]
    fields:
      - {name: name, type: text, policy: ask, reach: office}
      - {name: birth, type: pdate, policy: ask}
      - {name: city, type: text, policy: latest}
      - {name: file, type: text, policy: latest, reach: centre}
      - {name: notes, type: text, merge: log, reach: office}
  - name: decree
    reach: nation
    writers: centre
    fields:
      - {name: number, type: text}
figures:
  - {name: people, type: flow, measure: count, of: person, by: [office]}
YAML

expect 0 "$KERWEN" -C c init --centre --name Centre --schema schema.yaml --listen 127.0.0.1:0
"$KERWEN" -C c run 2>>c.log </dev/null &
pids="$pids $!"
tries=0
until [ -n "$(port_of c)" ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || fail "the centre does not listen: $(cat c.log)"
	sleep 0.1
done
for office in Lebap:1:TM-L Mary:2:TM-M Merw:3:TM-M Ahal:4:TM-A; do
	name=${office%%:*}
	rest=${office#*:}
	expect 0 at c office invite "$name" --number "${rest%%:*}" --region "${rest#*:}" \
		--centre "127.0.0.1:$(port_of c)" --out "$name.inv"
	expect 0 at "$name" init --join "$name.inv"
done
syncs Lebap Mary Merw

# What cannot be asked for.
expect 0 at Lebap add person name=KANARAman birth=1985-03-17 city=Kerki file=F7 \
	notes=KANARnote --author Aynur
id=$(cat out)
refuses 1 "has never been in contact with the centre" at Lebap move ask "$id" Ahal
syncs Lebap
refuses 2 "there is no office" at Lebap move ask "$id" Nowhere
refuses 2 "is in Lebap already" at Lebap move ask "$id" Lebap
refuses 1 "the centre does not ask for moves" at c move ask "$id" Mary
refuses 2 "is not the id of a record" at Lebap move show abc
refuses 1 "no transfer of this record" at Lebap move show "$id"
expect 0 at c add decree number=1
decree=$(cat out)
syncs Lebap
refuses 2 "records of the kind decree do not move" at Lebap move ask "$decree" Mary
expect 0 at Lebap add person birth=1990
gone=$(cat out)
expect 0 at Lebap delete "$gone"
refuses 1 "this record was deleted" at Lebap move ask "$gone" Mary

# Asking; a dry run writes nothing.
expect 0 at Lebap move ask "$id" Mary --dry-run
says out "Mary is asked to take over $id, with 2 values that only this office has"
expect 0 at Lebap move list --json
says out '{"format":1,"transfers":[]}'
expect 0 at Lebap move ask "$id" Mary --reason "moved house" --author Aynur
refuses 1 "is in transfer to Mary already" at Lebap move ask "$id" Merw
refuses 1 "in transfer to Mary, to which this field was sent" at Lebap set "$id" name=Other
expect 0 at Lebap set "$id" city=Atamyrat
expect 0 at Lebap show "$id"
says out "in transfer from Lebap to Mary"
expect 0 at Lebap --json show "$id"
says out '"transfer":{'
says out '"state":"asked"'
lacks out '"title"'
expect 0 at Lebap list person
says out "in transfer"
expect 0 at Lebap status
says out "1 record is in transfer to another office"

# The other side hears of it, and sees whom it is about.
syncs Lebap Mary
expect 0 at Mary status
says out '1 record is to be taken over: `kerwen move list`'
expect 0 at Mary status --json
says out '"to_take_over":1'
expect 0 at Mary move list
says out "KANARAman, 1985-03-17"
expect 0 at Mary move show "$id"
says out "from Lebap to Mary: asked"
says out "reason: moved house"
says out 'to be answered: `kerwen move accept`'
expect 0 at Mary --json move show "$id"
says out '"record":"'"$id"'","kind":"person","from":"Lebap","to":"Mary","state":"asked"'
refuses 1 "this was asked by Lebap" at Mary move withdraw "$id"
refuses 1 "this was asked of Mary" at Lebap move accept "$id"
refuses 1 "this was asked of Mary" at c move decline "$id"
expect 0 at c move list
says out "person"
lacks out KANAR
expect 0 at c move list --json
[ "$(grep -o '"record"' out | wc -l)" = 1 ] || fail "the centre lists both sides: $(cat out)"

# Accepting; until the centre has heard, the record is nowhere else.
expect 0 at Mary move accept "$id" --author Maral
refuses 1 "this was answered already: accepted" at Mary move accept "$id"
expect 0 at Mary list person
lacks out KANAR
expect 0 at Mary show "$id"
says out "in transfer from Lebap to Mary"
lacks out KANAR

# What Lebap writes before it hears is a conflict at Mary, and not lost.
syncs Mary
expect 0 at Lebap set "$id" birth=1985-03-07 --author Aynur
syncs Mary Lebap Mary
expect 0 at Mary show "$id"
says out "KANARAman"
says out "KANARnote"
says out "Aynur"
says out "(conflict)"
says out "1985-03-07"
says out "1985-03-17"
says out "Atamyrat"
expect 0 at Mary --json show "$id"
says out '"home":"Mary"'
expect 0 at Lebap show "$id"
says out "moved to Mary (TM-M) on "
lacks out KANAR
lacks out Atamyrat
expect 0 at Lebap --json show "$id"
says out '"moved":true'
expect 0 at Lebap list person
lacks out Atamyrat
expect 0 at Lebap export person
lacks out Atamyrat
refuses 1 "this record was moved to Mary" at Lebap set "$id" city=Kerki
refuses 1 "this record was moved to Mary" at Lebap move ask "$id" Merw
expect 0 at Mary set "$id" city=Merw birth=1985-03-07
expect 0 at Mary show "$id"
lacks out "(conflict)"
expect 0 at Lebap move list --all
says out moved
expect 0 at Mary status
lacks out "taken over"

# Each is counted once, where it lives.
syncs Mary Lebap Merw
expect 0 at c figures people --json
says out '{"office":"Mary","value":1}'
says out '"total":1'
expect 0 at Lebap figures people --json
says out '"total":0'
for node in c Lebap Mary Merw; do
	expect 0 at "$node" verify
done

# What only an office has was nowhere but in the two homes.
for node in Lebap Mary; do
	grep -q KANARnote "$node/db/data.mdb" || fail "the canary is not in $node"
done
for node in c Merw; do
	if grep -q KANAR "$node/db/data.mdb"; then
		fail "a field of reach office is in $node"
	fi
done
if grep -q KANAR ./*.log; then
	fail "personal data in a log"
fi

# Declined, with a remark; and withdrawn.
expect 0 at Lebap add person name=Two birth=1990 notes=n
two=$(cat out)
expect 0 at Lebap move ask "$two" Mary
syncs Lebap Mary
expect 0 at Mary move decline "${two#*-*-*-*-}" --reason "lives elsewhere"
syncs Mary Lebap
expect 0 at Lebap move show "$two"
says out "declined"
says out "note: lives elsewhere"
expect 0 at Lebap set "$two" name=Zwei
expect 0 at Lebap move ask "$two" Mary
expect 0 at Lebap move withdraw "$two" --reason "asked by mistake"
refuses 1 "has not confirmed yet that it was withdrawn" at Lebap set "$two" name=Iki
refuses 1 "this was withdrawn already" at Lebap move withdraw "$two"
syncs Lebap Mary
expect 0 at Lebap set "$two" name=Iki
refuses 1 "is over: withdrawn" at Lebap move withdraw "$two"
expect 0 at Lebap move show "$two"
says out "note: asked by mistake"
expect 0 at Mary move list --json
says out '{"format":1,"transfers":[]}'

# Accepted, and withdrawn before the centre heard: nothing of it stays in sight.
expect 0 at Lebap add person name=KANARghost birth=1991-02-03 notes=KANARghost
ghost=$(cat out)
expect 0 at Lebap move ask "$ghost" Mary
syncs Lebap Mary
expect 0 at Lebap move withdraw "$ghost" --reason "oops"
syncs Lebap
expect 0 at Mary move accept "$ghost"
for way in "show" "--json show" "show --history" "--json show --history"; do
	expect 0 at Mary $way "$ghost"
	lacks out KANAR
done
syncs Mary Lebap Mary
expect 0 at Mary show "$ghost" --history
says out "this record is of another office; it was asked for here, and the transfer is void"
lacks out KANAR
expect 0 at Mary --json show "$ghost" --history
says out '"fields":{}'
says out '"state":"withdrawn"'
lacks out KANAR
expect 0 at Mary move list
says out "withdrawn"
lacks out KANAR
expect 0 at Mary move show "$ghost"
says out "note: oops"
