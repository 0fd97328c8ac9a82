"""Takes a token apart for a person: what it says, what is proven of it, why it is refused.

Asks the functions that decide; repeats none of their rules. Shows nothing that opens a door.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, router

from django_jwtauth import conf, key_rotation, users
from django_jwtauth.exceptions import (
    AccessTokenError,
    JWTAuthError,
    NoUserDatabase,
    RefreshTokenExpired,
    RefreshTokenInvalid,
    SessionEnded,
    TokenExpired,
    TokenInvalid,
    TokenRevoked,
    UnknownSigningKey,
)
from django_jwtauth.management.durations import show_duration, show_moment
from django_jwtauth.models import LoginSession, from_sid, to_sid
from django_jwtauth.revocation import feed
from django_jwtauth.sessions.authenticate import accept, verify
from django_jwtauth.sessions.proof import load_genuine
from django_jwtauth.sessions.verdict import Step, lost_user, next_step, refuse_if_over
from django_jwtauth.tokens import access_token, refresh_token
from django_jwtauth.tokens.claims import AccessToken

_TIMES: Final = ("iat", "exp", "nbf")


@dataclass(slots=True)
class Inspection:
    """What was found: ``parts`` by heading, and either why it is refused or what it is good for."""

    parts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    fault: str = ""
    outlook: str = ""


def inspect(raw: str, now: float) -> Inspection:
    """Take ``raw`` apart; raises ``JWTAuthError`` where nothing can be said, such as no keys."""
    if raw.startswith(refresh_token.PREFIX):
        return _inspect_refresh_token(raw, now)
    return _inspect_access_token(raw, now)


def _inspect_access_token(raw: str, now: float) -> Inspection:
    feed().ensure_current()
    found = Inspection()
    try:
        header, claims = access_token.read_unverified(raw)
    except TokenInvalid as error:
        found.fault = str(error)
        return found
    found.parts = {
        "header": header,
        "claims": {name: _shown_claim(name, value) for name, value in claims.items()},
        "key": _key(header.get("kid"), now),
    }
    try:
        token = accept(raw, now)
        found.parts["user"] = _user(token)
    except AccessTokenError as error:
        found.fault = _why_refused(error, raw, claims, now)
    else:
        left = token.expires_at - now
        found.outlook = f"it opens the API for {show_duration(left)} more."
    return found


def _shown_claim(name: str, value: object) -> object:
    if name not in _TIMES or type(value) is not int:
        return value
    try:
        return f"{value} ({show_moment(value)})"
    except (ValueError, OverflowError, OSError):  # no moment of the calendar
        return value


def _key(kid: object, now: float) -> dict[str, str]:
    ring = key_rotation.key_ring(now)
    key = ring.find(kid) if isinstance(kid, str) else None
    if key is None:
        return {"kid": "unknown here; list_jwt_keys shows the keys there are"}
    revoked = key.kid in feed().revoked_kids()
    moments = {
        "signs from": key.active_at,
        "signs until": key.retire_at,
        "verifies until": key.expire_at,
    }
    return {
        "kid": key.kid,
        "algorithm": key.algorithm,
        "state": "revoked" if revoked else str(key.state(now)),
        **{name: show_moment(moment) for name, moment in moments.items() if moment is not None},
    }


def _user(token: AccessToken) -> dict[str, str]:
    try:
        return _shown_user(users.load_user(token.subject))
    except (NoUserDatabase, DatabaseError):
        # A service that verifies alone has no table of users, or none with this one in it.
        return {"name": "not looked up: there is no table of users here"}


def _shown_user(user: AbstractBaseUser) -> dict[str, str]:
    return {"name": user.get_username(), "primary key": str(user.pk)}


def _why_refused(error: JWTAuthError, raw: str, claims: Mapping[str, Any], now: float) -> str:
    if isinstance(error, UnknownSigningKey):
        ours = claims.get("iss") in conf.current().ISSUER
        return f"{error}{'' if ours else ' It names another issuer, too.'}"
    if isinstance(error, TokenExpired):
        return f"{error} {_why_over(verify(raw, now), now)}"
    if isinstance(error, TokenRevoked):
        return f"{error} {_why_revoked(verify(raw, now))}"
    return str(error)


def _why_over(token: AccessToken, now: float) -> str:
    if token.expires_at <= now:
        return f"Its exp was {show_duration(now - token.expires_at)} ago."
    longest = show_duration(conf.current().ACCESS_TOKEN_LIFETIME)
    return f"Its exp is yet to come, but it is older than the {longest} that any token lives."


def _why_revoked(token: AccessToken) -> str:
    revocations = feed()
    if token.kid in revocations.revoked_kids():
        return f"Its signing key {token.kid} was revoked."
    if token.issued_at <= revocations.revoked_until():
        return f"So was every token until {show_moment(revocations.revoked_until())}."
    session = _session(token.session_id)
    if session is not None and session.ended_at is not None:
        return f"Its login session ended {_when_and_why(session)}."
    if token.session_id in revocations.snapshot.sids:
        return "Its login session has ended."
    return "It was revoked alone; its login session goes on."


def _session(sid: str | None) -> LoginSession | None:
    try:
        rows = LoginSession.objects.using(router.db_for_write(LoginSession))
        return rows.find(from_sid(sid or ""))
    except (ValueError, ImproperlyConfigured, DatabaseError):
        return None


def _when_and_why(session: LoginSession) -> str:
    moment = "" if session.ended_at is None else show_moment(session.ended_at.timestamp())
    return f"at {moment}: {session.get_end_reason_display() or 'no reason given'}"


def _inspect_refresh_token(raw: str, now: float) -> Inspection:
    found = Inspection()
    try:
        presented = refresh_token.parse(raw)
        found.parts["refresh token"] = {
            "session": to_sid(presented.session_id),
            "generation": presented.generation,
        }
        session = load_genuine(presented)
    except RefreshTokenInvalid as error:
        found.fault = f"{error.detail} Namely: {error.reason}."
        return found
    found.parts["login session"] = _shown_session(session, now)
    found.parts["user"] = _shown_user(session.user)
    found.fault = _why_not_refreshed(session, now)
    if not found.fault:
        _foretell(found, session, presented.generation, now)
    return found


def _shown_session(session: LoginSession, now: float) -> dict[str, str]:
    moments = {
        "created": session.created_at,
        "rotated": session.rotated_at,
        "last used": session.last_used_at,
        "idle until": session.idle_expires_at,
        "ends at the latest": session.expires_at,
        "ended": session.ended_at,
    }
    return {
        "state": session.state(now).value,
        "generation": str(session.generation),
        "client": session.client_id,
        **({"label": session.label} if session.label else {}),
        **{
            name: show_moment(moment.timestamp())
            for name, moment in moments.items()
            if moment is not None
        },
    }


def _why_not_refreshed(session: LoginSession, now: float) -> str:
    try:
        refuse_if_over(session, now)
    except SessionEnded:
        return f"The login session ended {_when_and_why(session)}."
    except RefreshTokenExpired as error:
        is_idle = session.idle_expires_at < session.expires_at
        why = "was idle for too long" if is_idle else "has reached its latest end"
        return f"{error} Its login session {why}."
    reason = lost_user(session)
    if reason is None:
        return ""
    return f"A refresh would end the login session: {LoginSession.EndReason(reason).label}."


def _foretell(found: Inspection, session: LoginSession, generation: int, now: float) -> None:
    step = next_step(session, generation, now)
    if step is Step.ROTATE:
        found.outlook = "a refresh answers with the next token."
    elif step is Step.RETRY:
        found.outlook = "the last refresh was a moment ago; another answers with the same token."
    else:
        behind = session.generation - generation
        found.fault = (
            f"It was superseded {behind} generation{'' if behind == 1 else 's'} ago: a refresh "
            "would end the login session, for it may be stolen."
        )
