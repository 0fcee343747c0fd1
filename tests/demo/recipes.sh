#!/bin/sh
# Runs the recipes of a README, against the demo site, and compares what they print with what stands there: in each
# block of ```console a line that begins with "$ " is a command, which goes on behind a "|" at its end; the others are its
# output.
#
#	recipes.sh README AREQ TESTSERVER
set -eu

absolute() {
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s/%s\n' "$PWD" "$1" ;;
	esac
}

readme=$(absolute "$1")
areq=$(absolute "$2")
server=$(absolute "$3")
demo=$(absolute "$(dirname "$0")")

folder=$(mktemp -d "${TMPDIR:-/tmp}/areq-recipes-XXXXXX")
server_pid=
clean_up() {
	[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || :
	rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# The server ends when its standard input does.
mkfifo "$folder/lifeline"
"$server" --root "$demo/site" <"$folder/lifeline" >"$folder/server" &
server_pid=$!
exec 3>"$folder/lifeline"
tries=0
until grep -q . "$folder/server"; do
	if [ $tries -ge 200 ] || ! kill -0 $server_pid 2>/dev/null; then
		echo "recipes: the server does not start" >&2
		exit 1
	fi
	tries=$((tries + 1))
	sleep 0.05
done
port=$(sed 's/.*://' "$folder/server")

# Elsewhere the site has another port than here.
mkdir "$folder/work"
sed "s/localhost:8080/localhost:$port/" "$demo/urls.txt" >"$folder/work/demo.txt"
awk -v folder="$folder" '
	/^```console$/ { count++; inside = 1; next }
	/^```/ { inside = 0; next }
	!inside { next }
	/^\$ / || goes_on { sub(/^\$ /, ""); print >(folder "/command" count); goes_on = /\|$/; next }
	{ print >(folder "/expected" count) }
	END { print count + 0 >(folder "/count") }
' "$readme"
count=$(cat "$folder/count")
if [ "$count" -lt 10 ]; then
	echo "recipes: $readme has $count, not ten or more" >&2
	exit 1
fi

HOME=$folder XDG_CONFIG_HOME=$folder no_proxy='*' NO_PROXY='*' LC_ALL=C PATH=$(dirname "$areq"):$PATH
export HOME XDG_CONFIG_HOME no_proxy NO_PROXY LC_ALL PATH
wrong=0
number=1
cd "$folder/work"
while [ $number -le "$count" ]; do
	touch "$folder/expected$number"
	sed "s/localhost:8080/localhost:$port/g" "$folder/command$number" >"$folder/script"
	sh "$folder/script" 3>&- </dev/null 2>"$folder/err" | sed "s/localhost:$port/localhost:8080/g" >"$folder/printed" || :
	if ! diff "$folder/expected$number" "$folder/printed" >"$folder/difference"; then
		echo "recipes: recipe $number does not print what $readme says (< README, > areq):" >&2
		cat "$folder/command$number" "$folder/difference" "$folder/err" >&2
		wrong=1
	fi
	number=$((number + 1))
done
[ $wrong -eq 0 ] || exit 1
echo "recipes: all $count of $(basename "$readme") print what it says"
