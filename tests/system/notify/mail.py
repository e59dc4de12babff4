"""Mail by a program and by real SMTP conversations: with STARTTLS and a login, without both, and where the server says no."""
import email
import email.policy
import json

from belfryd import Belfryd
from lab import check, check_equal, step
from peers import SmtpPeer, certificate


def parsed(text):
    return email.message_from_string(text, policy=email.policy.default)


def scenario(lab):
    sent = lab.fifo("sent")
    lab.write("sendmail", f"""#!/bin/sh
echo "$*" >'{sent}'
sed 's/^$/./' >'{lab.path('mail')}.new' && mv '{lab.path('mail')}.new' '{lab.path('mail')}'
echo done >'{sent}'
""", mode=0o755)
    ours = certificate(lab, "ours")
    lab.write("password", "SECRET\n", mode=0o600)
    greylist = ["451 not now", None]
    secure, plain = SmtpPeer(lab, tls=ours, password="SECRET"), SmtpPeer(lab)
    full = SmtpPeer(lab, say=lambda verb, argument: "550 no such user" if verb == "RCPT" else None)
    later = SmtpPeer(lab, say=lambda verb, argument: greylist.pop(0) if verb == "RCPT" else None)
    wrong = SmtpPeer(lab, tls=ours, password="OTHER")

    def smtp(peer, more="tls: none", channel="retry_delay: 1ms", host="127.0.0.1"):
        return f"{{mail: {{to: ops@example.org, smtp: {{host: {host}, port: {peer.port}, {more}}}}}, {channel}}}"

    login = f"ca_file: {ours[0]}, user: belfry, password_file: password"
    channels = {
        "program": "{mail: {to: [root, ops@example.org], from: belfry@example.org, subject: '{{job}} \u00fc: {{message}}', "
                   "sendmail: [./sendmail, -i, -t]}, send_output: 1K}",
        "secure": smtp(secure, login, host="localhost"),
        "plain": smtp(plain),
        "full": smtp(full),
        "later": smtp(later),
        "wrong": smtp(wrong, login, host="localhost"),
        "untrusted": smtp(secure, "user: belfry, password_file: password", host="localhost"),
        "bare": smtp(plain, f"ca_file: {ours[0]}"),
    }
    daemon = Belfryd(lab, "notify:\n" + "".join(f"  {name}: {text}\n" for name, text in channels.items()) + f"""
jobs:
  job: {{every: 1000d, command: "echo .; echo out; exit 3", notify: {{on_failure: [{', '.join(channels)}]}}}}
""")
    daemon.start()
    daemon.belfry("run", "job", "--wait", may_fail=True)

    step("a program is given the mail; its arguments hold nothing of it")
    check_equal("its arguments", "-i -t", lab.read_line("sent"))
    check_equal("its end", "done", lab.read_line("sent"))
    with open(lab.path("mail"), encoding="utf-8") as file:
        mail = parsed(file.read().replace("\n.\n", "\n\n"))
    check_equal("From", "belfry@example.org", mail["From"])
    check_equal("To", "root, ops@example.org", mail["To"])
    check_equal("Subject", "job \u00fc: exit code 3", mail["Subject"])
    check("out" in mail.get_content(), mail.get_content())

    step("a server with STARTTLS and a login")
    mail = secure.mails.get()
    check_equal("the envelope", (["TO:<ops@example.org>"], True), (mail["to"], mail["secure"]))
    check("failed on" in parsed(mail["text"])["Subject"], mail["text"])
    check("exit_code: 3" in parsed(mail["text"]).get_content(), mail["text"])
    check_equal("mails in the clear", False, plain.mails.get()["secure"])

    step("a server that says not now gets it later, and one that says no does not")
    later.mails.get()
    reasons = {name: daemon.log.wait("a notification was not delivered", channel=name)
               for name in ("full", "wrong", "untrusted", "bare")}
    check_equal("full", (f"smtp://127.0.0.1:{full.port} answered with SMTP status 550", 1),
                (reasons["full"]["reason"], reasons["full"]["tries"]))
    check_equal("wrong", f"smtp://localhost:{wrong.port} does not accept the user and the password", reasons["wrong"]["reason"])
    check_equal("untrusted", f"the certificate of smtp://localhost:{secure.port} is not trusted: self-signed certificate; name "
                "its authority with ca_file", reasons["untrusted"]["reason"])
    check_equal("bare", f"smtp://127.0.0.1:{plain.port} offers no TLS", reasons["bare"]["reason"])
    check(not any(line.startswith("MAIL") for line in wrong.heard), f"who is not let in sends nothing: {wrong.heard}")
    check_equal("mails of the one without TLS", 0, plain.mails.qsize())
    for name in ("secure", "plain", "later", "program"):
        daemon.log.wait("a notification was delivered", channel=name)

    step("a test mail")
    answer = daemon.ask("notify", "test", "secure")
    check_equal("the answer", (True, "localhost has taken the mail"), (answer["delivered"], answer["detail"]))
    check("This is a test" in parsed(secure.mails.get()["text"])["Subject"], "the subject says so")
    check("SECRET" not in json.dumps(daemon.log.lines), "a secret is in the log")
    daemon.stop()
