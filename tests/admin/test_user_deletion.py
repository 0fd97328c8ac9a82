"""Whoever may delete a user in the admin may delete one who is logged in; the sessions end."""

import pytest
from django.contrib.auth.models import User

from django_jwtauth import sessions
from django_jwtauth.exceptions import AccessTokenError, RefreshTokenInvalid
from django_jwtauth.models import LoginSession
from tests.admin.people import act, page, staff, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada")


def assert_gone(*pairs: sessions.TokenPair) -> None:
    assert not User.objects.filter(username="ada").exists()
    for pair in pairs:
        with pytest.raises(AccessTokenError, match="revoked"):
            sessions.authenticate(pair.access_token)
        with pytest.raises(RefreshTokenInvalid):
            sessions.refresh(pair.refresh_token)


def test_on_the_page_of_a_user(ada: User) -> None:
    pairs = [sessions.start(ada, label=f"phone {number}") for number in range(2)]
    sessions.end(pairs[1].session.pk)
    bystander = sessions.start(User.objects.create_user("bob"))
    client = staff("auth.delete_user", "auth.view_user")
    address = page(User, ada).replace("/change/", "/delete/")
    shown = text_of(client.get(address))
    assert "Are you sure" in shown
    assert "phone 0" in shown
    assert client.post(address, {"post": "yes"}).status_code == 302
    assert_gone(*pairs)
    sessions.authenticate(bystander.access_token)


def test_in_the_list_of_users(ada: User) -> None:
    pair = sessions.start(ada)
    client = staff("auth.delete_user", "auth.view_user")
    shown = text_of(act(client, User, "delete_selected", ada))
    assert "Are you sure" in shown
    act(client, User, "delete_selected", ada, post="yes")
    assert_gone(pair)


def test_who_may_not_delete_users_deletes_nothing(ada: User) -> None:
    pair = sessions.start(ada)
    client = staff("auth.view_user", "auth.change_user", "django_jwtauth.delete_loginsession")
    address = page(User, ada).replace("/change/", "/delete/")
    assert client.post(address, {"post": "yes"}).status_code == 403
    address = page(LoginSession, pair.session).replace("/change/", "/delete/")
    assert client.post(address, {"post": "yes"}).status_code == 403
    sessions.authenticate(pair.access_token)
