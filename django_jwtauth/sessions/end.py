"""Ends login sessions: the row ends and its ``sid`` is revoked, in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router, transaction

from django_jwtauth import clock, conf, signals
from django_jwtauth.exceptions import SessionNotFound
from django_jwtauth.models import (
    LoginSession,
    LoginSessionQuerySet,
    from_sid,
    to_datetime,
    to_sid,
)
from django_jwtauth.revocation import feed
from django_jwtauth.sessions.authenticate import verify
from django_jwtauth.sessions.proof import load_genuine
from django_jwtauth.sessions.transactions import locked, try_again
from django_jwtauth.tokens import refresh_token

_BATCH: Final = 500  # SQLite's limit of variables in one statement is 999 in old builds
_security_log = logging.getLogger("django_jwtauth.security")


def end(session_id: UUID | str, reason: str = LoginSession.EndReason.REVOKED) -> bool:
    """End one login session, by its UUID or its ``sid``; tells whether it was live.

    ``reason`` is one of ``LoginSession.EndReason``. Raises ``SessionNotFound`` for an id that is
    none.
    """
    if isinstance(session_id, str):
        try:
            session_id = from_sid(session_id)
        except ValueError:
            raise SessionNotFound from None
    using = router.db_for_write(LoginSession)
    session = LoginSession.objects.using(using).find(session_id)
    return session is not None and end_session(session, reason, clock.now())


def end_own(user: AbstractBaseUser, sid: str) -> bool:
    """End a login session of ``user``'s own; tells whether it was live.

    Raises ``SessionNotFound`` for another user's and for what is no ``sid``.
    """
    using = router.db_for_write(LoginSession, instance=user)
    try:
        session = LoginSession.objects.using(using).get(pk=from_sid(sid), user_id=user.pk)
    except (ValueError, LoginSession.DoesNotExist):
        raise SessionNotFound from None
    return end_session(session, LoginSession.EndReason.REVOKED, clock.now())


def end_session(session: LoginSession, reason: str, now: float) -> bool:
    """End one login session at ``now``: UPDATE, and INSERT if it had not ended."""
    using = router.db_for_write(LoginSession)

    def step() -> bool:
        with transaction.atomic(using):
            ended = (
                LoginSession.objects.using(using)
                .filter(pk=session.pk, ended_at__isnull=True)
                .update(ended_at=to_datetime(now), end_reason=reason)
            )
            if ended:
                _revoke([session.pk], now)
            return bool(ended)

    ended = try_again(step, using)
    if ended:
        _tell({session.pk: session.user_id}, reason, using)
    return ended


def end_all(
    user: AbstractBaseUser,
    reason: str = LoginSession.EndReason.LOGOUT_ALL,
    except_session: UUID | str | None = None,
) -> int:
    """End every live login session of ``user``, but for one; returns how many."""
    kept = from_sid(except_session) if isinstance(except_session, str) else except_session
    using = router.db_for_write(LoginSession, instance=user)
    rows = LoginSession.objects.using(using).filter(user_id=user.pk)
    if kept is not None:
        rows = rows.exclude(pk=kept)
    return end_sessions(rows, reason, clock.now(), using)


def end_sessions(rows: LoginSessionQuerySet, reason: str, now: float, using: str) -> int:
    """End those of ``rows`` that have not ended, at ``now``; returns how many."""
    not_ended = rows.filter(ended_at__isnull=True)

    def step() -> dict[UUID, object]:
        with transaction.atomic(using):
            # Ended by the ids that were read and locked: whatever else the condition would meet
            # by then would end without its sid being revoked.
            owners: dict[UUID, object] = dict(
                locked(not_ended, using, ended_at=None).values_list("pk", "user_id")
            )
            ids = list(owners)
            for start in range(0, len(ids), _BATCH):
                LoginSession.objects.using(using).filter(pk__in=ids[start : start + _BATCH]).update(
                    ended_at=to_datetime(now), end_reason=reason
                )
            _revoke(ids, now)
            return owners

    owners = try_again(step, using)
    _tell(owners, reason, using)
    return len(owners)


def end_everything(reason: str = LoginSession.EndReason.REVOKED) -> int:
    """End every login session of everybody; returns how many were live.

    Writes no revocation a session, but two for all: every token issued up to now, before the
    sessions end and, for what was issued meanwhile, after.
    """
    using = router.db_for_write(LoginSession)
    _revoke_all_issued()
    ended = 0
    while batch := try_again(lambda: _end_batch(reason, using), using):
        ended += batch
    _revoke_all_issued()
    _security_log.warning("all_sessions_ended reason=%s sessions=%d", reason, ended)
    return ended


def _end_batch(reason: str, using: str) -> int:
    """End some of everybody's sessions, without a revocation each; returns how many."""
    not_ended = LoginSession.objects.using(using).filter(ended_at__isnull=True)
    while ids := list(not_ended.values_list("pk", flat=True)[:_BATCH]):
        moment = to_datetime(clock.now())
        if ended := not_ended.filter(pk__in=ids).update(ended_at=moment, end_reason=reason):
            return ended
    return 0


def revoke(raw: str) -> bool:
    """Revoke one token: an access token its ``jti``, a refresh token its login session.

    Tells whether it was alive. Raises ``AccessTokenError`` or ``RefreshTokenInvalid`` for what
    is no token of ours.
    """
    now = clock.now()
    if raw.startswith(refresh_token.PREFIX):
        session = load_genuine(refresh_token.parse(raw))
        return end_session(session, LoginSession.EndReason.REVOKED, now)
    revocations = feed()
    revocations.ensure_current()  # or a process that has just begun takes the dead for alive
    token = verify(raw, now)
    if token.is_over(now) or revocations.is_revoked(token):
        return False
    revocations.revoke([f"jti:{token.jti}"], expires_at=now + conf.current().revocation_lifetime)
    _security_log.info("token_revoked user=%s jti=%s", token.subject, token.jti)
    return True


def active(user: AbstractBaseUser) -> LoginSessionQuerySet:
    """Return the user's live login sessions, newest use first."""
    using = router.db_for_write(LoginSession, instance=user)
    rows = LoginSession.objects.using(using).filter(user_id=user.pk)
    return rows.live(clock.now()).order_by("-last_used_at", "-created_at")


def _revoke(ids: Iterable[UUID], now: float) -> None:
    feed().revoke(
        [f"sid:{to_sid(session_id)}" for session_id in ids],
        expires_at=now + conf.current().revocation_lifetime,
    )


def _revoke_all_issued() -> None:
    now = clock.now()
    feed().revoke([f"*{int(now)}"], expires_at=now + conf.current().revocation_lifetime)


def _tell(owners: dict[UUID, object], reason: str, using: str) -> None:
    for session_id, user_id in owners.items():
        _security_log.info(
            "session_ended sid=%s reason=%s user=%s", to_sid(session_id), reason, user_id
        )
        signals.send_after_commit(
            signals.session_ended,
            sender=LoginSession,
            using=using,
            session_id=session_id,
            user_id=user_id,
            reason=reason,
        )
