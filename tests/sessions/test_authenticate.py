"""`sessions.authenticate`: for code that is no DRF view, such as a websocket's handshake."""

import pickle

import pytest
from django.contrib.auth.models import User

from django_jwtauth import clock, key_rotation, sessions
from django_jwtauth.exceptions import (
    TokenExpired,
    TokenInvalid,
    TokenRevoked,
    UserInactive,
    UserNotFound,
)
from django_jwtauth.keystores.database import DatabaseKeyStore
from django_jwtauth.models import LoginSession, SigningKey
from django_jwtauth.tokens import access_token
from django_jwtauth.tokens.keys import key_from_jwk
from tests.key_material import private_jwk
from tests.moments import move_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password="a password of ada's")


@pytest.fixture
def raw(user: User) -> str:
    return sessions.start(user).access_token


def test_it_returns_the_user_and_the_token(raw: str, user: User) -> None:
    found, token = sessions.authenticate(raw)
    assert found == user
    assert isinstance(found, User)
    assert token["sub"] == str(user.pk)


def test_a_token_seen_before_is_the_very_same(raw: str) -> None:
    assert sessions.authenticate(raw)[1] is sessions.authenticate(raw)[1]
    assert sessions.authenticate(raw)[0] is not sessions.authenticate(raw)[0]


def test_each_refusal_is_an_error_of_its_own(raw: str, user: User) -> None:
    with pytest.raises(TokenInvalid):
        sessions.authenticate("x")
    move_on(3600)
    with pytest.raises(TokenExpired):
        sessions.authenticate(raw)
    move_on(-3600)
    sessions.end_all(user)
    with pytest.raises(TokenRevoked):
        sessions.authenticate(raw)


def test_a_user_who_is_gone_is_told_in_our_own_words_when_touched(raw: str) -> None:
    found, _ = sessions.authenticate(raw)
    User.objects.update(is_active=False)
    with pytest.raises(UserInactive):
        found.get_username()
    found, _ = sessions.authenticate(raw)
    LoginSession.objects.all()._raw_delete("default")
    User.objects.all()._raw_delete("default")
    with pytest.raises(UserNotFound):
        found.get_username()


def test_the_user_of_a_request_can_be_pickled(raw: str, user: User) -> None:
    found, token = sessions.authenticate(raw)
    twin = pickle.loads(pickle.dumps(found))
    assert twin == user
    assert twin.get_username() == "ada"
    assert raw.encode() not in pickle.dumps((found, token))


def test_a_token_of_an_unknown_key_is_told_as_such(raw: str) -> None:
    _header, claims = access_token.read_unverified(raw)
    stranger = key_from_jwk(private_jwk("ES256"), kind="private", kid="stranger")
    with pytest.raises(TokenInvalid, match=r"^The token was signed with an unknown key\.$"):
        sessions.authenticate(access_token.make(claims, stranger))


def test_a_token_of_a_key_that_another_process_has_made_is_good(
    raw: str, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DatabaseKeyStore, "unknown_kid_interval", 0)
    key = SigningKey.objects.get()
    SigningKey.objects.all().delete()
    key_rotation.forget_ring()
    assert not key_rotation.key_ring(clock.now()).kids
    key.save(force_insert=True)  # past the feed: nothing is heard of it here
    assert sessions.authenticate(raw)[0] == user


def test_a_token_that_was_seen_is_forgotten_with_its_key(raw: str) -> None:
    for _ in range(2):
        sessions.authenticate(raw)
    SigningKey.objects.all().delete()
    key_rotation.forget_ring()
    with pytest.raises(TokenInvalid):
        sessions.authenticate(raw)
    key_rotation.forget_ring()  # the next test has its key again
