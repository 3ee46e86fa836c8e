#!/bin/sh
# Figures: flows, stocks, runs, controls; sets; who was heard.
set -eu

. "$(dirname "$0")/lib.sh"

# table TEXT FIGURE...: the table as CSV lines joined by spaces.
table()
{
	wanted=$1
	shift
	expect 0 "$KERWEN" figures "$@" --csv
	got=$(tr '\n' ' ' <out)
	[ "$got" = "$wanted " ] || fail "figures $*: $got, not $wanted"
}

cat >schema.yaml <<'YAML'
schema: test
version: 1
codes:
  - {name: CC, values: [{code: TKM, en: t}, {code: UZB, en: u}, {code: KAZ, en: k}]}
kinds:
  - name: person
    reach: region
    fields:
      - {name: born, type: pdate}
      - {name: city, type: text}
      - {name: nations, type: code, codes: CC, merge: set}
      - {name: size, type: int}
      - {name: from_day, type: date}
      - {name: to_day, type: date}
      - {name: ruling, type: link, to: decree}
  - name: decree
    reach: nation
    writers: centre
    fields:
      - {name: number, type: text}
      - {name: announced, type: int}
figures:
  - {name: births, type: flow, measure: count, of: person, by: [year(born), city]}
  - {name: so_far, type: run, of_figure: births, over: year(born)}
  - {name: sizes, type: flow, measure: sum(size), of: person, by: [quarter(born)]}
  - {name: citizens, type: stock, measure: count, of: person, by: [nations, city]}
  - {name: present, type: stock, measure: count, of: person, from: from_day, to: to_day, by: [city]}
  - name: gap
    type: control
    recorded: [{measure: count, of: person, where: "ruling is set", by: [ruling, office]}]
    announced: {measure: sum(announced), of: decree, by: [number]}
    match: {ruling: number}
YAML
expect 0 "$KERWEN" -C c init --centre --name Centre --schema schema.yaml
expect 0 "$KERWEN" -C c office invite Mary --number 7 --region TM-M --out mary.inv
expect 0 "$KERWEN" -C c office invite Lebap --number 8 --region TM-L --out lebap.inv
export KERWEN_DIR=c
ask()
{
	"$KERWEN" add "$@" >id || fail "add $*"
}
ask decree number=1022 announced=4
d1022=$(cat id)
ask decree number=9 announced=1
d9=$(cat id)
ask person --for Mary born=2014-02-01 city=Merw 'nations=TKM|UZB' size=3 "ruling=$d1022"
ask person --for Mary born=2016-12 city=Merw nations=TKM size=4 from_day=2016-01-01
ask person --for Lebap born=2016 city=Atamyrat "ruling=$d9" from_day=2016-06-01 to_day=2016-06-30
ask person --for Lebap city=Atamyrat nations=KAZ size=-1 "ruling=$d1022"

table 'year(born),city,value 2014,Merw,1 2016,Atamyrat,1 2016,Merw,1 ,Atamyrat,1' births
table 'city,value Atamyrat,2 Merw,2' births --by city
table 'value 4' births --by ''
table 'value' births --by '' --where 'city = "Nowhere"' # nobody was heard
table 'city,year,value Merw,2014,1 Merw,2016,1' births --by city,year --where 'city = "Merw"'
table 'year(born),value 2016,2' births --by 'year(born)' --where 'year > 2015'
expect 0 "$KERWEN" --json figures births --where 'year is not set'
says out '"by":["year(born)","city"],"rows":[{"year(born)":null,"city":"Atamyrat","value":1}],"total":1,"heard":[{"office":"Mary","through":null},{"office":"Lebap","through":null}]}'

# A run goes on where nothing moved; what has no year is not cumulated.
table 'year(born),city,value 2014,Merw,1 2016,Atamyrat,1 2016,Merw,2 ,Atamyrat,1' so_far
table 'year(born),value 2014,1 2016,3 ,1' so_far --by 'year(born)'
table 'city,value Atamyrat,2 Merw,2' so_far --by city

table 'quarter(born),value 2014-Q1,3 2016-Q4,4 ,-1' sizes
table 'quarter(born),value 2016-Q4,4' sizes --where 'quarter >= "2015-Q1"'

# A record counts under each of its elements, and once in the total.
table 'nations,value KAZ,1 TKM,2 UZB,1 ,1' citizens --by nations
table 'city,value Atamyrat,2 Merw,2' citizens --by city
table 'city,value Merw,1' citizens --by city --where 'nations = UZB'
expect 0 "$KERWEN" --json figures citizens --by nations
says out '"total":4,'
expect 0 "$KERWEN" --json figures citizens --by nations --where 'nations in (TKM, UZB)'
says out '"total":null,'
expect 2 "$KERWEN" figures citizens --by city --where 'nations in (TKM, UZB)'
says err 'several elements of nations'

# A stock on a day: the last day counts, the day after does not.
table 'city,value Merw,1' present --on 2016-05-31
table 'city,value Atamyrat,1 Merw,1' present --on 2016-06-30
table 'city,value Merw,1' present --on 2016-07-01
table 'city,value Merw,1' present

# Recorded minus announced; 0 says that it is closed.
table 'ruling,value 1022,-2 9,0' gap
table 'number,value 1022,-2' gap --by number --where 'number = "1022"'
table 'value -2' gap --by ''
expect 0 "$KERWEN" set "$d1022" announced=2
table 'ruling,value 1022,0 9,0' gap

expect 0 "$KERWEN" figures births
says out 'silent Mary'
says out '2 of 2 offices were never heard'
expect 0 "$KERWEN" figures
says out 'gap'
expect 0 "$KERWEN" --json figures
says out '{"name":"so_far","type":"run","by":["year(born)","city"]}'

expect 2 "$KERWEN" figures brths
says err 'did you mean "births"?'
expect 2 "$KERWEN" figures births --by cty
says err 'did you mean "city"?'
expect 2 "$KERWEN" figures births --by city,city
says err 'twice'
expect 2 "$KERWEN" figures births --where 'size = 1'
says err 'no field'
expect 2 "$KERWEN" figures births --on 2016-01-01
expect 2 "$KERWEN" figures present --on yesterday
expect 0 "$KERWEN" verify

# Sums stay numbers that JSON can carry.
expect 0 "$KERWEN" add person --for Mary born=2020-01-01 size=9007199254740991
expect 0 "$KERWEN" add person --for Mary born=2020-01-02 size=9007199254740991
table 'quarter(born),value 2020-Q1,9007199254740991' sizes --where 'quarter = "2020-Q1"'
expect 0 "$KERWEN" --json figures sizes
says out '"total":9007199254740991,'
