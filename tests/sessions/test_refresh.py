"""What listeners and the security log hear of a refresh; `tests/views` has the rest."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import RequestFactory

from django_jwtauth import sessions, signals
from django_jwtauth.exceptions import RefreshTokenReused
from django_jwtauth.models import LoginSession
from tests.moments import move_on

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []

    def hear(**event: Any) -> None:
        events.append(event)

    signals.refresh_token_reused.connect(hear)
    yield events
    signals.refresh_token_reused.disconnect(hear)


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
    (event,) = heard
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
