#!/bin/sh
# The runner of scenario scripts: that it fails when something prints otherwise,
# that it names what it cannot read, and that nothing waits in silence.
set -eu

runner=$PWD/tests/scripts/run.py
. "$(dirname "$0")/lib.sh"

# play CODE SCRIPT...: runs scripts; leaves what it printed in out.
play()
{
	code=$1
	shift
	got=0
	python3 -B "$runner" "$@" >out 2>&1 </dev/null || got=$?
	[ "$got" = "$code" ] || fail "status $got, not $code: $*: $(cat out)"
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
says out '+      | person {Aman} of Mary'
says out '2099-01-01 <time>'
says out '0 passed, 1 failed'
cmp -s script.txt before.txt || fail "a script was changed without --accept"
play 0 --accept script.txt
grep -q '      | (exit code 2)' script.txt || fail "no exit code: $(cat script.txt)"
grep -q '      | no: region TM-M differs' script.txt || fail "not compared: $(cat script.txt)"
play 0 script.txt
says out '1 passed, 0 failed'

# One word of the output, and a line that is not there any more.
sed 's/name  Bahar/name  Kerim/' script.txt >other.txt
play 1 other.txt
says out '-      | name  Kerim'
sed '/| version/d' script.txt >other.txt
play 1 -j 2 script.txt other.txt
says out 'pass script.txt'
says out 'FAIL other.txt'
says out '1 passed, 1 failed'

{
	begin
	echo '    Mary syncs perhaps'
} >bad.txt
play 1 bad.txt
says out 'line 10: "Mary syncs perhaps" is no step'
{
	begin
	echo '    Merw> list person'
} >bad.txt
play 1 bad.txt
says out 'there is no office Merw'
{
	echo 'waits for: something else'
	begin
} >later.txt
play 0 script.txt later.txt
says out 'wait later.txt: waits for: something else'
says out '1 passed, 0 failed, 1 skipped'
