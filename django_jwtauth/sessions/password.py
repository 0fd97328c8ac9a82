"""Keeps login sessions in step with the user's stored password."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router

from django_jwtauth import clock
from django_jwtauth.models import LoginSession, LoginSessionQuerySet
from django_jwtauth.sessions.end import end_sessions
from django_jwtauth.sessions.transactions import try_again


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


def follow_password_upgrade(user: AbstractBaseUser, old: str) -> None:
    """Move ``auth_hash`` along: the password is the same and only its stored form is new."""
    using = router.db_for_write(LoginSession, instance=user)

    def step() -> None:
        following = [
            session for session in _not_ended(user) if session.auth_hash == session.hash_of(old)
        ]
        for session in following:
            session.auth_hash = session.hash_of(user.password)
        rows = LoginSession.objects.using(using)
        rows.bulk_update(following, ["auth_hash"], batch_size=200)

    try_again(step, using)


def _not_ended(user: AbstractBaseUser) -> LoginSessionQuerySet:
    using = router.db_for_write(LoginSession, instance=user)
    rows = LoginSession.objects.using(using).filter(user_id=user.pk, ended_at__isnull=True)
    return rows.only("secret", "auth_hash")
