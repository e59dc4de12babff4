"""Whom belfryd tells: HTTP servers of the test's own, in threads, each with a queue of what they were told."""
import base64
import http.server
import queue
import socketserver
import ssl
import subprocess
import threading


class HttpPeer:
    """Answers each request as `answer(request)` says: a status, or (status, headers); None: not at all, until the end."""

    def __init__(self, lab, answer=lambda request: 200, tls=None):
        self.requests = queue.Queue()
        self.all = []
        peer = self
        self._ended = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                request = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}
                peer.all.append(request)
                peer.requests.put(request)
                reply = answer(request)
                if reply is None:
                    peer._ended.wait()
                    return
                status, headers = reply if isinstance(reply, tuple) else (reply, {})
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST = do_PUT = do_PATCH = do_any

            def log_message(self, *_arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_arguments):
                pass  # who does not trust us goes away in the middle

        self.server = Server(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        lab.at_end(self.close)

    def close(self):
        self._ended.set()
        self.server.shutdown()
        self.server.server_close()

    def url(self, path="/", host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.server.server_address[1]}{path}"

    def next(self):
        """The next request, waited for."""
        return self.requests.get()


class SmtpPeer:
    """A server of mail: STARTTLS and logins if it is given a certificate and a password. `say(verb, argument)` may answer in
    its place; what it takes is in `mails`, what it was told, line by line, in `heard`."""

    def __init__(self, lab, tls=None, password=None, say=lambda verb, argument: None):
        self.mails = queue.Queue()
        self.heard = []
        peer = self

        class Handler(socketserver.StreamRequestHandler):
            def reply(self, text):
                self.wfile.write(text.encode() + b"\r\n")
                self.wfile.flush()

            def start_tls(self):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*tls)
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
                return True

            def log_in(self, argument):
                method, _, given = argument.partition(" ")
                if method != "PLAIN":
                    return "504 only PLAIN"
                if not given:
                    self.reply("334 ")
                    given = self.rfile.readline().decode().strip()
                _, user, secret = base64.b64decode(given).decode().split("\0")
                return "235 welcome" if (user, secret) == ("belfry", password) else "535 no"

            def take(self, mail):
                self.reply("354 go on")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line[1:] if line.startswith(b"..") else line)
                peer.mails.put({**mail, "text": b"".join(lines).decode()})
                return "250 taken"

            def handle(self):
                secure, mail = False, {}
                self.reply("220 here")
                while line := self.rfile.readline().decode().strip():
                    peer.heard.append(line)
                    verb, _, argument = line.partition(" ")
                    verb = verb.upper()
                    answer = say(verb, argument)
                    if answer:
                        self.reply(answer)
                    elif verb == "EHLO":
                        offers = ["here", "8BITMIME"] + (["STARTTLS"] if tls and not secure else []) + (
                            ["AUTH PLAIN"] if password else [])
                        for index, offer in enumerate(offers):
                            self.reply(f"250{'-' if index + 1 < len(offers) else ' '}{offer}")
                    elif verb == "STARTTLS":
                        self.reply("220 go on")
                        secure = self.start_tls()
                    elif verb == "AUTH":
                        self.reply(self.log_in(argument))
                    elif verb == "MAIL":
                        mail = {"from": argument, "to": [], "secure": secure}
                        self.reply("250 ok")
                    elif verb == "RCPT":
                        mail["to"].append(argument)
                        self.reply("250 ok")
                    elif verb == "DATA":
                        self.reply(self.take(mail))
                    elif verb == "QUIT":
                        self.reply("221 bye")
                        return
                    else:
                        self.reply("502 what?")

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def handle_error(self, *_arguments):
                pass  # who does not trust us goes away in the middle

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        lab.at_end(self.close)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def certificate(lab, name):
    """The files of a self-signed certificate for localhost, and of its key."""
    files = lab.path(f"{name}.pem"), lab.path(f"{name}.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", files[0], "-keyout", files[1]],
                   check=True, capture_output=True)
    return files
