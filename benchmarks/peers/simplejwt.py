"""djangorestframework-simplejwt: with its defaults, with rotation and blacklist, and stateless."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.urls import path
from django.utils.module_loading import import_string

from benchmarks.calls import Answer, Call, Credentials
from benchmarks.peers.base import PASSWORD, Peer


class SimpleJWT(Peer):
    """Its defaults: HS256, no rotation, a query for the user on each request."""

    name = "simplejwt"
    title = "SimpleJWT, no blacklist"
    distribution = "djangorestframework-simplejwt"
    apps: ClassVar[Sequence[str]] = ("rest_framework_simplejwt",)
    authentication = "rest_framework_simplejwt.authentication.JWTAuthentication"

    def urls(self) -> list[Any]:
        """Return the views that its documentation shows."""
        views = {
            "token/": "TokenObtainPairView",
            "token/refresh/": "TokenRefreshView",
            "token/blacklist/": "TokenBlacklistView",
        }
        return [
            path(route, import_string(f"rest_framework_simplejwt.views.{view}").as_view())
            for route, view in views.items()
        ]

    def login(self, username: str, password: str = PASSWORD) -> Call:
        """User name and password for a pair of tokens."""
        return Call.json("/token/", {"username": username, "password": password})

    def credentials(self, answer: Answer) -> Credentials:
        """Return the tokens; without rotation a refresh answers an access token alone."""
        body = answer.json()
        return Credentials(body["access"], body.get("refresh"))

    def refresh(self, credentials: Credentials) -> Call | None:
        """Refresh token for the next access token."""
        return Call.json("/token/refresh/", {"refresh": credentials.refresh})


class SimpleJWTBlacklist(SimpleJWT):
    """With the blacklist app, rotation and ``last_login``: the nearest to this package."""

    name = "simplejwt-blacklist"
    title = "SimpleJWT, blacklist and rotation"
    apps: ClassVar[Sequence[str]] = (
        "rest_framework_simplejwt",
        "rest_framework_simplejwt.token_blacklist",
    )
    settings: ClassVar[dict[str, Any]] = {
        "SIMPLE_JWT": {
            "ROTATE_REFRESH_TOKENS": True,
            "BLACKLIST_AFTER_ROTATION": True,
            "UPDATE_LAST_LOGIN": True,
        }
    }

    def logout(self, credentials: Credentials) -> Call | None:
        """Blacklist the refresh token."""
        return Call.json("/token/blacklist/", {"refresh": credentials.refresh})


class SimpleJWTStateless(SimpleJWT):
    """Its stateless user: no query on a request, and no permissions."""

    name = "simplejwt-stateless"
    title = "SimpleJWT, stateless user"
    authentication = "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"
