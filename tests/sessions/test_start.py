"""`sessions.start`: what a project's own login, such as a second factor's, can say."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from django_jwtauth import clock, sessions, signals
from django_jwtauth.exceptions import NoSigningKey, UserInactive
from django_jwtauth.models import LoginSession
from django_jwtauth.sessions import TokenPair

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password="a password of ada's")


def test_a_session_starts_without_any_request(user: User) -> None:
    pair = sessions.start(user)
    row = LoginSession.objects.get()
    assert pair.session == row
    assert (row.user_id, row.client_id, row.scope, row.amr, row.label) == (
        user.pk,
        "first-party",
        "",
        [],
        "",
    )
    assert (row.user_agent, row.ip_address, row.generation, row.ended_at) == ("", None, 0, None)
    found, token = sessions.authenticate(pair.access_token)
    assert (found.pk, token.session_id) == (user.pk, row.sid)


def test_a_user_who_has_no_password_at_all_may_hold_a_session(user: User) -> None:
    # As of a model that says `password = None`: its users sign in elsewhere.
    User.objects.filter(pk=user.pk).update(password="")
    user.password = None  # type: ignore[assignment]
    assert sessions.refresh(sessions.start(user).refresh_token).session.user == user


def test_what_is_said_of_it_is_kept_and_the_scope_goes_into_the_token(user: User) -> None:
    request = RequestFactory().get(
        "/", headers={"user-agent": "telephone"}, REMOTE_ADDR="192.0.2.7"
    )
    pair = sessions.start(
        user, request, client_id="app", scope="a b", amr=("pwd", "otp"), label="Ada's telephone"
    )
    row = LoginSession.objects.get()
    assert (row.client_id, row.scope, row.amr, row.label) == (
        "app",
        "a b",
        ["pwd", "otp"],
        "Ada's telephone",
    )
    assert (row.user_agent, row.ip_address) == ("telephone", "192.0.2.7")
    _, token = sessions.authenticate(pair.access_token)
    assert (token.scope, token["client_id"]) == ("a b", "app")
    # And it stays so over a refresh.
    _, token = sessions.authenticate(sessions.refresh(pair.refresh_token).access_token)
    assert (token.scope, token["client_id"]) == ("a b", "app")


@pytest.mark.parametrize(
    "agent", ["", "\x00\x01\x7f\x80", "\u202e\u200b", "x" * 300, "\u00e9" * 300]
)
def test_a_user_agent_of_any_kind_is_kept_as_text(user: User, agent: str) -> None:
    sessions.start(user, RequestFactory().get("/", headers={"user-agent": agent}))
    stored = LoginSession.objects.get().user_agent
    assert len(stored) <= 255
    assert stored.isprintable()


def test_an_inactive_user_starts_none(user: User) -> None:
    user.is_active = False
    with pytest.raises(UserInactive):
        sessions.start(user)
    assert not LoginSession.objects.exists()


def test_nobody_in_particular_starts_none() -> None:
    nobody: Any = AnonymousUser()
    with pytest.raises(UserInactive):
        sessions.start(nobody)


def test_where_no_key_can_sign_none_is_started(user: User, settings: Any) -> None:
    settings.JWTAUTH = {"KEY_STORE": {"BACKEND": "django_jwtauth.keystores.dummy.DummyKeyStore"}}
    with pytest.raises(NoSigningKey):
        sessions.start(user)
    assert not LoginSession.objects.exists()


def wrong_claims(user: User, session: LoginSession) -> Any:
    return {"exp": 2**40}


def test_where_a_hook_is_wrong_none_is_started(user: User, settings: Any) -> None:
    settings.JWTAUTH = {"EXTRA_CLAIMS": f"{__name__}.wrong_claims"}
    with pytest.raises(ImproperlyConfigured):
        sessions.start(user)
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize("lifetime", [1, 60, 299.9, 300])
def test_a_session_of_a_single_access_token_ends_with_it(user: User, lifetime: float) -> None:
    pair = sessions.start(user, lifetime=lifetime)
    assert pair.expires_in == int(lifetime)
    assert pair.refresh_expires_in <= int(lifetime)
    row = LoginSession.objects.get()
    assert row.expires_at.timestamp() - row.created_at.timestamp() == int(lifetime)


@pytest.mark.parametrize("lifetime", [0, 0.9, -1, 300.1, 10**9])
def test_no_access_token_lives_longer_than_the_setting_says(user: User, lifetime: float) -> None:
    with pytest.raises(ValueError, match="lives from 1 to 300 seconds"):
        sessions.start(user, lifetime=lifetime)
    assert not LoginSession.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_listeners_hear_of_it_once_it_is_committed(user: User) -> None:
    heard: list[dict[str, Any]] = []

    def listen(**arguments: Any) -> None:
        heard.append(arguments)

    signals.session_started.connect(listen)
    try:
        pair = sessions.start(user)
    finally:
        signals.session_started.disconnect(listen)
    (arguments,) = heard
    assert arguments["sender"] is LoginSession
    assert (arguments["session"], arguments["user"], arguments["request"]) == (
        pair.session,
        user,
        None,
    )


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_fails_harms_no_login(user: User) -> None:
    def fail(**arguments: Any) -> None:
        raise RuntimeError("a listener's fault")

    signals.session_started.connect(fail)
    try:
        assert sessions.start(user).access_token
    finally:
        signals.session_started.disconnect(fail)


def test_a_pair_shows_no_token(user: User) -> None:
    pair: TokenPair = sessions.start(user)
    assert pair.access_token not in repr(pair)
    assert pair.refresh_token not in repr(pair)
    assert "jrt_" not in f"{pair} {pair.session!r} {vars(pair.session)}".replace(
        repr(bytes(pair.session.secret)), ""
    )


def test_a_refresh_takes_its_time_from_one_look_at_the_clock(user: User) -> None:
    before = clock.now()
    pair = sessions.refresh(sessions.start(user).refresh_token)
    row = LoginSession.objects.get()
    assert row.rotated_at == row.last_used_at
    assert row.rotated_at is not None
    assert before <= row.rotated_at.timestamp() <= clock.now()
    assert row.idle_expires_at.timestamp() - row.rotated_at.timestamp() == 14 * 86400
    assert pair.session.generation == row.generation == 1
