# Judges one run of tests/inject/inject.sh. Says in words what is wrong and exits with 1, or says "struck" or
# "missed" and exits with 0.
#
# In the folder of the run: log (of inject.so), err, out, report. In the folder plain: out, report and status of
# the undisturbed run of this mode, and before, which is what out held then. Set from outside: plain, mode, point, status.

function wrong(what) {
	print what
	failed = 1
	exit 1
}

# The file as one string; no file is an empty one. What differs from run to run is made the same.
function text_of(name,    text, line, save) {
	save = RS
	RS = "\001"
	while ((getline line < name) > 0)
		text = text line
	close(name)
	RS = save
	gsub(/group=[0-9]+/, "group=0", text)
	# A row of --format jsonl as one of tsv.
	gsub(/\{"source_url":"/, "", text)
	gsub(/","final_url":"/, "\t", text)
	return text
}

# What a struck call was about.
function class_of(fd, target,    name) {
	name = target
	sub(/.*\//, "", name)
	if (target ~ /\(deleted\)$/)
		return "other"
	if (name == "err" || fd == 2)
		return "stderr"
	if (name == "list" || name == "config" || name == "cookies")
		return "list"
	if (target ~ /^pipe:/ && fd == 1 || name ~ /^\.?(out|report|summary)/)
		return "output"
	return "other"
}

# The exit status that this failure makes, as EXIT STATUS in man/areq.1 has it.
function status_for(class) {
	if (kind == "alloc")
		return 3
	if (kind == "fsync")
		return 3
	# What only makes sure of something may also be done without, and connections are tried again. A process
	# cleans up, or helps with a page.
	if (kind == "poll" || kind == "socket" || kind == "fork" || (kind ~ /stat$/ && class == "output")) {
		may_count = 1
		return usual
	}
	# Randomness has a substitute; messages that cannot be shown end no run.
	if (class == "other" || class == "stderr")
		return usual
	# Another has the lock, or the pipe is full: both are waited for.
	if (error == "EINTR" || error == "SHORT" || error == "EAGAIN")
		return usual
	# What cannot be locked is nobody's; rubbish may stay.
	if (kind == "lock" || kind == "unlink")
		return usual
	# By its name a list is only compared with the outputs.
	if (class == "list")
		return kind == "close" || kind == "stat" ? usual : 2
	return error == "EPIPE" ? 141 : 3
}

function read_log(    line, part, class) {
	expected = usual
	while ((getline line < "log") > 0) {
		split(line, part, " ")
		if (part[1] == "struck") {
			strikes++
			class = class_of(part[3], substr(line, length(part[1] part[2] part[3]) + 4))
			struck[class] = 1
			# The first failure that counts makes the exit status.
			if (expected == usual)
				expected = status_for(class)
		} else if (part[1] == "left" && kind != "alloc") {
			wrong("left open at the end: " line)
		} else if (line ~ /^count alloc / && kind == "alloc" && strikes && part[3] != number) {
			wrong("out of memory at call " number " did not end the run: " line)
		}
	}
	close("log")
	if (may_count && status == 3)
		expected = 3
}

function check_message(    err, needed) {
	err = text_of("err")
	if (struck["stderr"] || status == 141)
		return
	if (status != 0 && err !~ /^areq: |\nareq: /)
		wrong("no message with exit status " status)
	if (expected == usual)
		return
	needed["ENOMEM"] = kind == "alloc" ? "areq: out of memory" : "Cannot allocate memory"
	needed["EACCES"] = "Permission denied"
	needed["EAGAIN"] = "Resource temporarily unavailable"
	needed["EIO"] = "Input/output error"
	needed["EMFILE"] = "Too many open files"
	needed["ENOSPC"] = needed["FULL"] = "No space left on device"
	# With -a a file that cannot be opened for both is opened for writing, and then its end cannot be read.
	# With --atomic a part that cannot be looked at is taken for one that is not there any more.
	if (index(err, needed[error]) == 0 && !(kind == "open" && series == "once" && err ~ /Bad file descriptor/) && \
		!(kind ~ /stat$/ && err ~ /was taken away/))
		wrong("the messages do not say \"" needed[error] "\"")
}

# The rows of each source, whose order is that of the page.
function by_source(text, rows,    lines, count, i, source, header) {
	header = "source_url\tparsed_url"
	count = split(text, lines, "\n")
	for (i = 1; i <= count; i++) {
		if (lines[i] == "" && i == count || lines[i] == header && i == 1)
			continue
		if (lines[i] == "" || split(lines[i], source, "\t") != 2)
			return "not a row: " lines[i]
		rows[source[1]] = rows[source[1]] lines[i] "\n"
	}
	return ""
}

# What this run wrote behind what was there.
function check_rows(text, whole, may_be_torn,    rows, wanted, source, problem) {
	if (may_be_torn && text !~ /\n$/)
		sub(/[^\n]*$/, "", text)
	if (text != "" && text !~ /\n$/)
		wrong("the last row is torn")
	problem = by_source(text, rows)
	if (problem != "")
		wrong(problem)
	by_source(whole, wanted)
	for (source in rows) {
		if (!(source in wanted))
			wrong("rows of an unknown source: " rows[source])
		if (rows[source] != wanted[source] && !(may_be_torn && index(wanted[source], rows[source]) == 1))
			wrong("not all rows of a page, or others: " rows[source])
	}
	for (source in wanted) {
		if (expected == usual && kind != "socket" && !(source in rows))
			wrong("no rows of " source)
	}
}

function check_output(    text, whole, old, kept) {
	text = text_of("out")
	whole = text_of(plain "/out")
	old = text_of(plain "/before")
	if (text == old && expected != usual)
		return
	if (mode == "atomic") {
		if (expected != usual && text == "")
			wrong("neither the old file nor the new one")
		expected = usual
	}
	if (text_of("out.part") != "" && kind != "alloc" && kind != "unlink" && kind !~ /stat$/ && error != "EPIPE") {
		wrong("out.part was left behind")
	}
	kept = ""
	if (mode == "append" || mode == "repair") {
		kept = old
		sub(/[^\n]*$/, "", kept)
		if (index(text, kept) != 1)
			wrong("what the file held before was changed")
	} else if (mode != "jsonl" && text != "" && index(text, "source_url\tparsed_url\n") != 1 && error != "FULL") {
		wrong("no header")
	}
	check_rows(substr(text, length(kept) + 1), substr(whole, length(kept) + 1), error == "FULL")
}

function check_report(    text, lines, count, i) {
	text = text_of("report")
	count = split(text, lines, "\n")
	if (expected == usual && count != split(text_of(plain "/report"), whole, "\n"))
		wrong("the report has not a line for each URL")
	if (text != "" && text !~ /\n$/ && error != "FULL")
		wrong("the report's last line is torn")
	for (i = 1; i < count; i++) {
		if (lines[i] !~ /^\{"url":.*\}$/)
			wrong("not a line of the report: " lines[i])
	}
}

BEGIN {
	split(point, part, ":")
	kind = part[1]
	number = part[2]
	series = part[3]
	error = part[4]
	usual = text_of(plain "/status") + 0
	read_log()
	if (status != expected)
		wrong("exit status " status " instead of " expected)
	check_message()
	if (mode == "report")
		check_report()
	check_output()
	print strikes ? "struck" : "missed"
}
