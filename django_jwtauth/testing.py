"""What a project's own tests need: a client that is logged in, tokens of every sort, moving time.

For ``unittest`` and pytest alike. Everything here goes the way that a request goes: tokens are
signed, and verified like any other. Inside Django's ``TestCase`` nothing is left for the next
test, and a request with a token makes no query, so ``assertNumQueries(0)`` holds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from django_jwtauth import clock, conf, key_rotation, sessions
from django_jwtauth.revocation import feed
from django_jwtauth.revocation.polling import is_in_test_case
from django_jwtauth.sessions import TokenPair
from django_jwtauth.throttling import DEFAULT_RATES
from django_jwtauth.tokens import access_token

__all__ = [
    "JWTClient",
    "access_token_for",
    "at",
    "expired_access_token_for",
    "move_time",
    "poll_revocations",
    "revoked_access_token_for",
    "without_throttles",
]


class JWTClient(APIClient):
    """DRF's test client, with a login: ``client.login_as(user)``, then ``client.get(…)``."""

    def login_as(self, user: AbstractBaseUser, **claims: Any) -> TokenPair:
        """Start a login session for ``user``, and send its access token from now on.

        ``claims`` are as in ``access_token_for``. Returns the pair of tokens, for a test that
        refreshes or looks at the session.
        """
        pair = _start(user, claims)
        raw = _with_claims(pair.access_token, claims)
        self.credentials(HTTP_AUTHORIZATION=f"Bearer {raw}")
        return pair

    def logout(self) -> None:
        """Send nothing any more; the login session goes on, for only the server could end it."""
        if apps.is_installed("django.contrib.sessions"):
            super().logout()
        self.credentials()


def access_token_for(user: AbstractBaseUser, **claims: Any) -> str:
    """Return an access token of ``user``, in a login session of its own.

    ``claims`` are written over those that it has, or leave one out where they are ``None``:
    ``scope="orders:read"``, ``groups=["staff"]``, ``iss="https://somebody.else"``.
    """
    return _with_claims(_start(user, claims).access_token, claims)


def expired_access_token_for(user: AbstractBaseUser) -> str:
    """Return an access token of ``user`` that was good until a moment ago: ``token_expired``."""
    current = conf.current()
    expired_at = int(clock.now() - current.LEEWAY) - 1
    return access_token_for(user, iat=expired_at - current.ACCESS_TOKEN_LIFETIME, exp=expired_at)


def revoked_access_token_for(user: AbstractBaseUser) -> str:
    """Return an access token of ``user`` that was forced to expire: ``token_revoked``."""
    raw = access_token_for(user)
    sessions.revoke(raw)
    return raw


@contextmanager
def move_time(by: timedelta | float) -> Iterator[None]:
    """Let this package's clock run ahead by a ``timedelta``, or seconds, within the block.

    Blocks add up. Tokens, sessions, keys and throttles follow; ``timezone.now()`` does not.
    """
    before = clock.offset()
    clock.set_offset(before + (by.total_seconds() if isinstance(by, timedelta) else by))
    try:
        yield
    finally:
        clock.set_offset(before)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let this package's clock show ``moment`` at the start of the block, and run on from there.

    A naive ``moment`` is in the current time zone, as in Django's forms.
    """
    aware = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    with move_time(aware.timestamp() - time.time() - clock.offset()):
        yield


def poll_revocations() -> None:
    """Have this process ask for revocations and key changes now instead of within a second.

    For tests with more than one process, or that write rows by themselves. Inside ``TestCase``
    there is nobody to hear from: nothing is committed there.
    """
    if not is_in_test_case():
        feed().forget()
        feed().ensure_current()


@contextmanager
def without_throttles() -> Iterator[None]:
    """Switch this package's throttles off within the block.

    They count failures in Django's cache, which no test database rolls back: without this, what
    one test counted can refuse another.
    """
    framework = getattr(settings, "REST_FRAMEWORK", {})
    rates = {**framework.get("DEFAULT_THROTTLE_RATES", {}), **dict.fromkeys(DEFAULT_RATES)}
    with override_settings(REST_FRAMEWORK={**framework, "DEFAULT_THROTTLE_RATES": rates}):
        yield


def _start(user: AbstractBaseUser, claims: Mapping[str, Any]) -> TokenPair:
    # What belongs to the session is in the tokens of its refreshes, too.
    return sessions.start(user, scope=claims.get("scope") or "", label="django_jwtauth.testing")


def _with_claims(raw: str, claims: Mapping[str, Any]) -> str:
    if not claims:
        return raw
    _, own = access_token.read_unverified(raw)
    merged = {name: value for name, value in {**own, **claims}.items() if value is not None}
    return access_token.make(merged, key_rotation.signing_key(clock.now()))
