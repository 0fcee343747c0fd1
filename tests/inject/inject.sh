#!/bin/sh
# Makes each allocation and each system call of areq fail in its turn, and looks at what becomes of the run: it
# ends with the right exit status and a message, leaves nothing open, and never half a row.
#
#	inject.sh [-s STEP] AREQ TESTSERVER LIBRARY    every point, or each STEPth
#	inject.sh -m MODE -p POINT AREQ TESTSERVER LIBRARY
#	                                               this one, and shows what it did
#
# A POINT is what inject.c calls AREQ_INJECT. A program that is built with AddressSanitizer is also looked at for
# leaks, but not with failing allocations: those end it at once.
set -eu

# name|what is in the file before: none, whole or torn|arguments
modes="file|whole|-o out list
append|whole|-a -o out list
report|whole|-o out --report report list
config|whole|-o out --config config -b cookies list
summary|whole|-o out --summary-json summary list
pipe|none|-v list
regexp|whole|-e href=.([a-z0-9]+) -o out list
xpath|whole|--xpath //@href -o out list
atomic|whole|--atomic --fail-on never -o out list
repair|torn|-a --repair -o out list
jsonl|whole|--format jsonl --include . -o out list
ordered|whole|--ordered -o out list"

# kind|series:error ...
# Without the second series: alloc, whose first failure must be the last allocation of all; what is right to be tried
# for ever.
series="alloc|once:ENOMEM
open|once:EMFILE on:EMFILE
read|once:EIO on:EIO once:EINTR
pread|once:EIO on:EIO
pwrite|once:ENOSPC on:ENOSPC
write|once:ENOSPC on:ENOSPC once:EIO on:EIO once:SHORT on:SHORT on:FULL once:EINTR once:EAGAIN once:EPIPE
fsync|once:EIO on:EIO
rename|once:EACCES on:EACCES
close|once:EIO on:EIO once:ENOSPC
ftruncate|once:EIO on:EIO
stat|once:EIO on:EIO
fstat|once:EIO on:EIO
chmod|once:EPERM on:EPERM
lock|once:ENOLCK on:ENOLCK once:EAGAIN
poll|once:ENOMEM on:ENOMEM
unlink|once:EACCES on:EACCES
pipe|once:EMFILE on:EMFILE
socket|once:EMFILE on:EMFILE
fork|once:EAGAIN on:EAGAIN"

usage() {
	echo "usage: inject.sh [-s STEP | -m MODE -p POINT] AREQ TESTSERVER LIBRARY" >&2
	exit 2
}

step=1
one_mode=
one_point=
while getopts s:m:p: option; do
	case $option in
	s) step=$OPTARG ;;
	m) one_mode=$OPTARG ;;
	p) one_point=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -eq 3 ] || usage
again="sh $0 -m %s -p %s $*"
# shellcheck source=tests/support/common.sh
. "$(dirname "$0")/../support/common.sh"
areq=$(absolute "$1")
server=$(absolute "$2")
library=$(absolute "$3")
check=$(absolute "$(dirname "$0")/check.awk")
sanitized=
! grep -q __asan_init "$areq" || sanitized=yes

be_nobody
start_server "$server" --log 0

# Each run has a name of its own for what fails only once.
write_list() {
	cat <<-LIST
		# links in HTML, redirected, later, missing, compressed, in XML, in another encoding, no URL
		$site/_/page?links=40
		$site/_/chain?n=1
		$site/_/page?links=2&fail=1&group=$1
		$site/_/page?status=404
		$site/_/page?body=<a%20href=x>%3Cp%20href='%26amp;y'>&encoding=gzip&header=Set-Cookie:%20a=b
		$site/_/page?type=application/xhtml%2Bxml&body=<a%20xmlns='http://www.w3.org/1999/xhtml'%20href='z'/>
		$site/_/page?type=text/html;%20charset=shift_jis&body=<a%20href='%83%83'>%3Cbase%20href='/b/'>
		mailto:x
	LIST
}

write_old() {
	[ "$1" = none ] || printf 'source_url\tparsed_url\nhttp://old/\thttp://old/1\nhttp://old/\thttp://old/2\n'
	[ "$1" != torn ] || printf 'http://old/\thttp://ol'
}

