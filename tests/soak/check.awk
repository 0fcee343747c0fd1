# Holds what areq did with a list of the soak against what was to become of it.
#
#	awk -v timeout=SECONDS -v retries=N -v jobs=N -v status=N -v repeated=N -f check.awk \
#	    part=expected DIR/expected part=report REPORT part=rows ROWS part=messages STDERR
#
# Prints the counts by outcome and the waiting that the time-outs, retries and Retry-Afters can cost: "waits SECONDS"
# is the last line. Exit status 1: something is wrong, and was printed.

BEGIN { FS = "\t" }

function wrong(what) {
	if (++faults_found <= 20)
		print "wrong: " what
}

# The value of a key in a line of the report; texts come as JSON has them.
function value(key,    text) {
	if (!match($0, "\"" key "\":(\"([^\"\\\\]|\\\\.)*\"|[^,}]*)"))
		return "none"
	text = substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
	gsub(/^"|"$/, "", text)
	return text
}

part == "expected" {
	expected++
	outcome[$5] = $1
	links[$5] = $3
	attempts = $2 == "once" ? 1 : $2 == "hold" ? 2 : retries + 1
	busy = $2 == "slow" ? attempts * timeout : 0
	idle = $2 == "hold" ? 1 : 0
	for (i = 1; i < attempts; i++)
		idle += 2 ^ (i - 2)
	all_busy += busy
	host_waits[$4] += busy + idle
	next
}

part == "report" {
	url = value("url")
	got = value("outcome")
	count[got]++
	found += value("links")
	if (!(url in outcome))
		wrong("the report has a URL that was not listed: " url)
	else if (reported[url]++)
		wrong("the report has it twice: " url)
	else if (got != outcome[url])
		wrong(url " is " got ", not " outcome[url] ": " value("reason"))
	else if (value("links") != links[url])
		wrong(url " has " value("links") " links, not " links[url])
	next
}

part == "rows" && FNR == 1 {
	if ($0 != "source_url\tparsed_url")
		wrong("no header but " $0)
	next
}

part == "rows" {
	if (NF != 2 || !($1 in outcome))
		wrong("a row of nothing that was listed: " $0)
	else if (outcome[$1] != "ok")
		wrong("a row of a page that is " outcome[$1] ": " $0)
	if ($1 != last && begun[$1]++)
		wrong("its rows do not stand together: " $1)
	last = $1
	rows++
	next
}

# Behind the summary come the reasons and hints.
part == "messages" && summary == "" {
	# After 20 lines that are no URLs, the others are only counted.
	split($0, word, " ")
	messages += $0 ~ /^areq: [0-9]+ more lines? of the list / ? word[2] : 1
	if ($0 ~ /^areq: [0-9]+ URLs?: /)
		summary = $0
}

END {
	for (url in outcome)
		if (!(url in reported))
			wrong("not in the report: " url)
	if (status != (count["failed"] > 0))
		wrong("exit status " status " with " count["failed"] + 0 " failed")
	sums = sprintf("areq: %d URLs: %d ok", expected, count["ok"])
	if (count["failed"])
		sums = sums ", " count["failed"] " failed"
	if (count["skipped"])
		sums = sums ", " count["skipped"] " skipped"
	if (repeated)
		sums = sums ", " repeated " listed again"
	sums = sums sprintf("; %d links in ", found)
	if (count["failed"] && index(summary, sums) != 1)
		wrong("the summary is \"" summary "\", not \"" sums "...\"")
	if (messages != (count["failed"] ? count["failed"] + 1 : 0))
		wrong(messages " messages for " count["failed"] " failed and a summary")
	if (rows != found)
		wrong(rows " rows of " found " links")
	for (host in host_waits)
		if (host_waits[host] > longest)
			longest = host_waits[host]
	printf "%d URLs, %d listed again: %d ok, %d failed, %d skipped; %d rows\n",
	    expected, repeated, count["ok"], count["failed"], count["skipped"], rows
	printf "waits %d\n", all_busy / jobs + longest + 1
	exit faults_found > 0
}
