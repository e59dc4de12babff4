"""S22: a job prints two gigabytes: memory and disk stay bounded, what is dropped is counted, the job ends by itself.

The scenario speaks of 50 GB, which takes a minute at the speed of a pipe; nothing changes after the first megabytes."""
import os

from belfryd import Belfryd, number, peak_memory_kb, slack_kb
from lab import check, check_equal, fewer


def scenario(lab):
    size = fewer(2_000_000_000, 200_000_000)
    kept = 64 * 1024  # the default of output.max_bytes
    daemon = Belfryd(lab, f"""
jobs:
  warm_up:
    command: "yes | head -c 20000000"
  torrent:
    command: "yes 'a line of the torrent' | head -c {size}; echo the end >&2"
""")
    daemon.start()
    daemon.belfry("run", "warm_up", "--wait")
    before = peak_memory_kb(daemon.pid)
    daemon.belfry("run", "torrent", "--wait")
    after = peak_memory_kb(daemon.pid)
    print(f"   {size} bytes; peak of the resident memory from {before} to {after} kB")
    check(after - before < slack_kb(), f"memory grew from {before} to {after} kB")
    series = daemon.metrics()
    check_equal("bytes printed", size, number(series, r'belfry_job_output_bytes_total\{job_name="torrent",stream="stdout"\}'))
    check_equal("bytes dropped", size - kept, number(series, r'belfry_job_output_dropped_bytes_total\{job_name="torrent"\}'))
    logs = daemon.belfry("logs", "torrent")
    check_equal("what it said at the end", "the end\n", logs.stderr)
    check(len(logs.stdout) < kept + 1024, f"{len(logs.stdout)} bytes of output are shown")
    disk = sum(os.path.getsize(os.path.join(daemon.state_dir, name)) for name in os.listdir(daemon.state_dir)
               if not name.endswith(".sock"))
    check(disk < 4_000_000, f"the state folder holds {disk} bytes")
    daemon.stop()
