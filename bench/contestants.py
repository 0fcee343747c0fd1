"""The programs that are measured, each as it is called for a list, and what each of them does."""
import os
import re
import shutil
import string
import subprocess
from dataclasses import dataclass, field
from typing import Callable, Optional

from served import HERE

PYTHON = "/usr/bin/python3"
ON_THIS_HOST = r"^http://127\.0\.0\.1[:/]"
NOT_ON_THIS_HOST = r"^(?!http://127\.0\.0\.1[:/])"

DOES = {
    "areq": "all links that a browser finds, WHATWG URLs, each once a page, rows into a file",
    "areq --unique": "the same, each link once over the whole run",
    "areq crawl": "follows the links of a and area, obeys robots.txt; all links that a browser finds, rows",
    "areq --check": "follows a and area, obeys robots.txt; a row for each dead link of each page",
    "wrk": "reads answers and counts them: no links, no output; one request is text made beforehand",
    "curl": "fetches into /dev/null (one: into a file): no links, no output",
    "sockets alone": "connect, send, recv and close for each page, all at once: no URLs, no HTTP, no output",
    "openssl s_time": "handshakes with one host, one after the other, and gets one page each",
    "Go": "net/http, x/net/html's tokenizer, net/url: each link once a page, rows into a file",
    "libcurl + libxml2": "as in curl's crawler example: tree, XPath, xmlBuildURI; each once a page, rows",
    "undici": "Node, href=\"(.*?)\" (also in comments, no references decoded), URL; each once a page, rows",
    "aiohttp": "the classic script: href=\"(.*?)\" (the same), urljoin; each once a page, rows into a file",
    "aiohttp + uvloop": "the classic script on uvloop's loop",
    "aiohttp + uvloop + charset": "the same, told the pages' encoding, which it has to guess otherwise",
    "wget --spider -r": "one at a time, HEAD and then GET of each page; also images, scripts and style sheets; no rows",
    "wget --spider -r, links": "the same; names the dead links, and no pages that have them",
    "wget2 -r": "GET into /dev/null; also images, scripts and style sheets; no rows",
    "linkchecker": "Python and threads, Beautiful Soup; also images and scripts; no rows",
    "linkchecker, links": "the same; a row for each dead link, and for one of the pages that have it",
    "linkinator": "Node, htmlparser2, 64 requests at once; names one page for each dead link",
    "broken-link-checker": "Node, parse5, 64 requests at once; a line for each dead link of each page",
    "simplecrawler": "Node, patterns over the text: also in comments and scripts; rows, not each once",
}


@dataclass
class Contestant:
    name: str
    argv: list
    pages: Optional[int]
    rows: Optional[str] = None  # the file that it writes
    count: Optional[Callable] = None  # the pages, from its output, where nothing else tells
    environment: dict = field(default_factory=dict)
    expected: tuple = (0,)
    runs: list = field(default_factory=list)
    after: Optional[Callable] = None  # called after each run, for a remark
    peer: str = ""  # its name in DOES, where that is another


def lines_of(path):
    with open(path, "rb") as file:
        return sum(1 for _ in file)


def requests_of_wrk(output):
    bad = re.search(r"Socket errors.*|Non-2xx.*", output)
    if bad:
        raise SystemExit(f"wrk: {bad.group()}")
    return int(re.search(r"(\d+) requests in", output).group(1))


def connections_of_openssl(output):
    return int(re.search(r"(\d+) connections in \d+ real", output).group(1))


