"""What stands in an access token, and how long each of a pair lives, to the second."""

import logging
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_jwtauth import clock, sessions
from django_jwtauth.models import LoginSession, to_datetime
from django_jwtauth.revocation import feed
from django_jwtauth.sessions.issue import make_access_token, make_pair, refresh_expires_in
from django_jwtauth.tokens.encoding import b64decode

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def session(user: User) -> LoginSession:
    return sessions.start(user).session


def claims_of(token: str) -> Any:
    return sessions.authenticate(token)[1]


def test_lifetimes_differ_and_none_is_longer_than_the_setting(session: LoginSession) -> None:
    now = clock.now()
    lifetimes = {make_access_token(session, session.user, now)[1] for _ in range(200)}
    assert len(lifetimes) > 5
    assert min(lifetimes) >= 285
    assert max(lifetimes) < 300


def test_the_lifetime_is_that_of_the_token(session: LoginSession) -> None:
    now = clock.now()
    token, lifetime = make_access_token(session, session.user, now, lifetime=100.9)
    claims = claims_of(token)
    assert (claims["iat"], claims["exp"], lifetime) == (int(now), int(now) + 100, 100)


@pytest.mark.parametrize(("left", "lifetime"), [(100.5, 100), (10, 10), (10_000, 300)])
def test_no_access_token_outlives_its_session(
    session: LoginSession, left: float, lifetime: int
) -> None:
    now = int(clock.now())
    session.expires_at = to_datetime(now + left)
    assert make_access_token(session, session.user, now, lifetime=300)[1] == lifetime


def test_a_token_lives_for_a_second_at_least(session: LoginSession, settings: Any) -> None:
    settings.JWTAUTH = {"ACCESS_TOKEN_LIFETIME": 1}
    lifetimes = {make_access_token(session, session.user, clock.now())[1] for _ in range(20)}
    assert lifetimes == {1}


def test_who_made_it_for_whom_and_where_it_is_good(session: LoginSession, settings: Any) -> None:
    settings.JWTAUTH = {"ISSUER": ["first", "second"], "AUDIENCE": ["api", "old-api"]}
    claims = claims_of(make_access_token(session, session.user, clock.now())[0])
    assert (claims["iss"], claims["aud"]) == ("first", "api")
    assert (claims["sub"], claims["sid"]) == (str(session.user_id), session.sid)
    assert len(b64decode(claims["jti"])) == 16


def test_after_all_were_revoked_the_next_is_of_the_second_after(session: LoginSession) -> None:
    now = int(clock.now())
    feed().revoke([f"*{now}"], expires_at=None)
    token, lifetime = make_access_token(session, session.user, now, lifetime=60)
    assert (claims_of(token)["iat"], lifetime) == (now + 1, 60)


def test_a_pair_is_of_the_row_as_it_is(session: LoginSession) -> None:
    now = int(clock.now())
    session.idle_expires_at, session.expires_at = to_datetime(now + 70), to_datetime(now + 90)
    pair = make_pair(session, ("an access token", 30), now + 0.5)
    assert (pair.access_token, pair.expires_in) == ("an access token", 30)
    assert (pair.refresh_expires_in, pair.session) == (70, session)
    session.expires_at = to_datetime(now + 20.9)
    assert refresh_expires_in(session, now + 0.5) == 20


def test_where_a_session_starts_its_times_are_those_of_the_settings(
    user: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.JWTAUTH = {"REFRESH_TOKEN_LIFETIME": 1000, "SESSION_LIFETIME": 5000}
    before = clock.now()
    with caplog.at_level(logging.INFO, "django_jwtauth.security"):
        pair = sessions.start(user, client_id="app")
    row = LoginSession.objects.get()
    began = row.created_at.timestamp()
    assert before - 0.001 <= began <= clock.now()
    assert row.last_used_at == row.created_at
    assert row.idle_expires_at.timestamp() - began == pytest.approx(1000)
    assert row.expires_at.timestamp() - began == pytest.approx(5000)
    assert row.auth_hash == row.hash_of(user.password)
    assert 999 <= pair.refresh_expires_in <= 1000
    assert caplog.messages[-1] == (
        f"session_started user={user.pk} sid={row.sid} client=app address=-"
    )
