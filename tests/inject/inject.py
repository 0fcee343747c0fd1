#!/usr/bin/python3
"""Makes each allocation and each system call of areq fail in its turn, and checks what becomes of the run.

A run with a failure must end with the right exit status and a message, leave no descriptor open, and never
leave half a row. The failures are made by inject.so (inject.c), which stands between areq and the C library.

    inject.py [--step N] [--mode MODE] AREQ TESTSERVER LIBRARY
        tries every point of every mode, or of that one, or each Nth
    inject.py --mode MODE --point POINT AREQ TESTSERVER LIBRARY
        tries this one, and shows what it did

A point is one call and how it fails, as inject.c reads it from AREQ_INJECT: KIND:NUMBER:SERIES:ERROR.

With an areq that is built with AddressSanitizer, leaks are looked for too. Allocations do not fail then,
because the sanitizer ends a program whose allocation fails.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

HEADER = "source_url\tparsed_url\n"
OLD_FILE = HEADER + "http://old/\thttp://old/1\nhttp://old/\thttp://old/2\n"
TORN_FILE = OLD_FILE + "http://old/\thttp://ol"

# Exit statuses of areq, as EXIT STATUS in man/areq.1 has them.
SOME_FAILED, BAD_INPUT, BAD_SYSTEM, PIPE_CLOSED = 1, 2, 3, 141


@dataclass(frozen=True)
class Mode:
    """A command line of areq, and what its output file holds before; None: the rows go to a pipe."""

    name: str
    arguments: str
    old: str | None = OLD_FILE

    @property
    def appends(self):
        return self.arguments.startswith("-a ")

    @property
    def has_header(self):
        return "--format jsonl" not in self.arguments


MODES = [
    Mode("file", "-o out list"),
    Mode("append", "-a -o out list"),
    Mode("report", "-o out --report report list"),
    Mode("config", "-o out --config config -b cookies list"),
    Mode("summary", "-o out --summary-json summary list"),
    Mode("pipe", "-v list", old=None),
    Mode("regexp", "-e href=.([a-z0-9]+) -o out list"),
    Mode("xpath", "--xpath //@href -o out list"),
    Mode("atomic", "--atomic --fail-on never -o out list"),
    Mode("repair", "-a --repair -o out list", old=TORN_FILE),
    Mode("jsonl", "--format jsonl --include . -o out list"),
    Mode("ordered", "--ordered -o out list"),
    Mode("crawl", "--depth 1 --sitemaps --scope site -o out list"),
    Mode("state", "--state state -o out --report report list"),
]

# How each kind of call fails: once, or on every call from the chosen one on. An allocation fails only once,
# since the first failure must end the run. EINTR, EAGAIN and SHORT have no second series: they mean that the
# program shall try again, and it may do so for ever.
FAILURES = {
    "alloc": ["once:ENOMEM"],
    "open": ["once:EMFILE", "on:EMFILE"],
    "read": ["once:EIO", "on:EIO", "once:EINTR"],
    "pread": ["once:EIO", "on:EIO"],
    "pwrite": ["once:ENOSPC", "on:ENOSPC"],
    "write": ["once:ENOSPC", "on:ENOSPC", "once:EIO", "on:EIO", "once:SHORT", "on:SHORT", "on:FULL",
              "once:EINTR", "once:EAGAIN", "once:EPIPE"],
    "fsync": ["once:EIO", "on:EIO"],
    "rename": ["once:EACCES", "on:EACCES"],
    "close": ["once:EIO", "on:EIO", "once:ENOSPC"],
    "ftruncate": ["once:EIO", "on:EIO"],
    "stat": ["once:EIO", "on:EIO"],
    "fstat": ["once:EIO", "on:EIO"],
    "chmod": ["once:EPERM", "on:EPERM"],
    "lock": ["once:ENOLCK", "on:ENOLCK", "once:EAGAIN"],
    "poll": ["once:ENOMEM", "on:ENOMEM"],
    "unlink": ["once:EACCES", "on:EACCES"],
    "pipe": ["once:EMFILE", "on:EMFILE"],
    "socket": ["once:EMFILE", "on:EMFILE"],
    "fork": ["once:EAGAIN", "on:EAGAIN"],
}

# Kinds that at least one mode must call, else the test tests nothing.
EXPECTED_KINDS = {"open", "read", "write", "close", "ftruncate", "fstat", "lock", "poll", "pread", "socket", "fork"}

# Imported functions that inject.c need not make fail: fwrite serves --help alone, readlink can only say that
# there is no link, and a dlopen that fails means that areq is not installed rightly.
NOT_INJECTED = {"fwrite", "readlink", "dlopen"}

MESSAGES = {
    "EACCES": "Permission denied",
    "EAGAIN": "Resource temporarily unavailable",
    "EIO": "Input/output error",
    "EMFILE": "Too many open files",
    "ENOSPC": "No space left on device",
    "FULL": "No space left on device",
    "ENOMEM": "Cannot allocate memory",
}


@dataclass(frozen=True)
class Point:
    """One call of one mode, and how it fails."""

    mode: Mode
    kind: str
    number: int
    series: str
    error: str

    def __str__(self):
        return f"{self.kind}:{self.number}:{self.series}:{self.error}"

    @classmethod
    def parse(cls, mode, text):
        kind, number, series, error = text.split(":")
        return cls(mode, kind, int(number), series, error)


class Wrong(Exception):
    """What a run did that it must not do."""


@dataclass
class Run:
    """What one run of areq left behind."""

    status: int
    out: str
    part: str
    report: str
    messages: str
    strikes: list = field(default_factory=list)  # (descriptor, name of the target)
    counts: dict = field(default_factory=dict)  # kind -> number of calls
    left_open: list = field(default_factory=list)


def read_text(path):
    """The file's text, or "" if there is none. What differs from run to run is made equal."""
    text = path.read_text(errors="surrogateescape") if path.exists() else ""
    text = re.sub(r"group=\d+", "group=0", text)
    # A row of --format jsonl is compared as one of tsv.
    return text.replace('{"source_url":"', "").replace('","final_url":"', "\t")


