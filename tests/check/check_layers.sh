#!/bin/sh
# Includes point one way: node -> proto -> sync, and inside node
# base -> store -> {net, web, centre} -> cmd -> main.c. Foreign libraries stay
# in the folder that is their edge.
set -u

failed=0

complain()
{
	echo "$1"
	failed=1
}

# The folders that the files of a folder may include from.
allowed_for()
{
	case $1 in
	sync) echo "sync" ;;
	proto) echo "proto sync" ;;
	node/base) echo "node/base proto sync" ;;
	node/store) echo "node/store node/base proto sync" ;;
	node/net | node/web | node/centre) echo "$1 node/store node/base proto sync" ;;
	node/cmd)
		echo "node/cmd node/net node/web node/centre node/store node/base proto sync"
		;;
	node) echo "node/cmd node/base proto sync" ;;
	*) echo "none" ;;
	esac
}

check_includes()
{
	folder=$(dirname "$1")
	allowed=$(allowed_for "$folder")
	for header in $(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$1"); do
		case " $allowed " in
		*" $(dirname "$header") "*) ;;
		*) complain "$1 includes \"$header\": $folder may include only $allowed" ;;
		esac
	done
}

# only PATTERN OF HEADERS, PATTERN OF FILES
only()
{
	for file in $(grep -lE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$1" $sources); do
		if ! echo "$file" | grep -qE "^($2)\$"; then
			complain "$file includes <$1>, which belongs to $2"
		fi
	done
}

sources=$(find sync proto node -name '*.[ch]')
for file in $sources; do
	check_includes "$file"
done
only 'lmdb\.h' 'node/store/kv_lmdb\.c'
only 'uv\.h' 'node/net/[^/]*|node/[a-z]*/loop\.[ch]'
only 'openssl/' 'node/net/[^/]*'
only 'microhttpd\.h' 'node/web/[^/]*'
only 'libpq-fe\.h' 'node/centre/[^/]*'
exit $failed
