#!/bin/sh
# Doubles, through a real daemon of the centre: found there though no name is,
# linked, counted once, and taken back; and what must be refused.
set -eu

schema=$(dirname "$0")/../../configs/migration.yaml
schema=$(cd "$(dirname "$schema")" && pwd)/migration.yaml
. "$(dirname "$0")/lib.sh"

# person DIR NAME DATE SEX: adds one; leaves the id in id.
person()
{
	expect 0 "$KERWEN" -C "$1" add person "name_tm=$2" "birth_date=$3" "sex=$4" \
		citizenship=XXA legal_status=REF stateless=true region="$5"
	id=$(cat out)
}

# refugees COUNT: what the centre counts.
refugees()
{
	expect 0 "$KERWEN" -C c figures refugees --json
	says out "\"total\":$1,"
}

expect 0 "$KERWEN" -C c init --centre --name C --schema "$schema" --listen 127.0.0.1:0
: >c.log
"$KERWEN" -C c run 2>>c.log </dev/null &
pids=$!
until port=$(sed -n 's/.*listening on port \([0-9]*\).*/\1/p' c.log) && [ -n "$port" ]; do
	sleep 0.05
done
expect 0 "$KERWEN" -C c office invite Lebap --number 1 --region TM-L \
	--centre "127.0.0.1:$port" --out l.inv
expect 0 "$KERWEN" -C c office invite Mary --number 2 --region TM-M \
	--centre "127.0.0.1:$port" --out m.inv
expect 0 "$KERWEN" -C l init --join l.inv
expect 0 "$KERWEN" -C m init --join m.inv

# D3: two scripts, one person.
person l 'Нурмухаммедов Курбангельды' 1980-05-04 1 TM-L
a=$id
person m 'Nurmuhammedow Gurbangeldi' 1980-05-04 1 TM-M
b=$id
person m 'Nurmuhammedow Gurbangeldi' 1980-05 1 TM-M
vague=$id
person m 'Nurmuhammedow Gurbangeldi' 1980-05-04 2 TM-M
expect 0 "$KERWEN" -C l sync
expect 0 "$KERWEN" -C m sync
refugees 4
expect 0 "$KERWEN" -C c duplicates
says out '3 pairs, 1 likely'
[ "$(sed -n 2p out | cut -d ' ' -f 1)" = likely ] || fail "the likely pair is not first: $(cat out)"
expect 0 "$KERWEN" -C c duplicates person --json --limit 1
says out "\"pairs\":[{\"kind\":\"person\",\"level\":\"likely\",\"state\":\"candidate\""
says out "\"records\":[{\"id\":\"$a\",\"home\":\"Lebap\",\"fields\":{\"birth_year\":1980,\"sex\":\"1\"}}"
says out "{\"id\":\"$b\",\"home\":\"Mary\""
says out '"more":true'
for name in Nurmuhammedow Gurbangeldi Нурмухаммедов Курбангельды nirmihama; do
	! grep -qaiF "$name" c/db/data.mdb || fail "the centre has the name $name"
done
grep -qaF Nurmuhammedow m/db/data.mdb || fail "names are not found where they are"

# A link counts both once, and is taken back.
expect 0 "$KERWEN" -C c link "$a" "$b" --reason 'one man, seen in Lebap'
says out "linked $a and $b"
refugees 3
expect 0 "$KERWEN" -C c link "$b" "$a"
says out unchanged
expect 0 "$KERWEN" -C c duplicates --json
says out "\"groups\":[{\"kind\":\"person\",\"ids\":[\"$a\",\"$b\"],\"counts\":\"$a\"}],\"oversized\":0"
lacks out '"level":"likely"'
expect 0 "$KERWEN" -C c duplicates --all
says out linked
expect 0 "$KERWEN" -C c duplicates --linked
says out '1 group'
expect 0 "$KERWEN" -C c verify
expect 0 "$KERWEN" -C l sync
expect 0 "$KERWEN" -C l verify
expect 0 "$KERWEN" -C l show "$a"
says out "$b"
expect 0 "$KERWEN" -C c unlink "$a" "$b" --json
says out "\"ids\":[\"$a\",\"$b\"],\"state\":\"unlinked\",\"changed\":true"
refugees 4
expect 0 "$KERWEN" -C c duplicates
says out '1 likely'

