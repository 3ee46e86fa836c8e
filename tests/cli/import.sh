#!/bin/sh
# Import and export of CSV files: what is taken, what is refused and named,
# and that a file that was cut goes on where it was.
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

cat >schema.yaml <<'YAML'
schema: small
version: 1
codes:
  - name: COLOUR
    values: [{code: red, en: red}, {code: blue, en: blue}, {code: green, en: green}]
kinds:
  - name: thing
    reach: centre
    title: [code]
    unique: [[code], [name, made]]
    fields:
      - {name: code, type: text, policy: fixed}
      - {name: name, type: text, required: true, policy: latest}
      - {name: made, type: date, policy: latest}
      - {name: made_year, type: int, policy: latest, derived: year(made)}
      - {name: price, type: decimal, scale: 2, policy: latest}
      - {name: colours, type: code, codes: COLOUR, merge: set}
      - {name: hits, type: int, merge: counter}
      - {name: notes, type: text, merge: log}
figures:
  - {name: things, type: flow, measure: count, of: thing, by: [made_year]}
YAML

expect 0 "$KERWEN" -C centre init --centre --name Demo --schema schema.yaml
expect 0 "$KERWEN" -C centre office invite Ahal --number 2 --region TM-A --out ahal.inv
expect 0 "$KERWEN" -C centre office invite Mary --number 6 --region TM-M --out mary.inv
expect 0 "$KERWEN" -C office init --join mary.inv

# --- refused before anything is written -------------------------------------

# refused WORDS FILE...: the file is refused with these words
refused()
{
	expect 2 k import thing "$2"
	says err "$1"
	[ ! -e "${2%.csv}.rejected.csv" ] || fail "$2: rejected rows of a refused file"
}

printf 'code,name,colour\na,b,red\n' >f.csv
refused 'thing has no field "colour"' f.csv
says err 'did you mean "colours"?'
printf 'code,name,code\na,b,c\n' >f.csv
refused 'the column "code" stands there twice' f.csv
printf 'code,price\na,1\n' >f.csv
refused 'thing.name is required' f.csv
printf 'code,name,made_year\na,b,2001\n' >f.csv
refused 'thing.made_year is computed from made' f.csv
printf 'code,name\na,first\nb,"second\nc,third\n' >f.csv
refused 'line 3: a quote' f.csv
printf 'code,name\na,first\nb,se"cond"\nc,third\n' >f.csv
refused 'line 3: a quote' f.csv
: >f.csv
refused 'f.csv is empty' f.csv
printf 'code,name\na,b\n' >f.csv
expect 2 k import thnig f.csv
says err 'did you mean "thing"?'
for key in 'colour=thing has no field "colour"' 'made=the file lacks the column made' \
	'made,name=the file lacks the column made' 'name,name=name is named twice' \
	'id=a column id names its record by itself' '=thing has no field ""'; do
	expect 2 k import thing f.csv --key "${key%%=*}"
	says err "--key: ${key#*=}"
done
printf 'code,name,hits\na,b,1\n' >f.csv
expect 2 k import thing f.csv --key hits
says err '--key: thing.hits is a counter'
expect 1 k import thing f.csv --for Ahal
expect 1 k import thing none.csv
expect 2 k import thing .
expect 2 k import office f.csv
expect 0 k --json list thing
[ "$(cat out)" = '{"format":1,"kind":"thing","rows":[],"conflicts":0,"next":null}' ] ||
	fail "a refused file wrote: $(cat out)"

# --- good files of several looks ----------------------------------------------

printf 'code,name,made,price,colours,hits,notes\r\n' >f.csv
printf 'a,"one, ""1""",2016-12-09,12.50,red|blue,3,begun\r\n\r\n' >>f.csv
printf 'b,"two\nlines",2017-01-01,,,,\r\n' >>f.csv
expect 0 k import thing f.csv --dry-run
counts 2 0 0 0
expect 0 k import thing f.csv
counts 2 0 0 0
expect 0 k import thing f.csv
grep -q 'already imported' out || fail "twice: $(cat out)"
expect 0 k import thing f.csv --again
counts 0 0 2 0
expect 0 k --json list thing --where 'code = "a"'
grep -qF '"fields":{"code":"a","name":"one, \"1\"","made":"2016-12-09","made_year":2016,"price":"12.50","colours":["blue","red"],"hits":3,"notes":["begun"]}' out ||
	fail "fields: $(cat out)"

