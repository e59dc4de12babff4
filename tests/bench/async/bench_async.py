#!/usr/bin/python3
"""bench_async.py: lib/async beside a hand-written floor, Tokio, Go, Boost.Asio, Node, asyncio and uvloop.

Every figure of every program is a process of its own; the programs take turns, and the median of the rounds counts.
One JSON line for each figure with the ratios to the floor and to each peer, and one for each promise.
Status 0: every promise met; 1: one was missed; 2: it could not measure.
"""
import argparse
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(HERE))
from belfryd_process import judge, print_json

NATIVE = ("tokio", "go", "asio", "node")
PYTHON = ("asyncio", "uvloop")
# What a program is asked for -> the unit of what it answers.
ASKED = {
    "await_ready": "ns", "spawn": "ns", "switch_2": "ns", "switch_1000": "ns", "gather_10k": "ns", "gather_100k": "ns",
    "lock": "ns", "semaphore": "ns", "queue_1": "ns", "queue_1024": "ns", "memory": "bytes", "lateness": "ns",
    "offload_1": "ns", "offload_1000": "ns", "dump": "ms",
}
AHEAD = ("spawn", "switch_2", "switch_1000", "gather_100k", "lock", "semaphore", "queue_1", "queue_1024")
LOWEST_NOISE = ("late_p99", "dump_stall_ms")  # what else the machine does can only make these worse


def can_run(command):
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def programs(folder):
    """Each program's command line; what is not built or installed is left out and named."""
    commands = {name: [os.path.join(folder, f"async_{name}")] for name in ("belfry", "floor", "tokio", "go", "asio")}
    commands["node"] = ["node", os.path.join(HERE, "async_node.js")]
    for loop in PYTHON:
        commands[loop] = ["/usr/bin/python3", os.path.join(HERE, "async_python.py"), loop]
    for name in list(commands):
        if not can_run(commands[name]):
            print(f"bench_async: {name} is left out: {' '.join(commands[name])} does not run")
            del commands[name]
    return commands


def measure(commands, asked, rounds):
    """{figure: {program: [number of each round]}}"""
    seen = {}
    for figure in asked:
        for _ in range(rounds):
            for program, command in commands.items():
                answer = subprocess.run([*command, figure], capture_output=True, text=True, check=True, timeout=120)
                for line in answer.stdout.splitlines():
                    name, number = line.split()
                    seen.setdefault(name, {}).setdefault(program, []).append(float(number))
    return seen


def middle(figure, numbers):
    return min(numbers) if figure in LOWEST_NOISE else statistics.median(numbers)


def report(figure, unit, by_program):
    ratios = {f"to_{program}": round(by_program["belfry"] / number, 3)
              for program, number in by_program.items() if program != "belfry" and number > 0}
    print_json(bench="async", figure=figure, unit=unit,
               **{program: round(number, 2) for program, number in by_program.items()}, **ratios)
    numbers = "".join(f" {program} {number:,.1f}" for program, number in by_program.items())
    print(f"{figure:<14}{unit:>6} {numbers}")


def promises(figures):
    """Judges what docs/performance.md promises. Returns whether all of it holds."""
    met = []

    def at_most(text, value, limit):
        met.append(judge("async", text, value, limit))

    def ratio(figure, peer):
        by_program = figures.get(figure, {})
        return by_program["belfry"] / by_program[peer] if "belfry" in by_program and peer in by_program else None

    def ahead(figure, peer, times):
        value = ratio(figure, peer)
        if value is not None:
            at_most(f"{figure}: of {peer}'s cost", value, 1 / times)

    if ratio("await_ready", "floor") is not None:
        at_most("await_ready: of a bare coroutine's cost", ratio("await_ready", "floor"), 1.5)
    for figure in AHEAD:
        for peer in NATIVE:
            ahead(figure, peer, 2)
        for peer in PYTHON:
            ahead(figure, peer, 50)
    if "gather_10k" in figures:
        at_most("gather: a child of 100,000 to a child of 10,000",
                figures["gather_100k"]["belfry"] / figures["gather_10k"]["belfry"], 1.5)
    if "memory" in figures:
        at_most("a task parked in sleep, bytes", figures["memory"]["belfry"], 400)
    if "late_min" in figures:
        at_most("a sleep that ends early, ns", -figures["late_min"]["belfry"], 0)
        at_most("p99 of lateness: of a bare timerfd loop's", ratio("late_p99", "floor"), 2)
    for peer in ("floor", "tokio", "asio"):
        ahead("offload_1", peer, 1)
    if ratio("offload_1000", "floor") is not None:
        at_most("offload_1000: of uv_queue_work's cost", ratio("offload_1000", "floor"), 1.2)
    if "dump_ms" in figures:
        at_most("dump of 100,000 tasks, ms", figures["dump_ms"]["belfry"], 300)
        at_most("longest wait of the loop meanwhile, ms", figures["dump_stall_ms"]["belfry"], 25)
    return all(met)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(HERE, "../../../build/release/bin"), help="folder of the programs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", choices=sorted(ASKED), help="measure this figure; may be repeated")
    return parser.parse_args()


def main():
    options = arguments()
    commands = programs(os.path.abspath(options.bin))
    if "belfry" not in commands or "floor" not in commands:
        print("bench_async: build them first: cmake --build build/release --target benches", file=sys.stderr)
        return 2
    seen = measure(commands, options.only or ASKED, options.rounds)
    figures = {figure: {program: middle(figure, numbers) for program, numbers in by_program.items()}
               for figure, by_program in seen.items()}
    for figure, by_program in figures.items():
        unit = ASKED.get(figure, "ms" if figure.startswith("dump") else "ns")
        report(figure, unit, by_program)
    return 0 if promises(figures) else 1


sys.exit(main())
