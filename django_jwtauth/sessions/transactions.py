"""Short transactions that are tried again when the database asks for it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, Final, TypeVar

from django.db import OperationalError, connections
from django.db.models import Model, QuerySet

T = TypeVar("T")
M = TypeVar("M", bound=Model)

# Two who refresh one session without a pause can come in between several times in a row.
_TRIES: Final = 10
_PATIENCE: Final = 60.0  # seconds: who waited for a lock that long does not begin to wait anew
# What each database says when two transactions met and this one should come again:
# PostgreSQL's serialization_failure and deadlock_detected, MariaDB's and MySQL's
# ER_CHECKREAD, ER_LOCK_WAIT_TIMEOUT and ER_LOCK_DEADLOCK, SQLite's SQLITE_BUSY.
_SQLSTATES: Final = ("40001", "40P01")
_MYSQL_ERRORS: Final = (1020, 1205, 1213)
_SQLITE_ERROR: Final = "SQLITE_BUSY"


def try_again(step: Callable[[], T], using: str) -> T:
    """Run ``step``, and again up to nine times where it lost against another transaction.

    Inside an outer transaction it runs once: there the whole of it would have to come again.
    """
    tries = 1 if connections[using].in_atomic_block else _TRIES
    until = monotonic() + _PATIENCE
    for _ in range(tries - 1):
        try:
            return step()
        except OperationalError as error:
            if not _is_conflict(error) or monotonic() >= until:
                raise
    return step()


def locked(rows: QuerySet[M], using: str, **as_it_is: Any) -> QuerySet[M]:
    """Return ``rows`` so that nobody changes them between their reading and the commit.

    ``as_it_is`` is what one of their fields holds anyway. A transaction on SQLite that reads first
    and then writes fails, at once and every time, where another has written in between: there the
    first statement is a write that changes nothing.
    """
    if connections[using].features.has_select_for_update:
        return rows.select_for_update()
    rows.update(**as_it_is)
    return rows


def _is_conflict(error: OperationalError) -> bool:
    cause = error.__cause__
    return (
        getattr(cause, "sqlstate", None) in _SQLSTATES
        or (bool(error.args) and error.args[0] in _MYSQL_ERRORS)
        or str(getattr(cause, "sqlite_errorname", "")).startswith(_SQLITE_ERROR)
    )
