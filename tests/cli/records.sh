#!/bin/sh
# Records on the command line: add, set, delete, restore, show, list.
set -eu

. "$(dirname "$0")/lib.sh"

cat >schema.yaml <<'YAML'
schema: test
version: 1
codes:
  - {name: SEX, values: [{code: "1", en: male}, {code: "2", en: female}]}
  - name: REGION
    values:
      - {code: TM-D, en: Daşoguz}
      - {code: TM-M, en: Mary}
      - {code: "1", en: Old Town}
      - {code: "2", en: Old Town}
      - {code: "3", en: Köýten}
      - {code: "4", en: Koýten}
      - {code: "5", en: Kerki, valid_to: 2016-12-31, successor: "6"}
      - {code: "6", en: Kerki}
      - {code: "7", en: Garabekewül, valid_to: 2016-12-31}
kinds:
  - name: person
    reach: region
    title: [nr]
    unique: [[nr]]
    fields:
      - {name: nr, type: text, required: true}
      - {name: sex, type: code, codes: SEX}
      - {name: region, type: code, codes: REGION}
      - {name: born, type: pdate}
      - {name: fee, type: decimal, scale: 2}
      - {name: alive, type: bool}
      - {name: seen, type: time}
      - {name: size, type: int}
      - {name: tags, type: text, merge: set}
      - {name: visits, type: int, merge: counter}
      - {name: notes, type: text, merge: log, reach: office}
      - {name: friend, type: link, to: person}
      - {name: ruling, type: link, to: decree}
      - {name: first, type: text, policy: fixed}
  - name: decree
    reach: nation
    writers: centre
    fields:
      - {name: number, type: text}
YAML
expect 0 "$KERWEN" -C c init --centre --name Centre --schema schema.yaml
expect 0 "$KERWEN" -C c office invite Mary --number 7 --region TM-M --out mary.inv
expect 0 "$KERWEN" -C o init --join mary.inv
export KERWEN_DIR=o

# What a record looks like, by its types.
expect 0 "$KERWEN" add person nr=1 sex=2 born=1980-05 fee=12.5 alive=true \
	seen=2016-12-09T08:30:00+05:00 size=-4 'tags=b|a|b' visits=3 notes=hello \
	--author Aman --reason because
id=$(cat out)
[ ! -s err ] || fail "add says more than the id: $(cat err)"
end=$(printf '%s' "$id" | tail -c 6)
expect 0 "$KERWEN" --json list person
says out '"fields":{"nr":"1","sex":"2","born":"1980-05","fee":"12.50","alive":true,"seen":"2016-12-09T03:30:00Z","size":-4,"tags":["a","b"],"visits":3,"notes":["hello"]}'
says out '"next":null}'
expect 0 "$KERWEN" --json show "$end"
says out "\"id\":\"$id\",\"kind\":\"person\",\"home\":\"Mary\",\"version\":\""
says out '"nr":{"value":"1","conflict":false,"siblings":[{"value":"1","dot":"'
says out '"office":"Mary","author":"Aman","time":"20'
expect 0 "$KERWEN" show "$end" --history
says out 'because'

# Changes; what changes nothing writes nothing.
expect 0 "$KERWEN" --json set "$end" size=5 visits+=4 visits-=1 tags-=a tags+='c|d' born=
changed=$(cat out)
expect 0 "$KERWEN" --json set "$end" size=5 tags+=c tags-=zz born= visits+=0 visits-=0
[ "$(cat out)" = "$changed" ] || fail "an unchanged record has a new version"
expect 0 "$KERWEN" --json show "$id"
says out '"size":{"value":5,'
says out '"visits":{"value":6,'
says out '"tags":{"value":["b","c","d"],'
grep -q '"born"' out && fail "a cleared field is shown"

