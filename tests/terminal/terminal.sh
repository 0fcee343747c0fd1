#!/bin/sh
# Uses areq in a real terminal emulation (tmux) as a person does: types the command, looks at the display, makes the
# window narrow and wide again, stops it by Ctrl-Z, goes on with fg, ends it by Ctrl-C. The display must move, never
# take a second row, and leave nothing behind, neither on the screen nor above it.
#
#	terminal.sh AREQ TESTSERVER [FOLDER]    FOLDER: where the captured screens are left
set -eu

# shellcheck source=tests/support/common.sh
. "$(dirname "$0")/../support/common.sh"

areq=$(absolute "$1")
server=$(absolute "$2")
screens=$folder
[ $# -lt 3 ] || screens=$(absolute "$3")
mkdir -p "$screens"

end_others() {
	tmux -S "$folder/tmux" kill-server 2>/dev/null || :
}

fail_on_screen() {
	tmux -S "$folder/tmux" capture-pane -p -S - >&2
	fail "$*; the screen is above"
}

keys() {
	tmux -S "$folder/tmux" send-keys "$@"
}

# All that was ever shown, rows that the terminal had to wrap joined again.
capture() {
	tmux -S "$folder/tmux" capture-pane -p -J -S - | sed 's/ *$//; /^$/d' >"$screens/$1"
}

# Looks at the screen until it has a row of that form, for ten seconds.
wait_for() {
	tries=0
	until capture "$1" && grep -qE "$2" "$screens/$1"; do
		[ $tries -lt 100 ] || fail_on_screen "$1: there is no row \"$2\""
		tries=$((tries + 1))
		sleep 0.1
	done
}

# The display is in one row of the given width, and what is below it is empty. Says what is wrong.
display='^[0-9]+ done(,|$)'
look_at_display() {
	tmux -S "$folder/tmux" capture-pane -p | sed 's/ *$//' >"$folder/now"
	if [ "$(grep -cE "$display" "$folder/now")" -ne 1 ]; then
		echo "not one display"
	elif ! sed '/^$/d' "$folder/now" | sed -n '$p' | grep -qE "$display"; then
		echo "something below the display"
	elif [ "$(grep -E "$display" "$folder/now" | wc -c)" -gt "$1" ]; then
		echo "wider than the window"
	fi
}

# tmux may be looked at in the middle of a drawing.
check_display() {
	[ -z "$(look_at_display "$2")" ] || sleep 0.02
	wrong=$(look_at_display "$2")
	[ -z "$wrong" ] || fail_on_screen "$1: $wrong"
}

check_no_display() {
	! grep -E 'done|in flight|to go|waiting' "$screens/$1" || fail_on_screen "$1: something of the display is left"
}

start_server "$server" --log 0

# A page each 50 ms, with failures among them, and one that never comes.
{
	echo "$site/_/page?hang=body"
	for page in 1 2 3 4 5 6 7 8 9; do
		for i in 1 2 3 4 5 6 7 8 9; do
			echo "$site/_/page?links=2&group=$page$i"
		done
		echo "$site/missing$page"
	done
} >"$folder/list"

cd "$folder"
unset TMUX NO_COLOR
be_nobody
LC_ALL=C.UTF-8 PATH=$(dirname "$areq"):$PATH
export LC_ALL PATH
tmux -S "$folder/tmux" -f /dev/null new-session -d -x 100 -y 20 'PS1="$ " HISTFILE= exec bash --norc --noprofile -i' 3>&-
wait_for begin '^\$'

keys "$(basename "$areq") --delay 50ms -t 0 -o found list" Enter
wait_for running "$display"
check_display running 100
first=$(grep -E "$display" "$screens/running")
wait_for messages 'missing1: got 404 Not Found$'
wait_for moving "^[1-9][0-9] done, .* pages/s, .* to go$"
check_display moving 100
[ "$first" != "$(grep -E "$display" "$screens/moving")" ] || fail_on_screen "the display does not move"

tmux -S "$folder/tmux" resize-window -x 40
sleep 0.3
for look in 1 2 3 4 5; do
	check_display "narrow$look" 40
	sleep 0.1
done
capture narrow
tmux -S "$folder/tmux" resize-window -x 100
wait_for wide "$display.* to go$"
check_display wide 100

keys C-z
wait_for stopped 'Stopped'
check_no_display stopped
keys "fg" Enter
wait_for again "$display"
check_display again 100

wait_for waiting 'waiting for 127\.0\.0\.1:'
check_display waiting 100
keys C-c
wait_for interrupted 'stopped by SIGINT'
wait_for interrupted '^\$$'
check_no_display interrupted

# Nothing but what was typed, the shell's own rows and the messages, each whole.
sed "s|$site|SITE|; s/ in [0-9.]* s (.*)\$/ in TIME/; /^\^Z\$/d" "$screens/interrupted" |
	awk '/^\[1\]/ { $1 = $1 } { print }' >"$folder/left"
{
	echo "areq: SITE/missing1: got 404 Not Found"
	for page in 2 3 4 5 6 7 8 9; do
		echo "areq: SITE/missing$page: got 404 Not Found"
	done
	cat <<-LINES
		areq: stopped by SIGINT; 91 URLs: 81 ok, 9 failed, 1 interrupted; 162 links in TIME
		areq:   9  got 404 Not Found, first SITE/missing1
	LINES
} >"$folder/expected"
grep '^areq: ' "$folder/left" | diff "$folder/expected" - || fail_on_screen "other messages than these"
grep -v '^areq: ' "$folder/left" >"$folder/rest"
diff - "$folder/rest" <<-LINES || fail_on_screen "something else is left"
	\$ $(basename "$areq") --delay 50ms -t 0 -o found list
	[1]+ Stopped $(basename "$areq") --delay 50ms -t 0 -o found list
	\$ fg
	$(basename "$areq") --delay 50ms -t 0 -o found list
	\$
LINES

# A shell that came back in the middle of a password would show nothing of what is typed.
keys "$(basename "$areq") -q -u me -o found $site/_/page; echo it ended with \$?" Enter
wait_for password 'Password for me:'
keys C-z
keys "secret" Enter
wait_for password 'it ended with [0-9]+$'
grep -q 'it ended with 0$' "$screens/password" || fail_on_screen "a password could not be typed behind Ctrl-Z"
echo "terminal: the display moves, keeps to its row and leaves nothing behind"
