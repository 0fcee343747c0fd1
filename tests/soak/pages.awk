# Makes pages that link to the URLs of a list of the soak, for a crawl that begins with these pages. Reads DIR/expected
# of list.awk. What is no URL is no link either. Redirects of several URLs to one and the same are left out, too: a
# crawl follows the first of them alone, whichever that is.
#
#	awk -v site=http://HOST:PORT -v root=DIR -v folder=DIR -f pages.awk EXPECTED
#
# Writes the pages into root, which is served as site; and into folder what list.awk writes too: list, which has only
# the pages; expected, also with the pages; rows, only those of the pages; and repeated.

BEGIN {
	FS = OFS = "\t"
	# So that a page is not larger than --max-size allows.
	most_links = 400
}

function end_page() {
	if (page == "")
		return
	print "ok", "once", links, "127.0.0.1", site page > (folder "/expected")
	print site page > (folder "/list")
	close(root page)
}

function begin_page() {
	end_page()
	page = "/links" ++pages ".html"
	links = 0
}

$4 == "none" || $5 ~ /\/_\/(loop|away|fault\/location-utf8)/ || ($1 != "ok" && $5 ~ /\/_\/chain/) {
	next
}

count++ % most_links == 0 {
	begin_page()
}

{
	print > (folder "/expected")
	print site page, $5 > (folder "/rows")
	text = $5
	gsub(/&/, "\\&amp;", text)
	print "<a href=\"" text "\"></a>" > (root page)
	links++
}

END {
	end_page()
	print 0 > (folder "/repeated")
}
