#!/bin/sh
# A chaos soak: healthy pages among every fault that the test server knows, over many hosts at once, with short limits.
# The healthy ones must come out as if the others were not there, each fault as what it is, in a time that the limits
# imply, and in a memory that does not grow with the list. So must they in a crawl, which finds all of them as links.
#
#	AREQ_BIN=./areq AREQ_TESTSERVER=build/areq-testserver soak.sh URLS HOSTS [SEED]
#
# Without SEED the clock gives one. AREQ_SOAK_GROWTH is how many KiB four times the list may cost more: by default what
# the slots may keep of their largest pages, --jobs times --max-size.
set -eu
LC_ALL=C
export LC_ALL

# The server listens on 64 addresses at most, for every fourth host one.
if [ $# -lt 2 ] || [ "$1" -lt 4 ] || [ "$2" -lt 1 ] || [ "$2" -gt 252 ]; then
	echo "usage: soak.sh URLS HOSTS [SEED], with 4 URLs or more and 1 to 252 hosts" >&2
	exit 2
fi
urls=$1
hosts=$2
seed=${3:-$(date +%s)}
areq=${AREQ_BIN:-./areq}
server=${AREQ_TESTSERVER:-build/areq-testserver}
growth=${AREQ_SOAK_GROWTH:-16384}
soak=$(dirname "$0")
timeout=1
retries=2
jobs=64
tab=$(printf '\t')

# shellcheck source=tests/support/common.sh
. "$(dirname "$0")/../support/common.sh"

say() {
	echo "soak: $*"
}

fail() {
	say "$*" >&2
	say "repeat with: AREQ_BIN=$areq AREQ_TESTSERVER=$server AREQ_SOAK_GROWTH=$growth sh $0 $urls $hosts $seed" >&2
	exit 1
}

start_on_hosts() {
	set -- --bind 127.0.0.1
	host=4
	while [ $host -le "$hosts" ]; do
		set -- "$@" --bind 127.0.0.$((host + 1))
		host=$((host + 4))
	done
	mkdir "$folder/site"
	start_server "$server" --log 0 --root "$folder/site" "$@"
}

# Only libcurl 7 refuses a folded line directly after the status line.
faults() {
	case $("$areq" --version) in
	*libcurl/7*) cat "$soak/faults.txt" ;;
	*) sed 's,^failed again 0 \(.*/header-folded-first\)$,ok once 1 \1,' "$soak/faults.txt" ;;
	esac
}

# A list of $2 lines, into the folder $1. A shorter one is the beginning of a longer one.
make_list() {
	mkdir "$folder/$1"
	: >"$folder/$1/rows"
	faults | awk -v urls="$2" -v hosts="$hosts" -v seed="$seed" -v port="$port" -v folder="$folder/$1" -f "$soak/list.awk"
}

# The same list without what is not to be ok.
make_healthy_list() {
	mkdir "$folder/$2"
	grep "^ok$tab" "$folder/$1/expected" >"$folder/$2/expected"
	cut -f5 "$folder/$2/expected" >"$folder/$2/list"
	cp "$folder/$1/rows" "$folder/$2/rows"
	echo 0 >"$folder/$2/repeated"
}

# Pages that link to the URLs of the same list.
make_crawl_list() {
	mkdir "$folder/$2"
	awk -v site="http://127.0.0.1:$port" -v root="$folder/site" -v folder="$folder/$2" -f "$soak/pages.awk" \
		"$folder/$1/expected"
	cat "$folder/$1/rows" >>"$folder/$2/rows"
}

# The first argument is the name of the list; the others are options. Sets seconds and kib to what the run took, waits
# to what its time-outs may take.
run_list() {
	name=$1
	shift
	files=$folder/$name
	"$areq" -q -o "$files/reset" "http://127.0.0.1:$port/_/stats/reset" || fail "$name: the server does not answer"
	status=0
	env time -q -f '%e %M' -o "$files/usage" "$areq" -t $timeout -r $retries -j $jobs --host-errors 0 --max-size 256k \
		"$@" -o "$files/found" --report "$files/report" "$files/list" 2>"$files/messages" 3>&- || status=$?
	usage=$(tail -n 1 "$files/usage")
	seconds=${usage% *}
	kib=${usage#* }
	awk -v timeout=$timeout -v retries=$retries -v jobs=$jobs -v status=$status -v repeated="$(cat "$files/repeated")" \
		-f "$soak/check.awk" part=expected "$files/expected" part=report "$files/report" \
		part=rows "$files/found" part=messages "$files/messages" >"$files/result" || {
		cat "$files/result" >&2
		tail -n 20 "$files/messages" >&2
		fail "$name: not what was expected"
	}
	waits=$(sed -n 's/^waits //p' "$files/result")
	say "$name: $(sed 1q "$files/result") in $seconds s and $kib KiB"
	# Sorted by page alone: within a page the order counts.
	sort -s -t "$tab" -k 1,1 "$files/rows" >"$files/rows_sorted"
	sed 1d "$files/found" | sort -s -t "$tab" -k 1,1 | cmp - "$files/rows_sorted" ||
		fail "$name: these are not the rows of the pages"
}

# No slot rests while a host may be asked: so the waiting takes no longer than all of it shared among the slots, and that
# of the longest host behind it. The rest is work, for which the healthy run is the measure.
check_costs() {
	bound=$(awk "BEGIN { print int(2 * $healthy_seconds + $waits + 10) }")
	say "time: $seconds s of $bound s at most; $waits s of these are time-outs, retries and holds"
	say "memory: $((kib - quarter_kib)) KiB more than for a quarter of the list, of $growth at most"
	awk "BEGIN { exit !($seconds <= $bound) }" || fail "that took too long"
	[ $((kib - quarter_kib)) -le "$growth" ] || fail "the memory grows with the list"
}

say "seed $seed, $urls URLs over $hosts hosts, $areq"
be_nobody
start_on_hosts
make_list mixed "$urls"
make_list quarter $((urls / 4))
make_healthy_list mixed healthy
make_crawl_list mixed crawl

run_list healthy
healthy_seconds=$seconds
run_list quarter
quarter_kib=$kib
run_list mixed
check_costs
run_list crawl --depth 1 --scope any
check_costs
say "all is well"
