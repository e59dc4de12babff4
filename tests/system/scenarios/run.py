#!/usr/bin/python3
"""run.py NAME: runs one acceptance scenario, e.g. run.py s10_readopt. Status 77: it cannot be done here."""
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(HERE, "../support")]

import lab  # pylint: disable=wrong-import-position,wrong-import-order


def main():
    names = sorted(name[:-3] for name in os.listdir(HERE) if name.startswith("s") and name.endswith(".py"))
    if len(sys.argv) != 2 or sys.argv[1] not in names:
        print("usage: run.py NAME, one of", *names, file=sys.stderr)
        return 2
    module = importlib.import_module(sys.argv[1])
    print(module.__doc__.strip().splitlines()[0], flush=True)
    return lab.run(module.scenario, getattr(module, "SECONDS", 90))


sys.exit(main())
