"""Accepts an access token, or refuses it: the one place, for every integration."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.base_user import AbstractBaseUser

from django_jwtauth import clock, conf, key_rotation, users
from django_jwtauth.conf import Settings
from django_jwtauth.exceptions import JWTAuthError, TokenRevoked, UnknownSigningKey
from django_jwtauth.revocation import feed
from django_jwtauth.tokens import access_token
from django_jwtauth.tokens.claims import AccessToken, Expected
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.verified_cache import VerifiedCache


def same_error(error: JWTAuthError) -> Exception:
    """Return the error of a user's late load as it is; importable, so that the user pickles."""
    return error


def authenticate(
    raw: str, load_error: Callable[[JWTAuthError], Exception] = same_error
) -> tuple[AbstractBaseUser, AccessToken]:
    """Return the user and the verified token; no statement, no I/O on a token seen or new.

    The user is loaded when another field than its key is touched; ``load_error``, an importable
    function, makes the error that is raised then. Raises ``AccessTokenError`` where the client
    should refresh, ``RevocationsUnknown`` where nothing can be said.
    """
    token = accept(raw, clock.now())
    return users.user_of(token, load_error), token


def accept(raw: str, now: float) -> AccessToken:
    """Return the token if it is ours, in its time, and not revoked."""
    revocations = feed()
    revocations.ensure_current()
    token = verify(raw, now)
    token.check_time(now)
    if revocations.is_revoked(token):
        raise TokenRevoked
    return token


def verify(raw: str, now: float) -> AccessToken:
    """Return the token if its signature and claims are right, whatever its time."""
    ring = key_rotation.key_ring(now)
    memory = _memory()
    held_for, verified = memory.held
    if held_for is not ring:
        verified = memory.renew(ring)
    token = verified.get(raw)
    if token is None:
        token = _verify_new(raw, ring, now)
        verified.add(raw, token)
    return token


def _verify_new(raw: str, ring: KeyRing, now: float) -> AccessToken:
    try:
        return access_token.verify(raw, ring, _expected(), now)
    except UnknownSigningKey:
        newer = key_rotation.ring_for_unknown_kid(now)
        if newer is ring:
            raise
        return access_token.verify(raw, newer, _expected(), now)


class _Memory:
    """The verified tokens of one key ring: another ring, another memory."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held: tuple[KeyRing | None, VerifiedCache] = (None, VerifiedCache())

    def renew(self, ring: KeyRing) -> VerifiedCache:
        verified = VerifiedCache()
        self.held = (ring, verified)
        return verified


@conf.per_settings
def _memory(_settings: Settings) -> _Memory:
    return _Memory()


@conf.per_settings
def _expected(settings: Settings) -> Expected:
    return settings.expected
