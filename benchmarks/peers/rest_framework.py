"""What REST framework and Django bring themselves: one token a user, and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.urls import path
from django.utils.module_loading import import_string

from benchmarks.calls import Answer, Call, Credentials
from benchmarks.peers.base import PASSWORD, Peer


class TokenAuth(Peer):
    """REST framework's ``TokenAuthentication``: one token a user, for ever, in clear text."""

    name = "drf-token"
    title = "DRF TokenAuthentication"
    apps: ClassVar[Sequence[str]] = ("rest_framework.authtoken",)
    authentication = "rest_framework.authentication.TokenAuthentication"

    def urls(self) -> list[Any]:
        """Return the login; there is no logout."""
        return [path("login/", import_string("rest_framework.authtoken.views.obtain_auth_token"))]

    def login(self, username: str, password: str = PASSWORD) -> Call:
        """User name and password for the token."""
        return Call.json("/login/", {"username": username, "password": password})

    def credentials(self, answer: Answer) -> Credentials:
        """Return the token."""
        return Credentials(answer.json()["token"])

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Send the token under REST framework's scheme."""
        return {"Authorization": f"Token {credentials.access}"}


class DjangoSession(Peer):
    """Django's sessions in the database, through REST framework's ``SessionAuthentication``."""

    name = "django-session"
    title = "Django sessions"
    apps: ClassVar[Sequence[str]] = ("django.contrib.sessions",)
    middleware: ClassVar[Sequence[str]] = (
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    )
    before_view = middleware
    authentication = "rest_framework.authentication.SessionAuthentication"

    def urls(self) -> list[Any]:
        """Return login and logout."""
        return [
            path(f"{name}/", import_string(f"benchmarks.views.{name}"))
            for name in ("login", "logout")
        ]

    def login(self, username: str, password: str = PASSWORD) -> Call:
        """User name and password for a session cookie."""
        return Call.json("/login/", {"username": username, "password": password})

    def credentials(self, answer: Answer) -> Credentials:
        """Return the session key."""
        return Credentials(answer.cookie("sessionid"))

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Send the cookie."""
        return {"Cookie": f"sessionid={credentials.access}"}

    def logout(self, credentials: Credentials) -> Call | None:
        """Delete the session."""
        return Call("POST", "/logout/", headers=self.headers(credentials))