# Runs a mode with the given setting in the current folder; leaves the exit status in status, and in old what was
# in the file before.
run() {
	rest=$(printf '%s\n' "$modes" | grep "^$1|")
	rest=${rest#*|}
	old=${rest%%|*}
	setting=$2
	rm -f log out* report summary
	write_list "$3" >list
	echo "retries = 2" >config
	printf '127.0.0.1\tFALSE\t/\tFALSE\t0\tmine\t1\n' >cookies
	[ "$old" = none ] || write_old "$old" >out
	# The arguments are meant to split.
	set -f
	# shellcheck disable=SC2086
	set -- ${rest#*|}
	set +f
	set -- timeout -k 5 10 env ${setting:+"AREQ_INJECT=$setting"} AREQ_INJECT_LOG="$PWD/log" LD_PRELOAD="$library" \
		UBSAN_OPTIONS=print_stacktrace=1 \
		ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=1:exitcode=99:log_path=$PWD/asan" "$areq" "$@"
	status=0
	if [ "$old" = none ]; then
		{ "$@" 3>&- 2>err </dev/null || echo $? >result; } | cat >out
		[ ! -e result ] || read -r status <result
		rm -f result
	else
		"$@" 3>&- 2>err >stdout </dev/null || status=$?
	fi
}

# Each mode once without a failure: what it calls, and what comes out.
prepare() {
	mkdir "$folder/$1" && cd "$folder/$1"
	run "$1" "" 0
	if [ "$status" -gt 1 ] || grep -q '^left' log; then
		echo "inject: the undisturbed run in mode $1 ends with $status:" >&2
		cat err log >&2
		exit 1
	fi
	echo "$status" >status
	write_old "$old" >before
	cd "$folder"
}

points_of() {
	printf '%s\n' "$series" | while IFS='|' read -r kind failures; do
		[ -z "$sanitized" ] || [ "$kind" != alloc ] || continue
		count=$(sed -n "s/^count $kind //p" "$folder/$1/log")
		number=1
		while [ $number -le "$count" ]; do
			for failure in $failures; do
				echo "$1 $kind:$number:$failure"
			done
			number=$((number + 1))
		done
	done
}

# Runs one point in the current folder. Prints what is wrong; true where nothing is.
try() {
	rm -f asan.*
	run "$1" "$2" "$3"
	result=0
	verdict=$(awk -v plain="$folder/$1" -v mode="$1" -v point="$2" -v status="$status" -f "$check") || result=1
	if cat asan.* 2>/dev/null; then
		verdict="the sanitizer has a report"
		result=1
	fi
	echo "$verdict"
	return $result
}

# One half of the points.
try_all() {
	mkdir "$folder/half$1" && cd "$folder/half$1"
	number=$1
	awk -v half="$1" 'NR % 2 == half' "$folder/points" | while read -r mode point; do
		number=$((number + 2))
		if said=$(try "$mode" "$point" "$number"); then
			echo "${said%%:*} $point" >>tried
		else
			# shellcheck disable=SC2059
			printf "%s\n%s\n\tagain: $again\n" "$mode $point" "$said" "$mode" "$point" >>wrong
			echo "wrong $point" >>tried
		fi
	done
}

# What areq calls and inject.c does not know would never fail here.
imported() {
	nm -D "$1" "$2" | sed 's/@.*//' | awk '{ print $NF }' |
		grep -E '(alloc|dup|fork|open|socket|read|write|sync|rename|link|trunc|stat|chmod|chown|close|poll|pipe|mkstemp|mkdir)' |
		grep -E '^(__)?[a-z]+(64)?(_chk|_2)?$' | sort
}
imported -u "$areq" >"$folder/imported"
imported --defined-only "$library" >"$folder/covered"
for name in $(comm -23 "$folder/imported" "$folder/covered"); do
	case $name in
	# for --help alone; has no failure but that there is no link; fails where areq is not installed rightly, and ends it
	fwrite | readlink | dlopen) ;;
	*)
		fail "areq calls $name, which tests/inject/inject.c does not make fail"
		;;
	esac
done

if [ -n "$one_mode" ]; then
	prepare "$one_mode"
	mkdir "$folder/one" && cd "$folder/one"
	result=0
	try "$one_mode" "$one_point" 1 || result=1
	echo "exit status $status"
	tail -n +1 -- log err out asan* report 2>/dev/null || :
	exit $result
fi

: >"$folder/points"
echo "$modes" >"$folder/modes"
while IFS='|' read -r mode rest; do
	prepare "$mode"
	points_of "$mode" >>"$folder/points"
done <"$folder/modes"
awk -v step="$step" '(NR - 1) % step == 0' "$folder/points" >"$folder/chosen"
mv "$folder/chosen" "$folder/points"
for kind in open read write close ftruncate fstat lock poll pread socket fork; do
	if [ "$step" -eq 1 ] && ! grep -q " $kind:" "$folder/points"; then
		fail "no call of kind $kind was seen"
	fi
done

try_all 0 &
first=$!
try_all 1 &
second=$!
wait $first
wait $second

cat "$folder"/half?/tried | awk '
{
	split($2, part, ":")
	tried[part[1]]++
	all++
	if ($1 == "missed")
		missed++
	if ($1 == "wrong")
		bad++
}
END {
	for (kind in tried)
		printf "%s %d, ", kind, tried[kind]
	printf "%d in all", all
	if (missed)
		printf "; %d were not reached", missed
	if (bad)
		printf "; %d WRONG", bad
	print ""
}'
for half in half0 half1; do
	[ ! -e "$folder/$half/wrong" ] || cat "$folder/$half/wrong" >>"$folder/wrong"
done
if [ -s "$folder/wrong" ]; then
	cat "$folder/wrong" >&2
	exit 1
fi
