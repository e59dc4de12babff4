"""MariaDB by TLS: who it is is checked, who belfryd is is shown, and what cannot be trusted gets nothing."""
from databases import MariaDb
from encrypted import ask_in_cipher


def scenario(lab):
    ask_in_cipher(lab, MariaDb, "SELECT variable_value <> '' FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'",
                  "1", {"nameless": "Access denied", "impostor": "Lost connection", "clear": "Access denied"})
