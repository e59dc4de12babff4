"""Jobs that are statements for Debian's MariaDB: what is saved, checked, rolled back, cancelled on the server, and kept."""
from databases import MariaDb
from statements import Dialect, work_with

SECONDS = 120


def scenario(lab):
    work_with(lab, MariaDb(lab), Dialect(
        placeholders="?, ?",
        sleep="SELECT SLEEP(600)",
        million="SELECT seq AS i, repeat('x', 90) AS filling FROM seq_1_to_1000000",
        session="SELECT connection_id()",
        temporary="CREATE TEMPORARY TABLE mine (id integer)",
        no_table="Table 'test.nowhere' doesn't exist (1146)",
        wrong_password="Access denied for user 'belfry'@'127.0.0.1' (using password: YES); check the user of the URL",
        end_sessions="KILL USER belfry",
        types="SELECT 7 AS a, CAST(1.5 AS DECIMAL(5,2)) AS b, NULL AS c, DATE '2026-01-02' AS d, x'00ff' AS e",
        typed='{"a": 7, "b": 1.50, "c": null, "d": "2026-01-02", "e": "\\\\x00ff"}\n',
        plain="jobs: {a: {sql: {database: 'mysql://db.example.org/d', query: SELECT 1}}}"))
