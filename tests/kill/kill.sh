#!/bin/sh
# Ends areq by kill -9 at random moments of a run that writes a lot, and looks at what the file holds then: whole
# rows, behind what was there with -a, and the old file or the new one with --atomic.
#
#	kill.sh [TIMES [AREQ [TESTSERVER]]]
#
# SEED in the environment repeats the moments of an earlier run, as far as a machine can.
set -eu

# shellcheck source=tests/support/common.sh
. "$(dirname "$0")/../support/common.sh"

times=${1:-500}
areq=$(absolute "${2:-./areq}")
server=$(absolute "${3:-build/areq-testserver}")
check=$(absolute "$(dirname "$0")/check.awk")
seed=${SEED:-$(date +%s)}
pages=60
links=2000


be_nobody
start_server "$server" --log 0
cd "$folder"
awk -v site="$site" -v pages=$pages -v links=$links 'BEGIN {
	for (page = 1; page <= pages; page++)
		printf "%s/_/page?links=%d&prefix=%d-\n", site, links, page
}' >list
printf 'source_url\tparsed_url\nhttp://old/\thttp://old/1\nhttp://old/\thttp://old/2\n' >old

# One run of a mode, ended after so many seconds; 137 where it was still running.
run() {
	# What --atomic leaves beside the file is its own.
	rm -rf work
	mkdir work
	cp old work/out
	result=0
	limit=$2
	case $1 in
	file) set -- ;;
	append) set -- -a ;;
	atomic) set -- --atomic ;;
	esac
	# --foreground: it ends only when areq has ended.
	(cd work && exec timeout --foreground --preserve-status -s KILL "$limit" \
		"$areq" --per-host 0 "$@" -o out ../list 3>&- >/dev/null 2>err) || result=$?
}

judge() {
	{ cat work/out && echo .; } | awk -v mode="$1" -v pages=$pages -v links=$links -f "$check"
}

# The milliseconds that a run takes, the median of five.
measure() {
	for _ in 1 2 3 4 5; do
		began=$(date +%s%N)
		run "$1" 60
		echo $((($(date +%s%N) - began) / 1000000))
		if [ $result -ne 0 ] || [ "$(judge "$1")" != new ]; then
			echo "kill: the undisturbed run in mode $1 ends with $result: $(judge "$1")" >&2
			cat work/err >&2
			exit 1
		fi
	done | sort -n | sed -n 3p
}

echo "SEED=$seed"
failed=0
for mode in file append atomic; do
	length=$(measure $mode)
	[ -n "$length" ] || exit 1
	awk -v seed="$seed" -v times="$times" -v length_ms="$length" 'BEGIN {
		srand(seed)
		for (i = 0; i < times; i++)
			printf "%.4f\n", rand() * length_ms / 1000 + 0.0001
	}' >moments
	: >found
	while read -r moment; do
		run $mode "$moment"
		was=ended
		[ $result -ne 137 ] || was=killed
		said=$(judge $mode)
		# 124: it ended just as its time was up.
		[ $was = killed ] || [ "$result $said" = "0 new" ] || [ "$result $said" = "124 new" ] ||
			said="wrong: exit status $result and $said"
		[ "$said" != torn ] || said="wrong: a torn row"
		echo "$was $moment $said" >>found
	done <moments
	awk -v mode=$mode -v length_ms="$length" '
	$1 == "killed" { killed++ }
	$1 == "killed" && $3 ~ /^(new|rows|part)$/ { written++ }
	$3 == "part" { part++ }
	$3 == "wrong:" { wrong++ }
	END {
		printf "%s: %d runs of %d ms; %d killed while they ran, %d of them left rows; ", mode, NR, length_ms, killed, written
		printf "%d left a part of a page; %d are wrong\n", part, wrong
	}' found
	grep ' wrong:' found >bad || continue
	head -n 20 bad
	failed=1
done
[ $failed -eq 0 ]
