"""A client of the API with the tokens of its own login, as an app on a telephone is one."""

from typing import Any
from urllib.parse import urlencode

from rest_framework.test import APIClient

from django_jwtauth.models import LoginSession, from_sid
from django_jwtauth.tokens import access_token
from tests.answers import assert_pair

FORM = "application/x-www-form-urlencoded"
PASSWORD = "a password of ada's 4711"


def post_form(api: APIClient, path: str, form: dict[str, str], **headers: str) -> Any:
    """Send a form as OAuth clients do; the test client would make it multipart."""
    return api.generic("POST", path, urlencode(form), FORM, headers=headers)


class Device:
    """Logged in from its beginning; keeps the newest pair that it has been given."""

    def __init__(self, username: str = "ada", password: str = PASSWORD, **fields: Any) -> None:
        self.api = APIClient()
        credentials = {"username": username, "password": password}
        self.keep(assert_pair(self.api.post("/auth/login/", {**credentials, **fields}, "json")))
        _header, claims = access_token.read_unverified(self.access)
        self.sid: str = claims["sid"]

    def keep(self, pair: dict[str, Any]) -> None:
        self.access: str = pair["access_token"]
        self.refresh_token: str = pair["refresh_token"]

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.access}"}

    @property
    def session(self) -> LoginSession:
        return LoginSession.objects.get(pk=from_sid(self.sid))

    def get(self, path: str) -> Any:
        return self.api.get(path, headers=self.bearer)

    def post(self, path: str, data: Any = None) -> Any:
        return self.api.post(path, data or {}, "json", headers=self.bearer)

    def delete(self, path: str) -> Any:
        return self.api.delete(path, headers=self.bearer)

    def refresh(self, token: str | None = None) -> Any:
        """Ask for the next pair; the device keeps its own until told otherwise."""
        token = self.refresh_token if token is None else token
        return self.api.post("/auth/refresh/", {"refresh_token": token}, "json")

    def refreshed(self) -> dict[str, Any]:
        """Refresh for good, and return the pair."""
        pair = assert_pair(self.refresh())
        self.keep(pair)
        return pair
