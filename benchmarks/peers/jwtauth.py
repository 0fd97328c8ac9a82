"""This package, with its defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.urls import include, path

from benchmarks.calls import Answer, Call, Credentials
from benchmarks.peers.base import PASSWORD, Peer


class JWTAuth(Peer):
    """``django_jwtauth``."""

    name = "jwtauth"
    title = "django_jwtauth"
    distribution = "django-rest-jwtauth"
    apps: ClassVar[Sequence[str]] = ("django_jwtauth",)
    settings: ClassVar[dict[str, Any]] = {"JWTAUTH": {"ISSUER": "https://auth.example.com"}}
    authentication = "django_jwtauth.authentication.JWTAuthentication"

    def urls(self) -> list[Any]:
        """Return the auth endpoints."""
        return [path("auth/", include("django_jwtauth.urls"))]

    def login(self, username: str, password: str = PASSWORD) -> Call:
        """User name and password for a pair of tokens."""
        return Call.json("/auth/login/", {"username": username, "password": password})

    def credentials(self, answer: Answer) -> Credentials:
        """Return the pair of tokens."""
        body = answer.json()
        return Credentials(body["access_token"], body["refresh_token"])

    def refresh(self, credentials: Credentials) -> Call | None:
        """Refresh token for the next pair."""
        return Call.json("/auth/refresh/", {"refresh_token": credentials.refresh})

    def logout(self, credentials: Credentials) -> Call | None:
        """End the session of a refresh token."""
        return Call.json("/auth/logout/", {"refresh_token": credentials.refresh})
