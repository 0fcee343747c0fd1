"""Dead links: pages in which they are planted, what is true of them, and what each program says of them.

python3-doc is served under /check/ with links of each kind planted in pages one to three steps from its
front page. The truth is what dom.go finds in these pages: the planted links, and the few dead ones that
python3-doc has itself.
"""
import csv
import json
import os
import random
import re
import subprocess
from urllib.parse import urlsplit

KINDS = ("missing", "gone", "failing", "refused", "circle", "blocked", "moved", "fragment")
TARGETS_EACH, PAGES_EACH, DEEPEST = 25, 4, 3

# What areq says of each kind.
PROBLEMS = {"missing": "404", "gone": "410", "failing": "500", "refused": "connection-refused",
            "circle": "too-many-redirects", "blocked": "blocked", "fragment": "fragment"}
NOT_DEAD = ("blocked", "moved")


def bare(link):
    return link.partition("#")[0]


class Broken:
    def __init__(self, site):
        self.site = site
        self.base = f"http://127.0.0.1:{site.check}"
        self.refused = f"http://127.0.0.1:{site.refused.getsockname()[1]}"
        self.front = f"{self.base}/check/index.html"
        self.copy_docs()
        self.planted = self.plant()
        # (page, link): kind
        self.truth = {(page, link): kind for page, link, kind in
                      ((page, link, self.kind_of(link, missing)) for _, page, link, missing in self.rows())
                      if kind}
        assert self.planted.items() <= self.truth.items(), "a planted link is in no DOM"

    def copy_docs(self):
        """Links to all files, so that a page can be replaced."""
        for folder, _, names in os.walk(self.site.docs, followlinks=True):
            copy = os.path.join(self.site.path("www/check"), os.path.relpath(folder, self.site.docs))
            os.makedirs(copy, exist_ok=True)
            for name in names:
                os.symlink(os.path.join(folder, name), os.path.join(copy, name))

    def rows(self):
        """Depth, page, link, and "missing" where its fragment is."""
        dom = [os.path.join(self.site.build, "dom"), "-check", self.site.path("www"), self.front]
        done = subprocess.run(dom, capture_output=True, text=True, check=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def plant(self):
        drawn = random.Random(self.site.seed)
        depths = {page: int(depth) for depth, page, _, _ in self.rows()}
        levels = [sorted(page for page in depths if depths[page] == level + 1) for level in range(DEEPEST)]
        pages = sorted(depths)
        links, planted = {}, {}
        for kind in KINDS:
            for i in range(TARGETS_EACH):
                link = self.address(kind, i, drawn.choice(pages))
                for _ in range(drawn.randint(1, PAGES_EACH)):
                    page = drawn.choice(drawn.choice(levels))
                    links.setdefault(page, []).append(link)
                    planted[page, link] = kind
        for page, new in sorted(links.items()):
            self.write_into(self.site.path("www" + urlsplit(page).path), new, drawn)
        return planted

    def address(self, kind, number, page):
        if kind == "refused":
            return f"{self.refused}/{number}.html"
        if kind == "moved":
            return page.replace("/check/", f"/planted/moved/{number}/")
        if kind == "fragment":
            return f"{page}#planted-{number}"
        return f"{self.base}/planted/{kind}/{number}.html"

    def write_into(self, path, links, drawn):
        """Each at the end of some element."""
        with open(path, encoding="utf-8") as file:
            parts = file.read().split("</div>")
        for link in links:
            parts[drawn.randrange(len(parts) - 1)] += f' <a href="{link.removeprefix(self.base)}">planted</a>'
        os.unlink(path)
        with open(path, "w", encoding="utf-8") as file:
            file.write("</div>".join(parts))

    def kind_of(self, link, missing):
        """None where the link is alive."""
        parts = urlsplit(link)
        if link.startswith(self.refused + "/"):
            return "refused"
        if parts.path.startswith("/planted/"):
            return parts.path.split("/")[2]
        path = self.site.path("www" + parts.path)
        if not os.path.isfile(os.path.join(path, "index.html") if parts.path.endswith("/") else path):
            return "missing"
        return "fragment" if missing else None

    # What a program has found, beside what is true.

    def wanted(self, *others):
        """The dead links, and those of the other kinds named."""
        return {link: kind for link, kind in self.truth.items()
                if kind not in NOT_DEAD + ("fragment",) or kind in others}

    def compare_areq(self, rows, *others):
        with open(rows, encoding="utf-8") as lines:
            found = [tuple(line.rstrip("\n").split("\t")) for line in lines][1:]
        wanted = self.wanted(*others)
        pairs = {(page, link) for page, link, _ in found}
        wrong = sum((page, link) in wanted and problem != self.problem(wanted[page, link], link)
                    for page, link, problem in found)
        text, right = self.compare(pairs, wanted)
        return f"{text}, {wrong} with a wrong problem", right and not wrong and len(found) == len(pairs)

    def problem(self, kind, link):
        if kind == "moved":
            return re.sub("/planted/moved/[0-9]+/", "/check/", link)
        return PROBLEMS[kind]

    def compare(self, pairs, wanted=None):
        wanted = wanted or self.wanted()
        blocked = {pair for pair in pairs - wanted.keys() if self.truth.get(pair) == "blocked"}
        more = pairs - wanted.keys() - blocked
        targets, _ = self.compare_targets({link for _, link in pairs}, wanted)
        return (f"{len(pairs & wanted.keys()):,} of {len(wanted):,} rows of page and link, "
                f"{len(more):,} too many" + (f", such as {' '.join(min(more))}" if more else "")
                + (f", and {len(blocked)} only blocked" if blocked else "")
                + f"; {targets}"), pairs == wanted.keys()

    def compare_targets(self, links, wanted=None):
        """Without pages and fragments: what is dead, where several links may lead."""
        targets = {}
        for (_, link), kind in (wanted or self.wanted()).items():
            targets.setdefault(kind, set()).add(bare(link))
        found = {bare(link) for link in links}
        lost = [f"{len(dead - found)} {kind}" for kind, dead in targets.items() if dead - found]
        all_dead = set().union(*targets.values())
        return (f"{len(found & all_dead):,} of {len(all_dead):,} dead targets"
                + (f" (not: {', '.join(lost)})" if lost else "")), False

    def compare_linkchecker(self, path):
        with open(path, encoding="utf-8", errors="replace") as lines:
            rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter=";")
            return self.compare({(bare(row["parentname"]), row["url"])
                                 for row in rows if row["valid"] == "False"})

    def compare_linkinator(self, path):
        with open(path, encoding="utf-8") as file:
            links = json.load(file)["links"]
        first = os.path.dirname(self.front) + "/"
        return self.compare({(self.front if link["parent"] == first else bare(link["parent"]), link["url"])
                             for link in links if link["state"] == "BROKEN"})

    def compare_blc(self, path):
        page, pairs = None, set()
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("Getting links from: "):
                    page = line.split()[3].partition("#")[0]
                broken = re.search(r"BROKEN─+ (\S+) ", line)
                if broken:
                    pairs.add((page, broken.group(1)))
        return self.compare(pairs)

    def compare_wget(self, path):
        with open(path, encoding="utf-8") as lines:
            tail = re.search(r"Found \d+ broken links?\.\n\n(.*?)\n\n", lines.read() + "\n\n", re.S)
        return self.compare_targets(set(tail.group(1).split("\n")) if tail else set())


