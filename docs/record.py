#!/usr/bin/python3
"""Films areq at work in a terminal, and writes the film as one SVG that moves by itself.

    record.py AREQ TESTSERVER SVG

All in the film is real: the shell, the typed commands, areq, the server that it asks (on the loopback),
and when what appeared. The terminal is tmux, which is asked some 20 times a second what its screen shows.
"""

import html
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from urllib.parse import quote

COLUMNS, ROWS = 92, 15

LIST = "urls.txt"
HOSTS = {"docs": "guide", "blog": "post", "shop": "item", "news": "story", "wiki": "page"}
PAGES = 22
PORTS = (8080, 8000, 8888, 9000, 9090, 3000)

# What differs from a healthy page, in the words of the server's /_/help.
FAILURES = {
    "/item/3": "status=404",
    "/story/5": "encoding=gzip&trim=20&size=40000",
    "/post/14": "status=301&location=/post/14",
}
SLOW = {"/page/18": 3400}
LINKS = """<a href="/?q=caf&eacute;&amp;p=2">More</a>
<a href='HTTP://WWW.Example.com:80/a/./b'>Elsewhere</a>
<a href=//[::1]/#top>Here</a>
<!-- <a href="/commented-out"> -->
"""

COMMANDS = (
    (f"areq {LIST} -o foundurls.txt", 1),
    ("head -4 foundurls.txt", 0),
    ("areq -q --format jsonl http://shop.localhost:{port}/links | cut -d, -f3,4", 0),
)


def fail(message):
    sys.exit(f"record: {message}")


