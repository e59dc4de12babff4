"""What every database has to do for jobs, in the words of each."""
import dataclasses
import json
import os
import socket

from belfryd import Belfryd, peak_memory_kb
from databases import PASSWORD, free_port
from lab import SANITIZE, check, check_equal, fewer, step, until

ATTACK = "x'); DROP TABLE t; -- \\' \" ä"


@dataclasses.dataclass
class Dialect:
    """The statements that differ, and what the database says."""
    placeholders: str
    sleep: str
    million: str
    session: str
    temporary: str
    no_table: str
    wrong_password: str
    end_sessions: str
    types: str
    typed: str
    plain: str


def silent_port(lab):
    """Where somebody accepts connections, and says nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    lab.at_end(listener.close)
    return listener.getsockname()[1]


def jobs(lab, server, say):
    """The configuration; JSON is YAML, too."""
    def job(query, database=server.url, **keys):
        return {"sql": {"database": database, "password_file": lab.path("password"), "query": query, **keys}}
    pool = {"max": 1}
    million = say.million.replace("1000000", str(fewer(1_000_000, 100_000)))
    return "jobs: " + json.dumps({
        "make": job("CREATE TABLE t (id integer PRIMARY KEY, name varchar(200)); INSERT INTO t VALUES (1, 'one'), (2, NULL)"),
        "rows": job("SELECT id, name FROM t ORDER BY id", expect={"rows": 2}),
        "by_socket": job("SELECT count(*) FROM t", database=server.socket_url, format="tsv"),
        "saved": job("SELECT id, name FROM t ORDER BY id", format="json", save_to=lab.path("saved.json")),
        "types": job(say.types, format="jsonl"),
        "insert": job(f"INSERT INTO t VALUES ({say.placeholders})", parameters=[3, ATTACK], expect={"changed": 1}),
        "look": job(f"SELECT id FROM t WHERE name = {say.placeholders.split(',', maxsplit=1)[0]}", parameters=[ATTACK],
                    expect={"value": "3"}),
        "stale": job("SELECT * FROM t", expect={"rows": 0}),
        "failing": job("DELETE FROM t;\nINSERT INTO nowhere VALUES (1)", transaction=True),
        "unexpected": job("DELETE FROM t", transaction=True, expect={"changed": 1}),
        "too_long": job(f"DELETE FROM t; {say.sleep} AS too_long", transaction=True, statement_timeout="300ms"),
        "endless": job(f"DELETE FROM t; {say.sleep} AS endless", transaction=True),
        "out_of_time": {**job(f"{say.sleep} AS out_of_time"), "timeout": "300ms"},
        "too_many": job(million, max_rows=10),
        "million": job(million, save_to=lab.path("million.csv")),
        "million_shown": job(million, format="jsonl"),
        "session": job(say.session, pool=pool, format="tsv"),
        "temporary": job(say.temporary, pool=pool),
        "brief": job(say.session, pool={"idle_timeout": "50ms"}, format="tsv"),
        "intruder": {"sql": {"database": server.url, "password": "S3CRET-WRONG", "query": "SELECT 1"}},
        "refused": job("SELECT 1", database=server.url.replace(str(server.port), str(free_port()))),
        "unknown_host": job("SELECT 1", database=server.url.replace("127.0.0.1", "no-such-host.invalid")),
        "silent": job("SELECT 1", database=server.url.replace(str(server.port), str(silent_port(lab))), connect_timeout="300ms"),
        "no_database": job("SELECT 1", database=server.url.replace("/test", "/nothing")),
        "crash": job(f"{say.sleep} AS crash"),
    })


class Jobs:
    def __init__(self, daemon):
        self.daemon = daemon

    def run(self, job):
        """The outcome and the sentence of a run."""
        self.daemon.belfry("run", job, "--wait", may_fail=True)
        return self.end_of(job)

    def end_of(self, job):
        run = self.daemon.runs(job, 1)[0]
        message = self.daemon.sql("SELECT message FROM v_attempts WHERE run = ? ORDER BY attempt", run["run"])[-1]["message"]
        return run["outcome"], message

    def output(self, job):
        outcome, message = self.run(job)
        check_equal(f"{job} ({message})", "success", outcome)
        return self.daemon.belfry("logs", job).stdout

    def fails(self, job, part, outcome="failure"):
        ended = self.run(job)
        check_equal(f"{job} ({ended[1]})", outcome, ended[0])
        check(part in ended[1], f"{job}: {ended[1]!r} lacks {part!r}")

    def start(self, job):
        return str(self.daemon.ask("run", job)["run"]["run"])

    def wait_for(self, job, outcome):
        until(lambda: self.daemon.runs(job, 1)[0].get("outcome") == outcome)


def work_with(lab, server, say):
    lab.write("password", PASSWORD + "\n", mode=0o600)
    daemon = Belfryd(lab, jobs(lab, server, say))
    daemon.start()
    run = Jobs(daemon)

    step("rows are shown, saved and typed; a parameter is data")
    check_equal("the sentence", "2 rows changed", run.run("make")[1].partition(" in ")[0])
    check_equal("CSV", "id,name\n1,one\n2,\n", run.output("rows"))
    check_equal("by the socket", "2\n", run.output("by_socket"))
    run.output("saved")
    with open(lab.path("saved.json"), encoding="utf-8") as file:
        check_equal("the file", [{"id": 1, "name": "one"}, {"id": 2, "name": None}], json.load(file))
    check_equal("types", say.typed, run.output("types"))
    run.output("insert")
    check_equal("the row of the parameter", "id\n3\n", run.output("look"))
    check_equal("what the server has", "3", server.sql("SELECT count(*) FROM t"))

    step("what fails is told, and rolled back")
    run.fails("stale", "there are 3 rows, and 0 are expected")
    run.fails("failing", say.no_table)
    run.fails("failing", "; all was rolled back")
    run.fails("unexpected", "3 rows were changed, and 1 are expected; all was rolled back")
    run.fails("too_many", "there are more than 10 rows, which is max_rows")
    check_equal("rows that are left", "3", server.sql("SELECT count(*) FROM t"))

    step("what takes too long, or is cancelled, ends on the server, too")
    run.fails("too_long", " took longer than statement_timeout (300ms), and was cancelled; all was rolled back")
    check_equal("running", 0, server.running("AS too_long"))
    number = run.start("endless")
    until(lambda: server.running("AS endless") == 1)
    daemon.belfry("cancel", number)
    run.wait_for("endless", "cancelled")
    check_equal("running", 0, server.running("AS endless"))
    check_equal("the timeout of the job", "timeout", run.run("out_of_time")[0])
    check_equal("running", 0, server.running("AS out_of_time"))
    check_equal("rows that are left", "3", server.sql("SELECT count(*) FROM t"))

    step("a million rows are never in memory")
    before = peak_memory_kb(daemon.pid)
    rows = fewer(1_000_000, 100_000)
    run.output("million")
    check(os.path.getsize(lab.path("million.csv")) > rows * 92, "the file is too small")
    run.output("million_shown")
    grown = peak_memory_kb(daemon.pid) - before
    if not SANITIZE:  # which keep what was freed
        check(grown < 16_384, f"memory grew by {grown} kB for {rows} rows")

    step("a connection is kept for the next run, as if it were new, and replaced when it is dead")
    session = run.output("session")
    check_equal("the session of the next run", session, run.output("session"))
    run.output("temporary")
    run.output("temporary")
    check_equal("the session after others", session, run.output("session"))
    server.sql(say.end_sessions)
    check(session != run.output("session"), "the dead session was used")
    brief = run.output("brief").strip()
    until(lambda: not server.has_session(brief))

    step("without a connection nothing is done, and the sentence says what to do")
    run.fails("intruder", say.wrong_password, "start_error")
    run.fails("refused", "; does the server run there, and does it listen on that port?", "start_error")
    run.fails("unknown_host", "; check the host of the URL", "start_error")
    run.fails("silent", " within connect_timeout (300ms); does the server answer", "start_error")
    run.fails("no_database", "; check the", "start_error")

    lint = daemon.belfry("lint", lab.write("plain.yaml", say.plain), may_fail=True)
    check("goes over the network in the clear" in lint.stdout + lint.stderr, f"lint does not warn: {lint.stdout}{lint.stderr}")

    step("the server dies in the middle of a statement")
    run.start("crash")
    until(lambda: server.running("AS crash") == 1)
    server.kill()
    run.wait_for("crash", "failure")
    check("the connection was lost" in run.end_of("crash")[1], run.end_of("crash")[1])
    run.fails("rows", "cannot connect to ", "start_error")

    step("no secret is anywhere")
    shown = [daemon.belfry(*words, may_fail=True) for words in (("list",), ("--json", "history"), ("--json", "list"), ("status",))]
    texts = [each.stdout + each.stderr for each in shown] + [str(line) for line in daemon.log.lines]
    daemon.stop()
    for name in os.listdir(daemon.state_dir):
        with open(os.path.join(daemon.state_dir, name), "rb") as file:
            texts.append(file.read().decode("latin-1"))
    for text in texts:
        check("S3CRET" not in text, f"a password is in {text[:2000]}")
