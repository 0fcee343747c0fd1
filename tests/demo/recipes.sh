#!/bin/sh
# Runs the recipes of a document, against the demo site, and compares what they print with what stands there: in each
# block of ```console a line that begins with "$ " is a command, which goes on behind a "|" at its end; the others are its
# output.
#
# rounds.sh, which machines.md tells to copy from contrib/, is where the commands run.
#
#	recipes.sh DOCUMENT AREQ TESTSERVER
set -eu

# shellcheck source=tests/support/common.sh
. "$(dirname "$0")/../support/common.sh"

readme=$(absolute "$1")
areq=$(absolute "$2")
server=$(absolute "$3")
demo=$(absolute "$(dirname "$0")")

start_server "$server" --root "$demo/site" --bind 127.0.0.1 --bind 127.0.0.2 --bind 127.0.0.3 --bind 127.0.0.4

# `make site` on a port that is in use says which one, and what to do.
mkdir "$folder/busy"
if (cd "$folder/busy" && exec sh "$demo/site.sh" "$server" "$port") >"$folder/printed" 2>"$folder/err" 3>&-; then
	fail "site.sh serves on a port that is in use"
fi
if ! grep -q "port $port of 127.0.0.1" "$folder/err" || ! grep -q "make site SITE_PORT=N " "$folder/err" ||
	[ -s "$folder/printed" ] || [ -e "$folder/busy/demo.txt" ]; then
	cat "$folder/printed" "$folder/err" >&2
	fail "site.sh on a port that is in use"
fi

# Elsewhere the site has another port than here.
mkdir "$folder/shell"
sed "s/:8080/:$port/" "$demo/urls.txt" >"$folder/shell/demo.txt"
cp "$demo/../../contrib/rounds.sh" "$folder/shell"
awk -v folder="$folder" '
	/^```console$/ { count++; inside = 1; next }
	/^```/ { inside = 0; next }
	!inside { next }
	/^\$ / || goes_on { sub(/^\$ /, ""); print >(folder "/command" count); goes_on = /\|$/; next }
	{ print >(folder "/expected" count) }
	END { print count + 0 >(folder "/count") }
' "$readme"
count=$(cat "$folder/count")
if [ "$count" -lt 5 ]; then
	fail "$readme has $count, not five or more"
fi

be_nobody
LC_ALL=C PATH=$(dirname "$areq"):$PATH
export LC_ALL PATH
wrong=0
number=1
cd "$folder/shell"
while [ $number -le "$count" ]; do
	touch "$folder/expected$number"
	sed "s/:8080/:$port/g" "$folder/command$number" >"$folder/script"
	sh "$folder/script" 3>&- </dev/null 2>"$folder/err" | sed "s/:$port/:8080/g" >"$folder/printed" || :
	if ! diff "$folder/expected$number" "$folder/printed" >"$folder/difference"; then
		echo "recipes: recipe $number does not print what $readme says (< README, > areq):" >&2
		cat "$folder/command$number" "$folder/difference" "$folder/err" >&2
		wrong=1
	fi
	number=$((number + 1))
done
[ $wrong -eq 0 ] || exit 1
echo "recipes: all $count of $(basename "$readme") print what it says"
