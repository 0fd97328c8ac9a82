"""What ``manage.py check --database default`` says of tokens that grow too long."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.checks import CheckMessage
from django.db import connection
from django.db.models import Model
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from django_jwtauth import sessions
from django_jwtauth.checks.token_sizes import COOKIE_LIMIT, HEADER_LIMIT
from django_jwtauth.models import LoginSession, SigningKey
from tests.checks.found import found, ids
from tests.outages import missing_table

pytestmark = pytest.mark.django_db

PATH = f"{__name__}.claims"
COOKIES = {"COOKIES": {"ENABLED": True}}
IN_TOKEN = {"PERMISSIONS": "token"}

# What the hook returns for each user.
length = 0


def claims(user: Any, session: Any) -> dict[str, Any]:
    if user.username == "unlucky":
        raise KeyError("a hook that needs more than there is")
    return {"x": "x" * length}


def said(**jwtauth: Any) -> list[CheckMessage]:
    return found(jwtauth, databases=["default"])


def in_groups(user: User, count: int) -> None:
    names = [f"{number:03}" + "g" * 97 for number in range(count)]
    user.groups.set(Group.objects.bulk_create(Group(name=name) for name in names))


@pytest.fixture
def users() -> list[User]:
    """Ten users in no group, and the last one in as many as the test says."""
    return [User.objects.create_user(f"user-{number}") for number in range(10)]


def length_for(user: User, **jwtauth: Any) -> int:
    with override_settings(JWTAUTH={"ISSUER": "https://auth.example.com", **jwtauth}):
        return len(sessions.start(user).access_token)


@pytest.mark.parametrize("count", [5, 20, 80])
def test_a_user_in_too_many_groups_is_told(users: list[User], count: int) -> None:
    in_groups(users[-1], count)
    messages = said(**IN_TOKEN, **COOKIES)
    size = length_for(users[-1], **IN_TOKEN)
    expected = ["W501"] if size > COOKIE_LIMIT else []
    assert ids(messages) == expected + (["W502"] if size > HEADER_LIMIT else [])
    assert count != 80 or len(messages) == 2
    for message in messages:
        assert f"user {users[-1].pk} takes {size} bytes" in message.msg
        assert "EXTRA_CLAIMS" in str(message.hint)


def test_without_cookies_a_header_alone_has_to_hold_it(users: list[User]) -> None:
    in_groups(users[-1], 50)
    assert COOKIE_LIMIT < length_for(users[-1], **IN_TOKEN) < HEADER_LIMIT
    assert said(**IN_TOKEN) == []


def test_groups_that_stay_in_the_database_take_no_room(users: list[User]) -> None:
    in_groups(users[-1], 80)
    assert said(**COOKIES) == []


def test_claims_of_the_projects_own_are_told(
    users: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions.start(users[4])
    assert said(EXTRA_CLAIMS=PATH, **COOKIES) == []
    monkeypatch.setitem(globals(), "length", 3000)
    assert ids(said(EXTRA_CLAIMS=PATH, **COOKIES)) == ["W501"]
    assert said(EXTRA_CLAIMS=PATH) == []
    monkeypatch.setitem(globals(), "length", 7000)
    assert ids(said(EXTRA_CLAIMS=PATH)) == ["W502"]


def test_a_hook_that_fails_here_is_left_to_the_logins(users: list[User]) -> None:
    users[0].username = "unlucky"
    users[0].save()
    sessions.start(users[0])
    assert said(EXTRA_CLAIMS=PATH, **COOKIES) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [LoginSession, Group])
def test_a_table_that_is_missing_is_left_to_another_check(model: type[Model]) -> None:
    sessions.start(User.objects.create_user("user"))
    with missing_table(model):
        assert said(**IN_TOKEN) == []


def test_looking_makes_no_key(users: list[User]) -> None:
    in_groups(users[-1], 80)
    SigningKey.objects.all().delete()
    assert ids(said(**IN_TOKEN)) == ["W211"]
    assert not SigningKey.objects.exists()


def test_where_nothing_is_added_to_tokens_nobody_is_asked(users: list[User]) -> None:
    def asked(**jwtauth: Any) -> bool:
        with CaptureQueriesContext(connection) as captured:
            said(**jwtauth)
        return any("loginsession" in statement["sql"] for statement in captured)

    assert asked(**IN_TOKEN)
    assert not asked(**COOKIES)
