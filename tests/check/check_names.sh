#!/bin/sh
# Names of C files are unique in the tree, and foo.c exports only foo_*; in
# foo_more.c the prefix may also be foo_. So `grep foo_` finds one module.
set -u

: "${BUILD:=build}"
failed=0

double=$(find sync proto node -name '*.c' -exec basename {} \; | sort | uniq -d)
if [ -n "$double" ]; then
	echo "more than one C file is called:"
	echo "$double"
	failed=1
fi

make -s --no-print-directory BUILD="$BUILD" "$BUILD/kerwen" >/dev/null || exit 1
for file in sync/*.c proto/*.c node/*/*.c; do
	module=$(basename "$file" .c)
	bad=$(nm -g --defined-only "$BUILD/obj/${file%.c}.o" | awk 'NF == 3 { print $3 }' |
		grep -vE "^(${module}|${module%%_*})(_|\$)" | grep -v '^__')
	if [ -n "$bad" ]; then
		echo "$file exports $(echo "$bad" | tr "\n" " ")"
		failed=1
	fi
done
exit $failed
