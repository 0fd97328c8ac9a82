"""django-rest-knox: opaque tokens, one row each."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, ClassVar

from django.urls import path
from django.utils.module_loading import import_string

from benchmarks.calls import Answer, Call, Credentials
from benchmarks.peers.base import PASSWORD, Peer


class Knox(Peer):
    """Its defaults; the login takes HTTP Basic, as its documentation has it."""

    name = "knox"
    title = "knox"
    distribution = "django-rest-knox"
    apps: ClassVar[Sequence[str]] = ("knox",)
    authentication = "knox.auth.TokenAuthentication"

    def urls(self) -> list[Any]:
        """Return login and logout."""
        login = import_string("knox.views.LoginView")
        logout = import_string("knox.views.LogoutView")
        basic = import_string("rest_framework.authentication.BasicAuthentication")
        return [
            path("login/", login.as_view(authentication_classes=[basic])),
            path("logout/", logout.as_view()),
        ]

    def login(self, username: str, password: str = PASSWORD) -> Call:
        """HTTP Basic for a token."""
        basic = b64encode(f"{username}:{password}".encode()).decode()
        return Call.json("/login/", {}, Authorization=f"Basic {basic}")

    def credentials(self, answer: Answer) -> Credentials:
        """Return the token."""
        return Credentials(answer.json()["token"])

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Send the token under knox's scheme."""
        return {"Authorization": f"Token {credentials.access}"}

    def logout(self, credentials: Credentials) -> Call | None:
        """Delete the token."""
        return Call("POST", "/logout/", headers=self.headers(credentials))
