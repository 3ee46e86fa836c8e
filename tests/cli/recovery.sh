#!/bin/sh
# A recovery key, shown once: it gives the centre another key, offices follow
# whoever it signed for, and nobody else.
set -eu

. "$(dirname "$0")/lib.sh"

umask 077

# listen DIR: its daemon; `at` is where it listens.
listen()
{
	rm -f "$1.log"
	start "$1"
	wait_for listens "$1"
	at=127.0.0.1:$(port_of "$1")
}

stop()
{
	kill "$daemon"
	wait "$daemon" || true
}

# dial DIR: the office calls at `at` from now on.
dial()
{
	sed -i "s/127.0.0.1:[0-9]*/$at/" "$1/kerwen.yaml"
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
sed -n 's/^recovery key  //p' out >paper
grep -q '^kr1-' paper || fail "no recovery key: $(cat out)"
says err "shown only now"
if grep -rqF "$(cut -c5-30 paper)" c; then
	fail "the recovery key is on the disk"
fi
expect 0 "$KERWEN" -C d init --centre --name D --schema schema.yaml
sed -n 's/^recovery key  //p' out >other.paper
listen c
expect 0 "$KERWEN" -C c office invite Mary --number 1 --region R --centre "$at" --out m.inv
expect 0 "$KERWEN" -C c office invite Merw --number 2 --region R --centre "$at" --out w.inv
expect 0 "$KERWEN" -C m init --join m.inv
expect 0 "$KERWEN" -C w init --join w.inv
expect 0 "$KERWEN" -C m add person nr=1
expect 0 "$KERWEN" -C m sync

# What must not be.
expect 11 "$KERWEN" -C c centre rekey --out a.app --recovery-file paper
says err "runs with the old key"
stop
expect 12 "$KERWEN" -C c centre rekey --out a.app --recovery-file other.paper
says err "not the recovery key of this system"
sed 's/-\(.\)/-0/3' paper >slip
cmp -s slip paper && sed 's/-\(.\)/-1/3' paper >slip
expect 12 "$KERWEN" -C c centre rekey --out a.app --recovery-file slip
says err "this is not a recovery key"
expect 1 "$KERWEN" -C m centre rekey --out a.app --recovery-file paper
[ ! -e a.app ] || fail "a refused one wrote a file"

# The key is lost; the paper is there.
cp c/key old.key
rm c/key
expect 0 "$KERWEN" -C c centre rekey --out a.app --recovery-file paper
expect 0 "$KERWEN" -C c verify
listen c
dial m
dial w
expect 0 "$KERWEN" -C m add person nr=2
expect 12 "$KERWEN" -C m sync
head -c 60 a.app >short.app
expect 2 "$KERWEN" -C m centre trust short.app
cp a.app bad.app
printf 'x' | dd of=bad.app bs=1 seek=120 conv=notrunc 2>/dev/null
expect 12 "$KERWEN" -C m centre trust bad.app
says err "not signed by the system's recovery key"
expect 12 "$KERWEN" -C m sync
expect 0 "$KERWEN" -C m centre trust a.app
says err "trusts the centre's new key"
expect 0 "$KERWEN" -C m centre trust a.app
says err "already"
expect 0 "$KERWEN" -C m sync
expect 0 "$KERWEN" -C m verify
expect 0 "$KERWEN" -C c list person --csv
[ "$(wc -l <out)" = 3 ] || fail "not both: $(cat out)"

# Who was away longer, and who comes new.
expect 0 "$KERWEN" -C w centre trust a.app
expect 0 "$KERWEN" -C w sync
expect 0 "$KERWEN" -C c office invite Lebap --number 3 --region R --centre "$at" --out l.inv
expect 0 "$KERWEN" -C l init --join l.inv
expect 0 "$KERWEN" -C l sync
expect 0 "$KERWEN" -C l list person --csv
[ "$(wc -l <out)" = 3 ] || fail "not all: $(cat out)"

# Twice: each office takes as many steps as it lacks.
stop
expect 0 "$KERWEN" -C c centre rekey --out b.app --recovery-file paper
listen c
dial m
dial l
expect 0 "$KERWEN" -C m centre trust b.app
expect 0 "$KERWEN" -C m sync
expect 0 "$KERWEN" -C l centre trust b.app
expect 0 "$KERWEN" -C l add person nr=3
expect 0 "$KERWEN" -C l sync
for node in c m l; do
	expect 0 "$KERWEN" -C "$node" verify
done
