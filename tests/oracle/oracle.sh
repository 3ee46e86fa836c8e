#!/bin/sh
# Plays random histories and compares them with the model.
#
#   oracle.sh ORACLE [SEED [HISTORIES]]
#
# ORACLE is the driver. Seeds count up from SEED. If something differs, the
# first such history is told step by step. Exit status: 0 no difference.
set -eu

oracle=$1 seed=${2:-1} histories=${3:-20000}
here=$(dirname "$0")
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# A driver that breaks off leaves a stream that the model refuses.
play()
{
	"$oracle" -s "$1" -n "$2" $3 | python3 -B "$here/compare.py"
}

echo "oracle: $histories histories from seed $seed"
if play "$seed" "$histories" '' >"$out"; then
	tail -n 2 "$out"
	echo "1 passed, 0 failed"
	exit 0
fi
cat "$out"
first=$(sed -n 's/^SEED=\([0-9]*\):.*/\1/p' "$out" | head -n 1)
if [ -n "$first" ]; then
	echo "The history of seed $first (make oracle SEED=$first HISTORIES=1):"
	play "$first" 1 -v || true
fi
echo "0 passed, 1 failed"
exit 1
