"""Users who log in and refresh, as clients of the application do."""

import secrets
from typing import Any

from django.contrib.auth.models import User

from tests.processes.http import Answer, Application, send

PASSWORD = "correct horse battery"


def new_user() -> str:
    """Make a user, and return the name."""
    name = secrets.token_hex(8)
    User.objects.create_user(name, password=PASSWORD)
    return name


def log_in(application: Application, name: str) -> dict[str, Any]:
    """Log in, and return the pair of tokens."""
    answer = send(application, "POST", "/auth/login/", {"username": name, "password": PASSWORD})
    assert answer.status == 200, answer
    pair: dict[str, Any] = answer.body
    return pair


def refresh(application: Application, token: str) -> Answer:
    """Present a refresh token."""
    return send(application, "POST", "/auth/refresh/", {"refresh_token": token})


def me(application: Application, token: str) -> Answer:
    """Call with an access token."""
    return send(application, "GET", "/auth/me/", token=token)
