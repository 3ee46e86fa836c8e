#!/bin/sh
# Everything of ours compiles without a warning under gcc and under clang.
set -u

failed=0
for compiler in gcc clang; do
	make --no-print-directory -k -j 2 CC=$compiler CFLAGS=-O1 WERROR=-Werror \
		BUILD="build/$compiler" objects >"build/$compiler.log" 2>&1 || {
		grep -vE '^  (CC|PROTO|AR) ' "build/$compiler.log"
		echo "$compiler has something to say"
		failed=1
	}
done
exit $failed
