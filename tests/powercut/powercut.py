#!/usr/bin/python3
"""Cuts the power at each point of a run at which something was brought to the disk, and goes on with the run.

powercut.so (powercut.c) records what areq and the process that writes its state file do to their files. After each
sync, this program makes the files as a power cut would leave them: what was not synced is lost, or a part of it is. A
new file is there only after its folder was synced. Then areq goes on with the run, and its outputs must be those of a
run that nobody has disturbed.

With a crawl in Redis, which another machine may have, it compares each message to Redis with what the disk has by then:
a URL is said to be done only after its rows and its line of the report are there.

    powercut.py [--step N] [--seed N] AREQ TESTSERVER LIBRARY
"""

import argparse
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

RECORD = struct.Struct("=c7xQQQQ")
PAGES = 60
MODES = {"file": [], "atomic": ["--atomic"], "redis": []}


class Inode:
    """A file: its bytes as they are, those that are on the disk, and the changes since."""

    def __init__(self):
        self.now = bytearray()
        self.disk = b""
        self.changes = []

    def change(self, change):
        self.changes.append(change)
        apply(self.now, change)

    def sync(self):
        self.disk = bytes(self.now)
        self.changes = []

    def after_cut(self, chance):
        """With a chance of 0 nothing of the changes is left, else a part of the writes."""
        content = bytearray(self.disk)
        for change in self.changes:
            if chance and chance.random() < 0.5:
                apply(content, change)
        return bytes(content)


def apply(content, change):
    offset, data = change
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset:offset + len(data)] = data


def read_log(path):
    """Yields (what, inode, offset, name, data)."""
    log = path.read_bytes()
    at = 0
    while at < len(log):
        what, inode, offset, name_len, data_len = RECORD.unpack_from(log, at)
        at += RECORD.size
        name, data = log[at:at + name_len].decode(), log[at + name_len:at + name_len + data_len]
        at += name_len + data_len
        yield what.decode(), inode, offset, name, data


class Disk:
    """The files of the folder. Entries are names -> inode numbers."""

    def __init__(self):
        self.inodes = {}
        self.entries = {}
        self.disk_entries = {}

    def replay(self, record, folder):
        what, number, offset, name, data = record
        inode = self.inodes.get(number)
        if what == "c":
            self.inodes[number] = Inode()
            self.entries[name] = number
        elif what == "w" and inode:
            inode.change((offset, data))
        elif what == "t" and inode:
            inode.change((offset, None))
        elif what == "s" and inode:
            inode.sync()
        elif what == "s":
            inside = os.path.dirname(name + "/x")
            self.disk_entries = {n: i for n, i in self.disk_entries.items() if os.path.dirname(n) != inside}
            self.disk_entries |= {n: i for n, i in self.entries.items() if os.path.dirname(n) == inside}
        elif what == "r":
            to = os.path.join(folder, os.path.relpath(data.decode(), folder)) if data[:1] == b"/" else \
                os.path.join(os.path.dirname(name), data.decode())
            self.entries[to] = self.entries.pop(name)
        elif what == "u":
            self.entries.pop(name, None)


class Run:
    """The folders of one mode. Files of the recorded run are kept by their inodes, which the state knows."""

    def __init__(self, args, base, site, mode):
        self.args, self.mode, self.site, self.state = args, mode, site, None
        self.base = base / mode
        self.work, self.kept = self.base / "work", self.base / "kept"
        self.rows = self.work / "rows"
        for folder in (self.work, self.kept, self.rows):
            folder.mkdir(parents=True)
        self.log = self.base / "log"
        self.log.touch()
        self.list = self.base / "list"
        pages = [f"{site}/_/page?links={3 + n % 5}&prefix={quote(f'p{n}-')}" for n in range(PAGES)]
        self.list.write_text("".join(page + "\n" for page in pages) + "no url\n")

    def areq(self, *options, preload=False):
        environment = {**os.environ, "HOME": str(self.base), "no_proxy": "*"}
        if preload:
            # A sanitized program would want its own library to be loaded first.
            asan = f"{environment.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"
            environment |= {"LD_PRELOAD": str(self.args.library.resolve()), "ASAN_OPTIONS": asan,
                            "AREQ_POWERCUT_FOLDER": str(self.work), "AREQ_POWERCUT_LOG": str(self.log)}
        return subprocess.run(
            [self.args.areq.resolve(), "--fail-on", "never", *MODES[self.mode], *options, self.list],
            capture_output=True, text=True, timeout=60, check=False, env=environment)

    def run(self, *options, preload=False):
        return self.areq("--state", self.state or self.work / "state", "-o", self.rows / "out", "--report",
                         self.rows / "report", *options, preload=preload)

    def result(self):
        lines = [json.loads(line) for line in (self.rows / "report").read_text().splitlines()]
        return (sorted((self.rows / "out").read_text().splitlines()),
                sorted((line["url"], line["outcome"], line["cause"] or "") for line in lines))

    def files(self):
        return [path for path in self.work.rglob("*") if path.is_file()]

    def keep(self):
        for path in self.files():
            os.link(path, self.kept / str(path.stat().st_ino))

    def restore(self, disk, chance):
        for path in self.files():
            path.unlink()
        for name, number in disk.disk_entries.items():
            kept = self.kept / str(number)
            if kept.exists():
                os.link(kept, name)
            Path(name).write_bytes(disk.inodes[number].after_cut(chance))