def write_site(folder, port):
    """Writes the server's table of pages and areq's list of them."""
    dice = random.Random(4)
    table, urls = [], []
    for page in range(1, PAGES + 1):
        for host, what in HOSTS.items():
            path = f"/{what}/{page}"
            links = ["../about", f"{page}?print=1", "https://www.example.com/"]
            links += [f"/{what}/{dice.randrange(1, PAGES)}" for _ in range(dice.randrange(4, 30))]
            body = "".join(f'<a href="{link}">{link}</a>\n' for link in links)
            delay = SLOW.get(path) or dice.randrange(300, 1500)
            keys = FAILURES.get(path) or f"size={dice.randrange(9, 90)}000&body={quote(body)}"
            wait = "" if "location" in keys else f"delay={delay}&"
            table.append(f"{path} {wait}{keys}")
            urls.append(f"http://{host}.localhost:{port}{path}")
    table.append(f"/links body={quote(LINKS)}")
    for name, lines in (("_site", table), (LIST, urls)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    return len(urls)


def is_free(port):
    """True where nobody answers, on neither loopback address: names below localhost stand for both."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as client:
            if client.connect_ex((address, port)) == 0:
                return False
    return True


def start_server(program, folder, port):
    """The server ends when its standard input does: it cannot outlive this script, whatever ends that."""
    server = subprocess.Popen(
        [program, "--root", folder, "--port", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    if not server.stdout.readline().startswith("listening on "):
        fail("the server does not start")
    return server


class Terminal:
    """A shell in tmux, and the film of it: frames of (seconds, rows, cursor)."""

    def __init__(self, areq, folder):
        os.symlink(areq, os.path.join(folder, "areq"))
        self.socket = os.path.join(folder, "tmux")
        self.statuses = os.path.join(folder, "statuses")
        self.frames = []
        self.began = time.monotonic()
        environment = {
            "PATH": folder + ":" + os.environ["PATH"],
            "HOME": folder,
            "XDG_CONFIG_HOME": folder,
            "LC_ALL": "C.UTF-8",
            "TERM": os.environ.get("TERM", "xterm"),
            "PS1": r"\[\e[32m\]$\[\e[0m\] ",
            "PROMPT_COMMAND": f"echo $? >>{self.statuses}",
            "HISTFILE": "",
            "no_proxy": "*",
            "NO_PROXY": "*",
        }
        size = ("-x", str(COLUMNS), "-y", str(ROWS))
        shell = ("bash", "--norc", "--noprofile", "-i", "-o", "pipefail")
        self.tmux("-f", "/dev/null", "new-session", "-d", *size, "-c", folder, *shell, env=environment)

    def tmux(self, *arguments, env=None):
        command = ["tmux", "-S", self.socket, *arguments]
        return subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout

    def fail(self, message):
        fail(f"{message}; the screen is\n{self.tmux('capture-pane', '-p')}")

    def film(self, seconds):
        end = time.monotonic() + seconds
        while True:
            cursor = ("display-message", "-p", "#{cursor_flag} #{cursor_x} #{cursor_y}")
            *rows, cursor = self.tmux("capture-pane", "-e", "-p", ";", *cursor).splitlines()
            self.frames.append((time.monotonic() - self.began, rows, cursor))
            if time.monotonic() >= end:
                return
            time.sleep(0.045)

    def ended(self):
        """The exit statuses so far, that of the shell's own beginning first."""
        try:
            with open(self.statuses, encoding="ascii") as file:
                return [int(line) for line in file]
        except FileNotFoundError:
            return []

    def wait(self, count):
        """Films until so many commands have ended."""
        give_up = time.monotonic() + 60
        while len(self.ended()) < count:
            if time.monotonic() > give_up:
                self.fail("a command does not end")
            self.film(0)
            time.sleep(0.045)
        self.film(0.1)

    def run(self, command, status):
        for key in command:
            self.tmux("send-keys", "-l", key)
            self.film(0)
            time.sleep(0.03)
        self.film(0.4)
        count = len(self.ended())
        self.tmux("send-keys", "Enter")
        self.wait(count + 1)
        if self.ended()[-1] != status:
            self.fail(f"`{command}` ended with {self.ended()[-1]}")

    def expect(self, text):
        if text not in self.tmux("capture-pane", "-p"):
            self.fail(f'"{text}" is missing')


def record(areq, testserver):
    """The frames of the film."""
    port = next(filter(is_free, PORTS), None) or fail(f"none of the ports {PORTS} is free")
    with tempfile.TemporaryDirectory(prefix="areq-record-") as folder:
        count = write_site(folder, port)
        server = start_server(testserver, folder, port)
        terminal = Terminal(areq, folder)
        try:
            terminal.wait(1)
            terminal.frames.clear()
            terminal.film(0.8)
            for command, status in COMMANDS:
                terminal.run(command.format(port=port), status)
                terminal.film(1.8)
            terminal.expect(f"{count} URLs: {count - len(FAILURES)} ok, {len(FAILURES)} failed")
            terminal.expect("?q=caf%C3%A9&p=2")
        finally:
            terminal.tmux("kill-server")
            server.stdin.close()
            server.wait()
    return terminal.frames


# The picture, in pixels. Each run of characters is stretched to its columns, whatever the font.
ADVANCE, HEIGHT, SIZE, MARGIN = 8.4, 19, 14, 16
LAST_SECONDS = 6
STYLE = """
text { fill: #d5dae3; font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono",
	"Liberation Mono", monospace }
.red { fill: #f47c80 } .green { fill: #8ccf8a } .yellow { fill: #ecc56c } .dim { fill: #8f98a8 }
.gone { visibility: hidden }
g { animation: LENGTH step-end infinite }
@media (prefers-reduced-motion: reduce) { g { animation: none !important } }
"""
COLOURS = {"31": "red", "32": "green", "33": "yellow", "2": "dim"}


def paint(codes, colour):
    """The colour after these codes. What is not known is an error."""
    for code in codes.split(";"):
        if code in ("", "0", "22", "39"):
            colour = None
        elif code in COLOURS:
            colour = COLOURS[code]
        elif code != "49":
            fail(f"no colour is known for the code {code}")
    return colour


def runs(rows):
    """Yields (row, column, text, colour). A colour lasts until another comes, also over the ends of rows."""
    colour = None
    for y, row in enumerate(rows):
        x = 0
        for i, part in enumerate(re.split(r"\x1b\[([0-9;]*)m", row)):
            if i % 2 == 1:
                colour = paint(part, colour)
                continue
            if "\x1b" in part:
                fail(f"no meaning is known for {part!r}")
            for run in re.finditer(r"\S+( \S+)*", part):
                yield y, x + run.start(), run.group(), colour
            x += len(part)


def number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def draw_rows(rows):
    drawn = {}
    for y, column, text, colour in runs(rows):
        chosen = f' class="{colour}"' if colour else ""
        x, width = number(MARGIN + column * ADVANCE), number(len(text) * ADVANCE)
        place = f'x="{x}" y="{MARGIN + y * HEIGHT + SIZE}" textLength="{width}"'
        drawn[y] = drawn.get(y, "") + f"<text{chosen} {place}>{html.escape(text, quote=False)}</text>"
    return list(drawn.values())


def draw_cursor(cursor):
    """A bar between two characters, which hides neither."""
    shown, x, y = map(int, cursor.split())
    place = f'x="{number(MARGIN + x * ADVANCE - 2)}" y="{MARGIN + y * HEIGHT}"'
    return [f'<rect {place} width="2" height="{HEIGHT - 2}" fill="#d5dae3"/>'] if shown else []


def collect(frames):
    """What is seen when: {drawing: [(from, to), ...]}, each row for itself, since most stay as they are."""
    times = {}
    begin, end = frames[0][0], frames[-1][0] + LAST_SECONDS
    for i, (at, rows, cursor) in enumerate(frames):
        until = frames[i + 1][0] if i + 1 < len(frames) else end
        for drawing in draw_rows(rows) + draw_cursor(cursor):
            spans = times.setdefault(drawing, [])
            if spans and spans[-1][1] == at - begin:
                spans[-1] = (spans[-1][0], until - begin)
            else:
                spans.append((at - begin, until - begin))
    return times, end - begin


def keyframes(name, spans, length):
    steps = {0: "hidden"}
    for begin, end in spans:
        steps[begin] = "visible"
        if end < length:
            steps[end] = "hidden"
    rules = (f"{number(100 * at / length)}%{{visibility:{what}}}" for at, what in sorted(steps.items()))
    return f"@keyframes {name}{{{''.join(rules)}}}"


def draw(frames):
    """The SVG. Without animation it is the last frame."""
    times, length = collect(frames)
    names, groups = {}, []
    for drawing, spans in times.items():
        name = names.setdefault(tuple(spans), f"k{len(names)}")
        gone = "" if spans[-1][1] == length else ' class="gone"'
        groups.append(f'<g{gone} style="animation-name:{name}">{drawing}</g>')
    rules = [keyframes(name, spans, length) for spans, name in names.items()]
    style = STYLE.replace("LENGTH", f"{length:.2f}s") + "\n".join(rules)
    width, height = round(2 * MARGIN + COLUMNS * ADVANCE), 2 * MARGIN + ROWS * HEIGHT
    size = f'width="{width}" height="{height}"'
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size}>',
        "<title>areq fetches a list of URLs in a terminal</title>",
        f"<style>{style}</style>",
        f'<rect {size} rx="8" fill="#1c1f26"/>',
        *groups,
        "</svg>\n",
    ))


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__.strip())
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, lambda code, _: sys.exit(128 + code))
    areq, testserver, product = map(os.path.abspath, sys.argv[1:])
    for program in ("tmux", areq, testserver):
        if not shutil.which(program):
            fail(f"there is no program {program}")
    picture = draw(record(areq, testserver))
    with open(product, "w", encoding="utf-8") as file:
        file.write(picture)


if __name__ == "__main__":
    main()
