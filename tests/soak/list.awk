# Makes a list of URLs for the soak, and what is to become of them, from a seed alone: the same list on every system.
#
#	awk -v urls=N -v hosts=N -v seed=N -v port=N -v folder=DIR -f list.awk faults.txt
#
# Writes DIR/list, which areq gets; DIR/expected, a line for each URL that is to have an outcome: outcome, how long it
# may take (see faults.txt), links, host, URL; DIR/rows, the rows of all pages in the order of the list; and
# DIR/repeated, how many lines name a URL again.

/^#/ { next }
{ fault[faults++] = $0 }

# 0 to n - 1 (Park and Miller's generator, whose products a double holds exactly).
function random(n) {
	state = state * 16807 % 2147483647
	return state % n
}

function one_of(words,    word) {
	return word[random(split(words, word)) + 1]
}

# Every fourth host is an address of its own, the others are names that stand for 127.0.0.1.
function host_of(number) {
	return (number % 4 ? "h" number ".localhost" : "127.0.0." number + 1)
}

function site_of(host) {
	return "http://" host ":" port
}

function encode(text) {
	gsub(/%/, "%25", text)
	gsub(/&/, "%26", text)
	gsub(/=/, "%3D", text)
	gsub(/\?/, "%3F", text)
	gsub(/:/, "%3A", text)
	gsub(/\//, "%2F", text)
	return text
}

function tell(outcome, cost, links, host, url) {
	print url > (folder "/list")
	print outcome, cost, links, host, url > (folder "/expected")
}

# base is where the links of the page are relative to.
function tell_rows(url, base, prefix, links,    i) {
	for (i = 1; i <= links; i++)
		printf "%s\t%s%s%d\n", url, base, prefix, i > (folder "/rows")
}

# How a healthy page may come.
function manner(    query) {
	query = one_of(". . size=3000 size=30000 size=100000")
	query = query "&" one_of(". . encoding=gzip encoding=deflate encoding=br encoding=zstd")
	query = query "&" one_of(". . chunked=1 chunked=1&chunk=7 chunked=1&chunk=1000 length=none close=1")
	query = query "&" one_of(". . . delay=20 delay=150 body_delay=50 hints=3 headers=20 header_size=9000")
	query = query "&" one_of(". . . drip=20000,1 header_drip=1000,1 stale=1")
	gsub(/&?\./, "", query)
	sub(/^&/, "", query)
	return query
}

function healthy(id,    host, end, links, prefix, target, redirects, base) {
	host = end = host_of(random(hosts) + 1)
	links = random(20) ? random(60) : random(2000)
	prefix = one_of("/ ? ./ ../") "p" id "-"
	target = "/_/page?group=" id "&links=" links "&prefix=" encode(prefix) "&" manner()
	sub(/&$/, "", target)
	redirects = random(8) ? 0 : random(6) + 1
	# To another page of the same host, or to one of another host.
	if (redirects && random(2)) {
		end = host_of(random(hosts) + 1)
		target = site_of(end) target
	}
	if (redirects)
		target = "/_/chain?n=" redirects "&status=" one_of("301 302 303 307 308") "&to=" encode(target)
	tell("ok", "once", links, host, site_of(host) target)
	page[pages++] = site_of(host) target
	base = site_of(end)
	if (prefix ~ /^\?/)
		base = base "/_/page"
	else if (prefix ~ /^\.\//)
		base = base "/_/"
	else if (prefix ~ /^\.\./)
		base = base "/"
	sub(/^\.+\//, "", prefix)
	tell_rows(site_of(host) target, base, prefix, links)
}

# All faults in turn: none is left out of a list of 400.
function faulty(id,    host, word, url) {
	host = host_of(random(hosts) + 1)
	split(fault[next_fault++ % faults], word)
	url = site_of(host) word[4] (word[4] ~ /\?/ ? "&" : "?") "group=" id
	tell(word[1], word[2], word[3], host, url)
	page[pages++] = url
	tell_rows(url, site_of(host) (word[4] ~ /fault/ ? "/_/fault/" : "/_/"), "link", word[3])
}

function refused(id,    host) {
	host = host_of(random(hosts) + 1)
	tell("failed", "again", 0, host ":1", "http://" host ":1/" id)
}

# Each line that is no URL counts, so that none comes again.
function no_url(id) {
	tell("failed", "once", 0, "none",
	    one_of("ftp://h1.localhost/ mailto:h1.localhost? http://[ http://h1.localhost:99999/ /h1.localhost/ http://%/") id)
}

function again() {
	print page[random(pages)] (random(2) ? "" : "#again") > (folder "/list")
	repeated++
}

function nothing(id) {
	print one_of("# #" id) > (folder "/list")
}

END {
	state = seed % 2147483646 + 1
	OFS = "\t"
	random(2)
	for (id = 0; id < urls; id++) {
		dice = random(100)
		if (dice < 66 || id == 0)
			healthy(id)
		else if (dice < 94)
			faulty(id)
		else if (dice < 96)
			refused(id)
		else if (dice < 98)
			again()
		else if (dice < 99)
			no_url(id)
		else
			nothing(id)
	}
	print repeated + 0 > (folder "/repeated")
}
