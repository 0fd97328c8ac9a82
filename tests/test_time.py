"""Time as clients meet it: boundaries, deployments that change lifetimes, clocks that jump."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import override_settings

from django_jwtauth import clock
from django_jwtauth.models import Revocation
from django_jwtauth.revocation import feed
from django_jwtauth.sessions.prune import prune
from django_jwtauth.tokens import access_token
from tests.answers import assert_dead_token, assert_grant_refused, assert_pair
from tests.devices import PASSWORD, Device
from tests.moments import move_on, move_to

DAY = 86400
SOON = 0.6  # a moment that is surely before the boundary, however slow the machine is

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def user(db: None) -> User:
    # A second begins, and the signing key is older than any jump back.
    move_to(int(clock.now()) + DAY + 0.05)
    return User.objects.create_user("ada", password=PASSWORD)


def times(device: Device) -> tuple[int, int]:
    _header, claims = access_token.read_unverified(device.access)
    return claims["iat"], claims["exp"]


def assert_good(device: Device) -> None:
    assert device.get("/auth/me/").status_code == 200


def assert_expired(device: Device) -> None:
    assert_dead_token(device.get("/auth/me/"), "token_expired", "The access token has expired.")


def assert_revoked(device: Device) -> None:
    assert_dead_token(
        device.get("/auth/me/"), "token_revoked", "The access token has been revoked."
    )


def assert_not_yet(device: Device) -> None:
    answer = device.get("/auth/me/")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert "not valid yet" in answer["WWW-Authenticate"]


# An access token.


def test_an_access_token_expires_a_leeway_after_its_end() -> None:
    device = Device()
    end = times(device)[1] + 10
    move_to(end - SOON)
    assert_good(device)
    move_to(end)
    assert_expired(device)


def test_a_token_from_a_clock_ahead_is_good_within_the_leeway() -> None:
    device = Device()
    issued_at = times(device)[0]
    move_to(issued_at - 10 + 0.01)  # as if another process's clock were ten seconds ahead
    assert_good(device)
    move_to(issued_at - 10 - SOON)
    assert_not_yet(device)


def test_a_clock_that_jumps_back_revives_no_revoked_token() -> None:
    device = Device()
    move_on(5)
    device.post("/auth/logout/")
    assert_revoked(device)
    move_on(-5)
    assert_revoked(device)


def test_a_clock_that_jumps_back_keeps_everybody_logged_in() -> None:
    device = Device()
    device.refreshed()
    move_on(-3600)
    assert_not_yet(device)  # refresh, and try once more
    device.refreshed()
    assert_good(device)
    move_on(3600)
    device.refreshed()
    assert_good(device)


# A session.


def test_a_session_is_idle_too_long_to_the_second() -> None:
    device = Device()
    began = clock.now()
    move_to(int(began) + 14 * DAY - SOON)
    pair = assert_pair(device.refresh())
    assert pair["refresh_expires_in"] == 14 * DAY
    device = Device()
    move_to(clock.now() + 14 * DAY)
    assert_grant_refused(device.refresh(), "refresh_token_expired")


def test_a_refresh_begins_the_idle_time_anew() -> None:
    device = Device()
    for _ in range(5):
        move_on(13 * DAY)
        device.refreshed()
    move_on(14 * DAY)
    assert_grant_refused(device.refresh(), "refresh_token_expired")


def test_a_retry_does_not_begin_the_idle_time_anew() -> None:
    device = Device()
    device.refresh()
    rotated = device.session.idle_expires_at
    move_on(20)
    assert_pair(device.refresh())
    assert device.session.idle_expires_at == rotated


def test_neither_token_outlives_the_session() -> None:
    with override_settings(JWTAUTH={"SESSION_LIFETIME": 200, "REFRESH_RETRY_WINDOW": 0}):
        device = Device()
        end = int(device.session.expires_at.timestamp())
        for left in (199, 50, 1):
            move_to(end - left + 0.05)
            pair = device.refreshed()
            assert times(device)[1] <= end
            assert 1 <= pair["expires_in"] <= left
            assert pair["refresh_expires_in"] == left
        move_to(end)
        assert_grant_refused(device.refresh(), "refresh_token_expired")


def test_the_retry_window_ends_to_the_second() -> None:
    device = Device()
    old = device.refresh_token
    device.refreshed()
    rotated_at = device.session.rotated_at
    assert rotated_at is not None
    move_to(rotated_at.timestamp() + 30 - SOON)
    assert_pair(device.refresh(old))
    move_to(rotated_at.timestamp() + 30)
    assert_grant_refused(device.refresh(old), "refresh_token_reused")


# Deployments that change lifetimes.


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("lifetime", [60, 300, 3000])
def test_a_changed_lifetime_revives_nothing_that_was_revoked(lifetime: int) -> None:
    with override_settings(JWTAUTH={"ACCESS_TOKEN_LIFETIME": 1000}):
        device = Device()
        device.post("/auth/logout/")
        assert_revoked(device)
    with override_settings(JWTAUTH={"ACCESS_TOKEN_LIFETIME": lifetime}):
        feed().forget()  # as a process that has just been started
        assert_revoked(device)
        issued_at, expires_at = times(device)
        for age in range(0, 1300, 50):
            move_to(issued_at + age)
            list(prune())
            feed().forget()
            answer = device.get("/auth/me/")
            is_over = age >= min(expires_at - issued_at, lifetime) + 10
            assert answer.json()["code"] == ("token_expired" if is_over else "token_revoked")
    assert not Revocation.objects.filter(identifier__startswith="sid:").exists()


@pytest.mark.django_db(transaction=True)
def test_a_lowered_lifetime_ends_older_tokens_at_their_new_age() -> None:
    with override_settings(JWTAUTH={"ACCESS_TOKEN_LIFETIME": 3600}):
        device = Device()
        move_on(100)
        assert_good(device)
    with override_settings(JWTAUTH={"ACCESS_TOKEN_LIFETIME": 60}):
        assert_expired(device)
        device.refreshed()
        assert_good(device)


@pytest.mark.django_db(transaction=True)
def test_a_revocation_outlasts_the_last_token_that_it_could_meet() -> None:
    device = Device()
    device.post("/auth/logout/")
    row = Revocation.objects.get(identifier=f"sid:{device.sid}")
    assert row.expires_at is not None
    issued_at, _ = times(device)
    # The lifetime, and the leeway twice: one for each of two clocks.
    assert row.expires_at.timestamp() > issued_at + 300 + 10 + 10


@pytest.mark.django_db(transaction=True)
def test_revoking_everything_refuses_what_was_issued_in_that_second_and_nothing_later() -> None:
    before: Any = Device()
    call_command("revoke_jwt", "--all", "--no-input", verbosity=0)
    assert_revoked(before)
    assert_grant_refused(before.refresh(), "session_ended", reason="revoked")
    after = Device()  # in the same second
    assert_good(after)
    after.refreshed()
    move_on(3)
    assert_good(after)
