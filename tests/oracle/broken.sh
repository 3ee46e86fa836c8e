#!/bin/sh
# The test of the test: builds that are broken on purpose, each by one patch in
# broken/, must differ from the model. Works on a copy of the tree in
# $BUILD/broken and compiles there only what a patch changes.
set -eu

: "${BUILD:=build}" "${MAKE:=make}" "${HISTORIES:=300}"
copy=$BUILD/broken
patches=$(cd tests/oracle/broken && pwd)
passed=0 failed=0

# Times are kept, so that the copied objects stay good.
rm -rf "$copy"
mkdir -p "$copy/build"
cp -a sync proto node tests Makefile "$copy"
cp -a build/setup.mk build/gen "$BUILD/obj" "$copy/build"

make_it()
{
	# What stands above this make is not meant for the other one.
	(cd "$copy" && env -u MAKEFLAGS -u MFLAGS "$MAKE" -s --no-print-directory BUILD=build \
		${CFLAGS:+CFLAGS="$CFLAGS"} WERROR=-Wno-error build/tests/oracle) >"$copy/log" 2>&1 || {
		cat "$copy/log"
		return 1
	}
}

# What the oracle says: agrees, differs, or something else went wrong.
play()
{
	if sh tests/oracle/oracle.sh "$copy/build/tests/oracle" 1 "$HISTORIES" >"$copy/told" 2>&1; then
		echo agrees
	elif grep -q 'comparisons, [1-9][0-9]* differences$' "$copy/told"; then
		echo differs
	else
		echo 'breaks off'
	fi
}

judge()
{
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
		echo "  $1: $2"
	else
		failed=$((failed + 1))
		echo "  $1: $2, but it should be: $3"
	fi
}

make_it
judge whole "$(play)" agrees
for patch in "$patches"/*.patch; do
	name=$(basename "$patch" .patch)
	if ! patch -s -p1 -d "$copy" <"$patch" || ! make_it; then
		judge "$name" 'cannot be built' differs
		continue
	fi
	judge "$name" "$(play)" differs
	sed -n '/^SEED=/{s/^/      /p;q;}' "$copy/told"
	patch -s -R -p1 -d "$copy" <"$patch"
done
rm -rf "$copy"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