class Bench:
    """Runs areq with and without a failure."""

    def __init__(self, areq, library, site, folder):
        self.areq, self.library, self.site, self.folder = areq, library, site, folder
        self.sanitized = b"__asan_init" in areq.read_bytes()
        self.undisturbed = {}  # mode name -> Run

    def write_inputs(self, folder, mode, group):
        """The list has links in HTML, a redirect, a page that comes at the second try, one that is missing,
        one that is compressed, one in XML, one in another encoding, and a line that is no http URL. The page
        that fails once needs a group of its own in each run."""
        site = self.site
        (folder / "list").write_text(
            f"{site}/_/page?links=40\n"
            f"{site}/_/chain?n=1\n"
            f"{site}/_/page?links=2&fail=1&group={group}\n"
            f"{site}/_/page?status=404\n"
            f"{site}/_/page?body=<a%20href=x>%3Cp%20href='%26amp;y'>&encoding=gzip&header=Set-Cookie:%20a=b\n"
            f"{site}/_/page?type=application/xhtml%2Bxml"
            "&body=<a%20xmlns='http://www.w3.org/1999/xhtml'%20href='z'/>\n"
            f"{site}/_/page?type=text/html;%20charset=shift_jis&body=<a%20href='%83%83'>%3Cbase%20href='/b/'>\n"
            "mailto:x\n")
        (folder / "config").write_text("retries = 2\n")
        (folder / "cookies").write_text("127.0.0.1\tFALSE\t/\tFALSE\t0\tmine\t1\n")
        if mode.old is not None:
            (folder / "out").write_text(mode.old)

    def run(self, folder, mode, group, point=None):
        """Runs a mode in a new folder, with one point's failure or without any."""
        folder.mkdir()
        self.write_inputs(folder, mode, group)
        return self.run_again(folder, mode, point)

    def run_again(self, folder, mode, point=None):
        """The same in a folder that has the input of the mode."""
        environment = dict(
            os.environ, HOME=str(self.folder), XDG_CONFIG_HOME=str(self.folder), no_proxy="*", NO_PROXY="*",
            AREQ_INJECT_LOG=str(folder / "log"), LD_PRELOAD=str(self.library),
            UBSAN_OPTIONS="print_stacktrace=1",
            ASAN_OPTIONS=f"verify_asan_link_order=0:detect_leaks=1:exitcode=99:log_path={folder}/asan")
        if point:
            environment["AREQ_INJECT"] = str(point)
        with open(folder / "err", "wb") as err, open(folder / "stdout", "wb") as stdout:
            child = subprocess.Popen(
                [str(self.areq), *mode.arguments.split()], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if mode.old is None else stdout, stderr=err)
            try:
                rows, _ = child.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                rows, _ = child.communicate()
                raise Wrong("did not end within 10 s") from None
        if mode.old is None:
            (folder / "out").write_bytes(rows)
        reports = "".join(path.read_text() for path in folder.glob("asan.*"))
        if reports:
            raise Wrong(f"the sanitizer has a report:\n{reports}")
        return self.read_run(folder, 128 - child.returncode if child.returncode < 0 else child.returncode)

    @staticmethod
    def read_run(folder, status):
        run = Run(status, out=read_text(folder / "out"), part=read_text(folder / "out.part"),
                  report=read_text(folder / "report"), messages=read_text(folder / "err"))
        for line in read_text(folder / "log").splitlines():
            word, first, rest = (line.split(" ", 2) + [""])[:3]
            if word == "struck":
                descriptor, _, target = rest.partition(" ")
                run.strikes.append((int(descriptor), target))
            elif word == "count":
                run.counts[first] = int(rest)
            elif word == "left":
                run.left_open.append(line)
        return run

    def prepare(self, mode):
        """Runs a mode without a failure, to know what it calls and what comes out."""
        run = self.run(self.folder / mode.name, mode, 0)
        if run.status > SOME_FAILED or run.left_open:
            sys.exit(f"inject: the undisturbed run in mode {mode.name} ends with {run.status}:\n"
                     f"{run.messages}{run.left_open}")
        self.undisturbed[mode.name] = run

    def points_of(self, mode):
        for kind, failures in FAILURES.items():
            if self.sanitized and kind == "alloc":
                continue
            for number in range(1, self.undisturbed[mode.name].counts.get(kind, 0) + 1):
                for failure in failures:
                    yield Point(mode, kind, number, *failure.split(":"))

    def check(self, folder, point, group):
        """Runs one point and raises Wrong, or returns whether the point was reached."""
        run = self.run(folder, point.mode, group, point)
        if point.mode.name == "state":
            self.check_state(folder, point, run)
        else:
            Check(point, run, self.undisturbed[point.mode.name]).all()
        return bool(run.strikes)

    def check_state(self, folder, point, run):
        """Much of what fails ends the run, in areq or in the process that writes the state. Nothing is lost: the
        same command goes on, or begins the next run, and then all is there."""
        plain = self.undisturbed[point.mode.name]
        expected = PIPE_CLOSED if point.error == "EPIPE" else BAD_SYSTEM
        if run.status not in (plain.status, BAD_INPUT, expected):
            raise Wrong(f"exit status {run.status}")
        is_silent = run.status == PIPE_CLOSED or any(class_of(*strike) == "stderr" for strike in run.strikes)
        if run.status > SOME_FAILED and not is_silent and not re.search(r"^areq: ", run.messages, re.MULTILINE):
            raise Wrong(f"no message with exit status {run.status}")
        if run.left_open and point.kind != "alloc":
            raise Wrong(f"left open at the end: {run.left_open}")
        again = self.run_again(folder, point.mode)
        if again.status != plain.status:
            raise Wrong(f"exit status {run.status}, and then {again.status}: {again.messages}")
        Check.check_rows(again.out, plain.out, False, True)
        lines, wanted = again.report.splitlines(), plain.report.splitlines()
        if len(lines) != len(wanted):
            raise Wrong(f"exit status {run.status}, and then a report of {len(lines)} lines instead of {len(wanted)}")


