#!/bin/sh
# D6, one number in two offices: both records are kept, the centre has a
# conflict, each office a notice; gone when one changes. D5, a code that was
# closed while an office was away: kept, flagged, mapped.
set -eu

. "$(dirname "$0")/lib.sh"

# schema VERSION CODE-LINES [UNIQUE]: writes schema.yaml.
schema()
{
	cat >schema.yaml <<YAML
schema: test
version: $1
codes:
  - name: DISTRICT
    values:
$2
  - {name: TYPE, values: [{code: PR, en: refugee}, {code: PT, en: alien}]}
kinds:
  - name: document
    reach: region
    title: [number, district]
    unique: [$3]
    fields:
      - {name: issuer, type: text, reach: centre}
      - {name: doctype, type: code, codes: TYPE, policy: latest}
      - {name: number, type: text, policy: ask, reach: centre}
      - {name: district, type: code, codes: DISTRICT, policy: latest}
      - {name: former, type: code, codes: DISTRICT, merge: set}
      - {name: region, type: text, policy: latest}
figures:
  - {name: by_region, type: flow, measure: count, of: document, by: [region]}
  - {name: by_district, type: flow, measure: count, of: document, by: [district]}
  - {name: by_former, type: flow, measure: count, of: document, by: [former]}
  - {name: in_03, type: flow, measure: count, of: document, where: "district = TM-L-03", by: [region]}
YAML
}

sync()
{
	for office; do
		expect 0 "$KERWEN" -C "$office" sync
	done
}

open_districts='      - {code: TM-L-03, en: a}
      - {code: TM-L-05, en: b}
      - {code: TM-L-07, en: c}'