class Peers:
    def __init__(self, site):
        self.site = site
        self.build = site.build
        self.rows = site.path("rows")
        self.missing = {}
        self.undici_folder = self.node_folder("undici")
        self.simplecrawler_folder = self.node_folder("simplecrawler")
        self.linkinator_folder = self.node_folder("linkinator")
        self.blc_folder = self.node_folder("broken-link-checker")

    def node_folder(self, package):
        folder = os.path.join(self.build, "node/node_modules", package)
        return folder if os.path.isdir(folder) else None

    def lacks(self, name, package, there):
        if not there:
            self.missing[name] = package
        return not there

    def areq(self, urls, *options, name="areq", at_once=64, pages=None):
        argv = [self.site.areq, "--per-host", "0", "-j", str(at_once), urls, "-o", self.rows, *options]
        return Contestant(name, argv, pages or lines_of(urls), self.rows, peer="areq")

    def curl(self, urls, *options, name="curl"):
        if self.lacks("curl", "curl", shutil.which("curl")):
            return None
        argv = ["curl", "-q", "-s", "--parallel", "--parallel-max", "64", "-K", self.site.curl_config(urls),
                *options]
        return Contestant(name, argv, lines_of(urls), peer="curl")

    def wrk(self, seconds, urls=None):
        if self.lacks("wrk", "wrk", shutil.which("wrk")):
            return None
        argv = ["wrk", "-t1", "-c64", f"-d{seconds}s"]
        if urls:
            argv += ["-s", os.path.join(HERE, "peers/walk.lua")]
        argv.append(f"http://127.0.0.1:{self.site.http}/small/0.html")
        return Contestant("wrk", argv, None, count=requests_of_wrk,
                          environment={"LIST": urls} if urls else {})

    def go(self, urls, at_once=64, tls=False):
        argv = [os.path.join(self.build, "crawl-go"), urls, self.rows, str(at_once)]
        if tls:
            argv.append(self.site.certificate)
        return Contestant("Go", argv, lines_of(urls), self.rows)

    def sockets(self, urls):
        return Contestant("sockets alone", [os.path.join(self.build, "sockets"), urls], lines_of(urls))

    def libxml2(self, urls):
        argv = [os.path.join(self.build, "crawl-c"), urls, self.rows, "64"]
        return Contestant("libcurl + libxml2", argv, lines_of(urls), self.rows)

    def undici(self, urls):
        there = shutil.which("node") and self.undici_folder
        if self.lacks("undici", "nodejs, and npm for undici itself", there):
            return None
        argv = ["node", os.path.join(HERE, "peers/crawl.mjs"), self.undici_folder, urls, self.rows, "64"]
        return Contestant("undici", argv, lines_of(urls), self.rows)

    def aiohttp(self, urls, uvloop=False, charset=None):
        name = "aiohttp + uvloop" if uvloop else "aiohttp"
        modules = "import aiohttp, uvloop" if uvloop else "import aiohttp"
        there = subprocess.run([PYTHON, "-c", modules], capture_output=True, check=False).returncode == 0
        if self.lacks(name, "python3-uvloop" if uvloop else "python3-aiohttp", there):
            return None
        argv = [PYTHON, os.path.join(HERE, "peers/crawl.py"), urls, self.rows, "64",
                "uvloop" if uvloop else "asyncio"]
        if charset:
            name, argv = name + " + charset", argv + [charset]
        return Contestant(name, argv, lines_of(urls), self.rows)

    # Crawls, from a front page on. The exit statuses tell of its broken links.

    def areq_crawl(self, url, pages, *options, name="areq crawl"):
        argv = [self.site.areq, "--depth", "all", "--per-host", "0", url, "-o", self.rows, *options]
        return Contestant(name, argv, pages, self.rows, expected=(0, 1), peer="areq crawl")

    def wget(self, url, pages):
        if self.lacks("wget", "wget", shutil.which("wget")):
            return None
        argv = ["wget", "--no-config", "-nv", "--spider", "-r", "-l", "inf", "-nd", url]
        return Contestant("wget --spider -r", argv, pages, expected=(0, 8))

    def wget2(self, url, pages):
        if self.lacks("wget2", "wget2", shutil.which("wget2")):
            return None
        argv = ["wget2", "--no-config", "-q", "-r", "-l", "0", "--max-threads", "64", "-O", "/dev/null", url]
        return Contestant("wget2 -r", argv, pages, expected=(0, 8))

    def linkchecker(self, url, pages):
        if self.lacks("linkchecker", "linkchecker", shutil.which("linkchecker")):
            return None
        # Started as root it gives its rights up, and then has to read this file.
        os.chmod(self.site.folder, 0o711)
        rates = self.site.write("linkcheckerrc", "[checking]\nmaxrequestspersecond=100000\n")
        argv = ["linkchecker", "-f", rates, "--no-status", "-o", "none", "-t", "64", url]
        return Contestant("linkchecker", argv, pages, expected=(0, 1))

    # Checks of links, each within the host of the front page: without network, no other one answers.

    def areq_check(self, url, pages, *options, check="--check", name="areq --check"):
        argv = [self.site.areq, check, "--depth", "all", "--per-host", "0", "--host-errors", "0", "--include",
                ON_THIS_HOST, url, "-o", self.rows, *options]
        return Contestant(name, argv, pages, self.rows, expected=(1,), peer="areq --check")

    def wget_check(self, url, pages):
        contestant = self.wget(url, pages)
        if contestant:
            contestant.name, contestant.expected = "wget --spider -r, links", (4, 8)
            contestant.argv[1:1] = ["-o", self.site.path("wget.log")]
        return contestant

    def linkchecker_check(self, url, pages):
        contestant = self.linkchecker(url, pages)
        if contestant:
            contestant.name = "linkchecker, links"
            contestant.argv[contestant.argv.index("none")] = "csv"
            contestant.argv[1:1] = ["--no-warnings", "--check-extern", "--ignore-url", NOT_ON_THIS_HOST]
        return contestant

    def linkinator(self, url, pages):
        there = shutil.which("node") and self.linkinator_folder
        if self.lacks("linkinator", "nodejs, and npm for linkinator itself", there):
            return None
        # It only follows links that begin with the first URL.
        argv = ["node", os.path.join(self.linkinator_folder, "build/src/cli.js"), os.path.dirname(url) + "/",
                "--recurse", "--concurrency", "64", "--format", "json", "--verbosity", "error", "--skip",
                NOT_ON_THIS_HOST]
        return Contestant("linkinator", argv, pages, expected=(0, 1))

    def blc(self, url, pages):
        there = shutil.which("node") and self.blc_folder
        if self.lacks("broken-link-checker", "nodejs, and npm for broken-link-checker itself", there):
            return None
        argv = ["node", os.path.join(self.blc_folder, "bin/blc"), url, "--recursive", "--filter-level", "0",
                "--requests", "64", "--host-requests", "64"]
        # It has no pattern for "any host but", but the other hosts have names, and this one has none.
        for start in ("https:", *("http://" + letter for letter in string.ascii_lowercase)):
            argv += ["--exclude", start]
        return Contestant("broken-link-checker", argv, pages, expected=(0, 1))

    def simplecrawler(self, url, pages):
        there = shutil.which("node") and self.simplecrawler_folder
        if self.lacks("simplecrawler", "nodejs, and npm for simplecrawler itself", there):
            return None
        argv = ["node", os.path.join(HERE, "peers/site.mjs"), self.simplecrawler_folder, url, self.rows, "64"]
        return Contestant("simplecrawler", argv, pages, self.rows)

    def openssl(self, seconds):
        argv = ["openssl", "s_time", "-connect", f"127.0.0.1:{self.site.tls}", "-new", "-time", str(seconds),
                "-tls1_3", "-CAfile", self.site.certificate, "-verify", "1", "-www", "/small/0.html"]
        return Contestant("openssl s_time", argv, None, count=connections_of_openssl)
