#!/bin/sh
# demo.sh [DIR]: a centre and six offices on this machine, from the first record
# to the national table. Works in build/demo, which it makes anew, or in DIR,
# which must not exist. Leaves the data there and no process running. People
# are synthetic (people.h), decrees real (decrees.h).
set -eu

: "${KERWEN:?names the program}"
tools=$(dirname "$KERWEN")/tests
root=$(cd "$(dirname "$0")/../.." && pwd)
work=${1:-$root/build/demo}
began=$(date +%s)
daemon=
road=
road_bytes=80000 # about half of what Lebap has to send
road_rate=30000  # bytes a second
step="the preparation"

# Directory, region, number, name.
offices='asgabat TM-S 1 Aşgabat
ahal TM-A 2 Ahal
balkan TM-B 3 Balkan
dasoguz TM-D 4 Daşoguz
lebap TM-L 5 Lebap
mary TM-M 6 Mary'

bold='' plain='' dim=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
fi

# stop PID: ends a process of ours in order, and waits for it
stop()
{
	if [ -n "$1" ]; then
		kill "$1" 2>/dev/null || true
		wait "$1" 2>/dev/null || true
	fi
}

on_exit()
{
	status=$?
	trap - EXIT
	stop "$road"
	stop "$daemon"
	if [ "$status" != 0 ]; then
		echo "the demo failed at: $step (status $status); see $work" >&2
	fi
	exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

title()
{
	printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

say()
{
	printf '%s\n' "$@"
}

# show ARGUMENTS: as they would be typed
show()
{
	line="kerwen"
	for word in "$@"; do
		case $word in
		*[!A-Za-z0-9_./:,=-]*) line="$line '$word'" ;;
		*) line="$line $word" ;;
		esac
	done
	step=$line
	printf '%s$ %s%s\n' "$dim" "$line" "$plain"
}

# kerwen ARGUMENTS: shown, then done
kerwen()
{
	show "$@"
	"$KERWEN" "$@"
}

# quietly ARGUMENTS: not shown; remarks only if it fails
quietly()
{
	step="kerwen $*"
	"$KERWEN" -q "$@"
}

# number DIR NAME: a number out of the status of DIR
number()
{
	"$KERWEN" -C "$1" --json status | sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p"
}

nap()
{
	sleep 0.1 2>/dev/null || sleep 1
}

fail()
{
	echo "$*" >&2
	exit 1
}

# --- the parts ----------------------------------------------------------------

found()
{
	title "1. A centre, and six offices that it admits"
	say "The centre also enters its decrees: how many people each one announced."
	"$tools/demo_data" decrees >decrees.csv
	kerwen -C centre init --centre --name "Migration Service" --schema migration.yaml \
		--listen 127.0.0.1:0
	kerwen -C centre import decree decrees.csv
	while read -r dir region n name; do
		quietly -C centre office invite "$name" --number "$n" --region "$region" \
			--out "$dir.invitation"
		quietly -C "$dir" init --join "$dir.invitation"
	done <<-END
		$offices
	END
	kerwen -C centre office list
}

# record DIR REGION: what one office enters; links need the ids it gave
record()
{
	"$tools/demo_data" persons "$2" >"$1-person.csv"
	quietly -C "$1" import person "$1-person.csv" >"$1.log"
	quietly -C "$1" export person >"$1-ids.csv"
	quietly -C "$1" export decree >"$1-decrees.csv"
	"$tools/demo_data" decisions "$2" "$1-ids.csv" "$1-decrees.csv" >"$1-decision.csv"
	"$tools/demo_data" permits "$2" "$1-ids.csv" "$1-decrees.csv" >"$1-permit.csv"
	quietly -C "$1" import decision "$1-decision.csv" >>"$1.log"
	quietly -C "$1" import permit "$1-permit.csv" >>"$1.log"
}

# rows FILE: without the header
rows()
{
	echo $(($(wc -l <"$1") - 1))
}

record_all()
{
	title "2. The offices record, each by itself, without a connection"
	say "Persons, decisions on citizenship, residence permits. The people are synthetic:" \
		"drawn with a fixed seed so that the published numbers are met exactly."
	printf '%-12s %8s %10s %8s\n' "" persons decisions permits
	while read -r dir region n name; do
		record "$dir" "$region"
		printf '%-12s %8d %10d %8d\n' "$dir" "$(rows "$dir-person.csv")" \
			"$(rows "$dir-decision.csv")" "$(rows "$dir-permit.csv")"
	done <<-END
		$offices
	END
	"$tools/demo_data" late TM-L lebap-ids.csv lebap-decrees.csv >lebap-late.csv
	say "In Lebap 4 of the 1,381 decisions of 2016 still lie on a desk (lebap-late.csv)."
}

show_silence()
{
	title "3. The centre knows nothing yet, and says so"
	kerwen -C centre figures citizenship_granted --by "year(decided_on)"
}

start_centre()
{
	title "4. The road opens: the offices sync"
	printf '%s$ kerwen -C centre run &%s\n' "$dim" "$plain"
	step="the centre's daemon"
	"$KERWEN" -C centre run >centre.log 2>&1 &
	daemon=$!
	port=
	tries=0
	while [ -z "$port" ]; do
		[ "$tries" -lt 100 ] || fail "the centre does not listen: $(cat centre.log)"
		tries=$((tries + 1))
		nap
		port=$(number centre port)
	done
}

