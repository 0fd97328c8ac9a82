"""What listeners and the security log hear of a refresh; `tests/views` has the rest."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from django_jwtauth import clock, key_rotation, sessions, signals
from django_jwtauth.exceptions import (
    NoSigningKey,
    RefreshTokenInvalid,
    RefreshTokenReused,
    RevocationsUnknown,
    SessionEnded,
)
from django_jwtauth.models import LoginSession, Revocation
from django_jwtauth.revocation import feed
from tests.moments import move_on
from tests.outages import missing_table
from tests.transactions.interference import meanwhile

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []

    def hear(**event: Any) -> None:
        events.append(event)

    heard_of = (signals.refresh_token_reused, signals.session_refreshed)
    for signal in heard_of:
        signal.connect(hear)
    yield events
    for signal in heard_of:
        signal.disconnect(hear)


@pytest.mark.parametrize("request_", [None, RequestFactory().post("/", REMOTE_ADDR="192.0.2.9")])
def test_of_a_reused_token_is_told_whose_it_is_how_old_and_from_where(
    heard: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
    request_: HttpRequest | None,
) -> None:
    user = User.objects.create_user("ada")
    stolen = sessions.start(user).refresh_token
    latest = sessions.refresh(stolen).refresh_token
    move_on(3600)
    sessions.refresh(latest)
    move_on(50)
    with (
        caplog.at_level(logging.WARNING, "django_jwtauth.security"),
        pytest.raises(RefreshTokenReused),
    ):
        sessions.refresh(stolen, request_)

    session = LoginSession.objects.get()
    event = heard[-1]
    assert event["signal"] is signals.refresh_token_reused
    assert event["sender"] is LoginSession
    assert (event["session"], event["user"], event["request"]) == (session, user, request_)
    assert event["generations"] == 2
    assert 50 <= event["seconds"] < 3600
    (record,) = caplog.records
    address = "-" if request_ is None else "192.0.2.9"
    assert record.getMessage() == (
        f"refresh_token_reused user={user.pk} sid={session.sid} generations=2"
        f" seconds={event['seconds']:.1f} address={address}"
    )


@pytest.mark.parametrize("seconds", [50, None])
def test_of_a_reuse_is_told_how_many_rotations_and_seconds_it_came_late(
    heard: list[dict[str, Any]], seconds: float | None
) -> None:
    pair = sessions.start(User.objects.create_user("ada"))
    pairs = []
    for _ in range(5):
        pair = sessions.refresh(pair.refresh_token)
        pairs.append(pair)
        move_on(50)
    if seconds is None:  # a row that somebody has changed
        LoginSession.objects.update(rotated_at=None)
    with pytest.raises(RefreshTokenReused):
        sessions.refresh(pairs[1].refresh_token)
    assert heard[-1]["generations"] == 3
    if seconds is None:
        assert heard[-1]["seconds"] == 0
    else:
        assert seconds <= heard[-1]["seconds"] < seconds + 30


def test_of_a_refresh_is_told_whose_it_is_and_whether_it_was_retried(
    heard: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "django_jwtauth.security")
    user = User.objects.create_user("ada")
    token = sessions.start(user, client_id="app").refresh_token
    caplog.clear()
    home = RequestFactory().post("/", REMOTE_ADDR="192.0.2.1", HTTP_USER_AGENT="telephone")
    away = RequestFactory().post("/", REMOTE_ADDR="192.0.2.9", HTTP_USER_AGENT="another")
    pairs = [sessions.refresh(token, request) for request in (home, home, None, away)]

    session = LoginSession.objects.get()
    # The retry changes nothing: the row tells of who rotated it.
    assert (session.ip_address, session.user_agent, session.generation) == (
        "192.0.2.1",
        "telephone",
        1,
    )
    assert {pair.session.ip_address for pair in pairs} == {"192.0.2.1"}
    assert [(event["request"], event["retried"]) for event in heard] == [
        (home, False),
        (home, True),
        (None, True),
        (away, True),
    ]
    for event in heard:
        assert event["sender"] is LoginSession
        assert (event["session"], event["user"]) == (session, user)
    (line,) = caplog.messages
    assert line == (
        f"refresh_retried_elsewhere user={user.pk} sid={session.sid} address=192.0.2.9"
        " before=192.0.2.1"
    )


@pytest.mark.parametrize(
    ("address", "agent", "written"),
    [
        ("192.0.2.1", "telephone", set()),
        ("192.0.2.9", "telephone", {"ip_address"}),
        ("192.0.2.1", "another", {"user_agent"}),
        ("", "", {"ip_address", "user_agent"}),
    ],
)
def test_of_the_device_only_what_is_new_is_written(
    address: str, agent: str, written: set[str]
) -> None:
    home = RequestFactory().post("/", REMOTE_ADDR="192.0.2.1", HTTP_USER_AGENT="telephone")
    token = sessions.start(User.objects.create_user("ada"), home).refresh_token
    request = RequestFactory().post("/", REMOTE_ADDR=address, HTTP_USER_AGENT=agent)
    with CaptureQueriesContext(connection) as captured:
        sessions.refresh(token, request)
    (update,) = (query["sql"] for query in captured if query["sql"].startswith("UPDATE"))
    assert {name for name in ("ip_address", "user_agent") if name in update} == written
    session = LoginSession.objects.get()
    assert (session.ip_address, session.user_agent) == (address or None, agent)


def test_a_refresh_without_a_request_leaves_the_address_as_it_is() -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.1", HTTP_USER_AGENT="telephone")
    pair = sessions.start(User.objects.create_user("ada"), request)
    move_on(100)
    before = clock.now()
    sessions.refresh(pair.refresh_token)
    session = LoginSession.objects.get()
    assert (session.ip_address, session.user_agent) == ("192.0.2.1", "telephone")
    assert session.rotated_at is not None
    assert before - 0.001 <= session.rotated_at.timestamp() <= clock.now()
    assert session.last_used_at == session.rotated_at


def test_another_client_than_that_of_the_login_is_told() -> None:
    token = sessions.start(User.objects.create_user("ada"), client_id="app").refresh_token
    with pytest.raises(RefreshTokenInvalid, match=r"^the login named another client$"):
        sessions.refresh(token, client_id="another")


def test_what_a_lost_user_held_ends_at_that_moment() -> None:
    user = User.objects.create_user("ada")
    pair = sessions.start(user)
    User.objects.update(is_active=False)
    move_on(100)
    before = clock.now()
    with pytest.raises(SessionEnded) as caught:
        sessions.refresh(pair.refresh_token)
    assert caught.value.end_reason == "user_inactive"
    session = LoginSession.objects.get()
    assert session.end_reason == "user_inactive"
    assert session.ended_at is not None
    assert before - 0.001 <= session.ended_at.timestamp() <= clock.now()


def test_a_key_that_another_process_revoked_signs_nothing_more() -> None:
    pair = sessions.start(User.objects.create_user("ada"))
    kid = key_rotation.signing_kid(clock.now())
    # Past the feed, as of another process: nothing is heard of it here.
    Revocation.objects.create(
        identifier=f"kid:{kid}", revoked_at=pair.session.created_at, expires_at=None
    )
    with pytest.raises(NoSigningKey):
        sessions.refresh(pair.refresh_token)
    assert LoginSession.objects.get().generation == 0


def test_where_revocations_are_unknown_the_token_stays_good() -> None:
    pair = sessions.start(User.objects.create_user("ada"))
    feed().forget()
    with missing_table(Revocation), pytest.raises(RevocationsUnknown):
        sessions.refresh(pair.refresh_token)
    feed().forget()
    assert LoginSession.objects.get().generation == 0
    assert sessions.refresh(pair.refresh_token).session == pair.session


# Somebody else comes between the two statements.

BEFORE_THE_SWAP = ("UPDATE", "loginsession")


def test_the_loser_of_a_race_gets_the_winners_token(heard: list[dict[str, Any]]) -> None:
    token = sessions.start(User.objects.create_user("ada")).refresh_token
    won: list[sessions.TokenPair] = []
    before = clock.now()
    with meanwhile(
        lambda: won.append(sessions.refresh(token)), before=BEFORE_THE_SWAP, patience=10
    ):
        pair = sessions.refresh(token)
    assert pair.refresh_token == won[0].refresh_token
    session = LoginSession.objects.get()
    # It is counted from when the loser came, which was before the winner did.
    came = int(session.idle_expires_at.timestamp()) - pair.refresh_expires_in
    assert session.rotated_at is not None
    assert int(before) <= came <= int(session.rotated_at.timestamp())
    assert (pair.session.generation, pair.session.rotated_at) == (1, session.rotated_at)
    assert pair.session.idle_expires_at == session.idle_expires_at
    assert [event["retried"] for event in heard] == [False, True]


def test_without_a_window_the_loser_is_taken_for_a_thief(
    settings: Any, heard: list[dict[str, Any]]
) -> None:
    settings.JWTAUTH = {"REFRESH_RETRY_WINDOW": 0}
    token = sessions.start(User.objects.create_user("ada")).refresh_token
    with (
        meanwhile(lambda: sessions.refresh(token), before=BEFORE_THE_SWAP, patience=10),
        pytest.raises(RefreshTokenReused),
    ):
        sessions.refresh(token)
    assert LoginSession.objects.get().end_reason == "reuse"
    assert heard[-1]["signal"] is signals.refresh_token_reused
    assert heard[-1]["generations"] == 1


def test_who_comes_after_the_end_is_told_why() -> None:
    pair = sessions.start(User.objects.create_user("ada"))
    with (
        meanwhile(
            lambda: sessions.end(pair.session.pk, "logout"), before=BEFORE_THE_SWAP, patience=10
        ),
        pytest.raises(SessionEnded) as caught,
    ):
        sessions.refresh(pair.refresh_token)
    assert caught.value.end_reason == "logout"


def test_who_comes_after_the_row_is_gone_is_told_that() -> None:
    pair = sessions.start(User.objects.create_user("ada"))
    with (
        meanwhile(
            lambda: LoginSession.objects.all()._raw_delete("default"),
            before=BEFORE_THE_SWAP,
            patience=10,
        ),
        pytest.raises(RefreshTokenInvalid, match=r"^the session is gone$"),
    ):
        sessions.refresh(pair.refresh_token)
