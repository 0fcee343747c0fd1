#!/bin/sh
# Holds areq's links against those of parse5, a complete HTML parser, on real pages that were damaged at random: see fuzz.js.
#
# usage: tests/differential/fuzz.sh [--areq PATH] [--pages N] [--seed N] [--keep FOLDER] [FOLDER ...]
set -eu
here=$(dirname "$0")
cache=${AREQ_DIFFERENTIAL_CACHE:-build/differential}

for program in node npm; do
	command -v "$program" >/dev/null || {
		echo "$0 needs $program: apt-get install nodejs npm" >&2
		exit 2
	}
done
if [ ! -d "$cache/node_modules/parse5" ]; then
	mkdir -p "$cache"
	npm install --prefix "$cache" --no-save --no-package-lock --silent parse5@8
fi
NODE_PATH=$(cd "$cache" && pwd)/node_modules
export NODE_PATH
exec node "$here/fuzz.js" "$@"
