#!/usr/bin/python3
"""run.py FILE: runs the scenario(lab) of a module, e.g. run.py tests/system/scenarios/s10_readopt.py. Status 77: it cannot
be done here."""
import importlib.util
import os
import sys

sys.dont_write_bytecode = True

import lab  # pylint: disable=wrong-import-position


def main():
    if len(sys.argv) != 2:
        print("usage: run.py FILE", file=sys.stderr)
        return 2
    name = os.path.basename(sys.argv[1]).removesuffix(".py")
    spec = importlib.util.spec_from_file_location(name, sys.argv[1])
    sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[1])))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    print(module.__doc__.strip(), flush=True)
    return lab.run(module.scenario, getattr(module, "SECONDS", 90))


sys.exit(main())
