#!/bin/sh
# Tries areq on another Debian system: debootstrap makes a bare one of this suite and architecture in a folder, chroot
# runs in it what is committed here, and one line tells the result. Needs root, debootstrap (apt-get install debootstrap)
# and a processor that runs the architecture. It is not part of .ci/run: a system takes some 15 minutes and 2 GB.
#
#	systems.sh [--mirror URL] SUITE ARCHITECTURE [FOLDER]
#
# On a stable amd64 the README's two command lines run as they stand there. On another architecture, and on a suite that
# changes every day, where packages for tests may be missing, the program is built, and the unit tests and those e2e
# suites run that need no other program and do not assert a library's words.
#
# The mirror is apt's. With FOLDER the system stays there for the next try; without it, it goes at the end. FOLDER/log
# has what the commands printed.
set -eu
cd "$(dirname "$0")/.."

# shellcheck source=tests/support/common.sh
. tests/support/common.sh

parts="atomic charts cli color config dry_run elsewhere ends failed fetch file filters format help input links list lock loop names
	ordered output progress reader repair report shard sitemap stderr_lines stop summary summary_json unique waterfall"
# shellcheck disable=SC2016 # apt-get replaces it
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
if [ "${1-}" = --mirror ]; then
	mirror=$2
	shift 2
fi
if [ $# -lt 2 ] || [ $# -gt 3 ]; then
	echo "usage: tests/systems.sh [--mirror URL] SUITE ARCHITECTURE [FOLDER]" >&2
	exit 2
fi
suite=$1 architecture=$2 place=${3:-$folder}
[ "$(id -u)" -eq 0 ] || fail "chroot needs root"
command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
mkdir -p "$place"
place=$(cd "$place" && pwd)
root=$place/root log=$place/log
: >"$log"

# Everything that a system runs is in namespaces of its own: what it mounts and starts ends with it. Signals that are
# ignored here, as in a background job of a shell, are not ignored there.
inside() {
	# shellcheck disable=SC2016
	setarch "$personality" unshare --mount --pid --fork --kill-child sh -ec '
		mount -t proc proc "$0/proc"
		mount -t sysfs -o ro sysfs "$0/sys"
		mount --rbind /dev "$0/dev"
		cp /etc/resolv.conf "$0/etc/resolv.conf"
		exec env -i --default-signal PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=xterm LC_ALL=C.UTF-8 \
			chroot "$0" sh -ec "cd /areq && { $1; }"' "$root" "$1" >>"$log" 2>&1
}

result=
failures=0
# Runs a command inside, and adds its result and time to the line.
try() {
	start=$(date +%s)
	if inside "$2"; then
		word=passed
	else
		word=failed failures=$((failures + 1))
	fi
	result="$result, $1 $word in $(($(date +%s) - start)) s"
}

case $architecture in
i386 | armhf | armel) personality=linux32 ;;
*) personality=linux64 ;;
esac

if [ ! -e "$root/etc/debian_version" ]; then
	debootstrap --variant=minbase --arch="$architecture" "$suite" "$root" "$mirror" >>"$log" 2>&1 ||
		fail "debootstrap cannot make $suite $architecture: $(tail -n 1 "$log")"
fi
# The settings of this machine's apt for the network and for the age of a mirror.
apt-config dump | grep -E '^Acquire::(Check-|Retries|http|https|Proxy)' >"$root/etc/apt/apt.conf.d/99systems" || :
rm -rf "$root/areq"
mkdir "$root/areq"
git archive HEAD | tar -x -C "$root/areq"

case $architecture/$suite in
amd64/testing | amd64/unstable | amd64/sid | [!a]*)
	try packages "apt-get update && apt-get install -y make && sh .ci/packages build part"
	try build "make -j2 areq build/unit build/e2e build/areq-testserver build/areq-h2server"
	try "unit tests" build/unit
	for part in $parts; do
		# A filter that no test matches is a success for Criterion.
		try "$part" "build/e2e --list | grep -q '^$part:' && AREQ_BIN=\$PWD/areq \
			AREQ_TESTSERVER=build/areq-testserver AREQ_H2SERVER=build/areq-h2server build/e2e --filter '$part/*'"
	done
	;;
*)
	# shellcheck disable=SC2016
	sed -n '/^\$(command -v sudo) /p' README.md >"$folder/commands"
	[ "$(wc -l <"$folder/commands")" -eq 2 ] || fail "README.md has not its two command lines"
	while read -r command <&4; do
		try "${command##*&& }" "$command"
	done 4<"$folder/commands"
	;;
esac
# shellcheck disable=SC2016
versions=$(chroot "$root" dpkg-query -W -f '${source:Package} ${source:Upstream-Version}\n' 2>/dev/null |
	grep -E '^(curl|c-ares|libxml2|pcre2) ' | sort -u | paste -sd, | sed 's/,/, /g')
echo "$suite $architecture (Debian $(cat "$root/etc/debian_version"); $versions): ${result#, }"
if [ $failures -gt 0 ]; then
	if [ $# -eq 3 ]; then
		echo "see $log"
	else
		tail -n 40 "$log"
	fi
	exit 1
fi