# The links of many pages to many targets on many hosts; each hundredth target is dead.

PAGES, LINKS, TARGETS, HOSTS = 5000, 200, 100_000, 50


def target(site, number):
    kind = "target" if number % 100 else "target/dead"
    return f"http://127.0.2.{1 + number % HOSTS}:{site.check}/{kind}/{number}"


def many_links(site):
    """The list of the pages, whose links are spread over all targets, each in ten pages."""
    os.makedirs(site.path("www/links"), exist_ok=True)
    for page in range(PAGES):
        numbers = ((page * LINKS + i) * 7919 % TARGETS for i in range(LINKS))
        site.write(f"www/links/{page}.html", "<!DOCTYPE html><title>links</title>\n" + "".join(
            f'<a href="{target(site, number)}">{number}</a>\n' for number in numbers))
    return site.list("many-links", (f"http://127.0.0.1:{site.check}/links/{page}.html"
                                    for page in range(PAGES)))


def compare_many(site, rows):
    with open(rows, encoding="utf-8") as lines:
        found = [line.rstrip("\n").split("\t") for line in lines][1:]
    dead = {(f"http://127.0.0.1:{site.check}/links/{page}.html", target(site, number))
            for page in range(PAGES)
            for number in ((page * LINKS + i) * 7919 % TARGETS for i in range(LINKS)) if number % 100 == 0}
    pairs = {(page, link) for page, link, problem in found if problem == "404"}
    return (f"{len(pairs & dead):,} of {len(dead):,} rows, {len(found) - len(pairs & dead):,} too many",
            pairs == dead and len(found) == len(pairs))
