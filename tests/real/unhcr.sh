#!/bin/sh
# The whole road on real records: 195 offices import UNHCR's table, sync with
# one centre, and the centre's figure is compared, cell by cell, with the totals
# that UNHCR publishes. Then 1,000 rows change in 20 offices, and the figure
# follows. What is expected is computed by awk from the same CSV files.
#
# Prints the seconds of each step. Skipped when $DATA/unhcr is not there.
set -eu

: "${KERWEN:?names the program}"
: "${TMPDIR:=/tmp}"
: "${DATA:=../shared/data}"
here=$(cd "$(dirname "$0")" && pwd)
schema=$here/../../configs/unhcr.yaml
data=$DATA/unhcr
if [ ! -e "$data/demographics.csv.xz" ]; then
	echo "skipped: $data is not there (DATA names the folder of test data)"
	exit 77
fi
data=$(cd "$data" && pwd)
LC_ALL=C
export LC_ALL KERWEN
cd "$TMPDIR"

offices=195
rows=266661
published=177033 # cells that UNHCR's two tables have in common
at_once=4        # offices that sync at the same time
changed_offices=20
changed_rows=50 # in each of them

fail()
{
	echo "$*"
	exit 1
}

# step TEXT: ends the step before and begins the next.
began=$(date +%s)
step_began=$began
step_text=
step()
{
	now=$(date +%s)
	if [ -n "$step_text" ]; then
		echo "$((now - step_began)) s  $step_text"
	fi
	step_began=$now
	step_text=$1
}

daemon=
# Ends the daemon, which must say that it ended well.
stop()
{
	kill "$daemon"
	wait "$daemon" || fail "the centre ended with status $?: $(cat centre.log)"
	daemon=
}
trap '[ -z "$daemon" ] || kill "$daemon"' EXIT
trap 'exit 130' INT TERM

# in_offices LIST COMMAND...: runs it in each office; OFFICE stands for its name.
# What they print is in `printed`.
in_offices()
{
	list=$1
	shift
	xargs -P "$at_once" -I OFFICE "$KERWEN" -C node/OFFICE -q "$@" <"$list" >printed ||
		fail "not all offices could do this: $*: $(tail printed)"
}

# expect_printed NUMBER WORD: what stands before the word adds up to the number.
expect_printed()
{
	sum=$(awk -v word="$2" '{
		for (i = 2; i <= NF; i++) {
			if ($i == word || $i == word ",") sum += $(i - 1)
		}
	} END { print sum + 0 }' printed)
	[ "$sum" -eq "$1" ] || fail "$sum $2, not $1"
}

# cells FILE...: year,origin,asylum,type,sum of total, from the table's rows.
cells()
{
	awk -f "$here/csv.awk" -f /dev/fd/3 "$@" 3<<-'AWK' | sort
		FNR > 1 {
			csv_split($0, f)
			sum[f[1] "," f[3] "," f[6] "," f[8]] += f[26]
		}
		END {
			for (key in sum) {
				if (sum[key] != 0) printf "%s,%d\n", key, sum[key]
			}
		}
	AWK
}

# The centre's figure in the same form.
figure()
{
	"$KERWEN" -C centre figures population --csv >figure.csv
	head -n 1 figure.csv | grep -q '^year,coo,coa,pop_type,value' ||
		fail "the figure's columns: $(head -n 1 figure.csv)"
	awk -f "$here/csv.awk" -f /dev/fd/3 figure.csv 3<<-'AWK' | sort
		NR > 1 {
			csv_split($0, f)
			if (f[5] + 0 != 0) print f[1] "," f[2] "," f[3] "," f[4] "," f[5]
		}
	AWK
}

# published.csv: the cells of UNHCR's totals that the table's rows sum to.
read_published()
{
	xz -dc "$data/population.csv.xz" | awk -f "$here/csv.awk" -f /dev/fd/3 3<<-'AWK' | sort
		function put(type, value) {
			if (value + 0 != 0) {
				print f[1] "," f[3] "," f[6] "," type "," value
			}
		}
		NR > 1 {
			csv_split($0, f)
			if (f[1] >= 2001) {
				put("REF", f[8])
				put("ASY", f[9])
				put("IDP", f[11])
				put("RDP", f[12])
				put("OOC", f[14])
				put("OIP", f[15])
				put("HST", f[16])
			}
		}
	AWK
}

# part/COA.csv for each office, and the list of offices in `offices`.
split_table()
{
	mkdir part
	xz -dc "$data/demographics.csv.xz" | awk -f "$here/csv.awk" -f /dev/fd/3 3<<-'AWK'
		NR == 1 { header = $0; next }
		{
			csv_split($0, f)
			file = "part/" f[6] ".csv"
			if (!(file in seen)) {
				seen[file] = 1
				print header >file
			}
			print >file
		}
	AWK
	ls part | sed 's/\.csv$//' >offices
	[ "$(wc -l <offices)" -eq "$offices" ] || fail "not $offices offices"
}

