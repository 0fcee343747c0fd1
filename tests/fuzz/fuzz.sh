#!/bin/sh
# Runs the named fuzzers with libFuzzer, each for so many seconds, from its corpus. Findings go to build/fuzz.
set -eu
seconds=$1
shift
mkdir -p build/fuzz
libraries="libcurl libpcre2-8 libxml-2.0 libidn2 libcares libxxhash libpsl zlib libbrotlidec libzstd"
libxml=$(make -s libxml-name)
for name in "$@"; do
	# shellcheck disable=SC2046,SC2086
	clang -std=c11 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -DAREQ_VERSION='"fuzz"' -DAREQ_LIBXML="\"$libxml\"" -Isrc -Itests -g -O1 \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		$(pkg-config --cflags $libraries) -o "build/fuzz/$name" "tests/fuzz/fuzz_$name.c" \
		$(find src -name '*.c' ! -name main.c) build/src/output/waterfall_page.c $(pkg-config --libs $libraries)
	mkdir -p "build/fuzz/found_$name"
	"build/fuzz/$name" -max_total_time="$seconds" -max_len=8192 -artifact_prefix="build/fuzz/$name-" \
		"build/fuzz/found_$name" "tests/fuzz/corpus/$name"
done
