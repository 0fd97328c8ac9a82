"""django-oauth-toolkit: an OAuth server, here with the password grant and a public client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.apps import apps
from django.urls import include, path

from benchmarks.calls import Answer, Call, Credentials
from benchmarks.peers.base import PASSWORD, Peer

_CLIENT = "benchmarks"


class OAuthToolkit(Peer):
    """Its defaults: opaque access tokens, rotation without reuse protection."""

    name = "oauth-toolkit"
    title = "django-oauth-toolkit"
    distribution = "django-oauth-toolkit"
    apps: ClassVar[Sequence[str]] = ("oauth2_provider",)
    authentication = "oauth2_provider.contrib.rest_framework.OAuth2Authentication"

    def urls(self) -> list[Any]:
        """Return the OAuth endpoints."""
        return [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]

    def set_up(self) -> None:
        """Register the client."""
        application: Any = apps.get_model("oauth2_provider", "Application")  # type: ignore[misc]
        application.objects.create(
            client_id=_CLIENT,
            client_type=application.CLIENT_PUBLIC,
            authorization_grant_type=application.GRANT_PASSWORD,
        )

    def login(self, username: str, password: str = PASSWORD) -> Call:
        """The grant of RFC 6749 section 4.3."""
        return Call.form(
            "/o/token/",
            {
                "grant_type": "password",
                "client_id": _CLIENT,
                "username": username,
                "password": password,
            },
        )

    def credentials(self, answer: Answer) -> Credentials:
        """Return the pair of tokens."""
        body = answer.json()
        return Credentials(body["access_token"], body["refresh_token"])

    def refresh(self, credentials: Credentials) -> Call | None:
        """The grant of RFC 6749 section 6."""
        return Call.form(
            "/o/token/",
            {
                "grant_type": "refresh_token",
                "client_id": _CLIENT,
                "refresh_token": str(credentials.refresh),
            },
        )

    def logout(self, credentials: Credentials) -> Call | None:
        """Revoke the refresh token, and its access token with it (RFC 7009)."""
        return Call.form(
            "/o/revoke_token/", {"client_id": _CLIENT, "token": str(credentials.refresh)}
        )