# open_road BYTES RATE: a road to the centre that falls after so many bytes
open_road()
{
	: >road.address
	"$tools/demo_road" "$port" "$1" "$2" >road.address 2>road.log &
	road=$!
	tries=0
	while [ ! -s road.address ]; do
		[ "$tries" -lt 100 ] || fail "no road: $(cat road.log)"
		tries=$((tries + 1))
		nap
	done
}

sync_lebap()
{
	say "" "The road from Lebap is slow, and falls in the middle of the transfer:"
	before=$(number lebap unconfirmed)
	open_road $road_bytes $road_rate
	got=0
	kerwen -C lebap sync --centre "$(cat road.address)" || got=$?
	stop "$road"
	road=
	[ "$got" = 5 ] || fail "the sync over a falling road ended with $got, not 5"
	kerwen -C lebap status
	after=$(number lebap unconfirmed)
	if [ "$after" -ge "$before" ] || [ "$after" = 0 ]; then
		fail "of $before changes $after were unconfirmed when the road fell"
	fi
	say "" "$((before - after)) of $before changes had been confirmed. The next sync goes on" \
		"where the last receipt stood:"
	kerwen -C lebap sync --centre "127.0.0.1:$port"
	[ "$(number lebap unconfirmed)" = 0 ] || fail "Lebap has unconfirmed changes"
}

sync_all()
{
	while read -r dir region n name; do
		if [ "$dir" != lebap ]; then
			kerwen -C "$dir" sync --centre "127.0.0.1:$port"
		fi
	done <<-END
		$offices
	END
	sync_lebap
}

# granted BY: citizenship granted, as CSV
granted()
{
	quietly -C centre figures citizenship_granted --by "$1" --csv | tail -n +2
}

# Cells and totals are read, none is added up here.
print_national()
{
	title "5. The national table: citizenship granted by year and region"
	step="the national table"
	granted "year(decided_on),region" >cells.csv
	granted "year(decided_on)" >years.csv
	granted region >regions.csv
	all=$(quietly -C centre --json figures citizenship_granted |
		sed -n 's/.*"total":\([0-9]*\).*/\1/p')
	say "         Aşgabat     Ahal   Balkan  Daşoguz    Lebap     Mary      all"
	awk -F, -v all="$all" '
	function row(y, i) {
		line = sprintf("%-7s", y)
		for (i = 1; i <= 6; i++)
			line = line sprintf("%9s", cell[y, code[i]])
		print line sprintf("%9s", sum[y])
	}
	BEGIN { split("TM-S TM-A TM-B TM-D TM-L TM-M", code, " ") }
	FILENAME == "cells.csv" { cell[$1, $2] = $3 }
	FILENAME == "regions.csv" { cell["all", $1] = $2 }
	FILENAME == "years.csv" { sum[$1] = $2; years[++count] = $1 }
	END {
		sum["all"] = all
		for (i = 1; i <= count; i++)
			row(years[i])
		row("all")
	}' cells.csv regions.csv years.csv
	say "" "One figure as it is printed, with the offices that were heard:"
	kerwen -C centre figures citizenship_refugees --by region
}

# The gap of 2016, as a number.
gap()
{
	quietly -C centre figures decree_gap --csv | sed -n 's/^C2016,//p'
}

close_gap()
{
	title "6. Recorded minus announced, decree by decree"
	kerwen -C centre figures decree_gap
	[ "$(gap)" = -4 ] || fail "the gap of 2016 is $(gap), not -4"
	say "" "Four people of decree C2016 are missing. Lebap finds them on the desk:"
	kerwen -C lebap import decision lebap-late.csv
	kerwen -C lebap sync --centre "127.0.0.1:$port"
	kerwen -C centre figures decree_gap --where 'number = "C2016"'
	[ "$(gap)" = 0 ] || fail "the gap of 2016 is $(gap), not 0"
	say "" "The list of 2016 is closed:"
	kerwen -C centre figures citizenship_granted --by 'year(decided_on)' --where 'year = 2016'
}

say_next()
{
	took=$(($(date +%s) - began))
	title "Done in $took s; nothing is left running. To try next:"
	cat <<-'END'
		alias kerwen=$PWD/build/kerwen; cd build/demo
		kerwen -C lebap list decision --where 'decided_on = 2016-12-09' --limit 5
		kerwen -C centre list person --limit 3    the names stay in their office
		kerwen -C centre figures                  all figures there are
		kerwen -C centre verify                   rebuilds it all; a digest for each scope
		kerwen -C mary add person name_tm='Amanow Serdar' birth_date=1990 sex=1 \
		    citizenship=TKM legal_status=CIT stateless=false region=TM-M
		kerwen -C mary status                     one change is not confirmed
		kerwen -C centre run                      the daemon; it prints its port
		kerwen -C mary sync --centre 127.0.0.1:PORT     from another terminal
	END
}

# --- the whole ------------------------------------------------------------------

if [ $# = 0 ]; then
	rm -rf "$work"
fi
mkdir -p "$(dirname "$work")"
mkdir "$work"
cp "$root/configs/migration.yaml" "$work/"
cd "$work"
found
record_all
show_silence
start_centre
sync_all
print_national
close_gap
stop "$daemon"
daemon=
say_next
