#!/bin/sh
# Builds with coverage, runs all tests but those that make the system fail, prints how much of each file of src/ they reach,
# and lists the lines that none reaches, each with the reason that tests/coverage.reasons gives for it, and the reasons that
# no line needed. Exits 1 where a line has no reason.
# usage: coverage.sh MAKE
set -eu
make=$1
cd "$(dirname "$0")/.."
build=build/coverage

mkdir -p "$build"
find "$build" -name "*.gcda" -delete
cc -c -o "$build/ends.o" tests/coverage.c
# -O0, so that lines are what they seem.
"$make" --no-print-directory BUILD="$build" BIN="$build/areq" CFLAGS='-O0 -g' SANITIZE=--coverage \
	LDFLAGS="$build/ends.o -Wl,--wrap=_exit,--wrap=raise,--wrap=kill,--wrap=read,--wrap=setrlimit64" test-run >"$build.log" 2>&1 || {
	tail -n 40 "$build.log" >&2
	exit 1
}

# gcov prints "count:line number:text" for each line; the count of a line that was never reached is "#####".
for counters in "$build"/src/*.gcda "$build"/src/*/*.gcda "$build"/src/*/*/*.gcda; do
	gcov --stdout --object-file "$counters" "${counters#"$build"/}" 2>/dev/null
done | awk -F: -v reasons_file=tests/coverage.reasons '
	function trim(text) {
		gsub(/^[ \t]+|[ \t]+$/, "", text)
		return text
	}
	BEGIN {
		while ((getline line <reasons_file) > 0) {
			if (line ~ /^#/ || line == "")
				continue
			split(line, part, "\t")
			reason[part[1] "\t" part[2]] = part[3]
		}
	}
	$3 == "Source" { file = $4; next }
	file !~ /^src\// { next }
	trim($1) == "-" || trim($2) == "0" { next }
	{
		place = file ":" trim($2)
		text = $0
		sub(/^[^:]*:[^:]*:/, "", text)
		reached[place] = reached[place] || trim($1) !~ /^#####|^=====/
		code[place] = trim(text)
		of[place] = file
	}
	END {
		for (place in code) {
			lines[of[place]]++
			all++
			if (reached[place]) {
				hit[of[place]]++
				all_hit++
				continue
			}
			key = of[place] "\t" code[place]
			if (key in reason) {
				used[key]
				explained++
				print "  " place ": " code[place] "  -- " reason[key] | "sort -V"
			} else {
				unexplained++
				print "? " place ": " code[place] | "sort -V"
			}
		}
		# On another system, or when a machine is busy, they may be needed.
		for (key in reason)
			if (!(key in used))
				print "- not needed: " key | "sort -V"
		close("sort -V")
		for (file in lines)
			printf "%5.1f %%  %4d of %4d lines  %s\n", 100 * hit[file] / lines[file], hit[file], lines[file], file | "sort -n"
		close("sort -n")
		printf "coverage: %.2f %% of %d lines of src/; %d not reached, %d of them without a reason\n",
			100 * all_hit / all, all, explained + unexplained, unexplained
		exit unexplained > 0
	}'