key='[issuer, doctype, number]'
schema 1 "$open_districts" "$key"
expect 0 "$KERWEN" -C c init --centre --name Centre --schema schema.yaml --listen 127.0.0.1:0
"$KERWEN" -C c run 2>>c.log </dev/null &
pids=$!
wait_for listens c
for office in Mary:1:TM-M Dashoguz:2:TM-D Merw:3:TM-M Lebap:4:TM-L; do
	name=${office%%:*}
	rest=${office#*:}
	expect 0 "$KERWEN" -C c office invite "$name" --number "${rest%%:*}" \
		--region "${rest#*:}" --centre "127.0.0.1:$(port_of c)" --out "$name.inv"
	expect 0 "$KERWEN" -C "$name" init --join "$name.inv"
done
sync Mary Dashoguz Merw Lebap

# --- D6 -------------------------------------------------------------------------

expect 0 "$KERWEN" -C Mary add document issuer=TKM doctype=PR number=R0000001
mary=$(cat out)
[ ! -s err ] || fail "nobody else has it yet: $(cat err)"
expect 0 "$KERWEN" -C Dashoguz add document issuer=TKM doctype=PR number=R0000001
dashoguz=$(cat out)
sync Mary Dashoguz Mary

expect 0 "$KERWEN" -C c --json figures by_region
says out '"total":2'
expect 0 "$KERWEN" -C c --json status
says out '"conflicts":2,'
says out '"shared":2,"notices":2,'
expect 0 "$KERWEN" -C c status
says out '2 of these share a unique key with another record'
says out '2 notices stand to the offices'
expect 0 "$KERWEN" -C c show "$mary"
says out "issuer, doctype and number are also used by ${dashoguz##*-} (Dashoguz)"
expect 0 "$KERWEN" -C c --json show "$mary"
says out '"conflict":true'
says out "\"shared\":[{\"fields\":[\"issuer\",\"doctype\",\"number\"],\"records\":[{\"id\":\"$dashoguz\",\"home\":\"Dashoguz\"}],\"count\":1}]"
expect 0 "$KERWEN" -C c list document
says out conflict
expect 4 "$KERWEN" -C c --json conflicts --fail-on-conflict
says out '"shared":[{"fields":["issuer","doctype","number"]'
expect 4 "$KERWEN" -C Mary conflicts document --fail-on-conflict
says out 'the centre says: issuer, doctype and number are also used in Dashoguz'
expect 0 "$KERWEN" -C Mary verify
expect 0 "$KERWEN" -C Mary verify --repair
expect 0 "$KERWEN" -C Mary --json conflicts
says out '"notices":[{"rule":"unique"'

for pair in "Mary $mary Dashoguz" "Dashoguz $dashoguz Mary"; do
	office=${pair%% *}
	other=${pair##* }
	id=${pair#* }
	id=${id% *}
	expect 0 "$KERWEN" -C "$office" status
	says out '1 notice from the centre'
	expect 0 "$KERWEN" -C "$office" --json status
	says out '"conflicts":0,'
	says out '"shared":0,"notices":1,'
	expect 0 "$KERWEN" -C "$office" show "$id"
	says out "the centre says: issuer, doctype and number are also used in $other"
	expect 0 "$KERWEN" -C "$office" --json show "$id"
	says out "\"notices\":[{\"rule\":\"unique\",\"fields\":[\"issuer\",\"doctype\",\"number\"],\"offices\":[\"$other\"]}]"
	expect 0 "$KERWEN" -C "$office" list document
	says out notice
	expect 0 "$KERWEN" -C "$office" list notice
	says out 'issuer,doctype,number'
	says out "$other"
	says out "$id"
	lacks out R0000001
	expect 0 "$KERWEN" -C "$office" list notice --json
	notice=$(sed 's/.*"rows":\[{"id":"\([^"]*\)".*/\1/' out)
	expect 1 "$KERWEN" -C "$office" delete "$notice"
	says err 'not changed by hand'
done
# Nobody else hears of it, and no office gets the other's number.
expect 0 "$KERWEN" -C Merw --json status
says out '"notices":0,'
expect 1 "$KERWEN" -C Mary show "$dashoguz"

# One of them was mistyped: it is corrected, and all is gone everywhere.
expect 0 "$KERWEN" -C Dashoguz set "$dashoguz" number=R0000007
sync Dashoguz Mary
for node in c Mary Dashoguz; do
	expect 0 "$KERWEN" -C "$node" --json status
	says out '"conflicts":0,'
	says out '"shared":0,"notices":0,'
	expect 0 "$KERWEN" -C "$node" verify
done
expect 0 "$KERWEN" -C Mary show "$mary"
lacks out 'also used'

# Who writes what another record here uses is told, and nothing is refused.
expect 0 "$KERWEN" -C Mary add document issuer=TKM doctype=PT number=7
one=$(cat out)
expect 0 "$KERWEN" -C Mary add document issuer=TKM doctype=PT number=7
two=$(cat out)
says err "note: issuer, doctype and number are also used by ${one##*-} (Mary)"
expect 4 "$KERWEN" -C Mary add document issuer=TKM doctype=PT number=7 --fail-on-conflict
three=$(cat out)
expect 0 "$KERWEN" -C Mary show "$one"
says out "are also used by ${two##*-} (Mary) and ${three##*-} (Mary)"
sync Mary
expect 0 "$KERWEN" -C Mary show "$one"
says out 'the centre says: issuer, doctype and number are also used by another record here'
expect 0 "$KERWEN" -C Mary delete "$two"
expect 4 "$KERWEN" -C Mary restore "$two" --fail-on-conflict
expect 0 "$KERWEN" -C Mary delete "$two"
expect 0 "$KERWEN" -C Mary delete "$three"
sync Mary
expect 0 "$KERWEN" -C Mary --json status
says out '"conflicts":0,'
says out '"shared":0,"notices":0,'

# What an office imported is imported by another, too.
awk 'BEGIN { print "issuer,doctype,number,region"
	for (i = 0; i < 1000; i++) print "TKM,PT,N" i ",x" }' >many.csv
expect 0 "$KERWEN" -C Mary import document many.csv
expect 0 "$KERWEN" -C Dashoguz import document many.csv
sync Mary Dashoguz Mary
expect 0 "$KERWEN" -C c --json status
says out '"conflicts":2000,'
says out '"shared":2000,"notices":2000,'
for office in Mary Dashoguz; do
	expect 0 "$KERWEN" -C "$office" --json status
	says out '"notices":1000,'
done
# A schema without the key: nothing is shared any more.
schema 2 "$open_districts" ''
expect 0 "$KERWEN" -C c schema apply schema.yaml
sync Mary Dashoguz
for node in c Mary Dashoguz; do
	expect 0 "$KERWEN" -C "$node" --json status
	says out '"conflicts":0,'
	says out '"shared":0,"notices":0,'
	expect 0 "$KERWEN" -C "$node" verify
done
# And one with it again finds them all.
schema 3 "$open_districts" "$key"
expect 0 "$KERWEN" -C c schema apply schema.yaml
expect 0 "$KERWEN" -C c --json status
says out '"conflicts":2000,'
says out '"shared":2000,"notices":2000,'
sync Mary
expect 0 "$KERWEN" -C Mary --json status
says out '"notices":1000,'

# --- D5 -------------------------------------------------------------------------

# Lebap is away. It has records of the district, and adds 40 more after it was
# abolished.
for i in 1 2 3; do
	expect 0 "$KERWEN" -C Lebap add document number=$i district=TM-L-07 region=TM-L
done
expect 0 "$KERWEN" -C Lebap add document number=4 district=TM-L-03 region=TM-L
sync Lebap
table()
{
	wanted=$1
	shift
	expect 0 "$KERWEN" "$@" --csv
	got=$(tr '\n' ' ' <out)
	[ "$got" = "$wanted " ] || fail "$*: $got, not $wanted"
}
table 'district,value TM-L-03,1 TM-L-07,3' -C c figures by_district --where 'district is set'
schema 4 '      - {code: TM-L-03, en: a}
      - {code: TM-L-05, en: b, valid_to: 2020-01-31, successor: TM-L-03}
      - {code: TM-L-07, en: c, valid_to: 2020-11-01, successor: TM-L-05}' "$key"
expect 0 "$KERWEN" -C c schema apply schema.yaml
# What was recorded counts as the successor, through both; the region is as before.
table 'district,value TM-L-03,4' -C c figures by_district --where 'district is set'
table 'region,value TM-L,4' -C c figures by_region --where 'region = "TM-L"'
table 'region,value TM-L,4' -C c figures in_03
awk 'BEGIN { print "number,district,region,former"
	for (i = 0; i < 40; i++) print 100 + i ",TM-L-07,TM-L,TM-L-07|TM-L-03" }' >away.csv
expect 0 "$KERWEN" -C Lebap import document away.csv
lacks err closed
table 'district,value TM-L-03,1 TM-L-07,43' -C Lebap figures by_district
table 'region,value TM-L,44' -C Lebap figures by_region
sync Lebap
for node in c Lebap; do
	table 'district,value TM-L-03,44' -C $node figures by_district --where 'district is set'
	table 'region,value TM-L,44' -C $node figures by_region --where 'region = "TM-L"'
	table 'region,value TM-L,44' -C $node figures in_03
	# A record counts once where two of its codes are one.
	table 'former,value TM-L-03,40' -C $node figures by_former --where 'former is set'
	expect 0 "$KERWEN" -C $node verify
	# Kept as it was typed, and flagged.
	expect 0 "$KERWEN" -C $node list document --where 'district = TM-L-07' --csv
	[ "$(grep -c ',TM-L-07,' out)" = 43 ] || fail "not kept: $(cat out)"
	expect 0 "$KERWEN" -C $node list document --where 'district = TM-L-03' --json
	[ "$(grep -o '"district":"TM-L-0[37]"' out | wc -l)" = 44 ] || fail "not found: $(cat out)"
	says out '"closed_codes":[{"field":"district","code":"TM-L-07","closed":"2020-11-01","successor":"TM-L-03"}'
	expect 0 "$KERWEN" -C $node list document --where 'district = TM-L-07'
	says out 'TM-L-07 (closed 2020-11-01, counts as TM-L-03)'
done

# Who writes it now is told, and not refused.
expect 0 "$KERWEN" -C Lebap add document number=200 district=TM-L-07 region=TM-L
id=$(cat out)
says err 'note: district: TM-L-07 (closed 2020-11-01, counts as TM-L-03); it is kept'
expect 0 "$KERWEN" -C Lebap show "$id"
says out 'TM-L-07 (closed 2020-11-01, counts as TM-L-03)'
expect 0 "$KERWEN" -C Lebap --json show "$id"
says out '"value":"TM-L-07","conflict":false,'
says out '"closed":"2020-11-01","successor":"TM-L-03"'
expect 0 "$KERWEN" -C Lebap set "$id" region=TM-L2
lacks err closed
printf 'number,district\n300,TM-L-05\n301,TM-L-03\n302,TM-L-07\n' >late.csv
expect 0 "$KERWEN" -C Lebap import document late.csv
says err '2 rows have a code that is closed'
table 'district,value TM-L-03,48' -C Lebap figures by_district
expect 0 "$KERWEN" -C Lebap verify
