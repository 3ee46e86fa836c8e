#!/bin/sh
# The runner of scenario scripts: that it fails when something prints otherwise,
# that it names what it cannot read, and that nothing waits in silence.
set -eu

: "${KERWEN:?names the program}"
: "${TMPDIR:=/tmp}"
runner=$PWD/tests/scripts/run.py
cd "$TMPDIR"

fail()
{
	echo "$*"
	exit 1
}

# play CODE SCRIPT...: runs scripts; leaves what it printed in out.
play()
{
	code=$1
	shift
	got=0
	python3 -B "$runner" "$@" >out 2>&1 </dev/null || got=$?
	[ "$got" = "$code" ] || fail "status $got, not $code: $*: $(cat out)"
}

says()
{
	grep -qF -- "$1" out || fail "not said: $1: $(cat out)"
}

begin()
{
	cat <<'TXT'
A title

    offices: Mary (TM-M), Lebap (TM-M)
    schema:
      kinds:
        - name: person
          reach: region
          fields:
            - {name: name, type: text}
TXT
}

{
	begin
	cat <<'TXT'
    Mary> add person name=Aman  -> Aman
    Mary, Lebap sync
    Lebap at 2099-01-01> set {Aman} name=Bahar
    Lebap> show {Aman}
    Mary and Lebap hold the same
    Mary> show none
TXT
} >script.txt
cp script.txt before.txt
play 1 script.txt
says '+      | person {Aman} of Mary'
says '2099-01-01 <time>'
says '0 passed, 1 failed'
cmp -s script.txt before.txt || fail "a script was changed without --accept"
play 0 --accept script.txt
grep -q '      | (exit code 2)' script.txt || fail "no exit code: $(cat script.txt)"
grep -q '      | no: region TM-M differs' script.txt || fail "not compared: $(cat script.txt)"
play 0 script.txt
says '1 passed, 0 failed'

# One word of the output, and a line that is not there any more.
sed 's/name  Bahar/name  Kerim/' script.txt >other.txt
play 1 other.txt
says '-      | name  Kerim'
sed '/| version/d' script.txt >other.txt
play 1 -j 2 script.txt other.txt
says 'pass script.txt'
says 'FAIL other.txt'
says '1 passed, 1 failed'

{
	begin
	echo '    Mary syncs perhaps'
} >bad.txt
play 1 bad.txt
says 'line 10: "Mary syncs perhaps" is no step'
{
	begin
	echo '    Merw> list person'
} >bad.txt
play 1 bad.txt
says 'there is no office Merw'
{
	echo 'waits for: something else'
	begin
} >later.txt
play 0 script.txt later.txt
says 'wait later.txt: waits for: something else'
says '1 passed, 0 failed, 1 skipped'
