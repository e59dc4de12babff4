#!/usr/bin/env python3
"""Schedule arithmetic beside croniter, croner and yaml-cpp: bench_time.py --bin FOLDER [--rounds N]

Peers alternate in every round; a figure is the median of the rounds, one JSON line each. The ratios are those of
docs/performance.md. Status 1: a promise was missed; 2: something is missing, and it says what.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CRONER = "croner@11.0.1"


def output_of(*command, **environment):
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **environment}).stdout


def croner_modules(scratch):
    """The folder of croner's modules, or None with a word about what is missing."""
    if not shutil.which("node") or not shutil.which("npm"):
        print("bench: croner is left out: apt-get install -y nodejs npm")
        return None
    npm = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", scratch, CRONER],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if npm.returncode != 0:
        print(f"bench: croner is left out: npm could not install {CRONER}: {npm.stderr.strip()[-200:]}")
        return None
    return os.path.join(scratch, "node_modules")


def has_croniter():
    found = subprocess.run(["/usr/bin/python3", "-c", "import croniter"], stderr=subprocess.DEVNULL).returncode == 0
    if not found:
        print("bench: croniter is left out: apt-get install -y python3-croniter")
    return found


class Judge:
    """Prints each promise with what was measured, and remembers whether one was missed."""

    def __init__(self):
        self.missed = False

    def promise(self, text, measured, holds):
        self.missed = self.missed or not holds
        print(f"  {'held  ' if holds else 'MISSED'} {text}: {measured}")


def measure(program, rounds, scratch):
    """All figures by name, the median of the rounds."""
    expressions = os.path.join(scratch, "expressions")
    with open(expressions, "w", encoding="ascii") as file:
        file.write(output_of(program, "expressions", "10000"))
    many = os.path.join(scratch, "many")
    listed = os.path.join(scratch, "many.yaml")
    text = output_of(program, "expressions", "100000")
    with open(many, "w", encoding="ascii") as file:
        file.write(text)
    with open(listed, "w", encoding="ascii") as file:
        file.writelines(f'- "{line}"\n' for line in text.splitlines())
    modules = croner_modules(scratch)
    croniter = has_croniter()
    figures = {}

    def add(name, value):
        figures.setdefault(name, []).append(float(value))

    for _ in range(rounds):
        add("belfry next ns", output_of(program, "next", expressions).split()[0])
        if croniter:
            add("croniter next ns", output_of("/usr/bin/python3", os.path.join(HERE, "next_croniter.py"), expressions))
        if modules:
            add("croner next ns", output_of("node", os.path.join(HERE, "next_croner.js"), expressions, NODE_PATH=modules))
        add("belfry parse s", output_of(program, "parse", many).split()[0])
        add("yaml-cpp read s", output_of(program, "yaml", listed).split()[0])
        for name, value in json.loads(output_of(program, "leaps")).items():
            add(f"{name} ns", value)
    return {name: statistics.median(values) for name, values in figures.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    program = os.path.join(arguments.bin, "bench_time")
    if not os.access(program, os.X_OK):
        print(f"bench: no {program}: make bench", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        figures = measure(program, arguments.rounds, scratch)
    for name, value in figures.items():
        print(json.dumps({"bench": "time", "figure": name, "value": round(value, 6)}))
    judge = Judge()
    own = figures["belfry next ns"]
    for peer, factor in (("croniter", 100), ("croner", 3)):
        if f"{peer} next ns" in figures:
            ratio = figures[f"{peer} next ns"] / own
            judge.promise(f"next() at least {factor} times faster than {peer}", f"{ratio:.1f} times", ratio >= factor)
    leap = figures["leap_day ns"] / figures["quarter ns"]
    judge.promise("29 February in Berlin at most 20 times */5 in UTC", f"{leap:.1f} times", leap <= 20)
    far = figures["year_2199 ns"] / figures["year_2030 ns"]
    judge.promise("the cost does not grow with the distance: 2199 at most twice 2030", f"{far:.2f} times", far <= 2)
    parse = figures["belfry parse s"] / figures["yaml-cpp read s"]
    judge.promise("100,000 expressions parsed in less time than yaml-cpp reads them", f"{parse:.3f} times", parse < 1)
    never = figures["never ns"] / figures["quarter ns"]
    judge.promise("that an expression never fires is found in at most 1,000 next()", f"{never:.0f} next()", never <= 1000)
    return 1 if judge.missed else 0


sys.exit(main())
