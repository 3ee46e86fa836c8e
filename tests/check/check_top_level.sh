#!/bin/sh
# The top level holds these entries and dotfiles, nothing else.
set -u

failed=0
for entry in *; do
	case $entry in
	node | proto | sync | tests | configs | Makefile | README.md | LICENSE | build) ;;
	*)
		echo "$entry does not belong at the top level"
		failed=1
		;;
	esac
done
exit $failed