start_centre()
{
	"$KERWEN" -C centre init --centre --name UNHCR --schema "$schema" --listen 127.0.0.1:0 -q
	"$KERWEN" -C centre run >centre.log 2>&1 &
	daemon=$!
	tries=100
	port=
	while [ -z "$port" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || fail "the centre does not listen: $(cat centre.log)"
		kill -0 "$daemon" 2>/dev/null || fail "the centre ended: $(cat centre.log)"
		sleep 0.1
		port=$("$KERWEN" -C centre status --json 2>/dev/null |
			sed -n 's/.*"port":\([1-9][0-9]*\).*/\1/p')
	done
}

join_offices()
{
	mkdir node invitation
	number=0
	while read -r office; do
		number=$((number + 1))
		"$KERWEN" -C centre office invite "$office" --number $number --region WORLD \
			--centre "127.0.0.1:$port" --out "invitation/$office" -q
	done <offices
	in_offices offices init --join invitation/OFFICE
}

# changed/COA.csv: rows whose total grew, and part/ as it is from then on.
change_rows()
{
	mkdir changed whole
	wc -l part/*.csv | awk -v rows=$changed_rows -v count=$changed_offices '
		$2 != "total" && $1 > rows * 2 { file[n++] = $2 }
		END {
			for (i = 0; i < count; i++) print file[int(i * n / count)]
		}' | sed 's,part/\(.*\)\.csv,\1,' >changed_offices
	while read -r office; do
		# Every other row. The total is the last cell and never quoted.
		awk -v rows=$changed_rows -v changed="changed/$office.csv" '
			NR == 1 { print >changed; print; next }
			NR % 2 == 0 && NR / 2 <= rows {
				total = $0
				sub(/.*,/, "", total)
				sub(/[^,]*$/, total + NR)
				print >changed
			}
			{ print }' "part/$office.csv" >whole/part.csv
		mv whole/part.csv "part/$office.csv"
	done <changed_offices
	[ "$(tail -q -n +2 changed/*.csv | wc -l)" -eq $((changed_offices * changed_rows)) ] ||
		fail "other than $((changed_offices * changed_rows)) rows were changed"
}

# compare WHAT: the centre's figure against the parts as they are.
compare()
{
	heard=$("$KERWEN" -C centre figures population --json | grep -o '{"office":"[^"]*","through":"' |
		wc -l)
	[ "$heard" -eq "$offices" ] || fail "$1: $heard offices were heard"
	cells part/*.csv >expected.csv
	figure >got.csv
	diff expected.csv got.csv >differs || fail "$1: the figure differs: $(head differs)"
	echo "$1: $(wc -l <got.csv) cells, all as the offices' rows say"
}

step "split the table by country of asylum"
split_table
step "init the centre, start its daemon"
start_centre
step "invite and join $offices offices"
join_offices
step "import each office's part"
in_offices offices import people part/OFFICE.csv
expect_printed $rows new
step "sync $offices offices, $at_once at a time"
in_offices offices sync
expect_printed $rows confirmed
step "compare with the published totals"
compare "after the first sync"
read_published >published.csv
[ "$(wc -l <published.csv)" -eq $published ] || fail "not $published published cells"
grep -vE '^[^,]*,[^,]*,[^,]*,(STA|RET),' got.csv >common.csv
equal=$(comm -12 published.csv common.csv | wc -l)
comm -23 published.csv common.csv >only_published
comm -13 published.csv common.csv >only_ours
echo "$equal of $published cells equal the published totals"
# Known: 20 refugees in the United Kingdom in 2021, whose origin UNHCR's totals
# give as BVI and its rows as GBR.
[ "$(cat only_published)" = 2021,BVI,GBR,REF,20 ] || fail "published only: $(cat only_published)"
[ "$(cat only_ours)" = 2021,GBR,GBR,REF,20 ] || fail "ours only: $(cat only_ours)"
echo "the one known difference: published $(cat only_published), rows $(cat only_ours)"
[ "$equal" -eq $((published - 1)) ] || fail "not all but one are equal"

step "change $changed_rows rows in each of $changed_offices offices"
change_rows
in_offices changed_offices import people changed/OFFICE.csv
expect_printed $((changed_offices * changed_rows)) changed
step "sync them"
in_offices changed_offices sync
expect_printed $((changed_offices * changed_rows)) confirmed
step "compare again"
compare "after the change"
step "stop the centre"
stop
step ""
echo "$(($(date +%s) - began)) s  in all"
[ $(($(date +%s) - began)) -lt 300 ] || fail "that is 5 minutes or more"
