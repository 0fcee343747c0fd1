"""The results: printed as they come, as Markdown, which is also the text that is printed, and as JSON."""
import json
import platform
import subprocess

from contestants import DOES
from measures import MB, Bar
from meter import median, ratio

THREADS = "threads of its own"


def version_of(*command):
    """The first line that the program says of itself, or None."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return (done.stdout + done.stderr).strip().partition("\n")[0]


def versions(areq):
    found = {"areq": version_of(areq, "--version"), "nginx": version_of("/usr/sbin/nginx", "-v"),
             "curl": version_of("curl", "--version"), "wrk": version_of("wrk", "-v"),
             "wget": version_of("wget", "--version"), "wget2": version_of("wget2", "--version"),
             "linkchecker": version_of("linkchecker", "--version"),
             "go": version_of("go", "version"), "node": version_of("node", "--version"),
             "openssl": version_of("openssl", "version"), "python": platform.python_version()}
    return {name: text for name, text in found.items() if text}


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def table(head, rows):
    """Markdown that can be read as it stands: the first column to the left, the others to the right."""
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]

    def line(row):
        return "| " + " | ".join(str(cell).ljust(width) if i == 0 else str(cell).rjust(width)
                                 for i, (cell, width) in enumerate(zip(row, widths))) + " |"
    rule = "|" + "|".join("-" * (width + 2) if i == 0 else "-" * (width + 1) + ":"
                          for i, width in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *(line(row) for row in rows)])


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


class Report:
    def __init__(self, version, site, meter):
        self.text = []
        self.data = {"version": version, "seed": site.seed, "processor": processor(),
                     "kernel": platform.release(),
                     "cores": {"server": meter.server_core, "client": meter.client_core},
                     "programs": versions(site.areq), "check": None, "measures": {}, "missing": {}}
        self.say(f"# areq {version} beside its peers\n")
        shared = " (the same: there is no second)" if meter.server_core == meter.client_core else ""
        self.say(f"Servers on core {meter.server_core}, clients on core {meter.client_core}{shared}, 64 at "
                 f"once; {processor()}; seed {site.seed}. How to read this: bench/README.md.")

    def say(self, text):
        self.text.append(text)
        print(text, flush=True)

    def add_check(self, truth, results, right):
        self.data["check"] = {"links": truth, "programs": results, "areq_right": right}
        self.say(f"\n## The links\n\nThe DOMs of mix's pages hold {truth:,} links. As written, and after "
                 "Node's URL has written both sides:\n")
        keys = ("rows", "missing", "more", "missing_normalised", "more_normalised")
        self.say(table(["program", "rows", "missing", "more", "missing, spelt alike", "more, spelt alike"],
                       [[one["name"], *(f"{one[key]:,}" for key in keys)] for one in results]))
        self.say("\nareq's are exactly those of the DOM." if right else
                 "\n**areq's are not those of the DOM.**")

    def add(self, name, measure, rounds):
        runs = {one.name: one.runs for one in measure.contestants}
        areq = measure.contestants[0].runs
        rows, found = [], {}
        for contestant in measure.contestants:
            of = contestant.runs
            cpu, rate = ratio(of, areq, "cpu_page"), ratio(of, areq, "rate")
            rows.append([contestant.name, number(median(of, "rate")), f"{median(of, 'wall'):.3f}",
                         f"{median(of, 'cpu'):.3f}", number(median(of, "cpu_page") * 1e6), f"{cpu:.2f}",
                         f"{rate:.2f}", f"{median(of, 'memory') / MB:.1f}", max(run.threads for run in of),
                         f"{100 * median(of, 'server'):.0f} %"])
            found[contestant.name] = {
                "does": DOES[contestant.peer or contestant.name], "pages_per_second": median(of, "rate"),
                "cpu_seconds_per_page": median(of, "cpu_page"), "memory_bytes": median(of, "memory"),
                "threads": max(run.threads for run in of), "cpu_per_page_to_areq": cpu, "rate_to_areq": rate,
                "runs": [vars(run) for run in of]}
        bars = measure.bars(runs)
        most = max(run.threads for who, of in runs.items() if who.startswith("areq") for run in of)
        bars.append(Bar(THREADS, most - 1, 0, ""))
        self.data["measures"][name] = {
            "title": measure.title, "rounds": rounds, "programs": found, "notes": measure.notes,
            "bars": [{**vars(bar), "met": bar.met, "aim_met": bar.aim is not None and bar.reaches(bar.aim)}
                     for bar in bars]}
        self.say(f"\n## {measure.title}\n\n{rounds} rounds in turn, medians; {list(runs)[0]} is 1.\n")
        self.say(table(["program", "pages/s", "wall s", "CPU s", "CPU µs/page", "CPU/page to areq",
                        "pages/s to areq", "MB", "threads", "server busy"], rows))
        for note in measure.notes:
            self.say(f"\n{note}.")
        self.say("")
        for bar in self.data["measures"][name]["bars"]:
            self.say(f"- {bar['what']}: {amount(bar['value'], bar['unit'])}, {mark(bar, bar['limit'])}: "
                     + ("met" if bar["met"] else "**not met**"))

    def add_end(self, missing):
        self.data["missing"] = missing
        self.say("\n## What each does\n")
        seen = [name for name in DOES if any(name == who or who.startswith(name) for measure in
                                            self.data["measures"].values() for who in measure["programs"])]
        for name in seen:
            self.say(f"- {name}: {DOES[name]}")
        for name, package in missing.items():
            self.say(f"- **{name} was not measured, nor any bar against it: it is not installed ({package})**")
        self.say("\n## The bars\n")
        every = [bar for measure in self.data["measures"].values() for bar in measure["bars"]]
        bars = [bar for bar in every if bar["what"] != THREADS]
        bars.append(max((bar for bar in every if bar["what"] == THREADS), key=lambda bar: bar["value"]))
        self.data["bars"] = bars
        self.say(table(["bar", "is", "at most or least", "aim", "verdict"], [
            [bar["what"], amount(bar["value"], bar["unit"]), mark(bar, bar["limit"]),
             mark(bar, bar["aim"]) if bar["aim"] else "", verdict(bar)] for bar in bars]))
        self.say(f"\n{sum(bar['met'] for bar in bars)} of {len(bars)} bars are met.")

    def write(self, base):
        with open(base + ".md", "w", encoding="utf-8") as file:
            file.write("\n".join(self.text) + "\n")
        with open(base + ".json", "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1, ensure_ascii=False)
            file.write("\n")


def amount(value, unit):
    digits = {"x": 2, "s": 3, "MB": 1, "µs": 1, "": 0}[unit]
    return f"{value:.{digits}f}" + (f" {unit}" if unit and unit != "x" else unit)


def mark(bar, value):
    unit = bar["unit"]
    text = f"{value:g}x" if unit == "x" else f"{value:g} {unit}".strip()
    return ("≥ " if bar["at_least"] else "≤ ") + text


def verdict(bar):
    if not bar["met"]:
        return "NOT MET"
    return "met, and the aim" if bar["aim_met"] else "met"
