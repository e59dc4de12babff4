"""Whom belfryd tells: HTTP servers of the test's own, in threads, each with a queue of what they were told."""
import http.server
import queue
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


def certificate(lab, name):
    """The files of a self-signed certificate for localhost, and of its key."""
    files = lab.path(f"{name}.pem"), lab.path(f"{name}.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", files[0], "-keyout", files[1]],
                   check=True, capture_output=True)
    return files
