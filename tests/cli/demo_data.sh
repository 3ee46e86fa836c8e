#!/bin/sh
# The demo's people meet the published margins exactly, and are the same in
# every run.
set -eu

make_data=$(dirname "$KERWEN")/tests/demo_data
regions="TM-S TM-A TM-B TM-D TM-L TM-M"
. "$(dirname "$0")/lib.sh"

# What an export would look like, with a made-up id in front of each row.
with_ids()
{
	awk -v p="$1" 'NR == 1 { print "id," $0; next } { printf "%s-%d,%s\n", p, NR - 1, $0 }'
}

"$make_data" decrees >decrees.csv
with_ids d <decrees.csv >d.csv
for region in $regions; do
	"$make_data" persons $region >persons-$region.csv
	with_ids p <persons-$region.csv >p-$region.csv
	for what in decisions late permits; do
		"$make_data" $what $region p-$region.csv d.csv >$what-$region.csv
	done
done

# all WHAT: the rows of the six offices
all()
{
	for region in $regions; do
		tail -n +2 "$1-$region.csv"
	done
}

# same NAME ACTUAL WANTED
same()
{
	[ "$2" = "$3" ] || fail "$1: $2, not $3"
}

by_year()
{
	awk -F, -v at="$1" '{ n[substr($at, 1, 4)]++ } END { for (y in n) print y, n[y] }' |
		sort | tr '\n' ' '
}

{ all decisions; all late; } >granted
all permits >permits
same "citizenship granted" "$(by_year 5 <granted)" "2005 13245 2011 3318 2013 609 2014 786 \
2015 361 2016 1381 2017 1690 2018 735 2019 863 2020 2580 2021 2657 2022 1530 2023 1301 2024 1146 "
same "in all" "$(wc -l <granted)" 32202
same "residence permits" "$(by_year 6 <permits)" \
	"2005 3053 2021 406 2022 315 2023 265 2024 134 2025 142 "
same "refugees of 2005" "$(grep -c ',2005-08-04,.*,REF,' granted)" 9500
same "all refugees" "$(grep -c ',REF,' granted)" 9500
same "permits of refugees" "$(grep -c ',REFUGEE,.*,REF,' permits)" 1800
same "women of 2020" "$(grep -c ',2020-12,2,' granted)" 1548
same "women of 2021" "$(grep -c ',2021-09,2,' granted)" 1463

same "late in Lebap" "$(tail -n +2 late-TM-L.csv | grep -c ',2016-12-09,.*,TM-L,STL,')" 4
same "late" "$(all late | wc -l)" 4

# Every person has one paper, and minors are counted on the day of the list.
same "people" "$(all persons | wc -l)" 36517
same "links" "$(for region in $regions; do
	cat decisions-$region.csv late-$region.csv permits-$region.csv | grep '^p-' |
		cut -d, -f1 | sort -u
done | wc -l)" 36517
for region in $regions; do
	same "doubles in $region" "$(cut -d, -f1,2 persons-$region.csv | sort | uniq -d | wc -l)" 0
	awk -F, 'NR == FNR { if ($5 == "2021-09") minor[$1] = 1; next }
		$1 in minor && $3 > "2003-09-30" { n++ } END { print n + 0 }' \
		decisions-$region.csv p-$region.csv
done | awk '{ n += $1 } END { exit n != 512 }' || fail "minors of 2021 are not 512"

# The announced numbers are those of the tables above.
same announced "$(awk -F, 'NR > 1 { n[$2] += $4 } END { print n["CIT"], n["RES"] }' decrees.csv)" \
	"32202 4315"

"$make_data" persons TM-L | cmp - persons-TM-L.csv || fail "two runs differ"
if "$make_data" decisions TM-L p-TM-M.csv d.csv >out 2>err; then
	fail "people of another office were found"
fi
grep -q 'there is no' err || fail "no word on who was not found: $(cat err)"
