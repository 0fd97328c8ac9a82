"""Which databases the suite can use, and a script that runs it on each that answers.

`python -m tests.databases [pytest arguments]` runs pytest once on SQLite and once on each server
that answers, goes on after a failure, and ends with a line naming what was left out. Environment:

JWTAUTH_TEST_DATABASE            the one that `tests/settings.py` uses: sqlite, postgresql, mariadb
JWTAUTH_TEST_DATABASE_NAME       an existing database of it, for the child processes of a test
JWTAUTH_TEST_POSTGRESQL_*        HOST, PORT, USER, PASSWORD
JWTAUTH_TEST_MARIADB_*           HOST, PORT, USER, PASSWORD
JWTAUTH_TEST_MARIADB_TIME_ZONE   time zone of each session, such as +09:00 (else the server's)
JWTAUTH_TEST_REDIS_URL           where the tests of the Redis feed connect to
JWTAUTH_REQUIRE_DATABASES        1: a server that does not answer is a failure
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import redis

# Django knows MariaDB through mysqlclient, which needs a compiler. PyMySQL stands in for it, under
# a version of mysqlclient that every supported Django accepts.
pymysql.version_info = (2, 2, 8, "final", 0)
pymysql.install_as_MySQLdb()

CONNECT_TIMEOUT = 5  # seconds


def _server(kind: str, *, port: int, user: str) -> dict[str, str]:
    """Return how to reach a database server, as the environment or the usual defaults say."""
    defaults = {"HOST": "127.0.0.1", "PORT": str(port), "USER": user, "PASSWORD": ""}
    return {
        name: os.environ.get(f"JWTAUTH_TEST_{kind}_{name}", default)
        for name, default in defaults.items()
    }


def _postgresql() -> dict[str, str]:
    return _server("POSTGRESQL", port=5432, user="postgres")


def _mariadb() -> dict[str, str]:
    return _server("MARIADB", port=3306, user="root")


def redis_url() -> str:
    """Return the address of the Redis database for tests."""
    return os.environ.get("JWTAUTH_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")


def _test_name() -> str:
    """Return a name for the test database that no other run of the suite has.

    The process that starts first puts it into the environment, where its workers find it.
    """
    return os.environ.setdefault("JWTAUTH_TEST_RUN", f"test_jwtauth_{os.getpid()}")


def django_databases() -> dict[str, Any]:
    """Return the `DATABASES` entry for the database that the environment names."""
    kind = os.environ.get("JWTAUTH_TEST_DATABASE", "sqlite")
    entry: dict[str, Any]
    if kind == "sqlite":
        # A file, because neither threads nor processes can share a database in memory.
        path = str(Path(tempfile.gettempdir()) / f"{_test_name()}.sqlite3")
        entry = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path,
            "OPTIONS": {"timeout": 20},
            "TEST": {"NAME": path},
        }
    elif kind == "postgresql":
        entry = _postgresql() | {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "jwtauth",
            "TEST": {"NAME": _test_name()},
        }
    elif kind == "mariadb":
        entry = _mariadb() | {
            "ENGINE": "django.db.backends.mysql",
            "NAME": "jwtauth",
            "OPTIONS": _mariadb_options(),
            "TEST": {"NAME": _test_name(), "CHARSET": "utf8mb4"},
        }
    else:
        message = f"JWTAUTH_TEST_DATABASE is sqlite, postgresql or mariadb, not {kind!r}."
        raise ValueError(message)
    if name := os.environ.get("JWTAUTH_TEST_DATABASE_NAME"):
        entry["NAME"] = name
    return entry


def _mariadb_options() -> dict[str, Any]:
    # For TLS, PyMySQL would read every certificate authority anew for each connection.
    options: dict[str, Any] = {"charset": "utf8mb4", "ssl_disabled": True}
    if zone := os.environ.get("JWTAUTH_TEST_MARIADB_TIME_ZONE"):
        options["init_command"] = f"SET time_zone = '{zone}'"
    return options


def _connect_postgresql() -> None:
    server = _postgresql()
    psycopg.connect(
        host=server["HOST"],
        port=server["PORT"],
        user=server["USER"],
        password=server["PASSWORD"],
        dbname="postgres",
        connect_timeout=CONNECT_TIMEOUT,
    ).close()


def _connect_mariadb() -> None:
    server = _mariadb()
    pymysql.connect(
        host=server["HOST"],
        port=int(server["PORT"]),
        user=server["USER"],
        password=server["PASSWORD"],
        connect_timeout=CONNECT_TIMEOUT,
    ).close()


def _connect_redis() -> None:
    client = redis.Redis.from_url(redis_url(), socket_connect_timeout=CONNECT_TIMEOUT)
    with client:
        client.ping()


CONNECTIONS: dict[str, Callable[[], None]] = {
    "postgresql": _connect_postgresql,
    "mariadb": _connect_mariadb,
    "redis": _connect_redis,
}


def answers(kind: str) -> bool:
    """Tell whether a server lets us in."""
    try:
        CONNECTIONS[kind]()
    except (psycopg.Error, pymysql.Error, redis.RedisError, OSError):
        return False
    return True


def _run_pytest(kind: str, arguments: list[str]) -> int:
    print(f"\n=== pytest on {kind} ===", flush=True)
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        env=os.environ | {"JWTAUTH_TEST_DATABASE": kind},
        check=False,
    ).returncode


def main(arguments: list[str]) -> int:
    """Run pytest on every database there is, and return the code to exit with."""
    left_out = [kind for kind in CONNECTIONS if not answers(kind)]
    # Redis holds no models: its tests run along with a database, or are skipped.
    kinds = [kind for kind in ("sqlite", "postgresql", "mariadb") if kind not in left_out]
    codes = {kind: _run_pytest(kind, arguments) for kind in kinds}

    print("\n" + ", ".join(f"{kind}: {'failed' if code else 'ok'}" for kind, code in codes.items()))
    print(f"Left out, for no server answered: {', '.join(left_out) or 'none'}")
    is_missing = bool(left_out) and os.environ.get("JWTAUTH_REQUIRE_DATABASES") == "1"
    return 1 if any(codes.values()) or is_missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