printf '\357\273\277code;name;price\nc;"three;3";3\nb;zwei;4\n' >f.csv
expect 0 k --json import thing f.csv
[ "$(cat out)" = '{"format":1,"new":1,"changed":1,"unchanged":0,"rejected":0,"settled":0,"open":0,"breaks":[]}' ] ||
	fail "semicolons: $(cat out)"
printf 'code\tname\nd\tvier' >f.csv
expect 0 k import thing f.csv
counts 1 0 0 0

# A row says what its record's fields are; an empty cell says nothing.
printf 'code,name,made,price,colours,hits,notes\na,,,,green|red,5,begun|ended\n' >f.csv
expect 0 k import thing f.csv
counts 0 1 0 0
expect 0 k --json list thing --where 'code = "a"'
grep -qF '"made":"2016-12-09","made_year":2016,"price":"12.50","colours":["green","red"],"hits":5,"notes":["begun","ended"]' out ||
	fail "followed: $(cat out)"

# A key that comes twice in one file: the later row changes the record.
printf 'code,name\ne,five\ne,fuenf\nf,six\ne,cinq\n' >f.csv
expect 0 k import thing f.csv
counts 2 2 0 0
expect 0 k list thing --csv --where 'code = "e"'
grep -q ',cinq,' out || fail "the last row does not stand: $(cat out)"

# By another key; rows whose key is not complete are new.
printf 'name,made,price\n"one, ""1""",2016-12-09,99\ncinq,,7\n' >f.csv
expect 0 k import thing f.csv --key made,name
counts 1 1 0 0

# --- rows that are rejected -----------------------------------------------------

cat >f.csv <<'CSV'
code,name,made,price,colours
g,seven,2016-02-30,1,red
h,eight,2016-02-01,1,yellow
i,,2016-02-01,1,red
j,ten,2016-02-01,1.234,red
k,eleven,2016-02-01,1
l,twelve,2016-02-01,1,red
CSV
printf 'm,"thir\001teen",,,\nn,\377,,,\no,\0,,,\np,"\0",,,\n' >>f.csv
expect 3 k import thing f.csv
counts 1 0 0 9
cut -d, -f1,2 f.rejected.csv | tr '\n' ' ' >got
[ "$(cat got)" = "line,column 2,made 3,colours 4,name 5,price 6, 8,name 9,name 10,name 11,name " ] ||
	fail "rejected: $(cat f.rejected.csv)"
for reason in '2,made,"thing.made: this is not a date; a date is written like 2016-12-09",g,' \
	'4,name,"thing.name is required; give it a value"' \
	'6,,"the row has 4 cells, the header 5; quote a cell that holds the separator",k,' \
	'8,name,"thing.name: this holds a control character (U+0001)' \
	'9,name,"thing.name: this is not text in UTF-8' \
	'10,name,"thing.name: this holds a control character (U+0000)' \
	'11,name,"thing.name: this holds a control character (U+0000)'; do
	grep -qaF "$reason" f.rejected.csv || fail "no $reason: $(cat f.rejected.csv)"
done
expect 0 k list thing --csv --where 'code = "l"'
grep -q twelve out || fail "the good row was not kept"

# Once they are right, the file of an earlier import goes away.
cat >f.csv <<'CSV'
code,name,made,price,colours
g,seven,2016-02-29,1,red
CSV
expect 0 k import thing f.csv
[ ! -e f.rejected.csv ] || fail "an old file of rejected rows is left"
echo mine >f.rejected.csv
printf 'code,name,made\ng,seven,never\n' >f.csv
expect 1 k import thing f.csv
says err 'in the way of the rejected rows'
[ "$(cat f.rejected.csv)" = mine ] || fail "somebody's file was overwritten"
rm f.rejected.csv