def class_of(descriptor, target):
    """What a call that failed was about."""
    name = target.rsplit("/", 1)[-1]
    if target.endswith("(deleted)"):
        return "other"
    if name == "err" or descriptor == 2:
        return "stderr"
    if name in ("list", "config", "cookies"):
        return "list"
    if (target.startswith("pipe:") and descriptor == 1) or re.match(r"\.?(out|report|summary)", name):
        return "output"
    return "other"


class Check:
    """Compares a run with a failure to the undisturbed run of its mode."""

    def __init__(self, point, run, plain):
        self.point, self.run, self.plain = point, run, plain
        self.classes = [class_of(descriptor, target) for descriptor, target in run.strikes]
        self.usual = plain.status
        # The first failure that changes the exit status decides it.
        statuses = [self.status_for(name) for name in self.classes]
        self.expected = next((status for status in statuses if status != self.usual), self.usual)
        if run.status == BAD_SYSTEM and any(self.may_count(name) for name in self.classes):
            self.expected = BAD_SYSTEM

    def may_count(self, name):
        """Calls that the program can do without, or whose failure may also end the run: connections are
        tried again, a process cleans up or helps with a page, and fstat makes sure of an output."""
        kind = self.point.kind
        return kind in ("poll", "socket", "fork") or (kind in ("stat", "fstat") and name == "output")

    def status_for(self, name):
        """The exit status that this failure causes where it is about a thing of that class."""
        kind, error = self.point.kind, self.point.error
        if kind in ("alloc", "fsync"):
            return BAD_SYSTEM
        if self.may_count(name):
            return self.usual
        # Randomness has a substitute, and messages that cannot be shown end no run.
        if name in ("other", "stderr"):
            return self.usual
        # These mean that another has the lock, or that the pipe is full: the program waits.
        if error in ("EINTR", "SHORT", "EAGAIN"):
            return self.usual
        # A file that cannot be locked is used without, and a temporary file may stay.
        if kind in ("lock", "unlink"):
            return self.usual
        if name == "list":
            # By its name a list is only compared with the outputs.
            return self.usual if kind in ("close", "stat") else BAD_INPUT
        return PIPE_CLOSED if error == "EPIPE" else BAD_SYSTEM

    def all(self):
        if self.point.kind == "alloc":
            count = self.run.counts.get("alloc", 0)
            if self.run.strikes and count != self.point.number:
                raise Wrong(f"out of memory at call {self.point.number} did not end the run: {count} calls")
        elif self.run.left_open:
            raise Wrong(f"left open at the end: {self.run.left_open}")
        if self.run.status != self.expected:
            raise Wrong(f"exit status {self.run.status} instead of {self.expected}")
        self.check_message()
        if self.point.mode.name == "report":
            self.check_report()
        self.check_output()

    def check_message(self):
        messages, kind = self.run.messages, self.point.kind
        if "stderr" in self.classes or self.run.status == PIPE_CLOSED:
            return
        if self.run.status != 0 and not re.search(r"^areq: ", messages, re.MULTILINE):
            raise Wrong(f"no message with exit status {self.run.status}")
        if self.expected == self.usual:
            return
        needed = "areq: out of memory" if kind == "alloc" else MESSAGES.get(self.point.error, "")
        # With -a a file that cannot be opened for reading and writing is opened for writing, and then its end
        # cannot be read. With --atomic a .part file that cannot be looked at is taken for one that is gone.
        reopened = kind == "open" and self.point.series == "once" and "Bad file descriptor" in messages
        gone = kind in ("stat", "fstat") and "was taken away" in messages
        if needed not in messages and not reopened and not gone:
            raise Wrong(f'the messages do not say "{needed}"')

    def check_output(self):
        mode, error, text = self.point.mode, self.point.error, self.run.out
        old = mode.old or ""
        whole = self.plain.out
        all_sources = self.expected == self.usual and self.point.kind != "socket"
        if text == old and self.expected != self.usual:
            return
        if mode.name == "atomic":
            if self.expected != self.usual and not text:
                raise Wrong("neither the old file nor the new one")
            all_sources = self.point.kind != "socket"
        if self.run.part and self.point.kind not in ("alloc", "unlink", "stat", "fstat") and error != "EPIPE":
            raise Wrong("out.part was left behind")
        kept = ""
        if mode.appends:
            kept = old[:old.rfind("\n") + 1]
            if not text.startswith(kept):
                raise Wrong("what the file held before was changed")
        elif mode.has_header and text and not text.startswith(HEADER) and error != "FULL":
            raise Wrong("no header")
        self.check_rows(text[len(kept):], whole[len(kept):], error == "FULL", all_sources)

    @staticmethod
    def check_rows(text, whole, may_be_torn, all_sources):
        """What this run wrote: each page has all its rows in their order, or none."""
        if may_be_torn:
            text = text[:text.rfind("\n") + 1]
        if text and not text.endswith("\n"):
            raise Wrong("the last row is torn")
        rows, wanted = rows_by_source(text), rows_by_source(whole)
        for source, found in rows.items():
            if source not in wanted:
                raise Wrong(f"rows of an unknown source: {found}")
            if found != wanted[source] and not (may_be_torn and wanted[source].startswith(found)):
                raise Wrong(f"not all rows of a page, or others: {found}")
        missing = wanted.keys() - rows.keys()
        if all_sources and missing:
            raise Wrong(f"no rows of {missing}")

    def check_report(self):
        lines = self.run.report.splitlines(keepends=True)
        if self.expected == self.usual and len(lines) != len(self.plain.report.splitlines()):
            raise Wrong("the report has not a line for each URL")
        if lines and not lines[-1].endswith("\n"):
            if self.point.error != "FULL":
                raise Wrong("the report's last line is torn")
            lines.pop()
        for line in lines:
            # read_text() makes a line's group equal, but leaves it an object that begins with its URL.
            if not re.fullmatch(r'\{"url":.*\}\n', line):
                raise Wrong(f"not a line of the report: {line}")