# A version that was looked at before: both values stand, and it is told.
old=$(sed 's/.*"version":"\([^"]*\)".*/\1/' out)
expect 0 "$KERWEN" set "$id" nr=2
expect 4 "$KERWEN" set "$id" nr=3 --if-version "$old" --fail-on-conflict
says err 'open conflict'
expect 0 "$KERWEN" --json show "$id"
says out '"deleted":false,"conflict":true'
expect 0 "$KERWEN" --json status
says out '"conflicts":1,'
expect 0 "$KERWEN" list person
says out conflict
expect 0 "$KERWEN" set "$id" nr=4
says err 'settles the open conflict'
expect 0 "$KERWEN" --json status
says out '"conflicts":0,'
expect 2 "$KERWEN" set "$id" nr=5 --if-version nonsense
expect 2 "$KERWEN" set "$id" nr=5 --if-version 00070003deadbeef:9

# Gone, changed, back.
expect 0 "$KERWEN" delete "$id"
expect 0 "$KERWEN" list person --csv
[ "$(wc -l <out)" = 1 ] || fail "a deleted record is listed: $(cat out)"
expect 0 "$KERWEN" list person --csv --deleted
[ "$(wc -l <out)" = 2 ] || fail "--deleted lists nothing: $(cat out)"
expect 0 "$KERWEN" --json show "$id"
says out '"deleted":true'
expect 0 "$KERWEN" restore "$id"
expect 0 "$KERWEN" delete "$id"
expect 0 "$KERWEN" set "$id" nr=6
says err 'brings it back'

# Pages and expressions.
for n in 11 12 13 14 15; do
	expect 0 "$KERWEN" add person "nr=$n" "size=$n"
done
expect 0 "$KERWEN" --json list person --where 'size >= 12' --limit 3
says out '"nr":"14"'
grep -q '"nr":"15"' out && fail "--limit 3 gives more"
next=$(sed 's/.*"next":"\([^"]*\)".*/\1/' out)
expect 0 "$KERWEN" --json list person --where 'size >= 12' --after "$next"
says out '"rows":[{"id"'
says out '"nr":"15"'
says out '"next":null}'
expect 2 "$KERWEN" list person --where 'siez = 1'
says err 'size'
expect 2 "$KERWEN" list persn
says err 'did you mean "person"?'

# Bad input names the thing, the reason and the next step, never the value.
bad()
{
	what=$1
	shift
	expect 2 "$KERWEN" add person "$@"
	says err "$what"
	grep -q KANAR err && fail "a value in a message: $(cat err)"
	return 0
}
bad 'person.nr is required' size=1
bad 'did you mean "size"?' nr=1 szie=1
bad 'person.size: this is not a whole number' nr=1 size=KANAR
bad 'too large' nr=1 size=9007199254740992
bad 'person.born: this is not a date' nr=1 born=KANAR
bad 'written like 2016-12-09' nr=1 born=1980-13
bad 'write true or false' nr=1 alive=KANAR
bad 'a time is written like' nr=1 seen=KANAR
bad 'digits after' nr=1 fee=1.999
bad 'did you mean "2"?' nr=1 sex=femal
bad 'not a code of SEX' nr=1 sex=KANAR
bad 'given twice' nr=1 nr=KANAR
bad 'FIELD=VALUE' nr=1 KANAR
bad 'this is not text in UTF-8' "nr=$(printf 'KANAR\377')"
bad 'person.nr: this holds a control character (U+001B)' "nr=$(printf 'KANAR\033[2J')"
bad 'holds a control character (U+000D)' "nr=$(printf 'KANAR\rx')"
bad 'no record with this id' nr=1 friend=abcdefabcdef
bad 'person.size: this is not how a register is changed' nr=1 size+=1
expect 0 "$KERWEN" add person nr=1 "friend=$id" # not bad: a link may be whole or short
expect 2 "$KERWEN" add person nr=1 "ruling=$id"
says err 'links to a decree'
expect 1 "$KERWEN" add decree number=1
says err 'only the centre'
expect 1 "$KERWEN" show 00000000000000000000
expect 2 "$KERWEN" show xyz
expect 2 "$KERWEN" show 123
expect 2 "$KERWEN" add person nr=1 --for Nowhere
says err 'no office "Nowhere"'

