#!/bin/sh
# What OSS-Fuzz runs to build the fuzzers: it sets CC, CFLAGS, LIB_FUZZING_ENGINE and OUT. Each fuzzer goes to OUT, with its corpus as
# NAME_seed_corpus.zip beside it.
set -eu
cd "$(dirname "$0")/../.."
sh .ci/packages build
make build/src/output/waterfall_page.c build/src/store/redis_lua.c
libraries="libcurl libpcre2-8 libxml-2.0 libidn2 libcares libxxhash libpsl zlib libbrotlidec libzstd"
libxml=$(make -s libxml-name)
sqlite=$(make -s sqlite-name)
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	# Words that are meant to split: flags and files.
	# shellcheck disable=SC2046,SC2086
	$CC $CFLAGS -std=c11 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -DAREQ_VERSION='"fuzz"' -DAREQ_LIBXML="\"$libxml\"" -DAREQ_SQLITE="\"$sqlite\"" -Isrc -Itests \
		$(pkg-config --cflags $libraries) -o "$OUT/$name" "$source" $(find src -name '*.c' ! -name main.c) \
		build/src/output/waterfall_page.c build/src/store/redis_lua.c $LIB_FUZZING_ENGINE $(pkg-config --libs $libraries) -ldl
	(cd "tests/fuzz/corpus/${name#fuzz_}" && zip -q -r "$OUT/${name}_seed_corpus.zip" .)
done
