"""The row of a user, read with one query, and whether its user may be let in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser

from django_jwtauth.exceptions import JWTAuthError, UserInactive, UserNotFound

#: Makes what a view raises when the user's row turns out to be gone or inactive.
LoadError = Callable[[JWTAuthError], Exception]

#: Where a user of a request keeps its key and its ``LoadError`` until its row is read. The key
#: stands there besides its field, for code may set the field to anything in the meantime.
ORIGIN: Final = "_jwtauth_origin"


def is_usable(user: AbstractBaseUser) -> bool:
    """Tell whether this user may hold sessions; a model without ``is_active`` has active users."""
    return bool(getattr(user, "is_active", True))


def read_row(
    model: type[AbstractBaseUser], attname: str, key: Any, *, may_be_inactive: bool = False
) -> AbstractBaseUser:
    """Return the user whose field ``attname`` is ``key``.

    Raises ``UserNotFound`` or ``UserInactive``. A row that the model's default manager hides counts
    as gone, as for Django's own backend.
    """
    try:
        user: AbstractBaseUser = model._default_manager.get(**{attname: key})
    except model.DoesNotExist:
        raise UserNotFound from None
    if not (may_be_inactive or is_usable(user)):
        raise UserInactive
    return user
