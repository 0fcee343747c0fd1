#!/bin/sh
# Runs the named fuzzers, which make fuzz has built with libFuzzer, each for so many seconds, from its corpus. Findings go to
# build/fuzz.
set -eu
seconds=$1
shift
for name in "$@"; do
	mkdir -p "build/fuzz/found_$name"
	"build/fuzz/fuzzer/$name" -max_total_time="$seconds" -max_len=8192 -artifact_prefix="build/fuzz/$name-" \
		"build/fuzz/found_$name" "tests/fuzz/corpus/$name"
done
