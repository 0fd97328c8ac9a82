"""A database of its own for processes that a test starts, and a look at its rows."""

import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pymysql
from django.conf import settings

from tests.processes.environment import KIND, environment


@contextmanager
def scratch_database() -> Iterator[str]:
    """Make a database of the kind that is tested, migrate it, yield its name, and drop it."""
    name = f"test_jwtauth_{os.getpid()}_{secrets.token_hex(4)}"
    if KIND == "sqlite":
        with tempfile.TemporaryDirectory(prefix=name) as folder:
            path = str(Path(folder) / "db.sqlite3")
            migrate(path)
            yield path
        return
    create_database(name)
    try:
        migrate(name)
        yield name
    finally:
        force = " WITH (FORCE)" if KIND == "postgresql" else ""  # killed workers linger there
        with closing(connect("postgres" if KIND == "postgresql" else None)) as server:
            execute(server, f"DROP DATABASE {name}{force}")


def create_database(name: str, **place: Any) -> None:
    """Create an empty database on a server."""
    charset = " CHARACTER SET utf8mb4" if KIND == "mariadb" else ""
    with closing(connect("postgres" if KIND == "postgresql" else None, **place)) as server:
        execute(server, f"CREATE DATABASE {name}{charset}")


def migrate(name: str, **more: Any) -> None:
    """Create the tables, in a process of its own."""
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0", "--skip-checks"],
        env=environment(name, **more),
        check=True,
    )


def connect(name: str | None, **place: Any) -> Any:
    """Return a connection of the database's own driver, past Django; each statement commits."""
    if KIND == "sqlite":
        return sqlite3.connect(str(name), timeout=20, isolation_level=None)
    server = {**settings.DATABASES["default"], **place}
    login = {"host": server["HOST"], "user": server["USER"], "password": server["PASSWORD"]}
    port = int(server["PORT"])
    if KIND == "postgresql":
        return psycopg.connect(**login, port=port, dbname=name, autocommit=True)
    return pymysql.connect(**login, port=port, database=name, autocommit=True)


def execute(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    """Execute one statement, and return the rows that it yields."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []
