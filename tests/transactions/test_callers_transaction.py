"""`sessions.*` inside the caller's own transaction: its commit counts, and so does its rollback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from django_jwtauth import sessions, signals
from django_jwtauth.exceptions import RefreshTokenInvalid, RefreshTokenReused, SessionEnded
from django_jwtauth.models import LoginSession, Revocation
from django_jwtauth.sessions import TokenPair
from tests.devices import PASSWORD, Device
from tests.moments import move_on
from tests.revocation.waiting import in_thread

pytestmark = pytest.mark.django_db(transaction=True)

LATER = 60.0  # seconds: past the retry window


@contextmanager
def rolled_back() -> Iterator[None]:
    """Open a transaction, or a savepoint, of a caller who changes their mind at its end."""
    with suppress(_ChangedMyMind), transaction.atomic():
        yield
        raise _ChangedMyMind


class _ChangedMyMind(Exception):
    pass


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture
def device(user: User) -> Device:
    return Device()


def answer_to(device: Device) -> Any:
    """Return 200, or the code of what a request with the access token is refused with."""
    response = device.get("/auth/me/")
    return response.status_code if response.status_code == 200 else response.json()["code"]


def _deactivate(device: Device) -> None:
    user = device.session.user
    user.is_active = False
    user.save()


ENDINGS: dict[str, Callable[[Device], object]] = {
    "end": lambda device: sessions.end(device.sid),
    "end_all": lambda device: sessions.end_all(device.session.user),
    "revoke the refresh token": lambda device: sessions.revoke(device.refresh_token),
    "revoke the access token": lambda device: sessions.revoke(device.access),
    "deactivate": _deactivate,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_that_is_rolled_back_leaves_the_session_alive(
    device: Device, ending: str
) -> None:
    with rolled_back():
        ENDINGS[ending](device)
        assert answer_to(device) == "token_revoked"  # for who did it, at once

    assert answer_to(device) == in_thread(lambda: answer_to(device)) == 200
    assert not Revocation.objects.filter(identifier__contains=device.sid).exists()
    move_on(LATER)
    device.refreshed()


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_that_is_committed_holds_at_once(device: Device, ending: str) -> None:
    with transaction.atomic():
        ENDINGS[ending](device)
    assert answer_to(device) == in_thread(lambda: answer_to(device)) == "token_revoked"


@pytest.mark.parametrize("ending", ENDINGS)
def test_only_the_savepoint_that_holds_the_ending_decides(device: Device, ending: str) -> None:
    with transaction.atomic():
        with rolled_back():
            ENDINGS[ending](device)
        assert answer_to(device) == 200
        with transaction.atomic():
            ENDINGS[ending](device)
        assert answer_to(device) == "token_revoked"
    assert answer_to(device) == in_thread(lambda: answer_to(device)) == "token_revoked"


def test_nobody_else_hears_of_an_ending_before_it_is_committed(user: User, device: Device) -> None:
    heard: list[object] = []

    def hear(**arguments: Any) -> None:
        heard.append(arguments["session_id"])

    signals.session_ended.connect(hear)
    try:
        with rolled_back():
            sessions.end_all(user)
        assert heard == []
        with transaction.atomic():
            sessions.end_all(user)
            assert heard == []
        assert len(heard) == 1
    finally:
        signals.session_ended.disconnect(hear)


def test_a_start_that_is_rolled_back_leaves_no_session(user: User) -> None:
    pairs: list[TokenPair] = []
    with rolled_back():
        pairs.append(sessions.start(user))
    assert not LoginSession.objects.exists()
    with pytest.raises(RefreshTokenInvalid):
        sessions.refresh(pairs[0].refresh_token)


def test_a_refresh_that_is_rolled_back_costs_nobody_their_session(device: Device) -> None:
    pairs: list[TokenPair] = []
    with rolled_back():
        pairs.append(sessions.refresh(device.refresh_token))
    assert device.session.generation == 0
    move_on(LATER)

    # Whichever of the two the client has kept: the newer one is of a generation to come.
    device.refresh_token = pairs[0].refresh_token
    device.refreshed()
    assert device.session.generation == 2
    assert answer_to(device) == 200


def test_reuse_ends_the_session_where_the_caller_catches_the_error_inside(
    device: Device,
) -> None:
    stolen = device.refresh_token
    device.refreshed()
    move_on(LATER)
    with transaction.atomic(), pytest.raises(RefreshTokenReused):
        sessions.refresh(stolen)
    assert answer_to(device) == "token_revoked"
    with pytest.raises(SessionEnded):
        sessions.refresh(device.refresh_token)


def test_reuse_is_undone_by_a_caller_who_lets_the_error_out(device: Device) -> None:
    stolen = device.refresh_token
    device.refreshed()
    move_on(LATER)
    with pytest.raises(RefreshTokenReused), transaction.atomic():
        sessions.refresh(stolen)
    # As the docstring says. The next use of the stolen token is noticed again.
    assert device.session.end_reason == ""
    assert answer_to(device) == 200
    with pytest.raises(RefreshTokenReused):
        sessions.refresh(stolen)
    assert device.session.end_reason == "reuse"
