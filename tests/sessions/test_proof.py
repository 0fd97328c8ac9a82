"""Which login session a token proves: one that is forged, of a hidden user, of no session."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from django_jwtauth import sessions
from django_jwtauth.exceptions import (
    RefreshTokenInvalid,
    SessionEnded,
    TokenInvalid,
    TokenRevoked,
    UserInactive,
    UserNotFound,
)
from django_jwtauth.models import LoginSession, Revocation, to_sid
from django_jwtauth.sessions import TokenPair
from django_jwtauth.sessions.proof import introspect, load_genuine, proven_session
from django_jwtauth.testing import access_token_for
from django_jwtauth.tokens import refresh_token
from tests.moments import move_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair() -> TokenPair:
    return sessions.start(User.objects.create_user("ada"))


@pytest.mark.parametrize("act", [sessions.refresh, sessions.revoke])
def test_the_security_log_tells_of_a_token_made_under_a_dropped_secret(
    pair: TokenPair, settings: Any, caplog: pytest.LogCaptureFixture, act: Any
) -> None:
    caplog.clear()
    settings.SECRET_KEY = "a-secret-key-without-a-fallback-0123456789"
    with pytest.raises(RefreshTokenInvalid, match=r"^the MAC is wrong$"):
        act(pair.refresh_token)
    # Another logger tells of the signing key, which cannot be decrypted either.
    (line,) = [one.message for one in caplog.records if one.name == "django_jwtauth.security"]
    session = pair.session
    assert line == (
        f"refresh_token_mac_wrong user={session.user_id} sid={session.sid} (forged, or made under "
        "a SECRET_KEY that SECRET_KEY_FALLBACKS does not hold)"
    )
    assert pair.refresh_token not in line
    assert LoginSession.objects.get().ended_at is None
    assert not Revocation.objects.filter(identifier=f"sid:{to_sid(session.pk)}").exists()


def test_a_guess_that_names_no_session_is_not_worth_a_line(
    pair: TokenPair, caplog: pytest.LogCaptureFixture
) -> None:
    LoginSession.objects.all().delete()
    caplog.clear()
    with pytest.raises(RefreshTokenInvalid, match=r"^no such session$"):
        sessions.refresh(pair.refresh_token)
    assert caplog.messages == []


def test_either_token_proves_its_session_live_or_not(
    pair: TokenPair, django_assert_num_queries: Any
) -> None:
    sessions.end(pair.session.pk)
    move_on(10**7)
    proven_session(pair.access_token)  # which keys there are is known from now on
    for token in (pair.access_token, pair.refresh_token):
        with django_assert_num_queries(1):
            assert proven_session(token) == pair.session


def test_a_proof_may_hold_where_no_session_is(pair: TokenPair) -> None:
    LoginSession.objects.all()._raw_delete("default")
    assert proven_session(pair.access_token) is None
    with pytest.raises(RefreshTokenInvalid, match=r"^no such session$"):
        proven_session(pair.refresh_token)


@pytest.mark.parametrize("sid", [None, "x", "A" * 23])
def test_a_token_of_no_session_proves_none(pair: TokenPair, sid: str | None) -> None:
    token = access_token_for(pair.session.user, sid=sid)
    with pytest.raises(TokenInvalid, match=r"^The token belongs to no session\.$"):
        proven_session(token)


@pytest.mark.parametrize("is_hiding", [False, True])
def test_of_which_key_the_revocation_is_told(
    pair: TokenPair, request: pytest.FixtureRequest, is_hiding: bool
) -> None:
    if is_hiding:
        request.getfixturevalue("hiding_manager")
    presented = refresh_token.parse(pair.refresh_token)
    Revocation.objects.create(
        identifier="kid:gone", revoked_at=pair.session.created_at, expires_at=None
    )
    told = [
        getattr(load_genuine(presented, *kid), "kid_is_revoked", False)
        for kid in (("gone",), ("there",), ())
    ]
    assert told == [True, False, False]


# Introspection.


def test_a_token_is_good_while_its_session_and_user_are(pair: TokenPair) -> None:
    assert introspect(pair.access_token).session_id == pair.session.sid
    stranger = access_token_for(pair.session.user, sid=to_sid(uuid4()))
    with pytest.raises(TokenRevoked):
        introspect(stranger)
    User.objects.update(is_active=False)
    with pytest.raises(UserInactive):
        introspect(pair.access_token)
    # Past the feed, as of a process that has not heard.
    LoginSession.objects.update(ended_at=pair.session.created_at)
    with pytest.raises(TokenRevoked):
        introspect(pair.access_token)


def test_a_token_of_another_subject_is_told_as_such(pair: TokenPair) -> None:
    other = User.objects.create_user("bob")
    with pytest.raises(UserNotFound):
        introspect(access_token_for(other, sid=pair.session.sid))


# A user whom the default manager hides.


@pytest.mark.usefixtures("hiding_manager")
def test_a_hidden_user_holds_no_session(pair: TokenPair, django_assert_num_queries: Any) -> None:
    User.objects.create_user("bob", last_name="hidden")
    with django_assert_num_queries(1):
        assert introspect(pair.access_token)
    pair = sessions.refresh(pair.refresh_token)
    User.objects.filter(username="ada").update(last_name="hidden")
    with pytest.raises(UserNotFound):
        introspect(pair.access_token)
    with pytest.raises(SessionEnded) as ended:
        sessions.refresh(pair.refresh_token)
    assert ended.value.end_reason == "user_inactive"
