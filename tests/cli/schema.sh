#!/bin/sh
# Schemas: checked, shown, applied one after another.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/lib.sh"

for f in unhcr migration; do
	expect 0 "$KERWEN" schema check "$root/configs/$f.yaml"
done
expect 14 "$KERWEN" schema check "$root/tests/data/schema/cycle_of_runs.yaml"
expect 14 "$KERWEN" schema check "$root/tests/data/schema/unknown_type.yaml"
grep -q 'line 12, column 31' err || fail "no place: $(cat err)"
expect 14 "$KERWEN" schema check "$root/tests/data/schema/unknown_field_in_figure.yaml"
expect 1 "$KERWEN" schema check none.yaml

cp "$root/configs/unhcr.yaml" v1.yaml
expect 0 "$KERWEN" -C c init --centre --name Demo --schema v1.yaml
expect 0 "$KERWEN" -C c schema show
grep -q '^pop_type *code POPTYPE' out || fail "show: $(cat out)"
expect 0 "$KERWEN" -C c schema apply v1.yaml
grep -q 'nothing changes' out || fail "the same again: $(cat out)"

# A new label and a new field change two parts and the head.
sed 's/version: 1/version: 2/; s/others of concern/others/
	s/^figures:/      - {name: note, type: text, policy: latest}\n\nfigures:/' v1.yaml >v2.yaml
expect 0 "$KERWEN" -C c schema apply --dry-run v2.yaml
grep -q 'would be in force' out || fail "dry run: $(cat out)"
expect 0 "$KERWEN" -C c --json schema show
grep -q '"version":1' out || fail "a dry run wrote: $(head -c 100 out)"
expect 0 "$KERWEN" -C c --json schema apply v2.yaml
[ "$(grep -o '"change":"changed"' out | wc -l)" = 3 ] || fail "changes: $(cat out)"
expect 0 "$KERWEN" -C c --json schema show
grep -q '"version":2' out || fail "version: $(head -c 100 out)"
grep -q '"name":"note"' out || fail "no new field"

# What cannot follow what is in force.
expect 14 "$KERWEN" -C c schema apply v1.yaml
grep -q 'version 2 is in force' err || fail "an older version: $(cat err)"
sed 's/version: 2/version: 3/; s/name: year, type: int/name: year, type: text/' v2.yaml >v3.yaml
expect 14 "$KERWEN" -C c schema apply v3.yaml
grep -q 'field year: its type cannot change' err || fail "a changed type: $(cat err)"
expect 14 "$KERWEN" -C c schema check v3.yaml
grep -q 'field year: its type cannot change' err || fail "check of a changed type: $(cat err)"
expect 0 "$KERWEN" schema check v3.yaml
sed 's/version: 2/version: 3/; s/reach: centre/reach: region/' v2.yaml >v3.yaml
expect 14 "$KERWEN" -C c schema apply v3.yaml
expect 14 "$KERWEN" -C c schema apply "$root/configs/migration.yaml"
expect 14 "$KERWEN" -C c schema apply "$root/tests/data/schema/unknown_type.yaml"

# A field that is gone from the file is closed.
sed 's/version: 2/version: 3/; /name: note/d' v2.yaml >v3.yaml
expect 0 "$KERWEN" -C c schema apply v3.yaml
expect 0 "$KERWEN" -C c schema show
grep -q '^note .*closed' out || fail "note is not closed: $(cat out)"

# Only the centre applies; a schema that came late reaches an invited office.
expect 0 "$KERWEN" -C c office invite Mary --number 6 --region TM-M --centre h:1 --out mary.inv
expect 0 "$KERWEN" -C mary init --join mary.inv
expect 1 "$KERWEN" -C mary schema apply v3.yaml
expect 0 "$KERWEN" -C mary --json schema show
grep -q '"version":3' out || fail "the office has $(head -c 100 out)"
