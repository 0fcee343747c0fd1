"""The measures: who is measured on which list, and the bars that areq has to reach. Each is a function
of this file that has the measure's name, with _ for -."""
import heapq
import resource
from dataclasses import dataclass, field
from typing import Callable, Optional

from broken import HOSTS, LINKS, PAGES, TARGETS, compare_many, many_links
from check import check_docs, check_tree
from contestants import lines_of
from meter import median, ratio
from served import COPIES, LARGE_BYTES

MB = 1_000_000
AT_ONCE = 64


@dataclass
class Bar:
    what: str
    value: float
    limit: float
    unit: str
    aim: Optional[float] = None
    at_least: bool = False

    def reaches(self, mark):
        return self.value >= mark if self.at_least else self.value <= mark

    @property
    def met(self):
        return self.reaches(self.limit)


@dataclass
class Measure:
    title: str
    contestants: list
    bars: Callable = lambda runs: []
    rounds: Optional[int] = None  # where fewer or more than the usual are enough or needed
    notes: list = field(default_factory=list)

    def __post_init__(self):
        self.contestants = [one for one in self.contestants if one]


def against(runs, name, make):
    """A bar against a peer, where the peer is there."""
    return [make(runs[name])] if name in runs else []


def mix(site, peers):
    urls = site.mix(COPIES)

    def bars(runs):
        found = []
        for name in ("areq", "areq --unique"):
            found += against(runs, "curl", lambda curl, name=name: Bar(
                f"CPU per page on mix, {name}, against curl",
                ratio(runs[name], curl, "cpu_page"), 4, "x", 2.5))
        found += against(runs, "Go", lambda go: Bar(
            "pages a second on mix, against Go", ratio(runs["areq"], go, "rate"), 4, "x", 6, at_least=True))
        found.append(Bar("peak memory on mix, 64 at once", median(runs["areq"], "memory") / MB, 20, "MB"))
        return found
    average = site.mix_bytes / len(site.pages) / 1000
    return Measure(f"mix: python3-doc's {len(site.pages)} pages, {average:.0f} KB each on average, "
                   f"under {COPIES} addresses each", [
        peers.areq(urls), peers.areq(urls, "--unique", name="areq --unique"), peers.curl(urls),
        peers.wrk(2, urls), peers.go(urls)], bars)


def mix_once(site, peers):
    urls = site.mix(1)

    def bars(runs):
        found = []
        for name in ("aiohttp", "aiohttp + uvloop"):
            found += against(runs, name, lambda script, name=name: Bar(
                f"pages a second on mix (once), against {name}", ratio(runs["areq"], script, "rate"), 20, "x",
                40, at_least=True))
        return found
    told = peers.aiohttp(urls, uvloop=True, charset="utf-8")
    return Measure("mix-once: the same under one address each, since the scripts are slow", [
        peers.areq(urls), peers.go(urls), peers.undici(urls), peers.libxml2(urls), peers.aiohttp(urls),
        peers.aiohttp(urls, uvloop=True), told], bars)


def formats(site, peers):
    urls = site.mix(1)

    def bars(runs):
        return [Bar("CPU per page on mix, jsonl against tsv",
                    ratio(runs["areq jsonl"], runs["areq"], "cpu_page"), 1.5, "x")]
    return Measure("formats: mix under one address each, with each --format", [peers.areq(urls)] + [
        peers.areq(urls, "--format", name, name=f"areq {name}") for name in ("csv", "jsonl", "urls")], bars)


def small(site, peers):
    urls = site.small()

    def bars(runs):
        return against(runs, "wrk", lambda wrk: Bar(
            "pages a second on small, against wrk", ratio(runs["areq"], wrk, "rate"), 0.33, "x", 0.45,
            at_least=True))
    return Measure("small: one page of 10 KB under 50,000 addresses (wrk: under one)", [
        peers.areq(urls), peers.curl(urls), peers.wrk(2), peers.go(urls)],
        bars)


