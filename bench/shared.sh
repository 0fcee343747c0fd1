#!/bin/sh
# What a crawl that is shared through Redis costs as a whole run: sh bench/shared.sh AREQ TESTSERVER [ROUNDS]. Starts a
# redis-server and a server of its own. Prints the seconds of runs with and without Redis side by side, and of one
# process and of two where the server answers after 1 s.
set -eu
areq=$1 server=$2 rounds=${3:-3}
folder=$(mktemp -d)
pids=
finish() {
	for pid in $pids; do kill "$pid" 2>/dev/null || :; done
	rm -rf "$folder"
}
trap finish EXIT
redis-server --port 0 --unixsocket "$folder/socket" --save "" --appendonly no --dir "$folder" --logfile "$folder/log" >/dev/null &
pids=$!
hosts=240
binds=
for i in $(seq 1 $hosts); do binds="$binds --bind 127.0.0.$i"; done
# The words are options.
# shellcheck disable=SC2086
"$server" $binds --log 0 --detached >"$folder/port" &
pids="$pids $!"
until redis-cli -s "$folder/socket" ping >/dev/null 2>&1 && [ -s "$folder/port" ]; do sleep 0.1; done
port=$(grep -oE '[0-9]{4,5}' "$folder/port" | head -n 1)

# HOSTS PAGES QUERY: so many pages of each host, host by host within each of them.
list() {
	for page in $(seq 1 "$2"); do
		for host in $(seq 1 "$1"); do echo "http://127.0.0.$host:$port/_/page?$3&prefix=p$page-"; done
	done
}
now() {
	date +%s.%N
}
since() {
	echo "$(now) $1" | awk '{ printf "%.2f", $1 - $2 }'
}
crawl() { # NAME OUTPUT LIST
	"$areq" -q -j "$jobs" --state "redis+unix://$folder/socket#$1" -o "$folder/$2" "$3"
}

jobs=32
list 50 400 'links=150' >"$folder/small"
for round in $(seq 1 "$rounds"); do
	start=$(now)
	"$areq" -q -j $jobs -o "$folder/rows" "$folder/small"
	alone=$(since "$start")
	start=$(now)
	crawl "small$round" rows0 "$folder/small"
	echo "20,000 pages of 50 hosts: $alone s without Redis, $(since "$start") s with it"
	rm -f "$folder"/rows*
done

jobs=64
list $hosts 16 'links=1&delay=1000' >"$folder/slow"
start=$(now)
crawl one rows0 "$folder/slow"
one=$(since "$start")
start=$(now)
crawl two rows1 "$folder/slow" &
crawl two rows2 /dev/null
wait $!
two=$(since "$start")
echo "$((hosts * 16)) pages of $hosts hosts that answer after 1 s, 64 at once in each process: $one s by one, $two s by two:" \
	"$(echo "$one $two" | awk '{ printf "%.2f", $1 / $2 }') times"
