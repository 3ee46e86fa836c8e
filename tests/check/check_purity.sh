#!/bin/sh
# sync/ is pure: it includes only its own headers and six of C's, and its
# objects need nothing but each other and a few functions of <string.h>. So it
# has no files, sockets, clock, chance, allocation or output.
set -u

: "${BUILD:=build}"
failed=0

bad=$(grep -nE '^[[:space:]]*#[[:space:]]*include' sync/*.[ch] |
	grep -vE '"sync/[a-z0-9_]+\.h"|<(assert|stdbool|stddef|stdint|string)\.h>')
if [ -n "$bad" ]; then
	echo "sync/ may not include:"
	echo "$bad"
	failed=1
fi

make -s --no-print-directory BUILD="$BUILD" "$BUILD/libsync.a" >/dev/null || exit 1
work=$(mktemp -d)
nm -u "$BUILD/libsync.a" | awk '$1 == "U" { print $2 }' | sort -u >"$work/needed"
nm --defined-only "$BUILD/libsync.a" | awk 'NF == 3 { print $3 }' | sort -u >"$work/defined"
if [ ! -s "$work/defined" ]; then
	echo "nm shows nothing in $BUILD/libsync.a"
	failed=1
fi
# Compiler helpers begin with two underscores and a word of their own.
foreign=$(comm -23 "$work/needed" "$work/defined" |
	grep -vxE 'mem(cpy|move|set|cmp|chr)|str(len|cmp|ncmp|chr)|__assert_fail|_GLOBAL_OFFSET_TABLE_' |
	grep -vxE '__stack_chk_(fail|guard)|__(u|)(div|mod)(d|t)i3|__(mul|ash|lsh)(d|t)i3')
if [ -n "$foreign" ]; then
	echo "the objects of sync/ need:"
	echo "$foreign"
	failed=1
fi
rm -rf "$work"
exit $failed
