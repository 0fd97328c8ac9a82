"""Refreshes a login session: takes a refresh token and hands out the next pair.

Why it cannot race: a session rotates by one compare-and-swap on its generation, and at most once
in a retry window. Whoever presents the current token, or the one before it, within that window
gets the row's *current* token, derived again: the identical string for every one of N racing
callers and for every retry. Whatever is older is reuse, and ends the session (RFC 9700 section
4.14.2).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connections, router
from django.http import HttpRequest

from django_jwtauth import clock, conf, key_rotation, signals
from django_jwtauth.client_info import client_address, user_agent
from django_jwtauth.exceptions import RefreshTokenInvalid, RefreshTokenReused, SessionEnded
from django_jwtauth.models import LoginSession, to_datetime
from django_jwtauth.revocation import feed
from django_jwtauth.sessions.end import end_session
from django_jwtauth.sessions.issue import TokenPair, make_access_token, make_pair
from django_jwtauth.sessions.proof import load_genuine
from django_jwtauth.sessions.start import FIRST_PARTY
from django_jwtauth.sessions.statements import compare_and_swap
from django_jwtauth.sessions.transactions import try_again
from django_jwtauth.sessions.verdict import Step, lost_user, next_step, refuse_if_over
from django_jwtauth.tokens import refresh_token
from django_jwtauth.tokens.refresh_token import RefreshToken

_security_log = logging.getLogger("django_jwtauth.security")
_Reason = LoginSession.EndReason


@dataclass(frozen=True, slots=True)
class _Refresh:
    """One call: what was presented, when, and by whom."""

    presented: RefreshToken
    now: float
    request: HttpRequest | None
    using: str


def refresh(
    token: str, request: HttpRequest | None = None, *, client_id: str | None = None
) -> TokenPair:
    """Take a refresh token, hand out the session's next pair of tokens.

    Two statements: SELECT, UPDATE; a retry one, the loser of a race three; no new row. Raises
    ``RefreshTokenInvalid``, ``RefreshTokenExpired``, ``RefreshTokenReused`` and ``SessionEnded``
    where the user has to log in again, ``NoSigningKey`` and ``RevocationsUnknown`` where the
    token stays good. Inside your own ``atomic()`` an error that you let out undoes the ending
    of a stolen session: catch it there.
    """
    now = clock.now()  # once, before the first statement: it decides the retry window
    call = _Refresh(refresh_token.parse(token), now, request, router.db_for_write(LoginSession))
    feed().ensure_current()
    kid = key_rotation.signing_kid(now)
    session = load_genuine(call.presented, kid)
    if getattr(session, "kid_is_revoked", False):
        # Another process has heard, and sent the client here: what is signed now is good there.
        feed().learn_key(kid)
    if client_id is not None and session.client_id not in (FIRST_PARTY, client_id):
        raise RefreshTokenInvalid("the login named another client")
    refuse_if_over(session, now)
    user = _checked_user(session, call)
    # The access token comes before the rotation: if no key can sign, nothing has happened, and
    # the client's token is as good as before.
    access = make_access_token(session, user, now)
    rotated = _advance(session, call)
    _tell(session, user, call, rotated=rotated)
    return make_pair(session, access, now)


def _checked_user(session: LoginSession, call: _Refresh) -> AbstractBaseUser:
    reason = lost_user(session)
    if reason is None:
        user: AbstractBaseUser = session.user
        return user
    end_session(session, reason, call.now)
    raise SessionEnded(reason)


def _advance(session: LoginSession, call: _Refresh) -> bool:
    """Bring ``session`` to the generation to hand out; tells whether this call rotated it."""
    step = next_step(session, call.presented.generation, call.now)
    if step is Step.REUSE:
        raise _reuse(session, call)
    if step is Step.RETRY:
        return False
    return try_again(lambda: _swap(session, call), call.using) or _follow_winner(session, call)


def _swap(session: LoginSession, call: _Refresh) -> bool:
    """Rotate by compare-and-swap; one UPDATE."""
    moment = to_datetime(call.now)
    values: dict[str, Any] = {
        "generation": call.presented.generation + 1,
        "rotated_at": moment,
        "last_used_at": moment,
        "idle_expires_at": to_datetime(call.now + conf.current().REFRESH_TOKEN_LIFETIME),
    }
    if call.request is not None:
        device = {
            "ip_address": client_address(call.request),
            "user_agent": user_agent(call.request),
        }
        # Nobody else writes them: what was read stands there as long as the generation does.
        values |= {name: new for name, new in device.items() if new != getattr(session, name)}
    won = compare_and_swap(session, values, call.using)
    if won:
        for name, value in values.items():
            setattr(session, name, value)
    return won


def _follow_winner(session: LoginSession, call: _Refresh) -> bool:
    """Another call rotated or ended the session meanwhile: read it as it is now, and follow."""
    rows = LoginSession.objects.using(call.using)
    if connections[call.using].in_atomic_block:
        # A plain read would show the snapshot of an outer transaction under REPEATABLE READ;
        # outside one, the lock itself would fail there.
        rows = rows.select_for_update()
    current = rows.find(session.pk)
    if current is None:
        raise RefreshTokenInvalid("the session is gone")
    if current.ended_at is not None:
        raise SessionEnded(current.end_reason)
    session.generation, session.rotated_at = current.generation, current.rotated_at
    session.idle_expires_at = current.idle_expires_at
    if not conf.current().REFRESH_RETRY_WINDOW:
        raise _reuse(session, call)
    # Whatever the clocks say, the token was current when it came: who waited for a lock longer
    # than the window is no thief.
    return False


def _reuse(session: LoginSession, call: _Refresh) -> RefreshTokenReused:
    """End the session of a token that was superseded before; returns the error to raise."""
    if end_session(session, _Reason.REUSE, call.now):  # of several at once, one tells
        _tell_of_reuse(session, call)
    return RefreshTokenReused()


def _tell_of_reuse(session: LoginSession, call: _Refresh) -> None:
    generations = session.generation - call.presented.generation
    seconds = call.now - session.rotated_at.timestamp() if session.rotated_at else 0.0
    _security_log.warning(
        "refresh_token_reused user=%s sid=%s generations=%d seconds=%.1f address=%s",
        session.user_id,
        session.sid,
        generations,
        seconds,
        client_address(call.request) if call.request is not None else None,
    )
    signals.send_after_commit(
        signals.refresh_token_reused,
        sender=LoginSession,
        using=call.using,
        session=session,
        user=session.user,
        request=call.request,
        generations=generations,
        seconds=seconds,
    )


def _tell(session: LoginSession, user: AbstractBaseUser, call: _Refresh, *, rotated: bool) -> None:
    if not rotated and call.request is not None:
        address = client_address(call.request)
        if address != session.ip_address:
            _security_log.warning(
                "refresh_retried_elsewhere user=%s sid=%s address=%s before=%s",
                user.pk,
                session.sid,
                address,
                session.ip_address,
            )
    signals.send_after_commit(
        signals.session_refreshed,
        sender=LoginSession,
        using=call.using,
        session=session,
        user=user,
        request=call.request,
        retried=not rotated,
    )
