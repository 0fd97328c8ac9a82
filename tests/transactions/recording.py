"""An app that notes each statement of its process: on which database, and in what transaction."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.signals import connection_created

#: Database, verb, SQL, and the databases that were in a transaction.
Statement = tuple[str, str, str, list[str]]

_statements: list[Statement] = []


class RecordingConfig(AppConfig):
    name = "tests.transactions"

    def ready(self) -> None:
        connection_created.connect(_record, dispatch_uid="recording")


def _record(connection: Any, **_: object) -> None:
    if _note not in connection.execute_wrappers:  # it may have been opened before
        connection.execute_wrappers.append(_note)


def _note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    in_transaction = [alias for alias in connections if connections[alias].in_atomic_block]
    verb = sql.partition(" ")[0]
    if verb in ("SELECT", "INSERT", "UPDATE", "DELETE"):
        _statements.append((context["connection"].alias, verb, sql, in_transaction))
    return execute(sql, params, many, context)


def taken() -> list[Statement]:
    """Return the statements since the last call."""
    statements = _statements.copy()
    _statements.clear()
    return statements