def check_point(run, disk, chance, wanted):
    run.restore(disk, chance)
    result = run.run()
    if result.returncode != 0:
        return f"exit status {result.returncode}: {result.stderr}"
    rows, lines = run.result()
    if rows != wanted[0]:
        return f"rows: {len(rows)} instead of {len(wanted[0])}\n{result.stderr}"
    return None if lines == wanted[1] else f"report: {len(lines)} lines instead of {len(wanted[1])}"


def check_mode(run, step, seed):
    recorded = run.run("--rate", "80/s", preload=True)
    if recorded.returncode != 0:
        sys.exit(f"powercut: the undisturbed run ends with {recorded.returncode}: {recorded.stderr}")
    wanted = run.result()
    run.keep()
    disk, points, wrong, lost = Disk(), 0, 0, 0
    for number, record in enumerate(read_log(run.log)):
        disk.replay(record, run.work)
        if record[0] != "s":
            continue
        points += 1
        if points % step:
            continue
        for chance in (None, random.Random(seed * 1000 + number)):
            lost += sum(len(inode.changes) for inode in disk.inodes.values())
            problem = check_point(run, disk, chance, wanted)
            if problem:
                wrong += 1
                print(f"{run.mode}: after sync {points} of {record[3]}"
                      f"{', with a part of what was not synced' if chance else ''}: {problem}")
    if points < 20 or not lost:
        sys.exit(f"powercut: only {points} points were recorded, with {lost} changes to lose")
    print(f"{run.mode}: {points} points, 2 cuts at each {step}th; {lost} changes lost; {wrong} are wrong")
    return wrong


class Commands:
    """The commands that were sent over a socket, as lists of their arguments."""

    def __init__(self):
        self.bytes = b""

    def line(self, at):
        end = self.bytes.find(b"\r\n", at)
        if end < 0:
            raise EOFError
        return int(self.bytes[at + 1:end]), end + 2

    def command(self):
        count, at = self.line(0)
        arguments = []
        for _ in range(count):
            length, at = self.line(at)
            if len(self.bytes) < at + length + 2:
                raise EOFError
            arguments.append(self.bytes[at:at + length])
            at += length + 2
        self.bytes = self.bytes[at:]
        return arguments

    def add(self, data):
        """Yields the commands that are complete now. None is begun by what is sent to a server of pages."""
        if not self.bytes and not data.startswith(b"*"):
            return
        self.bytes += data
        while self.bytes:
            try:
                yield self.command()
            except EOFError:
                return


def is_settle(arguments, at):
    """An item has a letter, and a settle then a host, an id of eight bytes and an outcome; see redis_write.lua."""
    return arguments[at] == b"s" and len(arguments[at + 2]) == 8 and arguments[at + 3].isdigit()


def settles(arguments):
    return sum(is_settle(arguments, at) for at in range(len(arguments) - 3))


def done_pages(run, disk):
    """How many pages have all their rows and their line of the report on the disk, once its name is there, too."""
    texts = {}
    for name in ("out", "report"):
        number = disk.disk_entries.get(str(run.rows / name))
        texts[name] = disk.inodes[number].disk.decode() if number else ""
    rows = {}
    for row in texts["out"].splitlines(keepends=True)[1:]:
        source = row.split("\t")[0]
        rows[source] = rows.get(source, 0) + row.endswith("\n")
    lines = [json.loads(line) for line in texts["report"].splitlines(keepends=True) if line.endswith("\n")]
    return sum(rows.get(line["url"], 0) == line["links"] for line in lines if line["outcome"] == "ok")


def check_shared(run):
    recorded = run.run("--rate", "80/s", preload=True)
    if recorded.returncode != 0:
        sys.exit(f"powercut: the run with Redis ends with {recorded.returncode}: {recorded.stderr}")
    disk, sockets, told, messages, wrong = Disk(), {}, 0, 0, 0
    for record in read_log(run.log):
        disk.replay(record, run.work)
        if record[0] != "m":
            continue
        for arguments in sockets.setdefault(record[1], Commands()).add(record[4]):
            settled = settles(arguments)
            told += settled
            messages += settled > 0
            if settled and told > done_pages(run, disk):
                wrong += 1
                print(f"{run.mode}: {told} URLs are said to be done when {done_pages(run, disk)} are on the disk")
    if told != PAGES or messages < 3:
        sys.exit(f"powercut: {told} URLs are said to be done in {messages} messages")
    print(f"{run.mode}: {told} URLs are said to be done in {messages} messages; {wrong} are wrong")
    return wrong


def check_with_redis(run):
    socket = run.base / "redis.sock"
    with subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", socket, "--save", ""],
                          stdout=subprocess.DEVNULL) as redis:
        for _ in range(500):
            if socket.exists():
                break
            time.sleep(0.02)
        run.state = f"redis+unix://{socket}#crawl"
        try:
            return check_shared(run)
        finally:
            redis.terminate()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    for name in ("areq", "testserver", "library"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="areq-powercut-") as base, subprocess.Popen(
            [args.testserver.resolve(), "--log", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True) as server:
        site = "http://" + server.stdout.readline().split()[-1]
        for mode in MODES:
            run = Run(args, Path(base).resolve(), site, mode)
            wrong += check_with_redis(run) if mode == "redis" else check_mode(run, args.step, args.seed)
        server.stdin.close()
    sys.exit(wrong > 0)


main()
