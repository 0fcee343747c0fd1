#!/bin/sh
# Everything that can be held by a tool without running areq. Prints what it does; stops at the first failure.
set -eu
cd "$(dirname "$0")/.."
libraries="libcurl libpcre2-8 libxml-2.0 libidn2 libcares zlib libbrotlidec libbrotlienc libzstd libxxhash libpsl sqlite3 hiredis jansson criterion openssl"
# Words that are meant to split: lists of files, flags and packages.
# shellcheck disable=SC2086
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -DAREQ_VERSION=__FILE__ -DAREQ_LIBXML=__FILE__ -DAREQ_SQLITE=__FILE__ -Isrc -Itests $(pkg-config --cflags $libraries)"
warnings="-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Werror"
sources=$(find src tests bench -name '*.c')
headers=$(find src tests -name '*.h')

say() {
	echo "lint: $*"
}

say "clang-format"
# shellcheck disable=SC2086
clang-format --dry-run -Werror $sources $headers

say "each folder includes only what it may"
# A folder, and those besides itself and base/ that it may include; nothing but main.c includes run/ and cli/.
while read -r folder others; do
	if grep -rnE '^#include "' "src/$folder" | grep -vE "#include \"(base|$folder${others:+|$others})/"; then
		echo "src/$folder may include none of these" >&2
		exit 1
	fi
	known="${known:-}|$folder"
done <<-END
	base
	in
	store
	fetch
	link
	output
	cli
	run in|store|fetch|link|output
END
if find src -type f | grep -vE "^src/(main\.c|(${known#|})/.*)$"; then
	echo "no file of src/ stands outside of these folders but main.c" >&2
	exit 1
fi

say "the files that CONTRIBUTING.md names exist"
# The backquotes are those of the document.
# shellcheck disable=SC2016
grep -oE '`(base|in|store|fetch|link|output|run|cli)/[a-z_/0-9]+`' CONTRIBUTING.md | tr -d '`' | while read -r name; do
	[ -e "src/$name.c" ] || [ -e "src/$name.h" ] || [ -d "src/$name" ] || {
		echo "CONTRIBUTING.md names $name, which is not in src/" >&2
		exit 1
	}
done

say "no circle among the files of base/"
# A file and its header are one, and so is all of base/url/.
if ! grep -rE '^#include "base/' src/base |
	sed -E 's,^src/base/([a-z_]+)[^:]*:#include "base/([a-z_]+).*,\1 \2,' | awk '$1 != $2' | tsort >/dev/null; then
	exit 1
fi

say "one user each of curl_multi_*, curl_easy_setopt; no epoll"
for rule in 'curl_multi_:fetch/crawl' 'curl_easy_setopt:fetch/(transfer|setup)'; do
	if grep -rlE "${rule%%:*}" src | grep -Ev "^src/${rule##*:}\.[ch]$"; then
		echo "${rule%%:*} belongs to src/${rule##*:} alone" >&2
		exit 1
	fi
done
if grep -rnE '\<(qsort|bsearch)\(' src | grep -v '^src/base/sort\.h:'; then
	echo "an empty array may be NULL, which only base/sort allows for" >&2
	exit 1
fi
if grep -rnE 'epoll|pthread_' src; then
	echo "no epoll, no threads" >&2
	exit 1
fi

for compiler in gcc clang; do
	say "$compiler without a warning, headers that compile alone"
	for file in $sources; do
		# shellcheck disable=SC2086
		$compiler $flags $warnings -fsyntax-only "$file"
	done
	for file in $headers; do
		# shellcheck disable=SC2086
		echo "#include \"$PWD/$file\"" | $compiler $flags $warnings -x c -fsyntax-only -
	done
done

say "cppcheck"
# shellcheck disable=SC2086
cppcheck -q --error-exitcode=1 --std=c11 --enable=warning,portability,performance --inline-suppr \
	--library=tests/cppcheck.cfg --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
	'--suppress=*:*/xxhash.h' -Isrc src

say "python"
find tests bench docs -name '*.py' -exec /usr/bin/python3 -c '
import ast, sys
for name in sys.argv[1:]:
    ast.parse(open(name).read(), name)' {} +

say "clang-tidy"
# shellcheck disable=SC2016
find src -name '*.c' ! -path 'src/link/charset/index_*' -print0 |
	xargs -0 -P 2 -n 6 sh -c 'flags=$1; shift; exec clang-tidy --quiet "$@" -- $flags 2>/dev/null' tidy "$flags"

say "man page"
said=$(mandoc -Tlint -Wstyle man/areq.1 2>/dev/null) || :
if [ -n "$said" ]; then
	echo "$said" >&2
	exit 1
fi

say "shell scripts"
# shellcheck disable=SC2046
shellcheck .ci/run .ci/packages $(find tests bench contrib -name '*.sh')

say "all clean"
