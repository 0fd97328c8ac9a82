"""Writes and reads the rows of ``Revocation``; never anything else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q, QuerySet

from django_jwtauth import clock
from django_jwtauth.models import DatabaseTime, Revocation, lower_bound, to_datetime
from django_jwtauth.revocation.snapshot import Entry

_BATCH: Final = 500  # parameters of one statement; SQLite allows 999


def write(identifiers: Sequence[str], expires_at: float | None) -> str:
    """Write a row each, and return the alias of the database; what is there already stays longer.

    ``expires_at`` is in seconds since the epoch; ``None``: never.
    """
    using = router.db_for_write(Revocation)
    moment = None if expires_at is None else to_datetime(expires_at)
    rows = [
        Revocation(identifier=identifier, revoked_at=DatabaseTime(), expires_at=moment)
        for identifier in identifiers
    ]
    manager = Revocation.objects.using(using)
    try:
        with transaction.atomic(using=using):
            manager.bulk_create(rows)
    except IntegrityError:
        manager.bulk_create(rows, ignore_conflicts=True)
        for start in range(0, len(rows), _BATCH):
            _prolong(manager.filter(identifier__in=identifiers[start : start + _BATCH]), moment)
    return using


def _prolong(rows: QuerySet[Revocation], moment: Any) -> None:
    # Revoked anew, also for those who had forgotten it: a poll looks for what is new.
    rows.update(revoked_at=DatabaseTime())
    if moment is None:
        rows.update(expires_at=None)
    else:
        rows.filter(expires_at__lt=moment).update(expires_at=moment)


def live() -> list[tuple[str, float | None]]:
    """Return each revocation whose time has not run out, and that time, for others to drop it."""
    rows = Revocation.objects.using(router.db_for_write(Revocation)).filter(_is_live(clock.now()))
    return [
        (identifier, None if expires_at is None else expires_at.timestamp())
        for identifier, expires_at in rows.values_list("identifier", "expires_at")
    ]


def read_live(connection: BaseDatabaseWrapper, now: float) -> list[Entry]:
    """Return identifier and time of every revocation whose time has not run out at ``now``."""
    return _read(connection, _is_live(now))


def read_new(connection: BaseDatabaseWrapper, seconds: float) -> list[Entry]:
    """Return those of the last ``seconds``, as the database's own clock counts them."""
    return _read(connection, Q(revoked_at__gt=DatabaseTime() - timedelta(seconds=seconds)))


def _is_live(now: float) -> Q:
    # By the clock that wrote expires_at and judges tokens, which is not the database's.
    return Q(expires_at__gt=lower_bound(now)) | Q(expires_at=None)


def _read(connection: BaseDatabaseWrapper, condition: Q) -> list[Entry]:
    # The query is compiled for a connection that may be nobody's in ``connections``, and rows
    # are taken as the driver gives them: the time is only ever compared with itself.
    query = Revocation.objects.filter(condition).values_list("identifier", "revoked_at").query
    sql, parameters = query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
