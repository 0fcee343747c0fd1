#!/bin/sh
# Compares areq with the classic script and with a DOM parser on the HTML of Debian's python3-doc, served by a private
# nginx. Prints how many rows each has and every unexplained row that only one has.
#
# usage: tests/compare/compare.sh [AREQ]      needs: python3-doc python3-aiohttp python3-html5lib nginx-light nodejs
set -eu
here=$(dirname "$0")
areq=${1:-./areq}
root=$(readlink -f /usr/share/doc/python3-doc/html)
work=$(mktemp -d)
port=${AREQ_COMPARE_PORT:-18080}
trap 'kill "$nginx" 2>/dev/null || true; rm -rf "$work"' EXIT INT TERM

cat >"$work/nginx.conf" <<EOF
daemon off;
pid $work/pid;
error_log $work/error.log;
events {}
http {
	include /etc/nginx/mime.types;
	access_log off;
	client_body_temp_path $work/body;
	proxy_temp_path $work/proxy;
	fastcgi_temp_path $work/fastcgi;
	uwsgi_temp_path $work/uwsgi;
	scgi_temp_path $work/scgi;
	server { listen 127.0.0.1:$port; root $root; }
}
EOF
nginx -c "$work/nginx.conf" -e "$work/error.log" &
nginx=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ -s "$work/pid" ] && break
	sleep 0.2
done

(cd "$root" && find . -name '*.html') | sed "s,^\.,http://127.0.0.1:$port," | sort >"$work/urls.txt"
echo "pages: $(wc -l <"$work/urls.txt")"

normalise() {
	node "$here/normalise.js" >"$work/$1"
}

report() {
	echo "$1: $(wc -l <"$work/$2") rows; $3: $(wc -l <"$work/$4") rows"
	echo "only $1: $(LC_ALL=C comm -23 "$work/$2" "$work/$4" | tee "$work/left" | wc -l)"
	echo "  (with an empty fragment, which urljoin drops and the URL standard keeps: $(grep -c '#$' "$work/left" || true))"
	grep -v '#$' "$work/left" || true
	echo "only $3: $(LC_ALL=C comm -13 "$work/$2" "$work/$4" | tee "$work/right" | wc -l)"
	cat "$work/right"
}

/usr/bin/python3 "$here/classic.py" "$work/urls.txt" | normalise classic
"$areq" -q --no-header -e 'href="(.*?)"' "$work/urls.txt" | LC_ALL=C sort >"$work/areq-e"
/usr/bin/python3 "$here/dom.py" "$root" "$work/urls.txt" | normalise dom
"$areq" -q --no-header "$work/urls.txt" | LC_ALL=C sort >"$work/areq"
LC_ALL=C sort -o "$work/classic" "$work/classic"
LC_ALL=C sort -o "$work/dom" "$work/dom"

report "areq -e" areq-e "the classic script" classic
report "areq" areq "the DOM" dom
