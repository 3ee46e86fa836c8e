#!/bin/sh
# Runs test scripts, some at a time: run.sh [-v] [-j N] SCRIPT...
#
# Prints one line a script, the output of those that fail (-v: of all), and last
# "N passed, N failed", with the number of those that skipped themselves (exit
# status 77) if there are any. A script gets KERWEN (the program), DATA, and
# TMPDIR: a directory of its own that is removed when it passed.
set -u

jobs=1
if [ "${1:-}" = -v ]; then
	RUN_VERBOSE=1
	export RUN_VERBOSE
	shift
fi
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
	status=0
	sh "$2" >"$RUN_DIR/$name.out" 2>&1 </dev/null || status=$?
	case $status in
	0) echo "pass $2 ($(($(date +%s) - began)) s)" ;;
	77)
		echo "skip $2"
		touch "$RUN_DIR/$name.skipped"
		;;
	*)
		echo "FAIL $2 (status $status)"
		touch "$RUN_DIR/$name.failed"
		;;
	esac
	if [ $status -ne 0 ] || [ -n "${RUN_VERBOSE:-}" ]; then
		sed 's/^/    /' "$RUN_DIR/$name.out"
	fi
	if [ $status -eq 0 ] || [ $status -eq 77 ]; then
		rm -rf "$TMPDIR" "$RUN_DIR/$name.out"
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
skipped=$(find "$RUN_DIR" -name '*.skipped' | wc -l)
echo "$(($# - failed - skipped)) passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
if [ "$failed" -gt 0 ]; then
	echo "what they left is in $RUN_DIR"
	exit 1
fi
rm -rf "$RUN_DIR"