def rows_by_source(text):
    rows = {}
    for number, line in enumerate(text.splitlines(keepends=True)):
        if number == 0 and line == HEADER:
            continue
        if line.count("\t") != 1:
            raise Wrong(f"not a row: {line!r}")
        source = line.split("\t")[0]
        rows[source] = rows.get(source, "") + line
    return rows


def check_coverage(areq, library):
    """A call that areq makes and inject.c does not know would never fail here."""

    def symbols(option, path):
        output = subprocess.run(["nm", "-D", option, path], check=True, capture_output=True, text=True).stdout
        return {line.split()[-1].split("@")[0] for line in output.splitlines()}

    calls = re.compile(r"(__)?[a-z]*(alloc|dup|fork|open|socket|read|write|sync|rename|link|trunc|stat|chmod|chown"
                       r"|close|poll|pipe|mkstemp|mkdir)[a-z]*(64)?(_chk|_2)?")
    imported = {name for name in symbols("-u", areq) if calls.fullmatch(name)}
    unknown = imported - symbols("--defined-only", library) - NOT_INJECTED
    if unknown:
        sys.exit(f"inject: areq calls {', '.join(sorted(unknown))}, which tests/inject/inject.c does not make fail")


def write_site(root, site):
    """What only a crawl asks for."""
    (root / "robots.txt").write_text(
        f"User-agent: *\nDisallow: /_/link\nAllow: /_/link12\nSitemap: {site}/pages.txt\nSitemap: {site}/pages.xml\n")
    (root / "pages.txt").write_text(f"{site}/_/page?links=3\n")
    (root / "pages.xml").write_text(
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
        f"<url><loc>{site}/_/page?links=4</loc></url></urlset>")


