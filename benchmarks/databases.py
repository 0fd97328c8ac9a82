"""Databases that are made for a run and dropped after it.

PostgreSQL is looked for where the tests look: ``JWTAUTH_TEST_POSTGRESQL_*``, see
``tests/databases.py``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

_CONNECT_TIMEOUT: Final = 5  # seconds
_DEFAULTS: Final = {"HOST": "127.0.0.1", "PORT": "5432", "USER": "postgres", "PASSWORD": ""}


def _server() -> dict[str, str]:
    return {
        name: os.environ.get(f"JWTAUTH_TEST_POSTGRESQL_{name}", default)
        for name, default in _DEFAULTS.items()
    }


def connect(name: str = "postgres") -> psycopg.Connection[Any]:
    """Connect to a database of the server, in autocommit."""
    server = _server()
    return psycopg.connect(
        host=server["HOST"],
        port=server["PORT"],
        user=server["USER"],
        password=server["PASSWORD"],
        dbname=name,
        connect_timeout=_CONNECT_TIMEOUT,
        autocommit=True,
    )


def postgresql_version() -> str | None:
    """Return the version of the server, or ``None`` where none lets us in."""
    try:
        with connect() as connection:
            version = connection.info.server_version
    except psycopg.Error:
        return None
    return f"{version // 10000}.{version % 10000}"


@contextmanager
def scratch_database(kind: str, name: str) -> Iterator[dict[str, Any]]:
    """Make an empty database, yield its entry of ``DATABASES``, and drop it."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="bench") as folder:
            yield _sqlite(Path(folder) / f"{name}.sqlite3")
        return
    identifier = sql.Identifier(f"bench_{os.getpid()}_{name}".replace("-", "_"))
    with connect() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        try:
            yield _server() | {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": identifier.as_string(None).strip('"'),
            }
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def _sqlite(path: Path) -> dict[str, Any]:
    # As Django's documentation recommends it for a server: readers do not wait for a writer.
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        },
    }
