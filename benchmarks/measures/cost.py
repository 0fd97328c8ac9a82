"""What an act costs the database: statements, rows, and bytes in PostgreSQL's log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, Final

from django.apps import apps
from django.db import connection

from benchmarks.calls import Call
from benchmarks.measures.acts import ACTS, maker, send
from benchmarks.measures.clients import Clients

_FIRST_READABLE: Final = 150_000
_DATA: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")

# What was logged for this database, and the end of each of its transactions. Images of whole pages
# are left out: how many there are depends on when the last checkpoint was.
_LOGGED: Final = """
WITH records AS MATERIALIZED (
    SELECT xid, resource_manager, record_length - fpi_length AS bytes,
           substring(block_ref from
                     '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
                     || '/([0-9]+)')::oid AS file
    FROM pg_get_wal_records_info(%s, %s)
)
SELECT coalesce(relname, 'commit'), sum(bytes)
FROM records LEFT JOIN pg_class ON pg_relation_filenode(pg_class.oid) = file
WHERE file IS NOT NULL OR (
    resource_manager = 'Transaction' AND xid IN (SELECT xid FROM records WHERE file IS NOT NULL)
)
GROUP BY 1 ORDER BY 1
"""


def warm_up(clients: Clients, *, logins: int) -> None:
    """Let so many users log in: rows of a new table lie too close to be updated in place."""
    if _log_position() is None:
        return  # nobody counts bytes
    for _ in range(logins):
        clients.log_in()


def of_acts(clients: Clients, *, count: int) -> dict[str, dict[str, Any] | None]:
    """Return status, statements, rows and bytes of each act, the medians of ``count`` times."""
    return {act: _cost_of(clients, act, count) for act in ACTS}


def written(clients: Clients, *, act: str, count: int) -> dict[str, float] | None:
    """Return the bytes that an act writes to each table and index, the medians of ``count`` times.

    ``None``: no such act, or nobody can read the log.
    """
    make = maker(clients, act)
    if make is None:
        return None
    found: list[dict[str, int]] = []
    for _ in range(count):
        call, position = make(), _log_position()
        if position is None:
            return None
        send(clients, act, call)
        found.append(_logged_since(position))
    names = sorted({name for one in found for name in one})
    medians = {name: median(one.get(name, 0) for one in found) for name in names}
    return {name: size for name, size in medians.items() if size}


def _cost_of(clients: Clients, act: str, count: int) -> dict[str, Any] | None:
    make = maker(clients, act)
    if make is None:
        return None
    costs = [_cost(clients, act, make()) for _ in range(count)]
    return {
        name: median(cost[name] for cost in costs) if costs[0][name] is not None else None
        for name in costs[0]
    }


def _cost(clients: Clients, act: str, call: Call) -> dict[str, Any]:
    rows, position = _rows(), _log_position()
    with _counted() as statements:
        answer = send(clients, act, call)
    return {
        "status": answer.status,
        "statements": len(statements),
        "rows": _rows() - rows,
        "bytes": None if position is None else sum(_logged_since(position).values()),
    }


@contextmanager
def _counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def count(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if sql.lstrip("( ").upper().startswith(_DATA):
            statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield statements


def _rows() -> int:
    models = [model for model in apps.get_models() if not model._meta.proxy]
    return sum(model._default_manager.count() for model in models)


def _log_position() -> str | None:
    """Return where the log ends; ``None`` where nobody can read it: PostgreSQL 15 is the first."""
    if connection.vendor != "postgresql" or _postgresql() < _FIRST_READABLE:
        return None
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_walinspect")
        cursor.execute("SELECT pg_current_wal_insert_lsn()")
        return str(cursor.fetchone()[0])


def _postgresql() -> int:
    connection.ensure_connection()
    return int(connection.connection.info.server_version)


def _logged_since(position: str) -> dict[str, int]:
    """Return the bytes by table and index, and those of the commits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_current_wal_flush_lsn(), pg_current_wal_flush_lsn() > %s", [position]
        )
        end, is_more = cursor.fetchone()
        if not is_more:
            return {}
        cursor.execute(_LOGGED, [position, end])
        return {name: int(size) for name, size in cursor.fetchall()}
