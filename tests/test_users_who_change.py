"""`docs/users-who-change.md`, cell by cell."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import path
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from django_jwtauth.models import LoginSession, from_sid
from tests.apps.staff.models import Staff
from tests.urls import urlpatterns as suite_urls

PAGE = Path(__file__).parents[1] / "docs" / "users-who-change.md"
OLD_PASSWORD, NEW_PASSWORD = "an old password", "a new one 4711"
NEW_NAME = "other"

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class KeyOnlyView(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"pk": request.user.pk})


class FieldView(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"username": request.user.get_username()})


urlpatterns = [
    *suite_urls,
    path("key-only/", KeyOnlyView.as_view()),
    path("field/", FieldView.as_view()),
]


class Device:
    """A client with the tokens of its own login."""

    def __init__(self, username: str = "ada", password: str = OLD_PASSWORD) -> None:
        answer = log_in(username, password)
        assert answer.status_code == 200, answer.content
        self.access, self.refresh_token = (
            answer.json()["access_token"],
            answer.json()["refresh_token"],
        )

    def get(self, url: str) -> Any:
        return APIClient().get(url, HTTP_AUTHORIZATION=f"Bearer {self.access}")

    def refresh(self) -> Any:
        body = {"refresh_token": self.refresh_token}
        return APIClient().post("/auth/refresh/", body, format="json")

    @property
    def sid(self) -> str:
        sessions = self.get("/auth/sessions/").json()
        return next(session["sid"] for session in sessions if session["current"])


def log_in(username: str, password: str) -> Any:
    body = {"username": username, "password": password}
    return APIClient().post("/auth/login/", body, format="json")


def change_in_admin(user: User) -> None:
    admin = User.objects.create_superuser("root", password="root")
    client = Client()
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    answer = client.post(f"/admin/auth/user/{user.pk}/password/", passwords)
    assert answer.status_code == 302, answer.content


def change_by_command(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda *_args, **_kwargs: NEW_PASSWORD)
    call_command("changepassword", user.username, verbosity=0)


def set_password(user: User, password: str | None = NEW_PASSWORD) -> None:
    user.set_password(password)
    user.save()


def deactivate(user: User) -> None:
    user.is_active = False
    user.save()


def delete_in_sql(user: User) -> None:
    with connection.cursor() as cursor:
        for table in ("django_jwtauth_loginsession", "auth_user"):
            column = "id" if table == "auth_user" else "user_id"
            cursor.execute(f"DELETE FROM {table} WHERE {column} = %s", [user.pk])


def rename(user: User) -> None:
    user.username = NEW_NAME
    user.save()


def as_staff(user: User) -> Staff:
    return Staff.objects.get(pk=user.pk)


def rows_of(user: User) -> Any:
    return User.objects.filter(pk=user.pk)


def prefer_another_hasher(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]


def assign_hash(user: User, settings: Any) -> None:
    """Change the password in a way that looks much like an upgrade."""
    prefer_another_hasher(settings)
    user = User.objects.get(pk=user.pk)
    user.password = make_password(NEW_PASSWORD)
    user.save(update_fields=["password"])


def upgrade_hasher(user: User, settings: Any) -> None:
    prefer_another_hasher(settings)
    assert log_in("ada", OLD_PASSWORD).status_code == 200
    user.refresh_from_db()
    assert user.password.startswith("pbkdf2_sha256$")


CHANGES: dict[str, Callable[..., Any]] = {
    "deactivated by `save()`": lambda user, **_: deactivate(user),
    "deactivated by `QuerySet.update()`": lambda user, **_: rows_of(user).update(is_active=False),
    "deleted by `delete()`": lambda user, **_: user.delete(),
    "deleted by `QuerySet.delete()`": lambda user, **_: rows_of(user).delete(),
    "deleted in SQL": lambda user, **_: delete_in_sql(user),
    "password changed by `set_password()` and `save()`": lambda user, **_: set_password(user),
    "password changed by `QuerySet.update()`": lambda user, **_: rows_of(user).update(
        password=make_password(NEW_PASSWORD)
    ),
    "password changed by `manage.py changepassword`": lambda user, monkeypatch, **_: (
        change_by_command(user, monkeypatch)
    ),
    "password changed in the admin": lambda user, **_: change_in_admin(user),
    "password changed by assigning a hash": lambda user, settings, **_: assign_hash(user, settings),
    "password made unusable": lambda user, **_: set_password(user, None),
    "hasher upgraded at a login": lambda user, settings, **_: upgrade_hasher(user, settings),
    "user name changed": lambda user, **_: rename(user),
    "row of the login session deleted": lambda device, **_: LoginSession.objects.get(
        pk=from_sid(device.sid)
    ).delete(),
    "made through a proxy model": lambda **_: None,
    "deactivated through a proxy model": lambda user, **_: deactivate(as_staff(user)),
    "deleted through a proxy model": lambda user, **_: as_staff(user).delete(),
    "password changed through a proxy model": lambda user, **_: set_password(as_staff(user)),
}
ACTIONS: dict[str, Callable[..., Any]] = {
    "request": lambda device, **_: device.get("/field/"),
    "key only": lambda device, **_: device.get("/key-only/"),
    "refresh": lambda device, **_: device.refresh(),
    "login": lambda username, password, **_: log_in(username, password),
    "sessions list": lambda device, **_: device.get("/auth/sessions/"),
    "another device": lambda other, **_: other.get("/field/"),
}


def table() -> dict[str, dict[str, str]]:
    """Return the page's table: change, action, what is right."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    head, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


def seen(answer: Any) -> str:
    if answer.status_code == 200:
        return "ok"
    body = answer.json()
    assert answer.status_code == (400 if "error" in body else 401), answer.content
    challenge = answer.headers.get("WWW-Authenticate", "")
    assert ('error="invalid_token"' in challenge) is (answer.status_code == 401)
    return f"{body['code']}: {body['reason']}" if "reason" in body else str(body["code"])


def test_the_page_has_every_change_and_every_action() -> None:
    cells = table()
    assert set(cells) == set(CHANGES)
    assert all(set(row) == set(ACTIONS) for row in cells.values())


@pytest.mark.parametrize("loading", ["deferred", "database"])
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("change", CHANGES)
def test_each_cell_is_right(
    change: str,
    action: str,
    loading: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.JWTAUTH = {"USER_LOADING": loading}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    model = Staff if "made through a proxy" in change else get_user_model()
    user = model.objects.create_user("ada", password=OLD_PASSWORD)
    device, other = Device(), Device()

    CHANGES[change](user=user, device=device, settings=settings, monkeypatch=monkeypatch)
    new_password = re.match("password changed", change) is not None
    answer = ACTIONS[action](
        device=device,
        other=other,
        username=NEW_NAME if change == "user name changed" else "ada",
        password=NEW_PASSWORD if new_password else OLD_PASSWORD,
    )

    right = table()[change][action].split(" / ")
    assert seen(answer) == right[-1 if loading == "database" else 0]
