"""Keeps login sessions in step with the user's stored password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import check_password, get_hasher, identify_hasher
from django.core.exceptions import PermissionDenied
from django.db import router, transaction
from django.db.models import F, QuerySet

from django_jwtauth import clock
from django_jwtauth.models import LoginSession, LoginSessionQuerySet
from django_jwtauth.sessions.end import end_sessions
from django_jwtauth.sessions.transactions import locked, try_again

_typed: Final = ContextVar[str | None]("jwtauth_typed_password", default=None)


@contextmanager
def typed_password(password: str) -> Iterator[None]:
    """Say, around ``django.contrib.auth.authenticate()``, which password the user has typed.

    Then several logins at once that each upgrade the hash of one password are known as such. Else
    one counts as a change of the password for the others, and ends their sessions.
    """
    token = _typed.set(password)
    try:
        yield
    finally:
        _typed.reset(token)


def end_outdated(user: AbstractBaseUser) -> int:
    """End the sessions that began under another password; one SELECT where it is the same."""
    rows = _not_ended(user)
    outdated = [
        session.pk for session in rows if session.auth_hash != session.hash_of(user.password)
    ]
    if not outdated:
        return 0
    using = router.db_for_write(LoginSession, instance=user)
    outdated_rows = LoginSession.objects.using(using).filter(pk__in=outdated)
    return end_sessions(outdated_rows, LoginSession.EndReason.PASSWORD_CHANGED, clock.now(), using)


def upgrade_password(user: AbstractBaseUser, using: str) -> None:
    """Store the new hash of ``user``'s password, which is the same as ever; sessions follow.

    For what Django is about to save after ``check_password()``, to the database ``using``. Hash and
    sessions change in one transaction, so that a refresh sees both or neither. Where another login
    has upgraded meanwhile, its hash becomes the user's: two would take each other for a change of
    the password. That its password is the same can be told in ``typed_password`` only; elsewhere,
    and where the stored hash needed no upgrade, nothing happens. Where it is another one, raises
    ``PermissionDenied``, which has Django's ``authenticate()`` refuse the login.
    """
    rows: QuerySet[Any] = type(user)._base_manager.using(using)  # noqa: SLF001 (Django's name)
    rows = rows.filter(pk=user.pk)

    def step() -> str | None:
        with transaction.atomic(using):
            stored: str | None = (
                locked(rows, using, password=F("password"))
                .values_list("password", flat=True)
                .first()
            )
            if stored is not None and _wants_upgrade(stored):
                rows.update(password=user.password)
                _follow(user, stored)
                return None
            return stored or ""  # gone: no password is right

    others = try_again(step, using)
    typed = _typed.get()
    if others is None or typed is None:
        return
    if not check_password(typed, others):
        # Changed since it was checked. Django would bring the old password back, and let it in.
        raise PermissionDenied
    user.password = others


def _wants_upgrade(encoded: str) -> bool:
    """Tell whether Django would hash the password anew at login, as its ``check_password`` does."""
    try:
        hasher = identify_hasher(encoded)
    except ValueError:
        return False
    preferred = get_hasher()
    return hasher.algorithm != preferred.algorithm or bool(preferred.must_update(encoded))


def _follow(user: AbstractBaseUser, old: str) -> None:
    following = [
        session for session in _not_ended(user) if session.auth_hash == session.hash_of(old)
    ]
    for session in following:
        session.auth_hash = session.hash_of(user.password)
    using = router.db_for_write(LoginSession, instance=user)
    LoginSession.objects.using(using).bulk_update(following, ["auth_hash"], batch_size=200)


def _not_ended(user: AbstractBaseUser) -> LoginSessionQuerySet:
    using = router.db_for_write(LoginSession, instance=user)
    rows = LoginSession.objects.using(using).filter(user_id=user.pk, ended_at__isnull=True)
    return rows.only("secret", "auth_hash")
