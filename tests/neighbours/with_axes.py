"""django-axes, real: it counts what fails at our login, and locks it. Run by `test_axes.py`."""

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tests.answers import assert_grant_refused, assert_pair
from tests.devices import PASSWORD, Device

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def user() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


def log_in(password: str, **headers: str) -> Any:
    return APIClient().post(
        "/auth/login/", {"username": "ada", "password": password}, "json", headers=headers
    )


def lock() -> Any:
    """Fail until the door is shut; the attempt that reaches the limit is told so itself."""
    for _ in range(2):
        assert_grant_refused(log_in("wrong"), "invalid_credentials")
    return log_in("wrong")


def test_axes_locks_our_login_and_answers_429() -> None:
    assert lock().status_code == 429
    assert log_in("wrong").status_code == 429
    answer = log_in(PASSWORD)  # the right one, too late
    assert answer.status_code == 429
    assert b"access_token" not in answer.content
    # What a script is told, which has to say that it is one.
    assert log_in("wrong", **{"x-requested-with": "XMLHttpRequest"}).json()["failure_limit"] == 3


def test_axes_stores_no_password() -> None:
    lock()
    attempt = AccessAttempt.objects.get()
    assert attempt.username == "ada"
    assert attempt.path_info == "/auth/login/"
    assert attempt.failures_since_start == 3
    assert "wrong" not in attempt.get_data + attempt.post_data


def test_a_success_resets_what_axes_has_counted() -> None:
    for _ in range(3):
        assert_grant_refused(log_in("wrong"), "invalid_credentials")
        assert_pair(log_in(PASSWORD))


def test_who_is_logged_in_stays_so_while_the_login_is_locked() -> None:
    device = Device()
    lock()
    assert device.get("/auth/me/").status_code == 200
    assert_pair(device.refresh())
