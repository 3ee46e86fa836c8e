#!/bin/sh
# Makes sure that the Debian packages needed are there; make calls it.
#
#   setup.sh build FILE   what building and testing need; writes the flags of
#                         the libraries into FILE, for make to include
#   setup.sh check FILE   what `make check` needs on top; touches FILE
#   setup.sh list         prints the missing packages, changes nothing
#
# With nothing missing neither apt nor the network is touched. With something
# missing: as root, or with a sudo that asks for no password, installs it;
# otherwise prints the command and stops with nothing done.
set -eu

what=$1
file=${2:-}

# Debian package, and how to see that it is there: pc:MODULE (pkg-config),
# h:HEADER, or cmd:PROGRAM.
build_packages='
pkg-config cmd:pkg-config
liblmdb-dev pc:lmdb
libprotobuf-c-dev pc:libprotobuf-c
protobuf-c-compiler cmd:protoc-c
protobuf-compiler cmd:protoc
libzstd-dev pc:libzstd
libuv1-dev pc:libuv
libssl-dev pc:openssl
libsodium-dev pc:libsodium
libjansson-dev pc:jansson
libyaml-dev pc:yaml-0.1
libcsv-dev h:csv.h
libutf8proc-dev pc:libutf8proc
libsmartcols-dev pc:smartcols
uthash-dev h:uthash.h
libcriterion-dev pc:criterion
xz-utils cmd:xz
python3 cmd:python3
faketime cmd:faketime
patch cmd:patch
'
check_packages='
gcc cmd:gcc
clang cmd:clang
clang-format cmd:clang-format
binutils cmd:nm
'

has_header()
{
	printf '#include <stddef.h>\n#include <stdio.h>\n#include <%s>\n' "$1" |
		${CC:-cc} -E -x c - >/dev/null 2>&1
}

is_there()
{
	case $2 in
	cmd:*) command -v "${2#cmd:}" >/dev/null 2>&1 ;;
	pc:*) pkg-config --exists "${2#pc:}" 2>/dev/null ;;
	h:*) has_header "${2#h:}" ;;
	esac
}

missing_of()
{
	echo "$1" | while read -r package how; do
		if [ -n "$package" ] && ! is_there "$package" "$how"; then
			printf ' %s' "$package"
		fi
	done
}

install_packages()
{
	as=
	if [ "$(id -u)" -ne 0 ]; then
		as=sudo
	fi
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "These Debian packages, or what your system calls them, are missing:$1" >&2
		exit 1
	fi
	if [ -n "$as" ] && ! sudo -n true 2>/dev/null; then
		echo "Packages are missing. Install them with this command, then run make again:" >&2
		echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends$1" >&2
		exit 1
	fi
	echo "installing$1"
	$as apt-get update -qq
	# The list is words on purpose.
	# shellcheck disable=SC2086
	$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $1
}

ensure()
{
	missing=$(missing_of "$1")
	if [ -z "$missing" ]; then
		return
	fi
	install_packages "$missing"
	missing=$(missing_of "$1")
	if [ -n "$missing" ]; then
		echo "still missing after installing:$missing" >&2
		exit 1
	fi
}

# Writes NAME_CFLAGS and NAME_LIBS for make; extra libraries have no module.
write_flags()
{
	name=$1 modules=$2 extra=$3
	# shellcheck disable=SC2086
	echo "${name}_CFLAGS := $(pkg-config --cflags $modules)"
	# shellcheck disable=SC2086
	echo "${name}_LIBS := $(pkg-config --libs $modules) $extra"
}

case $what in
list)
	missing_of "$build_packages$check_packages"
	echo
	;;
build)
	ensure "$build_packages"
	mkdir -p "$(dirname "$file")"
	{
		write_flags PROTO 'libprotobuf-c libzstd' ''
		write_flags NODE 'lmdb libuv openssl libsodium jansson yaml-0.1 libutf8proc smartcols' \
			-lcsv
		write_flags TEST criterion ''
	} >"$file.new"
	mv "$file.new" "$file"
	;;
check)
	ensure "$check_packages"
	mkdir -p "$(dirname "$file")"
	touch "$file"
	;;
*)
	echo "usage: setup.sh build FILE | check FILE | list" >&2
	exit 2
	;;
esac
