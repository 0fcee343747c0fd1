"""Whether the links are right: each program's rows on mix beside what a DOM holds, and whether a crawl asks
for what they lead to."""
import os
import subprocess
from collections import Counter

from served import HERE

NORMALISE = os.path.join(HERE, "../tests/compare/normalise.js")


def rows_of(data):
    return set(data.decode("utf-8", "replace").splitlines()) - {"source_url\tparsed_url"}


def normalised(data):
    """As the WHATWG URL standard writes them, by Node's URL."""
    return rows_of(subprocess.run(["node", NORMALISE], input=data, capture_output=True, check=True).stdout)


def check(site, peers, meter):
    """A line for each, and whether areq's links are those of the DOM."""
    urls = site.mix(1)
    with open(urls, "rb") as lines:
        raw = subprocess.run([os.path.join(site.build, "dom"), site.path("www")], stdin=lines,
                             capture_output=True, check=True).stdout
    truth = normalised(raw)
    results, right = [], True
    for one in (peers.areq(urls), peers.go(urls), peers.libxml2(urls), peers.undici(urls),
                peers.aiohttp(urls), peers.aiohttp(urls, uvloop=True)):
        if not one:
            continue
        meter.run(one.argv, one.pages)
        with open(one.rows, "rb") as file:
            data = file.read()
        written = rows_of(data)
        meant = normalised("\n".join(written).encode())
        results.append({"name": one.name, "rows": len(written), "missing": len(truth - written),
                        "more": len(written - truth), "missing_normalised": len(truth - meant),
                        "more_normalised": len(meant - truth)})
        if one.name == "areq":
            right = written == truth
    return len(truth), results, right


def check_docs(site):
    """How what was asked for differs from where the links of a DOM lead, and whether it is the same."""
    asked, pages, reached = site.asked(), site.docs_pages(), site.reached_paths()
    found = {path for path, answer in asked.items() if answer == ("200", "text/html")}
    more = Counter(os.path.splitext(path.partition("?")[0])[1] if status == "200" else status
                   for path, (status, _) in asked.items() if path not in reached)
    kinds = ", ".join(f"{count} {kind}" for kind, count in more.most_common())
    return (f"{len(found & reached)} of the DOM's {pages} pages, "
            f"{len(reached & asked.keys() - found)} of its {len(reached) - pages} other links"
            + (f"; besides {kinds}" if kinds else "")), asked.keys() == reached


def check_tree(site, levels):
    """The same for the generated site."""
    once, again, pages, pending = site.asked_of_tree(levels)
    return (f"{once:,} of {pages:,} pages asked for, {again:,} again; at most {pending:,} linked to and not "
            "yet asked for"), (once, again) == (pages, 0)
