#!/bin/sh
# Holds areq's links against those of a real browser, page by page: see README.md.
#
# usage: tests/browser/compare.sh [--areq PATH] [--limit N] [--jobs N] [FOLDER ...]
set -eu
here=$(dirname "$0")
cache=${AREQ_BROWSER_CACHE:-build/browser}

need() {
	command -v "$1" >/dev/null || {
		echo "compare.sh needs $1: apt-get install $2" >&2
		exit 2
	}
}

need node nodejs
need npm npm
need "${CHROMIUM:=chromium}" chromium
CHROMIUM=$(command -v "$CHROMIUM")

if [ ! -d "$cache/node_modules/playwright-core" ]; then
	mkdir -p "$cache"
	npm install --prefix "$cache" --no-save --no-package-lock --silent playwright-core@1
fi
[ $# -gt 0 ] || set -- "$here/pages"
NODE_PATH=$(cd "$cache" && pwd)/node_modules
export NODE_PATH CHROMIUM
exec node "$here/compare.js" "$@"
