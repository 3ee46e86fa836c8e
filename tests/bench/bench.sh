#!/bin/sh
# Speed and memory beside what a user would take instead, as JSON lines:
#
#   {"case":TEXT,"ours":N,"peer":N,"ratio":N,"unit":TEXT}
#
# `ours` and `peer` are medians of 3 runs, taken by turns; ratio is ours/peer.
# A peer that cannot be had prints null and the reason on stderr. The rows are
# UNHCR's table (DATA), all of it in one office, and generated people.
#
# The peers need (Debian): libsqlite3-dev and a compiler; postgresql-15.
set -eu

: "${KERWEN:?names the program}"
: "${DATA:=../shared/data}"
: "${CC:=cc}"
here=$(cd "$(dirname "$0")" && pwd)
configs=$here/../../configs
runs='1 2 3'
people=1000000
daemons=
work=$(mktemp -d "${TMPDIR:-/tmp}/kerwen-bench.XXXXXX")
chmod 755 "$work" # PostgreSQL's user looks in
. "$here/postgres.sh"

note()
{
	echo "$*" >&2
}

fail()
{
	note "bench: $*"
	exit 1
}

stop_daemons()
{
	for pid in $daemons; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	daemons=
}
trap 'stop_daemons; postgres_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# seconds COMMAND...: runs it and prints how long it took. Its output goes away.
seconds()
{
	from=$(date +%s%N)
	"$@" >/dev/null || fail "failed: $*"
	to=$(date +%s%N)
	echo "$from $to" | awk '{ printf "%.4f\n", ($2 - $1) / 1e9 }'
}

# median FILE: of one number a line; nothing when there is no file.
median()
{
	if [ -e "$1" ]; then
		sort -g "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
	fi
}

# line CASE OURS PEER UNIT: one line of JSON; an empty number is null.
line()
{
	awk -v name="$1" -v ours="$2" -v peer="$3" -v unit="$4" '
	function number(v) { return v == "" ? "null" : sprintf("%.6g", v) }
	BEGIN {
		ratio = ours == "" || peer == "" || peer + 0 == 0 ? "" : ours / peer
		printf "{\"case\":\"%s\",\"ours\":%s,\"peer\":%s,\"ratio\":%s,\"unit\":\"%s\"}\n",
			name, number(ours), number(peer), number(ratio), unit
	}'
}

# rate ROWS FILE: rows a second, by the median of the seconds in FILE.
rate()
{
	s=$(median "$2")
	[ -z "$s" ] || awk -v rows="$1" -v s="$s" 'BEGIN { printf "%.0f\n", rows / s }'
}

# run_daemon DIR: starts it; its process is in $pid.
run_daemon()
{
	"$KERWEN" -C "$1" run >"$1.log" 2>&1 &
	pid=$!
	daemons="$daemons $pid"
}

