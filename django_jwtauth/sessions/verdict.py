"""What a genuine refresh token is worth: decides, and neither reads nor writes anything."""

from __future__ import annotations

from enum import StrEnum

from django_jwtauth import conf, users
from django_jwtauth.exceptions import RefreshTokenExpired, SessionEnded
from django_jwtauth.models import LoginSession, seconds_between

_Reason = LoginSession.EndReason


class Step(StrEnum):
    """What a refresh does next with a token of a session that lives."""

    ROTATE = "rotate"  # it is the current one, or newer than a row that comes from a backup
    RETRY = "retry"  # the rotation was a moment ago: the current token once more
    REUSE = "reuse"  # superseded: the session ends


def refuse_if_over(session: LoginSession, now: float) -> None:
    """Raise ``SessionEnded`` or ``RefreshTokenExpired`` where the session lives no more."""
    if session.ended_at is not None:
        raise SessionEnded(session.end_reason)
    last = min(session.idle_expires_at, session.expires_at).timestamp()
    if int(now) >= int(last):  # less than a second is no lifetime to hand out
        raise RefreshTokenExpired


def lost_user(session: LoginSession) -> str | None:
    """Return the reason to end a session whose user may not hold it any more, or ``None``."""
    user = session.user
    if not users.is_usable(user) or getattr(session, "user_is_hidden", False):
        return _Reason.USER_INACTIVE
    if session.auth_hash != session.hash_of(user.password):
        return _Reason.PASSWORD_CHANGED
    return None


def next_step(session: LoginSession, presented: int, now: float) -> Step:
    """Judge the generation that a token was made for by the one that the session is in."""
    generation, recent = session.generation, _rotated_recently(session, now)
    # Ahead of the row: its MAC proves that we issued it, so the row comes from a backup.
    if presented > generation or (presented == generation and not recent):
        return Step.ROTATE
    if recent and presented >= generation - 1:
        return Step.RETRY
    return Step.REUSE


def _rotated_recently(session: LoginSession, now: float) -> bool:
    return (
        session.rotated_at is not None
        and seconds_between(session.rotated_at, now) < conf.current().REFRESH_RETRY_WINDOW
    )
