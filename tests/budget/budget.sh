#!/bin/sh
# Counts the instructions that areq takes for finding links, resolving them, making them unique, for all of it, and for
# all of it with --attrs all, which may take 1.5 times as many as without, on
# the pages beside this script, and holds them to budget.txt: more than 5 % above it fails. The number of instructions
# does not depend on how busy a machine is, as time does.
#
#	budget.sh [--renew] BUDGET FLAGS
#
# BUDGET is the program that budget.c makes, FLAGS are the compiler's. Other flags, compilers or libraries make other
# instructions, so where the budget is for others, it is left out. --renew writes it anew, for these.
set -eu
# In the order of the names whatever the language.
LC_ALL=C
export LC_ALL

usage() {
	echo "usage: budget.sh [--renew] BUDGET FLAGS" >&2
	exit 2
}

renew=
if [ "${1-}" = --renew ]; then
	renew=yes
	shift
fi
[ $# -eq 2 ] || usage
program=$1
budget=$(dirname "$0")/budget.txt
pages=$(dirname "$0")/pages

tools="$2, $("$program" tools)"
for_tools=$(sed -n 's/^for //p' "$budget")
if [ -z "$renew" ] && [ -z "$for_tools" ]; then
	echo "budget: $budget does not say which tools it is for" >&2
	exit 1
fi
if [ -z "$renew" ] && [ "$tools" != "$for_tools" ]; then
	printf 'budget: left out, since it is for others\n  it is for  %s\n  this is    %s\n' "$for_tools" "$tools"
	exit 0
fi
command -v valgrind >/dev/null || {
	echo "budget: needs valgrind: apt-get install valgrind" >&2
	exit 1
}

# shellcheck source=tests/support/common.sh
. "$(dirname "$0")/../support/common.sh"

# Valgrind shows its own processor, but one with AVX2 only where the machine has that: so the C library is told to do
# without, and takes the functions that it would take anywhere. All symbols are bound before anything is counted.
processor=-AVX2,-AVX_Fast_Unaligned_Load,-SSE4_2,-SSE4_1,-SSSE3,-ERMS

# Prints the stage, its instructions, and what it worked on.
count() {
	units=$(LD_BIND_NOW=1 GLIBC_TUNABLES=glibc.cpu.hwcaps=$processor valgrind --command-line-only=yes \
		--tool=callgrind --callgrind-out-file=/dev/null --log-file="$folder/log" --toggle-collect="pass_$1" \
		"$program" "$1" "$pages"/*.html) || {
		cat "$folder/log" >&2
		echo "budget: $1 does not run under valgrind" >&2
		exit 1
	}
	instructions=$(sed -n 's/.* Collected : //p' "$folder/log")
	if [ "${instructions:-0}" -eq 0 ]; then
		echo "budget: callgrind saw no function pass_$1" >&2
		exit 1
	fi
	echo "$1 $instructions $units"
}

for stage in find resolve unique all attrs; do
	count $stage
done >"$folder/counted"

if [ -n "$renew" ]; then
	{
		echo "# Instructions that each stage takes on pages/, and the bytes or links that it takes them for."
		echo "# Written by make budget-renew."
		echo "for $tools"
		cat "$folder/counted"
	} >"$folder/budget"
	cat "$folder/budget" >"$budget"
fi

awk '
	/^#/ || /^for / { next }
	NR == FNR { instructions[$1] = $2; units[$1] = $3; next }
	FNR == 1 { printf "%-9s %14s %10s %8s   instructions\n", "budget:", "counted", "budget", "ratio" }
	units[$1] != $3 {
		wrong = wrong sprintf("budget: %s worked on %d %s, and the budget is for %d; if that is right: make budget-renew\n",
			$1, $3, $4, units[$1])
		next
	}
	{
		unit = substr($4, 1, length($4) - 1)
		ratio = $2 / instructions[$1]
		printf "  %-7s %14.2f %10.2f %8.3f   a %s\n", $1, $2 / $3, instructions[$1] / $3, ratio, unit
		if (ratio > 1.05)
			wrong = wrong sprintf("budget: %s takes %.1f %% more instructions than its budget\n", $1, ratio * 100 - 100)
		if (ratio < 0.98)
			fell = fell sprintf("budget: %s fell to %.2f a %s: make budget-renew writes it into budget.txt\n",
				$1, $2 / $3, unit)
	}
	$1 == "all" { all = $2 }
	$1 == "attrs" && $2 > 1.5 * all {
		wrong = wrong sprintf("budget: attrs takes %.2f times the instructions of all\n", $2 / all)
	}
	END {
		printf "%s", fell
		fflush()
		printf "%s", wrong >"/dev/stderr"
		exit wrong != ""
	}' "$budget" "$folder/counted"
