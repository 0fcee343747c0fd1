#!/bin/sh
# What a crawl costs in Redis: sh bench/redis.sh PROGRAM [URLS...], with the program that make builds from bench/redis.c. Starts a
# redis-server of its own for each number of URLs, and prints memory, rates and the longest scripts.
set -eu
program=$1
shift
folder=$(mktemp -d)
pid=
finish() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || :
	rm -rf "$folder"
}
trap finish EXIT
# Redis measures elapsed time. Where that is allowed, nothing else interrupts it, so that this is the time of the scripts.
priority=
if chrt -f 1 true 2>/dev/null; then priority="chrt -f 1"; fi
start() {
	# shellcheck disable=SC2086 # words
	$priority redis-server --port 0 --unixsocket "$folder/socket" --save "" --appendonly no --dir "$folder" --logfile "$folder/log" \
		--slowlog-log-slower-than 1000 --slowlog-max-len 10000 >/dev/null &
	pid=$!
	until redis-cli -s "$folder/socket" ping >/dev/null 2>&1; do sleep 0.1; done
}
stop() {
	kill "$pid"
	wait "$pid" || :
	pid=
}
ask() {
	redis-cli -s "$folder/socket" "$@" | tr -d '\r'
}
used() {
	ask info memory | sed -n 's/^used_memory_dataset://p'
}
longest() {
	ask info commandstats | sed -n 's/^cmdstat_evalsha:\(calls=[0-9]*\),.*\(usec_per_call=[0-9.]*\).*/scripts: \1 \2/p'
	ask info latencystats | sed -n 's/^latency_percentiles_usec_evalsha:/	us: /p'
	echo "	over 1 ms: $(ask slowlog len); the longest (us): $(redis-cli -s "$folder/socket" --json slowlog get 10000 | jq -c '[.[][2]] | sort | .[-3:]')"
}
for urls in "${@:-1000000}"; do
	start
	before=$(used)
	"$program" "redis+unix://$folder/socket#bench" "$urls" 200 only
	all=$(used)
	seen=0
	# The memory of the buckets, from a sample of them.
	buckets=$(ask hget 'areq:{bench}:crawl' buckets)
	for i in $(seq 0 $((buckets / 50 + 1)) $((buckets - 1))); do
		seen=$((seen + $(ask memory usage "areq:{bench}:1:seen:$i")))
	done
	sample=$(seq 0 $((buckets / 50 + 1)) $((buckets - 1)) | wc -l)
	echo "$urls URLs: $(((all - before) / urls)) bytes each in all; seen $((seen * buckets / sample / urls)) bytes each in $buckets buckets"
	longest
	stop
	start
	"$program" "redis+unix://$folder/socket#bench" "$urls" 200
	longest
	stop
done
