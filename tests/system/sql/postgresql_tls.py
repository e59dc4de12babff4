"""PostgreSQL by TLS: who it is is checked, who belfryd is is shown, and what cannot be trusted gets nothing."""
from databases import PostgreSql
from encrypted import ask_in_cipher


def scenario(lab):
    ask_in_cipher(lab, PostgreSql, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "true", {
        "nameless": "connection requires a valid client certificate; give sslcert and sslkey",
        "impostor": "alert unknown ca; the server does not trust the certificate of sslcert",
        "clear": "no encryption; the server lets this user in by TLS alone",
    })
