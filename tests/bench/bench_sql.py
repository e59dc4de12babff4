#!/usr/bin/python3
"""bench_sql.py: a thousand small queries over ten connections that are kept, by a flow of belfryd, and by a psql for each.

Debian's PostgreSQL answers both, on this machine; ten psql are run at a time, as xargs -P does it. What belfryd's run takes
is all of it: a thousand steps, each on record. Status 0: the promise is met; 1: it was missed; 2: it could not measure.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time

from belfryd_process import Belfryd, judge, print_json

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "../../build")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "../system/support"))

from databases import PASSWORD, PostgreSql  # pylint: disable=wrong-import-position
from lab import Failed, Lab  # pylint: disable=wrong-import-position

QUERIES, CONNECTIONS = 1000, 10


def by_psql(server):
    psql = server.program("psql")
    line = f"seq {QUERIES} | xargs -P {CONNECTIONS} -I N {psql} -XAtq -c 'SELECT N + 1' '{server.url}' | wc -l"
    began = time.monotonic()
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False,
                          env={**os.environ, "PGPASSWORD": PASSWORD})
    took = time.monotonic() - began
    if done.stdout.strip() != str(QUERIES):
        raise RuntimeError(f"psql: {done.stdout}{done.stderr[-500:]}")
    return took


def measure(belfryd, server, rounds):
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(belfryd.seconds_of_run("ask"))
        theirs.append(by_psql(server))
    for peer, times in (("belfryd", ours), ("psql", theirs)):
        rate = QUERIES / statistics.median(times)
        print(f"{peer:<10} {statistics.median(times):8.3f} s  {rate:10.0f} queries a second")
        print_json(bench="sql", peer=peer, seconds=round(statistics.median(times), 4), rate=round(rate))
    return judge("sql", "time of belfryd's flow, in times of psql's", statistics.median(ours) / statistics.median(theirs), 1 / 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(BUILD, "release/bin"), help="folder of the programs")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    lab = Lab()
    try:
        server = PostgreSql(lab)
        lab.write("password", PASSWORD + "\n", 0o600)
        belfryd = Belfryd(os.path.abspath(options.bin), lab.folder, f"""
jobs:
  ask:
    every: 1d
    flow:
      - {{id: numbers, command: [seq, "{QUERIES}"], outputs: {{all: stdout}}}}
      - id: queries
        for_each: "${{{{ steps.numbers.outputs.all }}}}"
        max_parallel: {CONNECTIONS}
        sql:
          database: "{server.url}?sslmode=disable"
          password_file: password
          query: "SELECT $1::integer + 1"
          parameters: ["${{{{ item }}}}"]
          expect: {{rows: 1}}
          pool: {{max: {CONNECTIONS}}}
""")
        lab.at_end(belfryd.stop)
        belfryd.wait_until_ready()
        return 0 if measure(belfryd, server, options.rounds) else 1
    except (RuntimeError, Failed) as reason:
        print(f"bench_sql: {reason}", file=sys.stderr)
        return 2
    finally:
        lab.close()


sys.exit(main())
