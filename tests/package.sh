#!/bin/sh
# Holds a built package to what its users rely on: lintian has nothing to say, it installs, runs, completes, and goes
# away without a trace. Needs to be root, or sudo. Where areq is installed as a package already, it touches nothing.
#
#	package.sh CHANGES
set -eu
changes=$1
deb=${changes%.changes}.deb
version=$(dpkg-deb -f "$deb" Version)
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo

# shellcheck source=tests/support/common.sh
. "$(dirname "$0")/support/common.sh"

if dpkg-query -W -f '${Status}' areq 2>/dev/null | grep -qv 'not-installed'; then
	fail "areq $(dpkg-query -W -f '${Version}' areq) is installed already; 'dpkg -P areq' removes it"
fi

echo "package: lintian"
lintian --allow-root --fail-on error,warning "$changes"

end_others() {
	$sudo dpkg --purge areq >/dev/null 2>&1 || :
}

echo "package: install $deb"
# Some machines are set up to leave documentation out.
$sudo dpkg --path-include='/usr/share/*' -i "$deb" >"$folder/dpkg" || {
	cat "$folder/dpkg" >&2
	exit 1
}
dpkg -L areq | while read -r path; do
	[ -d "$path" ] || echo "$path"
done >"$folder/files"

/usr/bin/areq --version >"$folder/version" || fail "areq does not run"
grep -qxF "areq ${version%-*}" "$folder/version" || fail "areq $version says of itself: $(cat "$folder/version")"
man -M /usr/share/man -w areq >"$folder/man" || fail "no man page"
grep -qx "$(cat "$folder/man")" "$folder/files" || fail "the man page is not the package's: $(cat "$folder/man")"

completions="/usr/share/bash-completion/completions/areq /usr/share/zsh/vendor-completions/_areq
	/usr/share/fish/vendor_completions.d/areq.fish"
for file in $completions /usr/share/doc/areq/NEWS.md /usr/share/doc/areq/README.md; do
	grep -qxE "$file(\.gz)?" "$folder/files" || fail "$file is missing"
	[ -s "$file" ] || [ -s "$file.gz" ] || fail "$file is empty"
done

# As bash does it after `areq --out` and Tab.
# shellcheck disable=SC2016
bash --norc -c '
	. /usr/share/bash-completion/completions/areq
	set -- $(complete -p areq)
	while [ "$1" != -F ]; do shift; done
	COMP_WORDS=(areq --out) COMP_CWORD=1 COMP_LINE="areq --out" COMP_POINT=10
	"$2" areq --out areq
	printf "%s\n" "${COMPREPLY[@]}"
' >"$folder/offers" || fail "bash cannot use its completions"
grep -qE '^--output[= ]?$' "$folder/offers" || fail "bash offers for --out: $(cat "$folder/offers")"
if command -v zsh >/dev/null; then
	zsh -n /usr/share/zsh/vendor-completions/_areq || fail "zsh cannot read its completions"
fi
if command -v fish >/dev/null; then
	fish --no-config -c 'source /usr/share/fish/vendor_completions.d/areq.fish; complete -C "areq --out"' \
		>"$folder/offers" || fail "fish cannot use its completions"
	grep -q '^--output' "$folder/offers" || fail "fish offers for --out: $(cat "$folder/offers")"
fi

echo "package: remove"
$sudo dpkg --purge areq >/dev/null
echo /usr/share/doc/areq >>"$folder/files"
while read -r path; do
	[ ! -e "$path" ] || fail "$path is left behind"
done <"$folder/files"
echo "package: areq $version is well"
