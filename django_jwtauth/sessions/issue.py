"""Makes the tokens of a login session. Writes nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser

from django_jwtauth import conf, key_rotation, users
from django_jwtauth.models import LoginSession
from django_jwtauth.revocation import feed
from django_jwtauth.tokens import access_token, refresh_token
from django_jwtauth.tokens.encoding import b64encode

# Equal periods would let a thief refresh in step with the victim, unseen; and they would make
# all clients of one moment come back in one moment.
_SHORTEST: Final = 0.95
_random: Final = SystemRandom()


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login or a refresh hands to the client; the two lifetimes are seconds."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    refresh_expires_in: int
    session: LoginSession


def make_access_token(
    session: LoginSession,
    user: AbstractBaseUser,
    now: float,
    *,
    lifetime: float | None = None,
) -> tuple[str, int]:
    """Sign an access token for ``session``; returns it with its lifetime in seconds.

    It never outlives the session. Claims are built anew from the user as it is now. Raises
    ``NoSigningKey``, and ``ImproperlyConfigured`` for a claims hook that is wrong.
    """
    settings = conf.current()
    # Where "every token issued up to now" was revoked in this very second, this one is later.
    issued_at = max(int(now), feed().revoked_until() + 1)
    if lifetime is None:
        lifetime = settings.ACCESS_TOKEN_LIFETIME * _random.uniform(_SHORTEST, 1)
    expires_at = min(issued_at + max(int(lifetime), 1), int(session.expires_at.timestamp()))
    claims: dict[str, Any] = {
        "iss": settings.ISSUER[0],
        "aud": settings.AUDIENCE[0],
        "sub": users.subject_of(user),
        "client_id": session.client_id,
        "iat": issued_at,
        "exp": expires_at,
        "jti": b64encode(secrets.token_bytes(16)),
        "sid": session.sid,
        **users.token_claims(user, session),
    }
    return access_token.make(claims, key_rotation.signing_key(now)), expires_at - issued_at


def make_pair(session: LoginSession, access: tuple[str, int], now: float) -> TokenPair:
    """Put the access token, as made, together with the refresh token of the row as it is."""
    return TokenPair(
        access_token=access[0],
        refresh_token=make_refresh_token(session),
        expires_in=access[1],
        refresh_expires_in=refresh_expires_in(session, now),
        session=session,
    )


def make_refresh_token(session: LoginSession) -> str:
    """Derive the refresh token of the generation that ``session`` is in."""
    return refresh_token.derive(
        session.id, session.generation, bytes(session.secret), conf.server_secrets()[0]
    )


def refresh_expires_in(session: LoginSession, now: float) -> int:
    """Return the seconds until the refresh token dies, unused or at the session's end."""
    return int(min(session.idle_expires_at, session.expires_at).timestamp()) - int(now)