def tls(site, peers):
    urls = site.mix(4, f"https://localhost:{site.tls}")
    trust = ("--cacert", site.certificate)
    return Measure("tls: mix four times over TLS, HTTP/1.1", [
        peers.areq(urls, *trust), peers.curl(urls, *trust), peers.go(urls, tls=True)])


def tls_h2(site, peers):
    urls = site.mix(4, f"https://localhost:{site.tls2}")
    trust = ("--cacert", site.certificate)
    return Measure("tls-h2: mix four times over TLS, HTTP/2", [
        peers.areq(urls, *trust), peers.curl(urls, *trust), peers.go(urls, tls=True)])


def memory_1000(site, peers):
    one = peers.areq(site.mix(COPIES), at_once=1000)
    return Measure("memory-1000: mix, 1,000 at once", [one], lambda runs: [
        Bar("peak memory on mix, 1,000 at once", median(runs["areq"], "memory") / MB, 60, "MB")], 3)


def memory_large(site, peers):
    one = peers.areq(site.large(AT_ONCE), "--max-size", "32M")
    what = f"{AT_ONCE} pages of {LARGE_BYTES // MB} MB"
    return Measure(f"memory-large: {what} (those of mix joined), all at once", [one], lambda runs: [
        Bar(f"peak memory with {what} at once", median(runs["areq"], "memory") / MB, 24, "MB")], 3)


def refused(peers, urls):
    """Each URL is really tried, once, and no host is given up."""
    contestant = peers.areq(urls, "--host-errors", "0", "-r", "0")
    contestant.expected = (1,)
    return contestant


def failing(site, peers):
    count, hosts = 1_000_000, 1000
    return Measure(f"failing: {count:,} URLs on {hosts:,} addresses of 127/8 in turn, all refused "
                   "(--host-errors 0 -r 0)", [refused(peers, site.refusing(count, hosts))], lambda runs: [
        Bar(f"peak memory with {count:,} URLs that fail", median(runs["areq"], "memory") / MB, 64, "MB"),
        Bar("CPU per URL that fails", median(runs["areq"], "cpu_page") * 1e6, 60, "µs")], 1)


def failing_hosts(site, peers):
    count = 50_000
    return Measure(f"failing-hosts: {count:,} URLs on as many addresses, all refused (--host-errors 0 -r 0)",
                   [refused(peers, site.refusing(count, count))], lambda runs: [
        Bar("CPU per URL that fails, each of another host",
            median(runs["areq"], "cpu_page") * 1e6, 60, "µs")], 1)


def ideal_seconds(latencies, slots):
    """As soon as one ends the next of the list begins, and nothing else takes any time."""
    free = [0.0] * min(slots, len(latencies))
    for wait in latencies:
        heapq.heapreplace(free, free[0] + wait)
    return max(free)


def waiting(site, contestant):
    contestant.after = lambda: f"{contestant.name}: at most {site.most_waiting():,} requests waited at once"
    return contestant


def delay(site, peers):
    count, slots, longest, shorter = 5000, 1000, 2.0, 0.2
    long, short = site.latencies(count, longest), site.latencies(count, shorter)
    ideal = ideal_seconds(long, slots)
    urls = site.waits("delay", long)

    def bars(runs):
        return [Bar("time with 1,000 at once, 0 to 2 s each, against the ideal",
                    median(runs["areq"], "wall") / ideal, 1.03, "x"),
                Bar("CPU per page with 1,000 at once, against 64 at once",
                    ratio(runs["areq"], runs["areq, 64 at once"], "cpu_page"), 1.5, "x")]
    measure = Measure(f"delay: {count:,} pages of 0 to {longest:g} s, {slots:,} at once", [
        waiting(site, peers.areq(urls, at_once=slots)),
        waiting(site, peers.areq(site.waits("delay-short", short), name="areq, 64 at once")),
        waiting(site, peers.go(urls, at_once=slots))], bars, 3)
    measure.notes.append(f"seed {site.seed}; the ideal schedule takes {ideal:.3f} s; with 64 at once the "
                         f"same latencies are a tenth as long (ideal {ideal_seconds(short, AT_ONCE):.3f} s), "
                         "or it would take more than a minute")
    return measure


