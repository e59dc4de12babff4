"""Nothing of the fault points is in the programs that are installed, and all of them are in belfryd_faulty."""
import os

from crash_test import fault_points
from lab import BIN_DIR, check, check_equal, step


def scenario(_lab):
    points = fault_points()
    check(len(points) >= 15, f"only {len(points)} fault points are in the sources: {points}")
    check_equal("names that stand for two places", sorted(set(points)), points)
    for program in ("belfryd", "belfry", "belfry-exec", "belfryd_faulty"):
        step(program)
        with open(os.path.join(BIN_DIR, program), "rb") as file:
            content = file.read()
        there = [point for point in points if b"\0" + point.encode() + b"\0" in content]
        check_equal(f"fault points in {program} (after a new one, run cmake again)",
                    points if program == "belfryd_faulty" else [], there)
        check((b"pass_fault_point" in content) == (program == "belfryd_faulty"), f"pass_fault_point in {program}")
