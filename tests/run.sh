#!/bin/sh
# Runs test scripts, some at a time: run.sh [-j N] SCRIPT...
#
# Prints one line a script, the output of those that fail, and last
# "N passed, N failed". A script gets KERWEN (the program), DATA, and TMPDIR: a
# directory of its own that is removed when it passed.
set -u

jobs=1
if [ "${1:-}" = -j ]; then
	jobs=$2
	shift 2
fi

if [ "${1:-}" = --one ]; then
	name=$(basename "$2" .sh)
	TMPDIR=$RUN_DIR/$name
	export TMPDIR
	mkdir -p "$TMPDIR"
	began=$(date +%s)
	if sh "$2" >"$RUN_DIR/$name.out" 2>&1 </dev/null; then
		echo "pass $2 ($(($(date +%s) - began)) s)"
		rm -rf "$TMPDIR" "$RUN_DIR/$name.out"
	else
		echo "FAIL $2 (status $?)"
		sed 's/^/    /' "$RUN_DIR/$name.out"
		touch "$RUN_DIR/$name.failed"
	fi
	exit 0
fi

if [ ! -e "${1:-}" ]; then
	echo "there is no test script ${1:-}"
	echo "0 passed, 1 failed"
	exit 1
fi

RUN_DIR=$(mktemp -d "${TMPDIR:-/tmp}/kerwen-tests.XXXXXX")
export RUN_DIR
printf '%s\n' "$@" | xargs -P "$jobs" -n 1 sh "$0" --one
failed=$(find "$RUN_DIR" -name '*.failed' | wc -l)
echo "$(($# - failed)) passed, $failed failed"
if [ "$failed" -gt 0 ]; then
	echo "what they left is in $RUN_DIR"
	exit 1
fi
rm -rf "$RUN_DIR"
