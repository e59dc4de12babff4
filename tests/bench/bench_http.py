#!/usr/bin/python3
"""bench_http.py: 10,000 requests over connections that are kept, 50 at a time, by a job of belfryd and by aiohttp.

nginx answers both, on this machine. Status 0: the promise is met; 1: it was missed; 2: it could not measure.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from belfryd_process import Belfryd, free_port, judge, print_json

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "../../build")


def start_nginx(folder):
    """Returns its process and its URL."""
    tools = os.path.abspath(os.path.join(BUILD, "tools/usr/sbin"))
    nginx = shutil.which("nginx", path=os.pathsep.join([*os.get_exec_path(), "/usr/sbin", tools]))
    if nginx is None:
        raise RuntimeError("no nginx: .ci/install-deps test")
    port = free_port()
    config = os.path.join(folder, "nginx.conf")
    temporary = "".join(f"{name}_temp_path {folder}/{name}; "
                        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.err;\n"
                   f"events {{}}\nhttp {{ access_log off; keepalive_requests 1000000; {temporary}\n"
                   f"server {{ listen 127.0.0.1:{port}; location / {{ return 200 'all is well\\n'; }} }} }}\n")
    server = subprocess.Popen([nginx, "-c", config, "-e", f"{folder}/nginx.err"])
    while not os.path.exists(f"{folder}/nginx.pid"):
        if server.poll() is not None:
            raise RuntimeError(f"nginx has ended with status {server.returncode}")
        time.sleep(0.01)
    return server, f"http://127.0.0.1:{port}"


def by_aiohttp(urls, concurrency):
    done = subprocess.run(["/usr/bin/python3", os.path.join(HERE, "ask_aiohttp.py"), urls, str(concurrency)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"aiohttp (python3-aiohttp): {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout)


def measure(belfryd, urls, options):
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(belfryd.seconds_of_run("crawl"))
        theirs.append(by_aiohttp(urls, options.concurrency))
    for peer, times in (("belfryd", ours), ("aiohttp", theirs)):
        rate = options.requests / statistics.median(times)
        print(f"{peer:<10} {statistics.median(times):8.3f} s  {rate:10.0f} requests a second")
        print_json(bench="http", peer=peer, seconds=round(statistics.median(times), 4), rate=round(rate))
    return judge("http", "time of belfryd's job, in times of aiohttp's",
                 statistics.median(ours) / statistics.median(theirs), 1 / 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(BUILD, "release/bin"), help="folder of the programs")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    folder = tempfile.mkdtemp(prefix="bench_http.")
    server = belfryd = None
    try:
        server, url = start_nginx(folder)
        urls = os.path.join(folder, "urls")
        with open(urls, "w", encoding="ascii") as file:
            file.writelines(f"{url}/{number}\n" for number in range(options.requests))
        belfryd = Belfryd(options.bin, folder, f"""
jobs:
  crawl:
    every: 1d
    http:
      urls_file: {urls}
      proxy: none
      batch: {{concurrency: {options.concurrency}}}
      save_to: {folder}/results.jsonl
""")
        belfryd.wait_until_ready()
        return 0 if measure(belfryd, urls, options) else 1
    except RuntimeError as reason:
        print(f"bench_http: {reason}", file=sys.stderr)
        return 2
    finally:
        if belfryd is not None:
            belfryd.stop()
        if server is not None:
            server.terminate()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
