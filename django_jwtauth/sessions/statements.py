"""The two statements of a refresh, built once a process instead of at each call.

To build a query and compile it takes Django longer than everything else that a refresh does, and
comes to the same SQL each time. What runs it stays Django's: its cursor, so that logs, wrappers and
tests see it, its fields, and ``from_db``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Exists, Model

from django_jwtauth.models import LoginSession, LoginSessionQuerySet, Revocation

_SESSION: Final = LoginSession._meta  # noqa: SLF001 (Django's name)
_USER: Final[Any] = _SESSION.get_field("user")
_KID: Final = "kid:"


class _Select(NamedTuple):
    """The ORM's SQL; its parameters but the last, which is the id; and how to read a row of it."""

    sql: str
    parameters: Sequence[Any]
    #: The columns whose fields do not take what the driver gives as it is, by their places.
    converted: Sequence[tuple[int, Any]]
    #: Where it tells of the key, whose parameter ``_KID`` is; ``None``: it does not.
    kid_is_revoked: int | None


def rows_with_user(using: str, kid: str) -> LoginSessionQuerySet:
    """Return login sessions with their users, and with ``kid_is_revoked`` as of the same moment.

    A revocation may not have come to this process, and what it signs next with a revoked key is
    refused by those that have heard. Not asked where ``kid`` is ``""``, which is no key, nor where
    revocations are in another database.
    """
    return _rows(using, _revocation_of(kid, using))


def find_with_user(session_id: UUID, using: str, kid: str = "") -> LoginSession | None:
    """Return the session of that id as ``rows_with_user`` has it; one SELECT."""
    connection = connections[using]
    revocation = _revocation_of(kid, using)
    select = _select(using, asks_for_key=bool(revocation))
    given = [revocation if value == _KID else value for value in select.parameters]
    with connection.cursor() as cursor:
        cursor.execute(select.sql, [*given, _prepared("id", session_id, connection)])
        row = cursor.fetchone()
    if row is None:
        return None
    values = list(row)
    for place, column in select.converted:
        values[place] = _converted(values[place], column, connection)
    kid_is_revoked = select.kid_is_revoked is not None and bool(values.pop(select.kid_is_revoked))
    size, user = len(_SESSION.concrete_fields), get_user_model()
    session = LoginSession.from_db(using, _names(LoginSession), values[:size])
    session.kid_is_revoked = kid_is_revoked  # type: ignore[attr-defined] # as if annotated
    # As select_related() has it: an assignment would ask the routers' leave.
    _USER.set_cached_value(session, user.from_db(using, _names(user), values[size:]))
    return session


def compare_and_swap(session: LoginSession, values: Mapping[str, Any], using: str) -> bool:
    """Write ``values``, by field, unless the row has ended or left the generation of ``session``.

    One UPDATE; tells whether it met the row.
    """
    connection = connections[using]
    wanted = [*values.items(), ("id", session.pk), ("generation", session.generation)]
    parameters = [_prepared(name, value, connection) for name, value in wanted]
    # As in QuerySet.update(): an error leaves an outer transaction nothing but its rollback.
    with transaction.mark_for_rollback_on_error(using), connection.cursor() as cursor:
        cursor.execute(_update(using, tuple(values)), parameters)
        return bool(cursor.rowcount)


def _revocation_of(kid: str, using: str) -> str:
    """Return what revokes the key where ``using`` can tell of it, else ``""``."""
    return f"{_KID}{kid}" if kid and router.db_for_write(Revocation) == using else ""


def _rows(using: str, revocation: str) -> LoginSessionQuerySet:
    rows = LoginSession.objects.using(using).select_related("user")
    if not revocation:
        return rows
    return rows.annotate(kid_is_revoked=Exists(Revocation.objects.filter(identifier=revocation)))


@cache
def _select(using: str, *, asks_for_key: bool) -> _Select:
    rows = _rows(using, _KID if asks_for_key else "").filter(pk=UUID(int=0))
    compiler = rows.query.get_compiler(using)
    sql, (*parameters, _of_that_id) = compiler.as_sql()
    columns = enumerate(column for column, _, _ in compiler.select)
    converted = [
        (place, column) for place, column in columns if _converters(column, connections[using])
    ]
    return _Select(sql, parameters, converted, compiler.annotation_col_map.get("kid_is_revoked"))


@cache
def _update(using: str, names: tuple[str, ...]) -> str:
    """Return the SQL that sets the fields ``names``, with places for them, id and generation."""
    quote = connections[using].ops.quote_name
    column = {field.name: quote(str(field.column)) for field in _SESSION.concrete_fields}
    assignments = ", ".join(f"{column[name]} = %s" for name in names)
    return (
        f"UPDATE {quote(_SESSION.db_table)} SET {assignments} "  # noqa: S608 (values are parameters)
        f"WHERE {column['id']} = %s AND {column['generation']} = %s "
        f"AND {column['ended_at']} IS NULL"
    )


def _prepared(name: str, value: Any, connection: BaseDatabaseWrapper) -> Any:
    """Return a value of the field ``name`` as this database takes it."""
    field: Any = _SESSION.get_field(name)
    return field.get_db_prep_save(value, connection)


def _converted(value: Any, column: Any, connection: BaseDatabaseWrapper) -> Any:
    """Return what a column holds, as its field reads what this database has sent."""
    for convert in _converters(column, connection):
        value = convert(value, column, connection)
    return value


def _converters(column: Any, connection: BaseDatabaseWrapper) -> list[Any]:
    return [
        *connection.ops.get_db_converters(column),
        *column.get_db_converters(connection),
    ]


@cache
def _names(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]  # noqa: SLF001
