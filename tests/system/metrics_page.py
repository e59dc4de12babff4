#!/usr/bin/python3
"""docs/metrics.md has the tables of what belfryd exposes, and nothing else; --write puts them there.

A daemon in which everything has happened is scraped. Each table of the page lies between a line "<!-- metrics: PREFIX... -->" and
one "<!-- end -->", and has the metrics whose name begins with one of these; * stands for those that no other table has.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "support"))

# pylint: disable=wrong-import-position
import lab
from belfryd import Belfryd
from exposition import parse_text
from lab import SOURCE_DIR, Failed, check, check_equal, step, until
from prometheus import ask
from steered import FaultGate

PAGE = os.path.join(SOURCE_DIR, "docs/metrics.md")
TABLE = re.compile(r"(?ms)^<!-- metrics: ([^\n]*) -->\n.*?^<!-- end -->$")
CONFIG = """
groups: {pair: {max_concurrency: 2}}
notify: {ops: {exec: {command: ["true"]}}}
tracing: {endpoint: "http://127.0.0.1:1"}
jobs:
  often:
    every: 100ms
    group: pair
    command: ["true"]
  steps:
    flow: [{command: ["true"]}]
  broken:
    circuit_breaker: {failures: 5, window: 1h, cooldown: 30m}
    sla: {max_runtime: 1h}
    notify: {on_failure: ops}
    command: ["false"]
"""


def names_in_sources():
    """Every metric that the sources name."""
    names = set()
    for folder in ("lib", "jobs", "daemon"):
        for where, _, files in os.walk(os.path.join(SOURCE_DIR, folder)):
            for name in files:
                if name.endswith((".cpp", ".hpp")):
                    with open(os.path.join(where, name), encoding="utf-8") as file:
                        names.update(re.findall(r'"(belfry_[a-z0-9_]+)"', file.read()))
    return names - {"belfry_plugin_entry"}  # a function that plugins export


def families_of_belfryd(folder):
    """What a daemon exposes that has done everything: even a slow step."""
    gate = FaultGate(folder, "gate")
    daemon = Belfryd(folder, CONFIG, program="belfryd_faulty", environment={"BELFRY_FAULT": f"hold:run.started:{gate.path}"})
    daemon.start()
    check(daemon.belfry("run", "broken", "--wait", may_fail=True).returncode != 0, "broken succeeded")
    gate.hold()
    until(lambda: daemon.metrics()["belfry_loop_stalled"] == 1)
    gate.let_go()
    daemon.log.wait("run ended", job="often", outcome="success")
    until(lambda: daemon.metrics()["belfry_loop_slow_steps_total"] > 0)
    page = ask(daemon.metrics_address()).decode()
    daemon.stop()
    return [family for name, family in sorted(parse_text(page).items()) if name.startswith("belfry_")]


def row(family):
    labels = ", ".join(f"`{label}`" for label in family.labels())
    meaning = family.help.replace("|", "\\|")
    check(meaning.endswith("."), f"the help text of {family.name} is no sentence: {meaning!r}")
    return f"| `{family.name}` | {family.type} |{' ' + labels if labels else ''} | {meaning} |\n"


def generated(page, families):
    """The page with its tables as they should be."""
    tables = [match[1].split() for match in TABLE.finditer(page)]
    check(sum("*" in prefixes for prefixes in tables) == 1, "there must be one table for what no other has: <!-- metrics: * -->")
    special = tuple(prefix for prefixes in tables for prefix in prefixes if prefix != "*")

    def table(match):
        prefixes = match[1].split()

        def belongs(family):
            return not family.name.startswith(special) if "*" in prefixes else family.name.startswith(tuple(prefixes))
        rows = "".join(row(family) for family in families if belongs(family))
        check(rows, f"no metric begins with {match[1]}")
        return f"<!-- metrics: {match[1]} -->\n| name | type | labels | meaning |\n|---|---|---|---|\n{rows}<!-- end -->"
    return TABLE.sub(table, page)


def main():
    write = sys.argv[1:] == ["--write"]
    if sys.argv[1:] and not write:
        print("usage: metrics_page.py [--write]", file=sys.stderr)
        return 2

    def test(folder):
        families = families_of_belfryd(folder)
        step("every metric of the sources shows up")
        check_equal("metrics that the sources name and this daemon does not have", [],
                    sorted(names_in_sources() - {family.name for family in families}))
        step("docs/metrics.md")
        with open(PAGE, encoding="utf-8") as file:
            page = file.read()
        wanted = generated(page, families)
        if write:
            with open(PAGE, "w", encoding="utf-8") as file:
                file.write(wanted)
        elif page != wanted:
            lines = set(page.splitlines()) ^ set(wanted.splitlines())
            raise Failed("docs/metrics.md is out of date; tests/system/metrics_page.py --write brings it up to date. It differs in\n" +
                         "\n".join(sorted(lines)))

    return lab.run(test)


if __name__ == "__main__":
    sys.exit(main())
