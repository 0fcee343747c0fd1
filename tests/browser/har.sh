#!/bin/sh
# Has the network panel of a real browser open an HTTP archive: see README.md.
#
# usage: tests/browser/har.sh [--areq PATH] [--server PATH] [--shots FOLDER]
set -eu
here=$(dirname "$0")
# shellcheck source=tests/browser/prepare.sh
. "$here/prepare.sh"
exec node "$here/har.js" "$@"