# A verdict stays until it is taken back.
expect 0 "$KERWEN" -C c not-same "$a" "$b"
expect 0 "$KERWEN" -C c duplicates
says out '0 likely'
expect 0 "$KERWEN" -C c link "$a" "$b"
says err 'they were said to be not the same; this takes it back'
expect 0 "$KERWEN" -C c link "$b" "$vague"
refugees 2
expect 0 "$KERWEN" -C c not-same "$a" "$b"
says err 'they were said to be the same; this takes it back'
refugees 3
expect 0 "$KERWEN" -C c link "$a" "$vague"
says out linked
expect 0 "$KERWEN" -C c not-same "$a" "$b"
says out unchanged
says err 'they still count as one, over other records'
expect 0 "$KERWEN" -C c verify

# Of a deleted one nothing is said but that it is not linked any more.
expect 0 "$KERWEN" -C c delete "$vague"
expect 1 "$KERWEN" -C c link "$a" "$vague"
says err 'this record was deleted'
expect 0 "$KERWEN" -C c unlink "$a" "$vague"
expect 0 "$KERWEN" -C c show "$vague" --json
says out '"deleted":true'
refugees 3

# An office has the names; it links its own records, and no others.
expect 0 "$KERWEN" -C m sync
expect 0 "$KERWEN" -C m restore "$vague"
person m 'NURMUKHAMMEDOV KURBANGELDY' 1980-05-04 1 TM-M
expect 0 "$KERWEN" -C m duplicates
says out 'Nurmuhammedow Gurbangeldi NURMUKHAMMEDOV KURBANGELDY'
expect 0 "$KERWEN" -C m link "$b" "$id"
expect 0 "$KERWEN" -C m verify
expect 0 "$KERWEN" -C c office invite Murgap --number 3 --region TM-M \
	--centre "127.0.0.1:$port" --out u.inv
expect 0 "$KERWEN" -C u init --join u.inv
expect 0 "$KERWEN" -C m sync
expect 0 "$KERWEN" -C u sync
person u 'Nurmuhammedow Gurbangeldi' 1980-05-04 1 TM-M
expect 1 "$KERWEN" -C u link "$id" "$b"
says err 'reach "centre" does not include this node'
says err 'the centre can do it, or the office that both records are of'

# A sex that is not known contradicts none.
person m 'Orazow Rejep' 1990-01-02 0 TM-M
person m 'Оразов Реджеп' 1990-01-02 1 TM-M
expect 0 "$KERWEN" -C m duplicates
says out 'Orazow Rejep'

# The centre corrects a value that a key was made of, which only the office can
# make anew: the pair is likely at once, and the key is mended by any change.
# pair ID ID: level and state of the pair at the centre, in level.
pair()
{
	expect 0 "$KERWEN" -C c duplicates --all --json
	level=$(sed 's/{"kind"/\
&/g' out | grep '"level"' | grep -F "$1" | grep -F "$2" |
		sed 's/.*"level":"\([^"]*\)","state":"\([^"]*\)".*/\1 \2/')
}
person l 'Batyrow Serdar' 1970-01-02 2 TM-L
z=$id
person m 'Батыров Сердар' 1970-01-02 1 TM-M
y=$id
person m 'Батыров Сердар' 1971-01-02 1 TM-M
other=$id
expect 0 "$KERWEN" -C l sync
expect 0 "$KERWEN" -C m sync
pair "$z" "$y"
[ -z "$level" ] || fail "another sex: $level"
expect 0 "$KERWEN" -C c set "$z" sex=1
pair "$z" "$y"
[ "$level" = 'likely candidate' ] || fail "a stale key is held against them: $level"
pair "$z" "$other"
[ -z "$level" ] || fail "another year: $level"
expect 0 "$KERWEN" -C l sync
person l 'Batyrow Serdar' 1970-01-02 1 TM-L
expect 0 "$KERWEN" -C l duplicates --json
says out '"level":"likely"'
expect 0 "$KERWEN" -C l delete "$id"
expect 0 "$KERWEN" -C l set "$z" legal_status=TMP
expect 0 "$KERWEN" -C l sync
for id in "$z" "$y"; do
	expect 0 "$KERWEN" -C c show "$id" --json
	sed 's/.*"name_key":{"value":"\([^"]*\)".*/\1/' out >"key.$id"
