#!/bin/sh
# Serves the demo site until Ctrl-C, on 127.0.0.1 and, for docs/machines.md, on 127.0.0.2 to 127.0.0.4; writes the list
# of its pages to demo.txt: for the recipes of the README.
#
#	site.sh TESTSERVER PORT
set -eu

demo=$(dirname "$0")
port=$2

"$1" --root "$demo/site" --port "$port" --bind 127.0.0.1 --bind 127.0.0.2 --bind 127.0.0.3 --bind 127.0.0.4 \
	--detached | {
	if ! read -r _; then
		echo "make site SITE_PORT=N serves the demo site on another port than $port; use it in the recipes too." >&2
		exit 1
	fi
	sed "s/localhost:8080/localhost:$port/" "$demo/urls.txt" >demo.txt
	echo "http://localhost:$port/ is a small site until you press Ctrl-C; demo.txt lists its pages."
	cat >/dev/null
}
