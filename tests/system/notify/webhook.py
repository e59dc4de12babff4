"""Failures and the recovery of a job reach a webhook, as JSON and by a template; what is secret is in no log, no answer, no
process and no error."""
import json

from belfryd import Belfryd
from lab import check, check_equal, step
from peers import HttpPeer


def config(lab, broken=""):
    return f"""
notify:
  plain: {{webhook: {{url_file: plain.url}}}}
  chat:
    webhook:
      url_file: chat.url
      headers: {{Authorization: {{file: token}}, X-Kind: belfry}}
      body: '{{"text": {{{{summary|json}}}}, "run": {{{{run}}}}}}'
    send_output: 100
  shy: {{webhook: {{url_file: plain.url}}, first_failure_only: true}}
{broken}jobs:
  job:
    every: 1000d
    command: "test -e '{lab.path('good')}' || {{ echo 'it \\"broke\\"'; exit 3; }}"
    notify: {{on_failure: [plain, chat, shy], on_recovery: [plain, shy], on_success: chat}}
"""


def told(peer, channel):
    request = peer.next()
    check_equal("who is told", f"/{channel}/SECRET", request["path"])
    return request


def scenario(lab):
    plain, chat = HttpPeer(lab), HttpPeer(lab)
    lab.write("plain.url", plain.url("/plain/SECRET") + "\n", mode=0o600)
    lab.write("chat.url", chat.url("/chat/SECRET") + "\n", mode=0o600)
    lab.write("token", "Bearer SECRET\n", mode=0o600)
    daemon = Belfryd(lab, config(lab))
    daemon.start()
    series = daemon.metrics()
    for result in ("delivered", "failed", "dropped", "suppressed"):
        check_equal(result, 0, series[f'belfry_notifications_total{{channel="chat",result="{result}"}}'])

    step("two failures")
    daemon.belfry("run", "job", "--wait", may_fail=True)
    events = [json.loads(told(plain, "plain")["body"]) for _ in range(2)]  # plain and shy lead there
    for event in events:
        check_equal("the event", ("failure", "job", "failure", 3, 1, "manual"),
                    tuple(event[key] for key in ("event", "job", "outcome", "exit_code", "failures", "trigger")))
    request = told(chat, "chat")
    check_equal("the header", "Bearer SECRET", request["headers"]["Authorization"])
    check_equal("the type", "application/json", request["headers"]["Content-Type"])
    text = json.loads(request["body"])
    check(text["text"].startswith("job failed on ") and text["text"].endswith(": exit code 3"), f"the text is {text}")
    daemon.belfry("run", "job", "--wait", may_fail=True)
    check_equal("failures", 2, json.loads(told(plain, "plain")["body"])["failures"])
    told(chat, "chat")

    step("the recovery")
    lab.write("good", "")
    daemon.belfry("run", "job", "--wait")
    recoveries = [json.loads(told(plain, "plain")["body"]) for _ in range(2)]
    check_equal("recoveries", [("recovery", 2)] * 2, [(event["event"], event["failures"]) for event in recoveries])
    check("succeeded" in told(chat, "chat")["body"], "the success is told")
    series = daemon.metrics()
    check_equal("kept back", 1, series['belfry_notifications_total{channel="shy",result="suppressed"}'])

    step("a test message, and a channel that there is not")
    answer = daemon.ask("notify", "test", "chat")
    check_equal("the answer", ("chat", True), (answer["channel"], answer["delivered"]))
    check("This is a test" in told(chat, "chat")["body"], "the test message says so")
    unknown = daemon.belfry("notify", "test", "caht", may_fail=True)
    check_equal("the status", 3, unknown.returncode)
    check('did you mean "chat"?' in unknown.stderr, unknown.stderr)

    step("nothing shows a secret")
    daemon.write_config(config(lab, "  x: {webhook: {url: 'http://SECRET/x', tiemout: 1s}}\n"))
    refused = daemon.belfry("reload", may_fail=True)
    check("tiemout" in refused.stderr, refused.stderr)
    daemon.write_config(config(lab, "  x: {webhook: {url: 'http://SECRET/x'}}\n"))
    changed = daemon.belfry("reload").stdout
    check_equal("what `belfry validate` says", 0, daemon.belfry("validate", daemon.config).returncode)
    shown = [refused.stderr, changed, json.dumps(daemon.ask("status")), json.dumps(daemon.ask("list")),
             json.dumps(daemon.ask("tasks")), json.dumps(answer), json.dumps(daemon.log.lines)]
    with open(f"/proc/{daemon.pid}/cmdline", encoding="utf-8") as file:
        shown.append(file.read())
    for text in shown:
        check("SECRET" not in text, f"a secret is shown in: {text}")
    daemon.stop()
    check("SECRET" not in json.dumps(daemon.log.lines), "a secret is in the log")
