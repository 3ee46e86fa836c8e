#!/bin/sh
# A centre, invitations, offices: what init and office make, refuse and leave
# behind.
set -eu

configs=$(cd "$(dirname "$0")/../../configs" && pwd)
. "$(dirname "$0")/lib.sh"

mode()
{
	stat -c %a "$1"
}

# --- a centre -----------------------------------------------------------------

expect 2 "$KERWEN" -C c init
expect 2 "$KERWEN" -C c init --centre --name Demo
expect 2 "$KERWEN" -C c init --centre --join x --name Demo
expect 2 "$KERWEN" -C c init --centre --name Demo --schema "$configs/unhcr.yaml" --listen nohost
says err "not an address"
expect 1 "$KERWEN" -C c init --centre --name Demo --schema none.yaml
printf 'schema: a\nversion: x\n' >bad.yaml
expect 14 "$KERWEN" -C c init --centre --name Demo --schema bad.yaml
says err "bad.yaml: line 2"
[ ! -e c ] || fail "a refused init leaves a directory"

expect 0 "$KERWEN" -C c init --centre --name Demo --schema "$configs/unhcr.yaml" \
	--listen 127.0.0.1:7400
for f in key kerwen.yaml db/data.mdb; do
	[ "$(mode c/$f)" = 600 ] || fail "$f is open to others"
done
[ "$(mode c)" = 700 ] || fail "the directory is open to others"
grep -q '^listen: "127.0.0.1:7400"' c/kerwen.yaml || fail "no listen in kerwen.yaml"
expect 2 "$KERWEN" -C c init --centre --name Demo --schema "$configs/unhcr.yaml"
says err "c is not empty"

mkdir there
chmod 755 there
expect 0 "$KERWEN" -C there init --centre --name "Daşoguz" --schema "$configs/migration.yaml"
[ "$(mode there)" = 700 ] || fail "a directory that was there stays open"

# --- invitations --------------------------------------------------------------

invite()
{
	"$KERWEN" -C c office invite "$@"
}

expect 2 invite Mary --out mary.inv
expect 2 invite Mary --number 0 --region TM-M --out mary.inv
expect 2 invite Mary --number 65536 --region TM-M --out mary.inv
expect 2 invite Mary --number 6 --region TM-M --centre host --out mary.inv
[ ! -e mary.inv ] || fail "a refused invitation was written"
expect 0 "$KERWEN" -C c --json office list
[ "$(cat out)" = '{"format":1,"offices":[]}' ] || fail "offices: $(cat out)"

expect 0 invite Mary --number 6 --region TM-M --out mary.inv
[ "$(mode mary.inv)" = 600 ] || fail "the invitation is open to others"
expect 1 invite Mary --number 7 --region TM-M --out x.inv
says err "an office named Mary"
expect 1 invite Other --number 6 --region TM-M --out x.inv
says err "number 6 is taken by Mary"
expect 1 invite Other --number 7 --region TM-M --out mary.inv
says err "mary.inv exists already"
expect 0 invite Ahal --number 2 --region TM-A --centre a.example:1 --centre '[::1]:2' --out ahal.inv
expect 0 "$KERWEN" -C c office list
[ "$(grep -c invited out)" = 2 ] || fail "offices: $(cat out)"
expect 0 "$KERWEN" -C c --json office show Mary
grep -q '"number":6.*"name":"Mary","region":"TM-M"' out || fail "show: $(cat out)"
expect 2 "$KERWEN" -C c office show Nobody

# --- an office ----------------------------------------------------------------

expect 0 "$KERWEN" -C ahal init --join ahal.inv
grep -qF 'centre: ["a.example:1", "[::1]:2"]' ahal/kerwen.yaml || fail "no addresses"
expect 0 "$KERWEN" -C mary init --join mary.inv
grep -qF 'centre: ["127.0.0.1:7400"]' mary/kerwen.yaml || fail "no default address"
[ "$(mode mary)" = 700 ] && [ "$(mode mary/key)" = 600 ] || fail "mary is open to others"

# It works at once: the schema and the offices are there.
expect 0 "$KERWEN" -C mary schema show
expect 0 "$KERWEN" -C mary office list
grep -q Mary out || fail "Mary does not know itself"
expect 0 "$KERWEN" -C mary add people year=2001 coo=AFG coa=TKM pop_type=REF location=x \
	loc_type=U acc_type=C total=5
id=$(cat out)
expect 1 "$KERWEN" -C mary office invite X --number 9 --region TM-M --out x.inv
says err "only the centre admits"

# A new invitation on its own directory keeps the records.
expect 1 invite Nobody --again --out again.inv
expect 1 invite Mary --again --number 7 --out again.inv
expect 0 invite Mary --again --centre b.example:3 --out again.inv
expect 0 "$KERWEN" -C mary init --join again.inv
expect 0 "$KERWEN" -C mary show "$id"
grep -qF 'centre: ["b.example:3", "127.0.0.1:7400"]' mary/kerwen.yaml ||
	fail "the new address is not first: $(grep centre: mary/kerwen.yaml)"
expect 0 "$KERWEN" -C mary init --join mary.inv
expect 0 "$KERWEN" -C mary show "$id"

# --- wrong invitations ----------------------------------------------------------

expect 2 "$KERWEN" -C mary init --join ahal.inv
says err "for office 2 (Ahal)"
expect 2 "$KERWEN" -C c init --join ahal.inv
says err "is a centre"
expect 0 "$KERWEN" -C there office invite Mary --number 6 --region TM-M --out foreign.inv
expect 15 "$KERWEN" -C mary init --join foreign.inv
says err "another system"
expect 0 "$KERWEN" -C mary show "$id"

size=$(stat -c %s mary.inv)
half=$((size / 2))
{
	head -c $half ahal.inv
	head -c 1 ahal.inv | tr k l
	tail -c +$((half + 2)) ahal.inv
} >altered.inv
head -c $half ahal.inv >cut.inv
head -c 200 "$KERWEN" >garbage.inv
: >empty.inv
for f in altered cut; do
	expect 13 "$KERWEN" -C new init --join $f.inv
	says err "altered or damaged"
done
for f in garbage empty; do
	expect 2 "$KERWEN" -C new init --join $f.inv
	says err "not an invitation"
done
expect 1 "$KERWEN" -C new init --join none.inv
expect 2 "$KERWEN" -C new init --join ahal.inv --name x
[ ! -e new ] || fail "a refused join leaves a directory"
mkdir full
: >full/something
expect 2 "$KERWEN" -C full init --join ahal.inv
[ "$(ls full)" = something ] || fail "a refused join leaves something: $(ls full)"
