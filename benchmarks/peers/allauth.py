"""django-allauth headless with its JWT strategy, for app clients."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar

# allauth names this module without importing it.
import cryptography.hazmat.primitives.serialization  # noqa: F401
from django.urls import include, path

from benchmarks.calls import Answer, Call, Credentials
from benchmarks.peers.base import PASSWORD, Peer


class Allauth(Peer):
    """Its defaults (RS256), with rotation; rate limits off, for a measurement would meet them."""

    name = "allauth"
    title = "allauth headless JWT"
    distribution = "django-allauth"
    apps: ClassVar[Sequence[str]] = (
        "django.contrib.sessions",
        "django.contrib.messages",
        "allauth",
        "allauth.account",
        "allauth.headless",
    )
    middleware: ClassVar[Sequence[str]] = (
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    )
    settings: ClassVar[dict[str, Any]] = {
        "HEADLESS_ONLY": True,
        "HEADLESS_CLIENTS": ["app"],
        "HEADLESS_TOKEN_STRATEGY": "allauth.headless.tokens.strategies.jwt.JWTTokenStrategy",
        "HEADLESS_JWT_PRIVATE_KEY": os.environ.get("BENCH_PRIVATE_KEY", ""),
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_RATE_LIMITS": False,
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
    }
    authentication = "allauth.headless.contrib.rest_framework.authentication.JWTTokenAuthentication"

    def urls(self) -> list[Any]:
        """Return the headless API."""
        return [path("_allauth/", include("allauth.headless.urls"))]

    def login(self, username: str, password: str = PASSWORD) -> Call:
        """User name and password for a pair of tokens."""
        return Call.json(
            "/_allauth/app/v1/auth/login", {"username": username, "password": password}
        )

    def credentials(self, answer: Answer) -> Credentials:
        """Return the pair of tokens: a login has them in its meta data, a refresh in its data."""
        body = answer.json()
        tokens = body.get("meta") or body["data"]
        return Credentials(tokens["access_token"], tokens["refresh_token"])

    def refresh(self, credentials: Credentials) -> Call | None:
        """Refresh token for the next pair."""
        return Call.json("/_allauth/app/v1/tokens/refresh", {"refresh_token": credentials.refresh})

    def logout(self, credentials: Credentials) -> Call | None:
        """End the session; the answer to a success is 401."""
        return Call("DELETE", "/_allauth/app/v1/auth/session", headers=self.headers(credentials))
