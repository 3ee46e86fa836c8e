#!/bin/sh
# Our C files are as clang-format (that of Debian 12) writes them.
set -u

failed=0
for file in sync/*.[ch] proto/*.[ch] node/*.[ch] node/*/*.[ch] tests/*/*.[ch]; do
	if [ -e "$file" ] && ! clang-format --dry-run --Werror "$file" >/dev/null 2>&1; then
		echo "$file is not formatted; make format does it"
		failed=1
	fi
done
exit $failed
