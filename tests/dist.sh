#!/bin/sh
# Unpacks a tarball of the source into a fresh folder, far from any checkout, builds and tests it there, installs and
# uninstalls it, and packs it again: the same bytes must come out.
#
#	dist.sh TARBALL [MAKE]
set -eu
tarball=$1
make=${2:-make}

if [ -e .git ]; then
	forgotten=$(git ls-files --others --exclude-standard)
	if [ -n "$forgotten" ]; then
		printf 'git does not know these files, so the tarball lacks them:\n%s\n' "$forgotten" >&2
		exit 1
	fi
fi

# shellcheck source=tests/support/common.sh
. "$(dirname "$0")/support/common.sh"
tar -xzf "$tarball" -C "$folder"
cd "$folder"/areq-*

"$make" -j"$(getconf _NPROCESSORS_ONLN)" BUILD=build BIN=areq test

"$make" BUILD=build BIN=areq DESTDIR="$folder/root" install
[ -x "$folder/root/usr/local/bin/areq" ]
"$make" BUILD=build BIN=areq DESTDIR="$folder/root" uninstall
left=$(find "$folder/root" ! -type d)
if [ -n "$left" ]; then
	printf 'uninstall leaves these behind:\n%s\n' "$left" >&2
	exit 1
fi

"$make" BUILD=build BIN=areq dist
cmp "build/${tarball##*/}" "$tarball"
echo "the tarball builds, passes its tests, and packs itself again: $tarball"
