#!/bin/sh
# The tests, or another goal of the Makefile, under AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer.
# Criterion ends with 0 even where a leak was reported, so every report goes to a file, and any such file fails the run.
set -eu
make=${1:-make}
build=build/asan
mkdir -p $build
rm -f $build/report.*
ASAN_OPTIONS="log_path=$PWD/$build/report:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:quarantine_size_mb=4" \
UBSAN_OPTIONS="print_stacktrace=1" \
	$make -j"$(getconf _NPROCESSORS_ONLN)" BUILD=$build BIN=$build/areq CFLAGS="-O1 -g -fno-omit-frame-pointer" \
	SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all" "${2:-test}"
# A leak of Criterion's own has no frame of ours in it; every other report counts.
found=
for report in "$build"/report.*; do
	[ -e "$report" ] || continue
	if grep -qE ' in [a-zA-Z0-9_]+ ([^ ]*/)?(src|tests)/' "$report" ||
		! grep -q 'LeakSanitizer' "$report"; then
		cat "$report" >&2
		found=yes
	fi
done
if [ -n "$found" ]; then
	echo "the sanitizers found something" >&2
	exit 1
fi
echo "no report from any sanitizer"
