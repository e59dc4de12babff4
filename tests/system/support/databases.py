"""Debian's PostgreSQL and MariaDB, each with an empty database of its own in a scratch folder, on a port of 127.0.0.1 and a
Unix socket, as a user without rights, and surely ended. .ci/install-deps unpacks both into build/tools.
"""
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from belfryd import Log
from lab import BUILD_DIR, SOURCE_DIR, Failed, check
from prometheus import program

NOBODY = 65534
PASSWORD = "S3CRET-PASSWORD"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """What both have in common. `url` is that of the database `test` for its user `belfry`, `port` where it listens."""

    def __init__(self, lab, name):
        self.lab, self.name, self.port = lab, name, free_port()
        self.folder = tempfile.mkdtemp(prefix=f"belfry-test.{name}.")
        lab.at_end(lambda: shutil.rmtree(self.folder, ignore_errors=True))
        self.as_nobody = ["setpriv", "--pdeathsig", "KILL"]
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
            self.as_nobody += ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        self.process = self.log = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def own(self, *files):
        """Copies of the files, which only the server's user may read."""
        copies = []
        for file in files:
            copies.append(self.path(os.path.basename(file)))
            shutil.copy(file, copies[-1])
            os.chmod(copies[-1], 0o600)
            if os.geteuid() == 0:
                os.chown(copies[-1], NOBODY, NOBODY)
        return copies

    def once(self, command, **run):
        done = subprocess.run([*self.as_nobody, *command], capture_output=True, text=True, check=False, cwd=self.folder, **run)
        if done.returncode != 0:
            raise Failed(f"{command[0]} failed with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def serve(self, command, ready):
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [*self.as_nobody, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=self.folder)
        self.lab.at_end(self.kill)
        self.log = Log(self.process.stdout, self.lab.path(f"{self.name}.log"))
        self.log.wait(lambda message: ready in message)

    def kill(self):
        """At once, as by a crash of its machine."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT if self.name == "postgresql" else signal.SIGKILL)
        self.process.wait()
        self.log.join()


class PostgreSql(Server):
    """Users: belfry, with a password, who owns the database test; postgres, by the socket alone. With `tls` (the files of its
    certificate and key, and of the certificate that clients must show) belfry may come no other way."""

    def __init__(self, lab, tls=()):
        super().__init__(lab, "postgresql")
        self.once([self.program("initdb"), "-D", self.path("data"), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8",
                   "--locale=C"])
        with open(self.path("data/pg_hba.conf"), "w", encoding="ascii") as file:
            file.write("local all all trust\n")
            how = "hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca" if tls else "host all all 127.0.0.1/32 scram-sha-256"
            file.write(how + "\n")
        settings = ["-c", "listen_addresses=127.0.0.1"]
        if tls:
            settings += ["-c", "ssl=on"]
            for name, file in zip(("ssl_cert_file", "ssl_key_file", "ssl_ca_file"), self.own(*tls)):
                settings += ["-c", f"{name}={file}"]
        self.serve([self.program("postgres"), "-D", self.path("data"), "-p", str(self.port), "-k", self.folder, "-F",
                    *settings], "ready to accept connections")
        self.sql(f"CREATE USER belfry PASSWORD '{PASSWORD}'", database="postgres")
        self.sql("CREATE DATABASE test OWNER belfry", database="postgres")
        self.url = f"postgresql://belfry@127.0.0.1:{self.port}/test"
        self.socket_url = f"postgresql://belfry@:{self.port}/test?host={self.folder}"

    @staticmethod
    def program(name):
        roots = ("/", os.path.join(BUILD_DIR, "tools"), os.path.join(SOURCE_DIR, "build/tools"))
        found = [path for root in roots for path in sorted(glob.glob(os.path.join(root, "usr/lib/postgresql/*/bin", name)))]
        check(found, f"no {name} of PostgreSQL here: .ci/install-deps test")
        return found[-1]

    def sql(self, statement, database="test"):
        """What psql prints for it, without names."""
        return self.once([self.program("psql"), "-h", self.folder, "-p", str(self.port), "-U", "postgres", "-d", database,
                          "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement]).strip()

    def running(self, part):
        """How many statements of the user belfry with this in them run now."""
        return int(self.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND usename = 'belfry' "
                            f"AND query LIKE '%{part}%'"))

    def has_session(self, number):
        return self.sql(f"SELECT count(*) FROM pg_stat_activity WHERE pid = {number}") == "1"


class MariaDb(Server):
    """Users: belfry, with a password, who may do all in the database test; root, by the socket alone. `tls`: see PostgreSql."""

    def __init__(self, lab, tls=()):
        super().__init__(lab, "mariadb")
        mariadbd = program("mariadbd")
        share = os.path.join(os.path.dirname(os.path.dirname(mariadbd)), "share/mysql")
        common = [mariadbd, "--no-defaults", f"--datadir={self.path('data')}", f"--lc-messages-dir={share}",
                  f"--character-sets-dir={share}/charsets", f"--tmpdir={self.folder}", "--innodb-flush-log-at-trx-commit=0",
                  "--innodb-buffer-pool-size=32M"]
        os.mkdir(self.path("data"), mode=0o755)
        if os.geteuid() == 0:
            os.chown(self.path("data"), NOBODY, NOBODY)
        tables = "CREATE DATABASE mysql;\nUSE mysql;\n"  # a statement ends with its line there
        for name in ("mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data"):
            with open(os.path.join(share, name + ".sql"), encoding="utf-8") as file:
                tables += file.read()
        self.once([*common, "--bootstrap", "--silent-startup"], input=tables)
        self.socket = self.path("socket")
        if tls:
            common += [f"--{name}={file}" for name, file in zip(("ssl-cert", "ssl-key", "ssl-ca"), self.own(*tls))]
            common += ["--require-secure-transport=on"]
        self.serve([*common, f"--port={self.port}", "--bind-address=127.0.0.1", "--skip-name-resolve", f"--socket={self.socket}",
                    f"--pid-file={self.path('pid')}"], "ready for connections")
        self.sql("CREATE DATABASE test; CREATE USER belfry@'127.0.0.1' IDENTIFIED BY '" + PASSWORD + ("' REQUIRE X509; " if tls else "'; ") +
                 "CREATE USER belfry@localhost IDENTIFIED BY '" + PASSWORD + "'; "
                 "GRANT ALL ON test.* TO belfry@'127.0.0.1'; GRANT ALL ON test.* TO belfry@localhost", database="mysql")
        self.url = f"mariadb://belfry@127.0.0.1:{self.port}/test"
        self.socket_url = f"mariadb://belfry@/test?socket={self.socket}"

    def sql(self, statement, database="test"):
        """What the client prints for it, without names."""
        return self.once([program("mariadb"), "--no-defaults", f"--socket={self.socket}", "-u", "root", "-BN", "-e",
                          statement, database]).strip()

    def running(self, part):
        """How many statements of the user belfry with this in them run now."""
        return int(self.sql("SELECT count(*) FROM information_schema.processlist WHERE user = 'belfry' AND command <> 'Sleep' "
                            f"AND info LIKE '%{part}%'"))

    def has_session(self, number):
        return self.sql(f"SELECT count(*) FROM information_schema.processlist WHERE id = {number}") == "1"
