"""ATOMIC_REQUESTS in a project's own TestCase: no refusal breaks or rolls back the test."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from django_jwtauth.models import LoginSession, Revocation
from tests.devices import PASSWORD, Device
from tests.moments import move_on

LATER = 60.0  # seconds: past the retry window


@pytest.fixture(params=["TestCase", "TransactionTestCase"])
def _in(request: pytest.FixtureRequest) -> None:
    """Run the test as each of Django's classes would: in a transaction, and in none."""
    fixture = "db" if request.param == "TestCase" else "transactional_db"
    request.getfixturevalue(fixture)


@pytest.fixture
def device(_in: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Device]:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    User.objects.create_user("ada", password=PASSWORD)
    yield Device()
    assert not transaction.get_connection().needs_rollback


def code_of(response: Any) -> str:
    return str(response.json()["code"])


def test_a_reuse_leaves_the_session_ended_and_the_test_going(device: Device) -> None:
    stolen = device.refresh_token
    device.refreshed()
    move_on(LATER)
    assert code_of(device.refresh(stolen)) == "refresh_token_reused"
    assert device.session.end_reason == LoginSession.EndReason.REUSE
    assert Revocation.objects.filter(identifier=f"sid:{device.sid}").exists()
    assert code_of(device.refresh()) == "session_ended"
    assert code_of(device.get("/auth/me/")) == "token_revoked"


def test_a_refresh_of_a_deactivated_user_leaves_the_session_ended(device: Device) -> None:
    User.objects.update(is_active=False)
    move_on(LATER)
    assert code_of(device.refresh()) == "session_ended"
    assert device.session.end_reason == LoginSession.EndReason.USER_INACTIVE


def test_no_refusal_breaks_the_transaction_of_the_test(device: Device) -> None:
    assert code_of(device.refresh("rubbish")) == "refresh_token_invalid"
    credentials = {"username": "ada", "password": "wrong"}
    assert code_of(device.api.post("/auth/login/", credentials, "json")) == "invalid_credentials"
    assert code_of(device.api.post("/auth/login/", {}, "json")) == "invalid_request"
    assert code_of(device.api.get("/auth/me/")) == "not_authenticated"
    assert code_of(device.delete("/auth/sessions/no-such/")) == "not_found"
    assert code_of(device.api.post("/auth/logout/", {}, "json")) == "not_authenticated"
    assert User.objects.count() == 1
    assert device.get("/auth/me/").status_code == 200
