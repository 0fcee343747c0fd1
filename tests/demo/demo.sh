#!/bin/sh
# Shows areq at work on a small site that is served from this folder, on this machine alone, and checks what it
# finds against what a browser finds there.
#
#	demo.sh [AREQ [TESTSERVER]]
set -eu

# shellcheck source=tests/support/common.sh
. "$(dirname "$0")/../support/common.sh"

areq=$(absolute "${1:-./areq}")
server=$(absolute "${2:-build/areq-testserver}")
demo=$(absolute "$(dirname "$0")")
tab=$(printf '\t')

start_server "$server" --root "$demo/site"

work=$folder/work
mkdir "$work"
sed "s|http://localhost:8080|$site|" "$demo/urls.txt" >"$work/urls.txt"
sed "s|@SITE@|$site|g" "$demo/expected.tsv" | sort >"$folder/expected"

echo "A small site is up at $site; urls.txt names $(grep -c '^http' "$work/urls.txt") URLs of it."
echo
echo "\$ areq urls.txt -o foundurls.txt"
status=0
be_nobody
(cd "$work" && exec "$areq" urls.txt -o foundurls.txt 3>&-) || status=$?
echo
if [ $status -gt 1 ] || [ ! -f "$work/foundurls.txt" ]; then
	echo "The demo failed: areq ended with exit status $status." >&2
	exit 1
fi

grep -v "^source_url${tab}parsed_url\$" "$work/foundurls.txt" | sort >"$folder/found" || :
count=$(grep -c . "$folder/found" || :)
echo "\$ head foundurls.txt"
head "$work/foundurls.txt"
echo
echo "foundurls.txt holds $count links."
if [ $status -eq 1 ]; then
	echo "areq's exit status is 1, as it should be: one URL of the list, missing.html, fails on purpose."
fi
if ! cmp -s "$folder/expected" "$folder/found"; then
	echo "The demo failed: these are not the links that a browser finds" >&2
	echo "(< only the browser, > only areq):" >&2
	diff "$folder/expected" "$folder/found" >&2 || :
	exit 1
fi
echo "They are the links that a browser finds in these pages, all of them and no others."
echo
echo "For the real list: make run, or ./areq urls.txt -o foundurls.txt"
