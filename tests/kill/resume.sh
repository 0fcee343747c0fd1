#!/bin/sh
# Ends runs with --state by kill -9 at random moments, goes on with them until they end, ends some again on the way,
# and compares what they have written with a run that nobody has disturbed. The server must see no URL again that the
# state says is done.
#
#	resume.sh [TIMES [AREQ [TESTSERVER]]]
#
# TIMES runs are shared among the modes. SEED in the environment repeats the moments of an earlier run, as far as a machine can.
set -eu

# shellcheck source=tests/support/common.sh
. "$(dirname "$0")/../support/common.sh"

times=${1:-300}
areq=$(absolute "${2:-./areq}")
server=$(absolute "${3:-build/areq-testserver}")
seed=${SEED:-$(date +%s)}
pages=60
modes="list atomic unique urls depth changes check fragments"

be_nobody
start_server "$server" --log 1000000
# shellcheck disable=SC2154 # common.sh sets folder and site
cd "$folder"
curl -s "$site/_/graph?seed=5&port=$port&hosts=1&pages=150&redirects=25" >/dev/null

# The list: pages of several sizes, one with more rows than one write has, a redirect, an error, and no URL.
awk -v site="$site" -v pages=$pages 'BEGIN {
	for (page = 1; page <= pages; page++)
		printf "%s/_/page?links=%d&prefix=%d-\n", site, page % 20 ? page * 7 : 20000, page
	printf "%s/_/chain?n=3&to=/_/page%%3Flinks=2\n%s/_/page?status=404\nno url\nno url\n", site, site
}' >list

# The list before: a third of the pages are new since then, and as many have gone.
awk 'NR % 3 == 1 { print } NR % 3 == 2 && /links/ { print $0 "gone-" }' list >list-before

# Pages whose links lead to a few dead targets, which they share.
awk -v site="$site" 'BEGIN {
	for (page = 1; page <= 40; page++)
		printf "%s/_/page?links=6&prefix=%d-&size=%d\n", site, page % 10, 1000 + page
	printf "%s/_/chain?n=3&to=/_/page%%3Flinks=2\n%s/_/page?status=404\nno url\n", site, site
}' >list-check

options() {
	case $1 in
	list) echo "-o out --report report --rate 100/s list" ;;
	atomic) echo "--atomic -o out --report report --rate 100/s list" ;;
	unique) echo "--unique -o out --report report --rate 100/s list" ;;
	urls) echo "--format urls -o out --report report --rate 100/s list" ;;
	changes) echo "--changes-to out -o all --report report --rate 100/s list" ;;
	check) echo "--check=all -o out --report report --rate 100/s list-check" ;;
	fragments)
		echo "--check=all --fragments --depth all -o out --report report --per-host 0 --rate 150/s" \
			"$site/_/graph/5/a/p0"
		;;
	depth) echo "--depth all -o out --report report --per-host 0 --rate 100/s $site/_/graph/5/a/p0" ;;
	esac
}

# Removes what earlier runs have written. Changes are those to a run before.
clean() {
	rm -rf out out.part all report state*
	[ "$1" != changes ] || cp before.db state
}

# $1: the mode; $2: the limit in seconds; more options behind.
run() {
	mode=$1 limit=$2
	shift 2
	result=0
	# shellcheck disable=SC2046 # options are words
	timeout --foreground --preserve-status -s KILL "$limit" \
		"$areq" --fail-on never --host-errors 0 -r 0 "$@" $(options "$mode") \
		3>&- >/dev/null 2>err || result=$?
}

# The rows and the lines of the report, in the form in which they are compared. With --unique it is not known which
# page has the row of a URL.
digest() {
	case $1 in
	unique) cut -f 2 out ;;
	*) cat out ;;
	esac | LC_ALL=C sort >rows
	jq -r '[.url, .outcome, .cause // ""] | @tsv' report | LC_ALL=C sort >lines
	# A target that was looked at has a second line if it turns out to be a page of the crawl. Whether that is known
	# before it is looked at depends on the order of the answers.
	[ "$1" != fragments ] || sort -u -o lines lines
}