done
cmp -s "key.$z" "key.$y" || fail "the key is not made anew: $(cat "key.$z" "key.$y")"
pair "$z" "$y"
[ "$level" = 'likely candidate' ] || fail "$level"

# A link of one side alone is none, and says so.
expect 0 "$KERWEN" -C c set "$z" "same_as+=$y"
says err 'note: same_as links only records that both name each other; use `kerwen link`'
expect 0 "$KERWEN" -C c set "$y" "same_as+=$z"
lacks err 'note: same_as'
expect 0 "$KERWEN" -C c unlink "$z" "$y"

# What nobody sees is no name.
for blank in ' ' "$(printf '\302\240')" "$(printf '\342\200\213')"; do
	expect 2 "$KERWEN" -C m set "$y" "name_tm=$blank"
	says err 'person.name_tm: this is empty but for blanks'
done

# One long value does not widen the tables of all; JSON has it whole.
long=$(printf '%0200d' 0 | sed 's/0/Я/g')
expect 0 "$KERWEN" -C m set "$other" "name_ru=$long"
expect 0 "$KERWEN" -C m show "$other"
lacks out "$long"
says out '...'
says err 'note: long values are cut here; --json has them whole'
expect 0 "$KERWEN" -C m show "$other" --json
says out "$long"

# Linked, and said not to be the same, each without knowing of the other.
person m 'Batyrow Serdar' 1970-01-02 1 TM-M
x=$id
expect 0 "$KERWEN" -C m sync
expect 0 "$KERWEN" -C m not-same "$x" "$y"
expect 0 "$KERWEN" -C c link "$x" "$y"
expect 0 "$KERWEN" -C m sync
pair "$x" "$y"
[ "$level" = 'likely disputed' ] || fail "$level"
expect 0 "$KERWEN" -C c duplicates
says out disputed
for node in c m; do
	expect 0 "$KERWEN" -C "$node" status
	says out '1 pair of doubles is disputed: `kerwen duplicates`'
	expect 0 "$KERWEN" -C "$node" status --json
	says out '"disputed":1,'
done
# Said anew it is settled, and outlives an unlink that knew nothing of it.
expect 0 "$KERWEN" -C m unlink "$x" "$y"
expect 0 "$KERWEN" -C c link "$x" "$y"
says err 'they were said to be not the same; this takes it back'
expect 0 "$KERWEN" -C m sync
pair "$x" "$y"
[ "$level" = 'likely linked' ] || fail "$level"
expect 0 "$KERWEN" -C c duplicates
lacks out disputed
expect 0 "$KERWEN" -C c status
lacks out disputed
expect 0 "$KERWEN" -C c status --json
says out '"disputed":0,'
expect 0 "$KERWEN" -C c verify

# What is no pair, or no double.
expect 2 "$KERWEN" -C c link "$a" "$a"
says err "$a and $a: this is one record"
expect 2 "$KERWEN" -C c link "$a"
expect 1 "$KERWEN" -C c link "$a" 01998f1e-5c00-7abc-8def-0123456789ab
says err 'there is no record with this id here'
expect 0 "$KERWEN" -C c add decree number=1 kind=CIT signed_on=2016 announced=1
decree=$(cat out)
expect 2 "$KERWEN" -C c link "$a" "$decree"
says err "$decree: these are records of different kinds"
expect 0 "$KERWEN" -C c add decree number=2 kind=CIT signed_on=2016 announced=1
expect 2 "$KERWEN" -C c link "$decree" "$(cat out)"
says err 'records of the kind decree cannot be linked'
expect 2 "$KERWEN" -C c duplicates decree
says err 'decree has no doubles in the schema'
expect 2 "$KERWEN" -C c duplicates persons
expect 2 "$KERWEN" -C c set "$a" name_key=x
says err 'person.name_key is computed from name_tm, birth_date, sex'
