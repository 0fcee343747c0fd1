"""Whether the links are right: each program's rows on mix beside what a DOM holds."""
import os
import subprocess

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