# The URLs that are done, none where the run was killed before it had a state; and how often the server was asked for
# each URL.
done_urls() {
	python3 -c '
import sqlite3
try:
    db = sqlite3.connect("file:state?mode=ro", uri=True, timeout=10)
    pages = "SELECT url FROM pages WHERE run = (SELECT max(id) FROM runs) AND outcome IS NOT NULL AND url LIKE \"http%\""
    targets = "SELECT url FROM targets GROUP BY url HAVING count(*) = 1"
    is_check = db.execute("SELECT count(*) FROM targets").fetchone()[0] > 0
    for row in db.execute((targets if is_check else pages) + " ORDER BY url"):
        print(row[0])
except sqlite3.OperationalError:
    pass'
}

asked() {
	curl -s "$site/_/stats" | jq -r '.log[] | .target' | sed "s|^|$site|" | LC_ALL=C sort | uniq -c |
		awk '{ print $2, $1 }'
}

# The process that writes the state outlives the program when that is killed, and may still end the run.
wait_unused() {
	python3 -c '
import fcntl
try:
    fcntl.lockf(open("state-lock", "r+"), fcntl.LOCK_EX)
except FileNotFoundError:
    pass'
}

# How far the run has come: "unbegun" where the state has no other run than those before, "begun" or "ended".
progress() {
	python3 -c '
import sqlite3
import sys
try:
    db = sqlite3.connect("file:state?mode=ro", uri=True, timeout=10)
    ends = [ended for ended, in db.execute("SELECT ended FROM runs ORDER BY id")][int(sys.argv[1]):]
except sqlite3.OperationalError:
    ends = []
print("unbegun" if not ends else "begun" if ends[-1] is None else "ended")' "$1"
}

echo "SEED=$seed"
failed=0
times=$(((times + 7) / 8))
"$areq" -q --state before.db --fail-on never -o before list-before
for mode in $modes; do
	clean "$mode"
	began=$(date +%s%N)
	if [ "$mode" = changes ]; then
		runs_before=1
		run $mode 60 --state state
	else
		runs_before=0
		run $mode 60
	fi
	length=$((($(date +%s%N) - began) / 1000000))
	wanted_result=$result
	[ $result -le 1 ] || fail "the undisturbed run in mode $mode ends with $result: $(cat err)"
	digest "$mode"
	mv rows wanted-rows
	mv lines wanted-lines
	# Where a redirect leads may be asked for by more than one URL.
	curl -s "$site/_/stats" | jq -r '.log[] | select(.status >= 300 and .status < 400) | .target' >redirects
	awk -v seed="$seed" -v times="$times" -v length_ms="$length" 'BEGIN {
		srand(seed)
		for (i = 0; i < times; i++) {
			kills = 1 + int(rand() * 3)
			for (k = 0; k < kills; k++)
				printf "%.4f ", rand() * length_ms / 1000 / (k + 1) + (k ? 0.15 : 0.01)
			print ""
		}
	}' >moments
	kills=0
	all_done=0
	wrong=0
	while read -r line; do
		clean "$mode"
		curl -s "$site/_/stats/reset" >/dev/null
		: >done-urls
		: >counts
		for moment in $line; do
			run $mode "$moment" --state state
			[ $result -eq 137 ] || break
			kills=$((kills + 1))
			wait_unused
			done_urls >done-urls
			asked >counts
			case $(progress "$runs_before") in
			unbegun) : >done-urls ;;
			ended)
				: >done-urls
				# Killed after its last step. What comes now is the next run, which has no changes.
				[ "$mode" != changes ] || { result=$wanted_result && break; }
				;;
			esac
			all_done=$((all_done + $(wc -l <done-urls)))
		done
		[ $result -eq $wanted_result ] || run $mode 60 --state state
		problem=
		[ $result -eq $wanted_result ] || problem="ends with $result: $(tail -n 1 err)"
		digest "$mode" 2>/dev/null || :
		cmp -s rows wanted-rows || problem="$problem; other rows"
		cmp -s lines wanted-lines || problem="$problem; another report"
		asked >counts-after
		again=$(awk 'FILENAME == "done-urls" { is_done[$1]; next }
			FILENAME == "counts" { before[$1] = $2; next }
			($1 in is_done) && $2 > before[$1] { print $1 }' done-urls counts counts-after | head -n 1)
		[ -z "$again" ] || [ "$mode" = depth ] || [ "$mode" = fragments ] || problem="$problem; $again was asked for again"
		[ -z "$problem" ] || {
			echo "$mode: killed after $line: $problem"
			wrong=$((wrong + 1))
		}
	done <moments
	echo "$mode: $times runs of $length ms, killed $kills times, when $all_done URLs were done; $wrong are wrong"
	[ $wrong -eq 0 ] || failed=1
done
[ $failed -eq 0 ]
