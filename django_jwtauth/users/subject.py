"""The ``sub`` claim: how a user's key is spelled in a token, and read back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ValidationError
from django.db import connections, models, router

from django_jwtauth.conf import Settings, per_settings
from django_jwtauth.exceptions import TokenInvalid

_MALFORMED = "The subject of the token is malformed."


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
        raise ImproperlyConfigured(
            f"JWTAUTH['SUBJECT_FIELD']: {field.attname} of this user is empty."
        )
    return field.spell(value)


@per_settings
def subject_field(settings: Settings) -> SubjectField:
    """Return what stands in ``sub``; raises ``ImproperlyConfigured`` for an unknown field."""
    model = get_user_model()
    attname, field = _resolve(model, settings.SUBJECT_FIELD)
    is_in_range = _range_of(field, model)

    def key_of(subject: str) -> Any:
        try:
            key = field.to_python(subject)
        except ValidationError:
            raise TokenInvalid(_MALFORMED) from None
        # One user, one subject: what Python reads as the same key is not the same token.
        if str(key) != subject or not is_in_range(key):
            raise TokenInvalid(_MALFORMED)
        return key

    def spell(value: Any) -> str:
        # A key that was set by hand may be another type than the field's own: "7", an upper-case
        # UUID.
        return str(field.to_python(value))

    return SubjectField(model, attname, key_of, spell)


def _resolve(model: type[AbstractBaseUser], name: str) -> tuple[str, models.Field[Any, Any]]:
    """Return where the key lies on a user, and the field that knows its values."""
    if name == "pk":
        field: Any = model._meta.pk
    else:
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            field = None
    if not getattr(field, "concrete", False) or field.many_to_many:
        raise ImproperlyConfigured(
            f"JWTAUTH['SUBJECT_FIELD']: {model._meta.label} has no field {name!r}."
        )
    attname = field.attname
    while field.remote_field is not None:  # the key of a child model is its parent's
        field = field.target_field
    return attname, field


def _range_of(
    field: models.Field[Any, Any], model: type[AbstractBaseUser]
) -> Callable[[Any], bool]:
    """Tell which keys fit the column: a database answers others with an error of its own."""
    if isinstance(field, models.IntegerField):
        ops = connections[router.db_for_read(model)].ops
        least, greatest = ops.integer_field_range(field.get_internal_type())

        def fits(key: Any) -> bool:
            return bool(least <= key <= greatest)

        return fits
    limit = field.max_length if isinstance(field, models.CharField) else None
    return lambda key: limit is None or len(key) <= limit