def delay_10000(site, peers):
    wanted = 10_000
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    # See LIMITS of areq's man page.
    ample = limit == resource.RLIM_INFINITY or limit >= 3 * wanted + 20
    possible = wanted if ample else min(wanted, limit // 2)
    urls = site.waits("delay-10000", [1.0] * possible)
    measure = Measure(f"delay-10000: {possible:,} pages of 1 s, all at once", [
        waiting(site, peers.areq(urls, at_once=possible)), waiting(site, peers.go(urls, at_once=possible)),
        waiting(site, peers.sockets(urls))],
        lambda runs: [Bar(f"time with {possible:,} at once, 1 s each, against the ideal",
                          median(runs["areq"], "wall"), 1.3, "x")])
    if possible < wanted:
        measure.notes.append(f"the hard limit of {limit:,} descriptors allows areq {possible:,} transfers, "
                             f"not {wanted:,}")
    return measure


def three(site, peers):
    return Measure("three: three pages of 1 s", [peers.areq(site.waits("three", [1.0] * 3))], lambda runs: [
        Bar("three URLs of one second each", median(runs["areq"], "wall"), 1.02, "s")])


def tls_500(site, peers):
    urls = site.hosts(500)
    trust = ("--cacert", site.certificate)
    rivals = ("curl", "curl -k", "openssl s_time")

    def bars(runs):
        best = min((name for name in rivals if name in runs), key=lambda name: median(runs[name], "cpu_page"))
        return [Bar(f"CPU per handshake, 500 TLS hosts, against {best}",
                    ratio(runs["areq"], runs[best], "cpu_page"), 1.2, "x")]
    return Measure("tls-500: one page each of 500 hosts over TLS 1.3; the best of the others counts", [
        peers.areq(urls, *trust), peers.curl(urls, *trust), peers.curl(urls, "-k", name="curl -k"),
        peers.openssl(1)], bars)


def one(site, peers):
    url = f"http://127.0.0.1:{site.http}/small/0.html"

    def curl(name, into):
        contestant = peers.curl(site.list("one", [url]), name=name)
        if contestant:
            contestant.argv = ["curl", "-q", "-s", "-o", into, url]
        return contestant
    return Measure("one: one page of 10 KB, the whole process", [
        peers.areq(url, pages=1), curl("curl", site.path("page")), curl("curl to /dev/null", "/dev/null")],
        lambda runs: against(runs, "curl", lambda other: Bar(
            "one URL, whole process, against curl", median(runs["areq"], "wall") / median(other, "wall"), 1.1,
            "x")), 200)


def checked(contestant, say):
    """Says after each run what was asked for, and how many rows there are; areq has to be right."""
    def remark():
        text, right = say()
        if not right and contestant.name.startswith("areq"):
            raise SystemExit(f"{contestant.name} is wrong: {text}")
        rows = f"; {lines_of(contestant.rows) - 1:,} rows" if contestant.rows else ""
        return f"{contestant.name}: {text}{rows}"
    if contestant:
        contestant.after = remark
    return contestant


def crawl(site, peers):
    url, pages = site.front_page(), site.docs_pages()
    listed = peers.areq(site.reached(), name="areq, list", pages=pages)
    listed.expected = (0, 1)
    programs = [peers.areq_crawl(url, pages), listed, peers.wget2(url, pages)]
    return Measure(f"crawl: python3-doc from its front page on, {pages} pages",
                   [checked(program, lambda: check_docs(site)) for program in programs], lambda runs: [
        Bar("time of a crawl of python3-doc, against its list",
            ratio(runs["areq crawl"], runs["areq, list"], "wall"), 1.15, "x")], 15)


def crawl_slow(site, peers):
    url, pages = site.front_page(), site.docs_pages()
    programs = [program(url, pages) for program in (
        peers.areq_crawl, peers.wget2, peers.wget, peers.simplecrawler, peers.linkchecker)]
    return Measure("crawl-slow: the same beside programs that are slow",
                   [checked(program, lambda: check_docs(site)) for program in programs], rounds=3)


def check(site, peers):
    broken, pages = site.broken(), site.docs_pages()
    url, rows, printed = broken.front, site.path("rows"), site.path("stdout")

    def areq(name, *options, check="--check", others=()):
        return checked(peers.areq_check(url, pages, *options, check=check, name=name),
                       lambda: broken.compare_areq(rows, *others))
    planted = len(broken.planted)
    return Measure(f"check: python3-doc with {planted} planted links that are dead, blocked or moved", [
        areq("areq --check", "-r", "0"), areq("areq --check, 2 retries"),
        areq("areq --check --fragments", "-r", "0", "--fragments", check="--check=blocked,moved",
             others=("blocked", "moved", "fragment")),
        checked(peers.wget_check(url, pages), lambda: broken.compare_wget(site.path("wget.log"))),
        checked(peers.linkinator(url, pages), lambda: broken.compare_linkinator(printed)),
        checked(peers.blc(url, pages), lambda: broken.compare_blc(printed)),
        checked(peers.linkchecker_check(url, pages), lambda: broken.compare_linkchecker(printed))], rounds=3)


def check_memory(site, peers):
    areq = peers.areq(many_links(site), "--check", "-r", "0", name="areq --check")
    areq.expected, areq.peer = (1,), areq.name
    links = PAGES * LINKS
    return Measure(f"check-memory: {links:,} links of {PAGES:,} pages to {TARGETS:,} targets on "
                   f"{HOSTS} hosts", [
        checked(areq, lambda: compare_many(site, areq.rows))], lambda runs: [
        Bar(f"peak memory of a check of {links:,} links", median(runs[areq.name], "memory") / MB, 64,
            "MB")], 3)


def attrs(site, peers):
    urls = site.mix(1)
    return Measure("attrs: mix under one address each, links of href alone and of all attributes", [
        peers.areq(urls), peers.areq(urls, "--attrs", "all", name="areq --attrs all")], lambda runs: [
        Bar("CPU per page on mix, all attributes against href alone",
            ratio(runs["areq --attrs all"], runs["areq"], "cpu_page"), 1.5, "x")], 15)


def crawl_tree(site, peers, levels, rounds):
    """When the last page of the last level but one has been asked for, all of the last level is pending."""
    def crawl_of(levels, name="areq crawl"):
        url, pages = next(site.tree_urls(levels)), site.tree_pages(levels)
        program = peers.areq_crawl(url, pages, "--scope", "any", name=name)
        return checked(program, lambda: check_tree(site, levels))
    pages, pending, few = site.tree_pages(levels), 10 ** levels, "areq crawl, 1,111 pages"
    listed = peers.areq(site.tree(levels), name="areq, list", pages=pages)

    def bars(runs):
        found = [Bar(f"CPU per page of a crawl of {pages:,}, against its list",
                     ratio(runs["areq crawl"], runs["areq, list"], "cpu_page"), 1.25, "x")]
        # Most of it does not grow with the pending URLs: the store's memory for records.
        if pending >= MB:
            more = median(runs["areq crawl"], "memory") - median(runs[few], "memory") - 16 * pages
            found.append(Bar(f"memory of {pending:,} pending URLs, beside those seen", more / MB, 32, "MB"))
        return found
    return Measure(f"crawl-{pending}: {pages:,} generated pages of ten links each on 100 hosts", [
        crawl_of(levels), checked(listed, lambda: check_tree(site, levels)), crawl_of(3, few)], bars, rounds)


def crawl_100000(site, peers):
    return crawl_tree(site, peers, 5, 3)


def crawl_1000000(site, peers):
    return crawl_tree(site, peers, 6, 1)


ALL = {function.__name__.replace("_", "-"): function for function in (
    mix, mix_once, formats, small, tls, tls_h2, memory_1000, memory_large, failing, failing_hosts, delay,
    delay_10000, three, tls_500, one, attrs, crawl, crawl_slow, check, check_memory, crawl_100000,
    crawl_1000000)}
