"""What holds in the admin whatever the user model is.

`tests/users/test_custom_user_models.py` runs this file again for each kind of model.
"""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_jwtauth import sessions
from django_jwtauth.models import LoginSession
from tests.admin.people import act, listed, page, said, text_of
from tests.users.people import has_field, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Log somebody in who may do all, also where the model knows nothing of permissions."""
    model: Any = get_user_model()
    for name, value in {
        **({} if has_field("is_staff") else {"is_staff": True}),
        "has_perm": lambda *_args: True,
        "has_module_perms": lambda *_args: True,
    }.items():
        monkeypatch.setattr(model, name, value, raising=False)
    client = Client()
    client.force_login(make_user("root", **{"is_staff": True} if has_field("is_staff") else {}))
    return client


def test_a_session_is_listed_found_by_its_users_name_shown_and_ended(client: Client) -> None:
    ada, bob = make_user("ada"), make_user("bob")
    session = sessions.start(ada).session
    other = sessions.start(bob).session
    answer = client.get(page(LoginSession))
    assert set(listed(answer)) == {session, other}
    assert ada.get_username() in text_of(answer)
    assert listed(client.get(page(LoginSession), {"q": ada.get_username()})) == [session]
    assert listed(client.get(page(LoginSession), {"q": "ad", "state": "live"})) == [session]
    assert listed(client.get(page(LoginSession), {"q": "ad", "state": "ended"})) == []
    assert ada.get_username() in text_of(client.get(page(LoginSession, session)))
    answer = act(client, LoginSession, "end_selected", session)
    assert said(answer) == ["1 login session has been ended."]
    session.refresh_from_db()
    assert session.end_reason == "revoked"


def test_a_list_makes_as_many_statements_for_many_users_as_for_one(client: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page(LoginSession)).status_code == 200
        return len(captured)

    sessions.start(make_user("user0"))
    statements()
    one = statements()
    for number in range(1, 9):
        sessions.start(make_user(f"user{number}"))
    assert statements() == one
