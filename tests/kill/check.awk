# What a file holds after tests/kill/kill.sh has killed its writer; it is read with one dot more at its end, which
# tells whether the last line is whole. Says
#
#	old      what was there before, and nothing else
#	empty    nothing, or the header alone
#	new      all rows
#	rows     some pages with all of their rows
#	part     the same, but the last page ends early
#	torn     the same, but the last row is a part of one
#	wrong: ...
#
# Set from outside: mode, pages, links.

function wrong(what) {
	verdict = "wrong: line " line ": " what
	exit
}

# Pages come in any order, each with its rows in theirs.
function begin_page(text) {
	page = substr(text, 1, index(text, "\t") - 1)
	if (page !~ "^http://[0-9.:]+/_/page[?]links=" links "&prefix=[0-9]+-$" || page in seen)
		wrong("not the first row of a page: " text)
	seen[page] = 1
	count++
	row = 0
	link = page
	sub(/page[?].*=/, "", link)
}

function check(text) {
	line++
	if (line == 1 && text == "source_url\tparsed_url")
		return
	if (line == old + 2 && old < 2 && text == "http://old/\thttp://old/" (old + 1)) {
		old++
		return
	}
	if (count == 0 || row == links)
		begin_page(text)
	row++
	if (text != page "\t" link row)
		wrong("not the next row: " text)
}

NR > 1 {
	check(last)
}

{
	last = $0
}

END {
	if (verdict == "") {
		torn = last != "."
		if (torn)
			verdict = "torn"
		else if (count == pages && row == links)
			verdict = "new"
		else if (count)
			verdict = row == links ? "rows" : "part"
		else
			verdict = old == 2 ? "old" : "empty"
		if (old == 1 || (mode == "append" && old != 2) || (mode == "file" && old && verdict != "old"))
			verdict = "wrong: what was there before is not what it was"
		if (mode == "atomic" && (verdict != "old" && (verdict != "new" || old)))
			verdict = "wrong: neither the old file nor the new one, but " verdict
	}
	print verdict
}
