#!/usr/bin/python3
"""Measures areq beside its peers; see README.md.

usage: run.py [--only MEASURE,...] [--rounds N] [--seed N] [--list] ..., see --help
"""
import argparse
import os
import resource
import shutil
import signal
import sys
import tempfile

import chart
import report
from check import check
from contestants import Peers
from measures import ALL
from meter import Meter
from served import HERE, Site

SERVERS = ("nginx_pid", "delay_pid", "graph_pid")


def arguments():
    parser = argparse.ArgumentParser(description="Measures areq beside its peers; see bench/README.md.")
    parser.add_argument("--only", help="these measures, separated by commas; the results are only printed")
    parser.add_argument("--rounds", type=int, help="instead of 5, or what is right for a measure")
    parser.add_argument("--seed", type=int, default=20240229, help="of the server's delays")
    parser.add_argument("--areq", default="./areq")
    parser.add_argument("--build", default="build/bench", help="where the peers are")
    parser.add_argument("--version", default="unknown", help="names the files in bench/results/")
    parser.add_argument("--results", default=os.path.join(HERE, "results"), help="another folder for them")
    parser.add_argument("--no-check", action="store_true", help="do not look at the links first")
    parser.add_argument("--list", action="store_true", help="name the measures and stop")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else list(ALL)
    unknown = [name for name in names if name not in ALL]
    if unknown:
        parser.error(f"no such measure: {', '.join(unknown)}; there are {', '.join(ALL)}")
    return options, names


def run_once(contestant, meter, pids):
    if contestant.rows and os.path.exists(contestant.rows):
        os.unlink(contestant.rows)
    run = meter.run(contestant.argv, contestant.pages, pids, contestant.environment, contestant.expected)
    if contestant.count:
        with open(meter.output, encoding="utf-8") as output:
            run.pages = contestant.count(output.read())
    contestant.runs.append(run)
    return [contestant.after()] if contestant.after else []


def run_measure(measure, rounds, meter, site):
    """Each in turn, A B C A B C, so that a slow moment of the machine slows down all of them."""
    pids = [getattr(site, name) for name in SERVERS]
    sizes = {}
    for turn in range(rounds):
        remarks = []
        for contestant in measure.contestants:
            remarks += run_once(contestant, meter, pids)
            if contestant.rows:
                # The order of the rows differs, their number does not; --unique may keep another page's.
                sizes.setdefault(contestant.name, set()).add(os.path.getsize(contestant.rows))
        if sys.stderr.isatty():
            name = measure.title.partition(":")[0]
            print(f"\r{name}: {turn + 1} of {rounds} ", end="", file=sys.stderr, flush=True)
    measure.notes += remarks
    for name, seen in sizes.items():
        if len(seen) > 1 and name != "areq --unique":
            measure.notes.append(f"{name}: its file was not equally long in all rounds: {sorted(seen)}")


def main():
    options, names = arguments()
    if options.list:
        print("\n".join(ALL))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    folder = tempfile.mkdtemp(prefix="areq-bench-")
    site = None
    try:
        build = os.path.abspath(options.build)
        meter = Meter(folder, build)
        site = Site(folder, build, os.path.abspath(options.areq), options.seed)
        peers = Peers(site)
        told = report.Report(options.version, site, meter)
        if not options.no_check and shutil.which("node"):
            told.add_check(*check(site, peers, meter))
        elif not options.no_check:
            print("The links are not checked: node is missing (apt-get install nodejs).")
        for name in names:
            measure = ALL[name](site, peers)
            rounds = measure.rounds or 5
            if options.rounds and name != "one":
                rounds = options.rounds
            run_measure(measure, rounds, meter, site)
            told.add(name, measure, rounds)
        told.add_end(peers.missing)
        if not options.only:
            os.makedirs(options.results, exist_ok=True)
            base = os.path.join(options.results, options.version)
            told.write(base)
            with open(base + ".svg", "w", encoding="utf-8") as file:
                file.write(chart.draw(told.data))
            print(f"\nWritten: {base}.md, .json and .svg")
    finally:
        if site:
            site.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
