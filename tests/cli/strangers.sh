#!/bin/sh
# A centre that strangers press: its office gets through, its commands are
# answered, and its log stays short. And a daemon that does not answer is not
# said not to be there.
set -eu

. "$(dirname "$0")/lib.sh"

clean()
{
	for pid in $pids; do
		kill -CONT "$pid" 2>/dev/null || true
		kill "$pid" 2>/dev/null || true
	done
}

# expect CODE COMMAND...: runs it; leaves its output in out and err.
expect()
{
	code=$1
	shift
	got=0
	"$@" >out 2>err </dev/null || got=$?
	[ "$got" = "$code" ] || fail "status $got, not $code: $*: $(cat out err): $(cat c.log)"
}

wait_for()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || fail "did not happen: $*: $(cat c.log)"
		sleep 0.1
	done
}

# start LIMITS: the centre's daemon with `ulimit LIMITS`.
start()
{
	: >c.log
	# shellcheck disable=SC2086
	(ulimit $1 && exec "$KERWEN" -C c run) 2>>c.log </dev/null &
	daemon=$!
	pids="$pids $daemon"
	wait_for listens c
}

# press COUNT: that many silent connections, until the end of the test.
press()
{
	rm -f pressed
	bash -c 'ulimit -n 4096 2>/dev/null || true
		i=0
		while [ "$i" -lt "$1" ]; do
			exec {fd}<>"/dev/tcp/127.0.0.1/$0" || exit 1
			i=$((i + 1))
		done
		: >pressed
		sleep 60' "$(port_of c)" "$1" 2>/dev/null &
	presser=$!
	pids="$pids $presser"
	wait_for test -e pressed
}

cat >schema.yaml <<'YAML'
schema: test
version: 1
kinds:
  - name: person
    reach: region
    fields:
      - {name: nr, type: text, required: true}
YAML
expect 0 "$KERWEN" -C c init --centre --name C --schema schema.yaml --listen 127.0.0.1:0
expect 0 "$KERWEN" -C c office invite a --number 1 --region R --centre 127.0.0.1:1 --out a.inv
expect 0 "$KERWEN" -C a init --join a.inv

# Few descriptors: the strangers make room, and commands are answered.
start "-n 64"
press 300
expect 0 "$KERWEN" -C c status
grep -q "listens on port" out || fail "commands are not answered: $(cat out)"
expect 0 "$KERWEN" -C a add person nr=1
expect 0 "$KERWEN" -C a sync --timeout 15 --centre "127.0.0.1:$(port_of c)"
expect 0 "$KERWEN" -C c status
grep -q "listens on port" out || fail "commands are not answered: $(cat out)"
expect 0 "$KERWEN" -C c sync
[ "$(grep -c "make room" c.log)" = 1 ] || fail "not told once: $(cat c.log)"
[ "$(wc -l <c.log)" -lt 10 ] || fail "the log is flooded: $(cat c.log)"
kill "$presser" "$daemon"
wait "$daemon" || fail "the daemon did not end in order: $(cat c.log)"

# A low limit that may be raised is raised.
start "-S -n 64"
press 300
expect 0 "$KERWEN" -C a add person nr=2
expect 0 "$KERWEN" -C a sync --timeout 5 --centre "127.0.0.1:$(port_of c)"
! grep -q "make room" c.log || fail "the limit was not raised: $(cat c.log)"
kill "$presser"

# A daemon that is there and deaf.
kill -STOP "$daemon"
expect 0 "$KERWEN" -C c status --json
grep -q '"daemon":true' out || fail "it is denied: $(cat out)"
i=0
while [ "$i" -lt 20 ]; do # its queue of commands is full
	i=$((i + 1))
	expect 0 timeout 5 "$KERWEN" -C c add person --for a "nr=x$i"
done
expect 0 "$KERWEN" -C c status
grep -q "does not answer" out || fail "it is denied: $(cat out)"
expect 1 "$KERWEN" -C c sync --timeout 1
says err "does not answer"
kill -CONT "$daemon"
expect 0 "$KERWEN" -C c status
grep -q "listens on port" out || fail "it does not recover: $(cat out)"

# One without its socket.
mv c/control.sock c/away
expect 0 "$KERWEN" -C c status
grep -q "does not answer" out || fail "it is denied: $(cat out)"
expect 1 "$KERWEN" -C c sync
says err "does not answer"
kill "$daemon"
wait "$daemon" || fail "the daemon did not end in order: $(cat c.log)"
expect 0 "$KERWEN" -C c status
grep -q "no daemon is running" out || fail "it is still seen: $(cat out)"
