#!/usr/bin/python3
"""Films areq at work in a terminal, and writes each film as one SVG that moves by itself.

    record.py AREQ TESTSERVER FOLDER

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

COLUMNS = 92
PORTS = (8080, 8000, 8888, 9000, 9090, 3000)


class Film:
    """What is filmed: a site, the commands with their exit statuses, and texts that the last screen has."""

    rows = 15

    def tables(self, port):
        """Returns the pages in the words of the server's /_/help, and the lines of areq's list."""
        raise NotImplementedError


class ListFilm(Film):
    name, title = "recording", "areq fetches a list of URLs in a terminal"
    commands = (
        ("areq urls.txt -o foundurls.txt", 1),
        ("head -4 foundurls.txt", 0),
        ("areq -q --format jsonl http://shop.localhost:{port}/links | cut -d, -f3,4", 0),
    )
    expected = ("110 URLs: 107 ok, 3 failed", "?q=caf%C3%A9&p=2")

    hosts = {"docs": "guide", "blog": "post", "shop": "item", "news": "story", "wiki": "page"}
    pages = 22
    failures = {
        "/item/3": "status=404",
        "/story/5": "encoding=gzip&trim=20&size=40000",
        "/post/14": "status=301&location=/post/14",
    }
    slow = {"/page/18": 3400}
    odd_links = """<a href="/?q=caf&eacute;&amp;p=2">More</a>
<a href='HTTP://WWW.Example.com:80/a/./b'>Elsewhere</a>
<a href=//[::1]/#top>Here</a>
<!-- <a href="/commented-out"> -->
"""

    def tables(self, port):
        dice = random.Random(4)
        table, urls = [], []
        for page in range(1, self.pages + 1):
            for host, what in self.hosts.items():
                path = f"/{what}/{page}"
                links = ["../about", f"{page}?print=1", "https://www.example.com/"]
                links += [f"/{what}/{dice.randrange(1, self.pages)}" for _ in range(dice.randrange(4, 30))]
                delay = self.slow.get(path) or dice.randrange(300, 1500)
                keys = self.failures.get(path) or f"size={dice.randrange(9, 90)}000&{body_of(links)}"
                wait = "" if "location" in keys else f"delay={delay}&"
                table.append(f"{path} {wait}{keys}")
                urls.append(f"http://{host}.localhost:{port}{path}")
        table.append(f"/links type={quote('text/html; charset=utf-8')}&body={quote(self.odd_links)}")
        return table, urls


class CheckFilm(Film):
    name, title, rows = "check", "areq finds the dead links of a site in a terminal", 22
    commands = (
        ("areq --check --depth all http://docs.localhost:{port}/ -o dead.tsv", 1),
        ("column -t dead.tsv", 0),
        ("areq -q --no-header --check=moved http://docs.localhost:{port}/news | cut -f2,3", 0),
    )
    expected = ("connection-refused", "/v1", "/v2")

    chapters = 45
    # What is on these pages beside the links to other pages, and the answers that are not healthy pages.
    links = {
        "/": ("/old", "/faq"),
        "/faq": ("/old", "http://localhost:1/"),
        "/news": ("/v1", "http://blog.localhost:{port}/"),
        "/guide/8": ("/login",),
        "/guide/23": ("http://blog.localhost:{port}/13",),
        "/guide/41": ("/old#cli",),
    }
    answers = {
        "/old": "status=404",
        "/13": "status=410",
        "/login": "status=302&location=/login",
        "/v1": "status=301&location=/v2",
        "/v2": "body=2",
    }

    def tables(self, port):
        dice = random.Random(4)
        guide = [f"/guide/{chapter}" for chapter in range(1, self.chapters + 1)]
        table = [f"{path} delay=200&{keys}" for path, keys in self.answers.items()]
        for path in ["/", "/faq", "/news", *guide]:
            links = ["/", "/news", *dice.sample(guide, 8)]
            links += [link.format(port=port) for link in self.links.get(path, ())]
            delay, kilobytes = dice.randrange(100, 500), dice.randrange(9, 90)
            table.append(f"{path} delay={delay}&size={kilobytes}000&{body_of(links)}")
        return table, []


def body_of(links):
    return "body=" + quote("".join(f'<a href="{link}">{link}</a>\n' for link in links))


def fail(message):
    sys.exit(f"record: {message}")


def write_site(film, folder, port):
    """Writes the server's table of pages and areq's list of them."""
    for name, lines in zip(("_site", "urls.txt"), film.tables(port)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)


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

    def __init__(self, areq, folder, rows):
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
        size = ("-x", str(COLUMNS), "-y", str(rows))
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


def record(film, areq, testserver):
    """The frames of the film."""
    port = next(filter(is_free, PORTS), None) or fail(f"none of the ports {PORTS} is free")
    with tempfile.TemporaryDirectory(prefix="areq-record-") as folder:
        write_site(film, folder, port)
        server = start_server(testserver, folder, port)
        terminal = Terminal(areq, folder, film.rows)
        try:
            terminal.wait(1)
            terminal.frames.clear()
            terminal.film(0.8)
            for command, status in film.commands:
                terminal.run(command.format(port=port), status)
                terminal.film(1.8)
            for text in film.expected:
                terminal.expect(text)
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
        if code in ("", "0"):
            colour = None
        elif code in ("22", "39"):
            # Each ends only its own kind: tmux writes "2;39" where dim text follows a colour.
            colour = colour if (colour == "dim") == (code == "39") else None
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


def draw(film, frames):
    """The SVG. Without animation it is the last frame."""
    times, length = collect(frames)
    names, groups = {}, []
    for drawing, spans in times.items():
        name = names.setdefault(tuple(spans), f"k{len(names)}")
        gone = "" if spans[-1][1] == length else ' class="gone"'
        groups.append(f'<g{gone} style="animation-name:{name}">{drawing}</g>')
    rules = [keyframes(name, spans, length) for spans, name in names.items()]
    style = STYLE.replace("LENGTH", f"{length:.2f}s") + "\n".join(rules)
    width, height = round(2 * MARGIN + COLUMNS * ADVANCE), 2 * MARGIN + film.rows * HEIGHT
    size = f'width="{width}" height="{height}"'
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size}>',
        f"<title>{film.title}</title>",
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
    areq, testserver, folder = map(os.path.abspath, sys.argv[1:])
    for program in ("tmux", areq, testserver):
        if not shutil.which(program):
            fail(f"there is no program {program}")
    for film in (ListFilm(), CheckFilm()):
        picture = draw(film, record(film, areq, testserver))
        with open(os.path.join(folder, film.name + ".svg"), "w", encoding="utf-8") as file:
            file.write(picture)


if __name__ == "__main__":
    main()
