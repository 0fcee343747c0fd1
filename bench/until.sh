#!/bin/sh
# Runs a server until standard input ends: it cannot outlive the bench, whatever ends that.
#
#	until.sh COMMAND [ARGUMENT...]
set -eu

"$@" </dev/null &
pid=$!
trap '{ kill $pid; wait $pid; } 2>/dev/null || :' EXIT
trap 'exit 1' HUP INT TERM
while read -r _; do :; done