def try_one(bench, mode, text):
    bench.prepare(mode)
    folder = bench.folder / "one"
    result = 0
    try:
        print("struck" if bench.check(folder, Point.parse(mode, text), 1) else "missed")
    except Wrong as wrong:
        print(wrong)
        result = 1
    for name in ("log", "err", "out", "report"):
        print(f"==> {name} <==\n{read_text(folder / name)}")
    return result


def try_all(bench, modes, step, again):
    points = []
    for mode in modes:
        bench.prepare(mode)
        points += bench.points_of(mode)
    points = points[::step]
    unseen = EXPECTED_KINDS - {point.kind for point in points}
    if step == 1 and modes == MODES and unseen:
        sys.exit(f"inject: no call of kind {', '.join(sorted(unseen))} was seen")

    def try_point(numbered):
        number, point = numbered
        with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
            try:
                return point, bench.check(Path(folder) / "run", point, number), None
            except Wrong as wrong:
                return point, True, wrong

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(try_point, enumerate(points, 1)))
    tried = Counter(point.kind for point, _, _ in results)
    missed = sum(not reached for _, reached, _ in results)
    failed = [(point, wrong) for point, _, wrong in results if wrong]
    line = ", ".join(f"{kind} {count}" for kind, count in tried.items()) + f", {len(results)} in all"
    print(line + (f"; {missed} were not reached" if missed else "") + (f"; {len(failed)} WRONG" if failed else ""))
    for point, wrong in failed:
        print(f"{point.mode.name} {point}\n{wrong}\n\tagain: {again} --mode {point.mode.name} --point {point}",
              file=sys.stderr)
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=1, metavar="N")
    parser.add_argument("--mode", choices=[mode.name for mode in MODES])
    parser.add_argument("--point")
    parser.add_argument("areq", type=Path)
    parser.add_argument("testserver", type=Path)
    parser.add_argument("library", type=Path)
    args = parser.parse_args()
    if args.point and not args.mode:
        parser.error("--point needs --mode")
    modes = [mode for mode in MODES if args.mode in (None, mode.name)]
    areq, library = args.areq.resolve(), args.library.resolve()
    check_coverage(areq, library)
    with tempfile.TemporaryDirectory(prefix="areq-inject-") as folder:
        root = Path(folder) / "site"
        root.mkdir()
        # The server ends when its standard input does, so it cannot outlive this script.
        with subprocess.Popen(
                [args.testserver.resolve(), "--log", "0", "--root", root], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True) as server:
            try:
                site = "http://" + server.stdout.readline().split()[-1]
                write_site(root, site)
                bench = Bench(areq, library, site, Path(folder))
                if args.point:
                    return try_one(bench, modes[0], args.point)
                return try_all(bench, modes, args.step, f"{sys.argv[0]} {args.areq} {args.testserver} {args.library}")
            finally:
                server.stdin.close()


if __name__ == "__main__":
    sys.exit(main())