# pair DIR SCHEMA: a centre with its daemon, and an office, in DIR.
pair()
{
	mkdir "$1"
	"$KERWEN" -C "$1/centre" init --centre --name Bench --schema "$2" --listen 127.0.0.1:0 -q
	run_daemon "$1/centre"
	tries=100
	until port=$("$KERWEN" -C "$1/centre" status --json 2>/dev/null | number port) &&
		[ -n "$port" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || fail "the centre does not listen: $(cat "$1/centre.log")"
		sleep 0.1
	done
	"$KERWEN" -C "$1/centre" office invite Office --number 1 --region "$3" \
		--centre "127.0.0.1:$port" --out "$1/invitation" -q
	"$KERWEN" -C "$1/office" init --join "$1/invitation" -q
}

# number NAME: a member, not 0, of the JSON document on standard input.
number()
{
	sed -n "s/.*\"$1\":\([1-9][0-9]*\).*/\\1/p"
}

# rss PID: what the process has for itself, in KiB.
rss()
{
	awk '/^RssAnon:/ { print $2 }' "/proc/$1/status"
}

# --- UNHCR's rows -----------------------------------------------------------

build_sqlite()
{
	if ! "$CC" -O2 -o "$work/bench_sqlite" -DSQLITE_ENABLE_SESSION \
		-DSQLITE_ENABLE_PREUPDATE_HOOK "$here/bench_sqlite.c" -lsqlite3 2>"$work/cc.log"; then
		note "no SQLite: a compiler and libsqlite3-dev, built with its session extension," \
			"are needed: $(head -n 1 "$work/cc.log")"
		rm -f "$work/bench_sqlite"
	fi
}

# import_sqlite DESIGN: see bench_sqlite.c.
import_sqlite()
{
	if [ -e "$work/bench_sqlite" ]; then
		rm -f "$work/sqlite.db"*
		seconds "$work/bench_sqlite" "$1" "$work/sqlite.db" "$work/rows.csv" >>"$work/sqlite.$1"
	fi
}

# One run of ours: import into a fresh office, its first sync, idle ones.
run_unhcr()
{
	dir=$work/unhcr$1
	pair "$dir" "$configs/unhcr.yaml" WORLD
	seconds "$KERWEN" -C "$dir/office" -q import people "$work/rows.csv" >>"$work/import"
	import_sqlite key
	import_sqlite number
	seconds "$KERWEN" -C "$dir/office" -q sync --timeout 600 >>"$work/sync"
	"$KERWEN" -C "$dir/office" sync --json >/dev/null
	"$KERWEN" -C "$dir/office" sync --json >"$work/idle.json"
	total=$("$KERWEN" -C "$dir/centre" figures population --json |
		number total)
	[ "$total" = "$rows_total" ] || fail "the centre counts $total, not $rows_total"
	stop_daemons
	rm -rf "$dir"
}

bench_unhcr()
{
	if [ ! -e "$DATA/unhcr/demographics.csv.xz" ]; then
		note "no rows: $DATA/unhcr is not there"
		return
	fi
	xz -dc "$DATA/unhcr/demographics.csv.xz" >"$work/rows.csv"
	rows=$(($(wc -l <"$work/rows.csv") - 1))
	rows_total=$(awk 'NR > 1 { sub(/.*,/, ""); sum += $0 } END { printf "%d", sum }' \
		"$work/rows.csv")
	build_sqlite
	postgres_start
	for n in $runs; do
		run_unhcr "$n"
		postgres_replicate "$work/rows.csv" "$work/postgres"
	done
	postgres_stop
	for design in key number; do
		line "import into an office (peer: SQLite with session, rows by $design)" \
			"$(rate "$rows" "$work/import")" "$(rate "$rows" "$work/sqlite.$design")" records/s
	done
	line "office to centre, durable (peer: PostgreSQL logical replication)" \
		"$(rate "$rows" "$work/sync")" "$(rate "$rows" "$work/postgres")" records/s
	line "idle sync, round trips" "$(number round_trips <"$work/idle.json")" "" round_trips
	line "idle sync, sent after the TLS handshake" \
		"$(number bytes_out <"$work/idle.json")" "" bytes
	line "idle sync, received after the TLS handshake" \
		"$(number bytes_in <"$work/idle.json")" "" bytes
}

# --- a million people -------------------------------------------------------

make_people()
{
	awk -v count=$people 'BEGIN {
		given = split("Aman Merdan Serdar Ogulgerek Maral Jeren Batyr Bahar Kakajan Gözel", g, " ")
		family = split("Atayew Berdiýewa Nurmämmedow Orazow Garajaýewa Annaberdiýew", f, " ")
		regions = split("TM-S TM-A TM-B TM-D TM-L TM-M", r, " ")
		citizens = split("TKM AFG UZB KAZ TJK AZE", c, " ")
		print "name_tm,birth_date,sex,citizenship,legal_status,stateless,region,contact"
		srand(1)
		for (i = 0; i < count; i++) {
			name = g[1 + int(rand() * given)] " " f[1 + int(rand() * family)] " " i
			printf "%s,%04d-%02d-%02d,%d,%s,%s,%s,%s,+993 6%07d\n", name,
				1930 + int(rand() * 95), 1 + int(rand() * 12), 1 + int(rand() * 28),
				1 + int(rand() * 2), c[1 + int(rand() * citizens)],
				rand() < 0.3 ? "REF" : "FOR", rand() < 0.1 ? "true" : "false",
				r[1 + int(rand() * regions)], i
		}
	}' >"$work/people.csv"
}

# watch_rss PID FILE: the largest memory of a process until there is the file.
watch_rss()
{
	most=0
	while [ ! -e "$2" ] && now=$(rss "$1" 2>/dev/null); do
		[ "$now" -le "$most" ] || most=$now
		sleep 0.1
	done
	echo "$most"
}

bench_people()
{
	dir=$work/people
	make_people
	pair "$dir" "$configs/migration.yaml" TM-A
	centre=$pid
	s=$(seconds "$KERWEN" -C "$dir/office" -q import person "$work/people.csv")
	line "import of people, two reaches" "$(echo "$s" | awk -v n=$people '{ print n / $1 }')" "" \
		records/s
	run_daemon "$dir/office"
	office=$pid
	watch_rss "$office" "$dir/synced" >"$work/office.rss" &
	watcher=$!
	watch_rss "$centre" "$dir/synced" >"$work/centre.rss" &
	"$KERWEN" -C "$dir/office" -q sync --timeout 600 >/dev/null || fail "the office does not sync"
	touch "$dir/synced"
	kept=$("$KERWEN" -C "$dir/centre" status --json | number records)
	[ "$kept" = "$people" ] || fail "the centre has $kept people, not $people"
	wait "$watcher" $!
	stop_daemons
	run_daemon "$dir/office"
	sleep 2
	kept=$("$KERWEN" -C "$dir/office" status --json | number records)
	[ "$kept" = "$people" ] || fail "the office has $kept people, not $people"
	line "office daemon with 1,000,000 records, at rest, RssAnon" "$(rss "$pid")" "" KiB
	line "office daemon with 1,000,000 records, most while syncing, RssAnon" \
		"$(cat "$work/office.rss")" "" KiB
	line "centre daemon while it takes them, most, RssAnon" "$(cat "$work/centre.rss")" "" KiB
	stop_daemons
}

bench_unhcr
bench_people