# A deleted record is not brought back.
expect 0 k --json list thing --where 'code = "g"'
id=$(sed 's/.*"id":"\([^"]*\)".*/\1/' out)
expect 0 k delete "$id"
printf 'code,name\ng,siete\n' >f.csv
expect 3 k import thing f.csv
grep -q 'this record was deleted' f.rejected.csv || fail "revived: $(cat f.rejected.csv)"

# --- lists, and lines as Windows ends them ------------------------------------

printf 'code,name,notes\r\nw,"two\r\nlines",a\\|b|c\\\\d|e\\f|g\\\\|h\r\n' >f.csv
expect 0 k import thing f.csv
expect 0 k --json list thing --where 'code = "w"'
grep -qF '"name":"two\nlines","notes":["a|b","c\\d","e\\f","g\\","h"]' out ||
	fail "escapes: $(cat out)"
expect 0 k export thing --where 'code = "w"'
grep -qF 'a\|b|c\\d|e\\f|g\\|h' out || fail "not escaped: $(cat out)"
cp out f.csv
expect 0 k import thing f.csv
counts 0 0 1 0

# --- export, and back --------------------------------------------------------------

expect 0 k export thing
cp out all.csv
[ "$(head -n 1 all.csv)" = id,_version,code,name,made,price,colours,hits,notes ] ||
	fail "header: $(head -n 1 all.csv)"
rows=$(grep -c '^0' all.csv)
expect 0 k import thing all.csv
counts 0 0 "$rows" 0
expect 0 k --json export thing --where 'price = "99"'
[ "$(wc -l <out)" = 1 ] && grep -q '^{"format":1,"id":"' out || fail "json: $(cat out)"
expect 2 k export thing --where 'nothing = 1'
expect 2 k export thnig

# A row of an export that was changed here meanwhile shows both values.
expect 0 k export thing --where 'code = "c"'
sed 's/three;3/drei/' out >c.csv
id=$(tail -n 1 out | cut -d, -f1)
expect 0 k set "$id" name=trois
expect 0 k import thing c.csv
counts 0 1 0 0
expect 0 k --json show "$id"
grep -qF '"value":"drei"' out && grep -qF '"value":"trois"' out || fail "both: $(cat out)"

printf 'id,_version,name\n%s,nonsense,x\n' "$id" >f.csv
expect 3 k import thing f.csv
grep -q '2,_version,"this is not a version' f.rejected.csv || fail "$(cat f.rejected.csv)"
printf 'id,name\nnone,x\n01a20bae-384a-7ca3-b563-b5d7c185c4b4,x\n' >f.csv
expect 3 k import thing f.csv
counts 0 0 0 2

# --- at the centre, for an office ------------------------------------------------

printf 'code,name\nz,zet\n' >z.csv
expect 3 "$KERWEN" -C centre import thing z.csv
grep -q 'its records belong to an office' z.rejected.csv || fail "$(cat z.rejected.csv)"
expect 0 "$KERWEN" -C centre import thing z.csv --for Ahal
counts 1 0 0 0

# --- a long file, cut and gone on with --------------------------------------------

awk 'BEGIN { print "code,name,made,price"
	for (i = 0; i < 40000; i++) {
		printf "L%06d,%s,2016-%02d-01,%s\n", i, i % 9000 == 7 ? "" : "x" i, i % 12 + 1, i
	} }' >long.csv
"$KERWEN" -C office import thing long.csv >out 2>err &
pid=$!
# The first rows are there: now it is cut.
while k --json list thing --where 'code = "L000100"' --limit 1 | grep -q '"rows":\[\]'; do
	sleep 0.05
done
kill -9 $pid 2>/dev/null || true
wait $pid 2>/dev/null || true
expect 3 k import thing long.csv
counts 39995 0 0 5
[ "$(wc -l <long.rejected.csv)" = 6 ] || fail "rejected twice: $(cat long.rejected.csv)"
expect 3 k import thing long.csv --again --dry-run
counts 0 0 39995 5
