"""A client of the API with the tokens of its own login, as an app on a telephone is one."""

from typing import Any

from rest_framework.test import APIClient

from django_jwtauth.models import LoginSession, from_sid
from django_jwtauth.tokens import access_token
from tests.answers import assert_pair

PASSWORD = "a password of ada's 4711"


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
        return self.api.post("/auth/refresh/", {"refresh_token": token or self.refresh_token})

    def refreshed(self) -> dict[str, Any]:
        """Refresh for good, and return the pair."""
        pair = assert_pair(self.refresh())
        self.keep(pair)
        return pair
