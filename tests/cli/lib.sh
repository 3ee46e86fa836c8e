# What the scripts of this folder share; each sources it where it would go to
# its directory:
#
#   . "$(dirname "$0")/lib.sh"

#
# It goes to TMPDIR, which is the script's own, and at the end ends the
# processes whose numbers stand in `pids`. A script may define a function anew.

: "${KERWEN:?names the program}"
: "${TMPDIR:=/tmp}"
cd "$TMPDIR"
pids=

fail()
{
	echo "$*"
	exit 1
}

# Ends what this script started, and nothing else.
clean()
{
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
}
trap clean EXIT

# expect CODE COMMAND...: runs it; leaves its output in out and err.
expect()
{
	code=$1
	shift
	got=0
	"$@" >out 2>err </dev/null || got=$?
	[ "$got" = "$code" ] || fail "status $got, not $code: $*: $(cat out err)"
}

# says FILE TEXT, lacks FILE TEXT: whether the text is in the file.
says()
{
	grep -qF -- "$2" "$1" || fail "no \"$2\" in $1: $(cat "$1")"
}

lacks()
{
	if grep -qF -- "$2" "$1"; then
		fail "\"$2\" is in $1: $(cat "$1")"
	fi
}

# wait_for COMMAND...: until it succeeds, for 20 seconds.
wait_for()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || fail "did not happen: $*: $(tail -n 3 ./*.log)"
		sleep 0.1
	done
}

# start DIR: runs its daemon until the end of the test.
start()
{
	"$KERWEN" -C "$1" run 2>>"$1.log" </dev/null &
	daemon=$!
	pids="$pids $daemon"
}

# port_of DIR: the port on which the daemon of a centre listens.
port_of()
{
	sed -n 's/.*listening on port \([0-9]*\).*/\1/p' "$1.log" 2>/dev/null | tail -n 1
}

listens()
{
	[ -n "$(port_of "$1")" ]
}

# found_three_offices: a centre `c` that runs, at $at, and the offices Mary, Merw
# (one region) and Lebap (another). Of a person all but the number may be unset.
found_three_offices()
{
	cat >schema.yaml <<'YAML'
schema: test
version: 1
kinds:
  - name: person
    reach: region
    fields:
      - {name: nr, type: text, required: true}
      - {name: note, type: text, policy: latest}
figures:
  - {name: people, type: flow, measure: count, of: person, by: [office]}
YAML
	expect 0 "$KERWEN" -C c init --centre --name Centre --schema schema.yaml --listen 127.0.0.1:0
	start c
	wait_for listens c
	at=127.0.0.1:$(port_of c)
	for office in Mary:1:TM-M Merw:2:TM-M Lebap:3:TM-L; do
		name=${office%%:*}
		rest=${office#*:}
		expect 0 "$KERWEN" -C c office invite "$name" --number "${rest%%:*}" \
			--region "${rest#*:}" --centre "$at" --out "$name.inv"
		expect 0 "$KERWEN" -C "$name" init --join "$name.inv"
	done
}
