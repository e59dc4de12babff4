"""Jobs that are statements for Debian's PostgreSQL: what is saved, checked, rolled back, cancelled on the server, and kept."""
from databases import PostgreSql
from statements import Dialect, work_with

SECONDS = 120


def scenario(lab):
    work_with(lab, PostgreSql(lab), Dialect(
        placeholders="$1, $2",
        sleep="SELECT pg_sleep(600)",
        million="SELECT i, repeat('x', 90) AS filling FROM generate_series(1, 1000000) AS i",
        session="SELECT pg_backend_pid()",
        temporary="CREATE TEMP TABLE mine (id integer)",
        no_table='relation "nowhere" does not exist (42P01), line 2',
        wrong_password='password authentication failed for user "belfry"; check the user of the URL and password_file',
        end_sessions="SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'belfry'",
        types="SELECT true AS a, 1.50::numeric AS b, '[1, {}]'::json AS c, 'NaN'::float8 AS d, '\\x00ff'::bytea AS e",
        typed='{"a": true, "b": 1.50, "c": [1, {}], "d": "NaN", "e": "\\\\x00ff"}\n',
        plain="jobs: {a: {sql: {database: 'postgresql://db.example.org/d?sslmode=disable', query: SELECT 1}}}"))
