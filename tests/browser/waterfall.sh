#!/bin/sh
# Looks at the waterfall of 10,000 URLs in a real browser: see README.md.
#
# usage: tests/browser/waterfall.sh [--areq PATH] [--server PATH] [--shots FOLDER]
set -eu
here=$(dirname "$0")
# shellcheck source=tests/browser/prepare.sh
. "$here/prepare.sh"
exec node "$here/waterfall.js" "$@"
