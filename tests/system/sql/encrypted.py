"""What is asked of every database that is reached by TLS."""
import json

from belfryd import Belfryd
from databases import PASSWORD
from lab import check_equal, step
from peers import certificate
from statements import Jobs


def ask_in_cipher(lab, system, is_encrypted, yes, sentences):
    """`is_encrypted` asks the server whether the session is; then it answers `yes`. `sentences`: what it says to who has no
    certificate, the wrong one, or comes in the clear."""
    (server_file, server_key), (client_file, client_key), (stranger, stranger_key) = (
        certificate(lab, name) for name in ("server", "client", "stranger"))
    server = system(lab, tls=(server_file, server_key, client_file))
    lab.write("password", PASSWORD + "\n", mode=0o600)
    by_name = server.url.replace("127.0.0.1", "localhost")
    us = f"&sslcert={client_file}&sslkey={client_key}"

    def job(url, options):
        return {"sql": {"database": f"{url}?{options}", "password_file": "password", "format": "tsv", "query": is_encrypted}}

    jobs = {
        "good": job(by_name, f"sslmode=verify-full&sslrootcert={server_file}{us}"),
        "unchecked": job(by_name, f"sslmode=require{us}"),
        "another": job(by_name, f"sslmode=verify-full&sslrootcert={stranger}{us}"),
        "misnamed": job(server.url, f"sslmode=verify-full&sslrootcert={server_file}{us}"),
        "no_root": job(by_name, f"sslmode=verify-full&sslrootcert={lab.path('missing.pem')}{us}"),
        "nameless": job(by_name, f"sslmode=verify-full&sslrootcert={server_file}"),
        "impostor": job(by_name, f"sslmode=verify-full&sslrootcert={server_file}&sslcert={stranger}&sslkey={stranger_key}"),
        "clear": job(by_name, "sslmode=disable"),
    }
    daemon = Belfryd(lab, "jobs:\n" + "".join(f"  {name}: {json.dumps(declared)}\n" for name, declared in jobs.items()))
    daemon.start()
    run = Jobs(daemon)

    step("a server that is who it should be is asked in cipher")
    check_equal("encrypted", yes, run.output("good").splitlines()[-1])
    check_equal("encrypted, whoever it is", yes, run.output("unchecked").splitlines()[-1])

    step("another one is asked nothing, and the sentence says what to look at")
    for name in ("another", "misnamed"):
        run.fails(name, "check sslmode and sslrootcert", outcome="start_error")
    run.fails("no_root", "sslrootcert", outcome="start_error")

    step("the server turns away who does not show the certificate, or comes in the clear")
    for name in ("nameless", "impostor", "clear"):
        run.fails(name, sentences[name], outcome="start_error")
    daemon.stop()
