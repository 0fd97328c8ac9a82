"""The row of a user, read with one query, and whether its user may be let in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router

from django_jwtauth.exceptions import JWTAuthError, NoUserDatabase, UserInactive, UserNotFound

#: Makes what a view raises when the user's row turns out to be gone or inactive.
LoadError = Callable[[JWTAuthError], Exception]

#: Where a user of a request keeps its key and its ``LoadError`` until its row is read. The key
#: stands there besides its field, for code may set the field to anything in the meantime.
ORIGIN: Final = "_jwtauth_origin"


def is_usable(user: AbstractBaseUser) -> bool:
    """Tell whether this user may hold sessions; a model without ``is_active`` has active users."""
    return bool(getattr(user, "is_active", True))


def has_database(model: type[AbstractBaseUser]) -> bool:
    """Tell whether users can be read here at all; a service may have no database."""
    engine: str = connections.settings[router.db_for_write(model)]["ENGINE"]
    return engine != "django.db.backends.dummy"  # what Django puts in where DATABASES is empty


def read_row(
    model: type[AbstractBaseUser], attname: str, key: Any, *, may_be_inactive: bool = False
) -> AbstractBaseUser:
    """Return the user whose field ``attname`` is ``key``.

    Raises ``UserNotFound``, ``UserInactive``, or ``NoUserDatabase``. A row that the model's default
    manager hides counts as gone, as for Django's own backend.
    """
    try:
        # Of the database that is written: a replica may not know yet who has just signed up, nor
        # who has been deactivated.
        rows = model._default_manager.using(router.db_for_write(model))
        user: AbstractBaseUser = rows.get(**{attname: key})
    except model.DoesNotExist:
        raise UserNotFound from None
    except ImproperlyConfigured:
        if has_database(model):
            raise
        raise NoUserDatabase from None
    if not (may_be_inactive or is_usable(user)):
        raise UserInactive
    return user