# A bar in an element of a list is escaped; a line of a log is taken as it is.
# Lines end in a newline, however they were typed.
expect 0 "$KERWEN" add person "nr=$(printf 'two\r\nlines')" 'tags=a\|b|c\\d|C:\x' 'notes=1|2\\'
bar=$(cat out)
expect 0 "$KERWEN" set "$bar" 'tags+=e\|' 'tags-=c\d' 'notes+=3|4'
expect 0 "$KERWEN" --json list person --where 'nr != "1"'
says out '"fields":{"nr":"two\nlines","tags":["C:\\x","a|b","e|"],"notes":["1|2\\\\","3|4"]}'
expect 0 "$KERWEN" list person --csv
says out ',C:\\x|a\|b|e\|,'
expect 0 "$KERWEN" delete "$bar"

# The centre adds for an office; its values are its own.
expect 2 "$KERWEN" -C c add person nr=1
says err '--for OFFICE'
expect 0 "$KERWEN" -C c add person nr=1 --for Mary
expect 0 "$KERWEN" -C c --json show "$(cat out)"
says out '"home":"Mary"'
expect 0 "$KERWEN" -C c add person nr=1 --for 7

# Errors as JSON, and what is no data directory.
expect 2 "$KERWEN" --json add person
says err '{"code":2,"message":"person.nr is required","hint":"'
expect 10 "$KERWEN" -C nowhere list person
expect 10 "$KERWEN" -C . list person
chmod 755 o
expect 11 "$KERWEN" list person
says err 'chmod 700'
chmod 700 o
if [ "$(id -u)" = 0 ]; then
	chown nobody o
	expect 11 "$KERWEN" list person
	says err 'sudo -u nobody kerwen -C o list'
	chown root o
fi

expect 0 "$KERWEN" verify
expect 0 "$KERWEN" --json verify
says out '"ok":true'

# Somebody reaches into the database file: verify sees it and names it.
expect 0 "$KERWEN" add person nr=KANARE1
LC_ALL=C sed -i 's/KANARE1/KANARI1/g' o/db/data.mdb
expect 13 "$KERWEN" verify
says out 'the chain is broken here'
expect 13 "$KERWEN" --json verify
says out '"ok":false'
says err '{"code":13,'

# A code may be given by what it is called, in any alphabet; what could be
# several is refused, naming them.
expect 0 "$KERWEN" add person nr=code region=TM-D
named=$(cat out)
for name in Daşoguz Da$(printf '\310\231')oguz Das$(printf '\314\247')oguz \
	Das$(printf '\314\246')oguz Дашогуз Dashoguz DAŞOGUZ; do
	expect 0 "$KERWEN" set "$named" "region=$name"
	says out unchanged
done
expect 0 "$KERWEN" set "$named" region=мары
expect 0 "$KERWEN" show "$named" --json
says out '"value":"TM-M"'
expect 0 "$KERWEN" set "$named" region=kerki
expect 0 "$KERWEN" show "$named" --json
says out '"value":"6"'
expect 0 "$KERWEN" set "$named" region=Garabekewul
expect 2 "$KERWEN" set "$named" 'region=old town'
says err "person.region: this is what 2 codes of REGION are called"
says err "write one of the codes: 1, 2"
expect 0 "$KERWEN" set "$named" region=koýten
expect 0 "$KERWEN" show "$named" --json
says out '"value":"4"'
expect 2 "$KERWEN" set "$named" region=Койтен
says err "write one of the codes: 3, 4"
expect 2 "$KERWEN" set "$named" region=Daşhowuz
says err "this is not a code of REGION"
expect 2 "$KERWEN" set "$named" 'region=---'
says err "this is not a code of REGION"
