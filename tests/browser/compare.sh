#!/bin/sh
# Holds areq's links against those of a real browser, page by page: see README.md.
#
# usage: tests/browser/compare.sh [--areq PATH] [--limit N] [--jobs N] [FOLDER ...]
set -eu
here=$(dirname "$0")
# shellcheck source=tests/browser/prepare.sh
. "$here/prepare.sh"
[ $# -gt 0 ] || set -- "$here/pages"
exec node "$here/compare.js" "$@"
