"""The ``sub`` claim: how a user's key is spelled in a token, and read back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ValidationError
from django.db import connections, models, router

from django_jwtauth.conf import Settings, per_settings
from django_jwtauth.exceptions import TokenInvalid

_REMEMBERED: Final = 4096
_MALFORMED: Final = "The subject of the token is malformed."


@dataclass(frozen=True, slots=True)
class SubjectField:
    """The user field that stands in ``sub``; ``key_of`` reads a subject, or ``TokenInvalid``."""

    model: type[AbstractBaseUser]
    attname: str
    key_of: Callable[[str], Any]
    spell: Callable[[Any], str]


def subject_of(user: AbstractBaseUser) -> str:
    """Return the ``sub`` of a user: the field that ``SUBJECT_FIELD`` names, in its one spelling.

    Raises ``ImproperlyConfigured`` where that field is empty: a token without a subject, or one
    that several users share, would be worse than none.
    """
    field = subject_field()
    value = getattr(user, field.attname)
    if value is None or value == "":
        raise _wrong(f"{field.attname} of this user is empty")
    return field.spell(value)


@per_settings
def subject_field(settings: Settings) -> SubjectField:
    """Return what stands in ``sub``; raises ``ImproperlyConfigured`` for an unknown field."""
    model = get_user_model()
    attname, field = _resolve(model, settings.SUBJECT_FIELD)
    read, is_in_range = _reader(field), _range(field, model)

    # Asked on every request: a UUID takes longer to read than the rest of the user to make.
    @lru_cache(_REMEMBERED)
    def key_of(subject: str) -> Any:
        try:
            key = read(subject)
        except (ValidationError, ValueError):
            raise TokenInvalid(_MALFORMED) from None
        # One user, one subject: what Python reads as the same key is not the same token.
        if str(key) != subject or not is_in_range(key):
            raise TokenInvalid(_MALFORMED)
        return key

    def spell(value: Any) -> str:
        # A key set by hand may have another type than the field's: "7", an upper-case UUID.
        return str(field.to_python(value))

    return SubjectField(model, attname, key_of, spell)


def _resolve(model: type[AbstractBaseUser], name: str) -> tuple[str, models.Field[Any, Any]]:
    """Return where the key lies on a user, and the field that knows its values."""
    field: Any = model._meta.pk
    if name not in ("pk", field.name, field.attname):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            raise _wrong(f"{model._meta.label} has no field {name!r}") from None
        if field.is_relation:
            raise _wrong(f"{name!r} is a relation")
    attname = field.attname
    while field.remote_field is not None:  # the key of a child model is its parent's
        field = field.target_field
    return attname, field


def _wrong(message: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"JWTAUTH['SUBJECT_FIELD']: {message}.")


def _reader(field: models.Field[Any, Any]) -> Callable[[str], Any]:
    if type(field).to_python is models.IntegerField.to_python:
        return int  # what it calls, without its wrapping: this runs on each request
    return field.to_python


def _range(field: models.Field[Any, Any], model: type[AbstractBaseUser]) -> Callable[[Any], bool]:
    """Return the test for keys that fit the column: for others a database has its own errors."""
    if isinstance(field, models.IntegerField):
        ops = connections[router.db_for_write(model)].ops
        least, greatest = ops.integer_field_range(field.get_internal_type())
        return lambda key: least <= key <= greatest
    limit = field.max_length if isinstance(field, models.CharField) else None
    return lambda key: limit is None or len(key) <= limit
