"""The user of a request: an instance of the project's user model whose row is read when needed.

``user_of`` makes an instance of a hidden subclass of the user model, without ``__init__`` and
without a query. It knows its key alone, reports the user model as its class, and becomes an
instance of exactly that model at the first touch of another field, with one query. Signals,
deletion and content types therefore see the real class; ``type(user)`` alone tells the
difference, until then.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.base_user import AbstractBaseUser

from django_jwtauth.conf import Settings, per_settings
from django_jwtauth.tokens.claims import AccessToken
from django_jwtauth.users.hidden_class import hidden_class, set_class
from django_jwtauth.users.permissions import PERMISSIONS
from django_jwtauth.users.rows import ORIGIN, LoadError, read_row
from django_jwtauth.users.subject import subject_field


def user_of(token: AccessToken, load_error: LoadError) -> AbstractBaseUser:
    """Return the user of a request.

    No query: the row is read at the first touch of a field other than the key. Where it is gone
    then, or inactive, that touch raises ``load_error(UserNotFound())`` or
    ``load_error(UserInactive())``; ``load_error`` is a module's function, so that users pickle.
    Under ``USER_LOADING: "database"`` the row is read now, and the two errors are raised as they
    are. Raises ``TokenInvalid`` for a subject that is not the one spelling of a key.
    """
    return _maker()(token, load_error)


def load_user(subject: str) -> AbstractBaseUser:
    """Return the user from the database, with one query.

    Raises ``TokenInvalid`` for a subject that is not the one spelling of a key, ``UserNotFound``,
    or ``UserInactive``.
    """
    field = subject_field()
    return read_row(field.model, field.attname, field.key_of(subject))


@per_settings
def _maker(settings: Settings) -> Callable[[AccessToken, LoadError], AbstractBaseUser]:
    """Return what makes users under these settings."""
    field = subject_field()
    key_of, attname = field.key_of, field.attname
    is_primary_key = attname == field.model._meta.pk.attname
    by_token = settings.PERMISSIONS == "token"
    plain = hidden_class(field.model, attname, is_deferred=True, by_token=False)
    granted = hidden_class(field.model, attname, is_deferred=True, by_token=True)

    def make(token: AccessToken, load_error: LoadError) -> AbstractBaseUser:
        key = key_of(token.subject)
        permissions = token.permissions if by_token else None
        user = plain.__new__(plain) if permissions is None else granted.__new__(granted)
        values = user.__dict__
        if is_primary_key:
            values[attname] = key
        values[ORIGIN] = (key, load_error)
        if permissions is not None:
            values[PERMISSIONS] = permissions
        return user

    def load(token: AccessToken, load_error: LoadError) -> AbstractBaseUser:
        user = load_user(token.subject)
        if by_token and token.permissions is not None:
            user.__dict__[PERMISSIONS] = token.permissions
            set_class(user, hidden_class(field.model, attname, is_deferred=False, by_token=True))
        return user

    return make if settings.USER_LOADING == "deferred" else load
