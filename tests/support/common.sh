# shellcheck shell=sh
# What the shell tests share. A test sources this first: it has a folder of its own then, $folder, which goes when the
# test ends, however it ends.

me=$(basename "$0" .sh)
folder=$(mktemp -d "${TMPDIR:-/tmp}/areq-$me-XXXXXX")
server_pid=

# What else is to end with the test: a test that has something defines it anew.
end_others() {
	:
}

end_all() {
	end_others
	[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || :
	rm -rf "$folder"
}
trap end_all EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

fail() {
	echo "$me: $*" >&2
	exit 1
}

absolute() {
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s/%s\n' "$PWD" "$1" ;;
	esac
}

# Neither a proxy nor the user's own configuration has a part in what follows.
be_nobody() {
	HOME=$folder XDG_CONFIG_HOME=$folder no_proxy='*' NO_PROXY='*'
	export HOME XDG_CONFIG_HOME no_proxy NO_PROXY
}

# Runs the test server, the first argument, with the others and sets site to the URL of its first address, port to its port.
# It ends when its standard input does, so it cannot outlive the test, whatever ends that; what the test runs has to
# leave descriptor 3 closed.
start_server() {
	mkfifo "$folder/lifeline"
	"$@" <"$folder/lifeline" >"$folder/server" &
	server_pid=$!
	exec 3>"$folder/lifeline"
	tries=0
	until grep -qs . "$folder/server"; do
		if [ $tries -ge 200 ] || ! kill -0 $server_pid 2>/dev/null; then
			fail "the server does not start"
		fi
		tries=$((tries + 1))
		sleep 0.05
	done
	# shellcheck disable=SC2034 # for the test
	site=http://$(sed 's/.* //; q' "$folder/server") port=$(sed 's/.*://; q' "$folder/server")
}
