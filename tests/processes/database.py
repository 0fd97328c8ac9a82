"""A database of its own for processes that a test starts."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from tests.processes.environment import KIND, environment


@contextmanager
def scratch_database(blocker: DjangoDbBlocker, **settings: Any) -> Iterator[str]:
    """Make a database of the kind that is tested, migrate it, yield its name, and drop it."""
    name = f"test_jwtauth_{os.getpid()}_{secrets.token_hex(4)}"
    if KIND == "sqlite":
        with tempfile.TemporaryDirectory(prefix=name) as folder:
            path = str(Path(folder) / "db.sqlite3")
            migrate(path, settings)
            yield path
        return
    charset = " CHARACTER SET utf8mb4" if KIND == "mariadb" else ""
    with blocker.unblock():
        _execute(f"CREATE DATABASE {name}{charset}")
    try:
        migrate(name, settings)
        yield name
    finally:
        force = " WITH (FORCE)" if KIND == "postgresql" else ""  # killed workers linger there
        with blocker.unblock():
            _execute(f"DROP DATABASE {name}{force}")


def migrate(name: str, settings: Mapping[str, Any]) -> None:
    """Create the tables, in a process of its own."""
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0", "--skip-checks"],
        env=environment(name, **settings),
        check=True,
    )


def _execute(sql: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(sql)
