"""The crawler of docs/flows.md, word for word: many pages are asked, and a following step stores the results in a database."""
import os
import re
import sqlite3

from belfryd import Belfryd
from lab import SOURCE_DIR, check, check_equal, step
from peers import HttpPeer


def example():
    """The example of the page that has a job `crawl`."""
    with open(os.path.join(SOURCE_DIR, "docs/flows.md"), encoding="utf-8") as file:
        blocks = re.findall(r"```yaml\n(.*?)```", file.read(), re.S)
    return next(block for block in blocks if "  crawl:\n" in block)


def scenario(lab):
    peer = HttpPeer(lab, answer=lambda request: 404 if request["path"] == "/7" else 200)
    pages = lab.write("pages.txt", "".join(f"{peer.url('/' + str(number))}\n" for number in range(20)))
    database = lab.path("pages.db")
    text = example()
    for said, ours in (("/etc/belfry/pages.txt", pages), ("/var/lib/crawl/pages.db", database)):
        check(said in text, f"the example has no {said}")
        text = text.replace(said, ours)
    check(len(text.splitlines()) <= 16, "the crawler has more than 15 lines of YAML, and one that says jobs:")
    daemon = Belfryd(lab, text, environment={"no_proxy": "*"})
    daemon.start()
    for run in (1, 2):
        step(f"run {run}")
        check_equal("exit status", 0, daemon.belfry("run", "crawl", "--wait").returncode)
        with sqlite3.connect(database) as connection:
            rows = connection.execute("SELECT url, status FROM pages ORDER BY url").fetchall()
        check_equal("pages on record", 20, len(rows))
        check_equal("the one that is missing", [(peer.url("/7"), 404)], [row for row in rows if row[1] != 200])
    daemon.stop()
