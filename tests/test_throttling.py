"""Throttles by failures: guesses are slowed down, and nobody else."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connections
from django.test import override_settings
from django.urls import include, path
from rest_framework import exceptions
from rest_framework.test import APIClient
from rest_framework.throttling import UserRateThrottle

from django_jwtauth import clock
from django_jwtauth.views import LoginView
from tests.answers import assert_error, assert_grant_refused, assert_pair
from tests.devices import PASSWORD, Device
from tests.moments import move_on, move_to

WRONG = {"username": "ada", "password": "wrong"}
RIGHT = {"username": "ada", "password": PASSWORD}


class SecondFactorView(LoginView):
    def check_user(self, request: Any, user: Any) -> None:
        raise exceptions.PermissionDenied("Enter the code.", code="mfa_required")


class OncePerDay(UserRateThrottle):
    rate = "1/day"


class StrictView(LoginView):
    """A project's login with a throttle of its own besides ours."""

    throttle_classes = (*LoginView.throttle_classes, OncePerDay)


urlpatterns = [
    path("strict/", StrictView.as_view()),
    path("auth/login/", SecondFactorView.as_view()),
    path("auth/", include("django_jwtauth.urls")),
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture(autouse=True)
def _window_begins(user: User) -> None:
    """Begin early in a minute, so that no test crosses into the next by chance."""
    move_to(clock.now() // 60 * 60 + 60.5)


def log_in(data: Any = WRONG, *, address: str = "192.0.2.1", **options: Any) -> Any:
    return APIClient().post("/auth/login/", data, "json", REMOTE_ADDR=address, **options)


def refresh(token: str, *, address: str = "192.0.2.1") -> Any:
    data = {"refresh_token": token}
    return APIClient().post("/auth/refresh/", data, "json", REMOTE_ADDR=address)


def rates(**scopes: Any) -> Any:
    return override_settings(REST_FRAMEWORK={"DEFAULT_THROTTLE_RATES": scopes})


def assert_throttled(answer: Any, within: int = 60) -> int:
    assert_error(answer, 429, "throttled")
    seconds = int(answer["Retry-After"])
    assert 0 < seconds <= within
    return seconds


def fail(times: int, data: Any = WRONG, *, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        assert_grant_refused(log_in(data, address=address), "invalid_credentials")


# jwt_login: for a user name and an address.


def test_after_ten_failures_in_a_minute_a_login_has_to_wait() -> None:
    fail(10)
    assert_throttled(log_in())
    assert_throttled(log_in(RIGHT))  # also with the right password, or it would tell


def test_after_the_wait_that_was_told_the_login_goes_on() -> None:
    fail(10)
    move_on(assert_throttled(log_in()) - 0.9)
    assert_throttled(log_in(RIGHT))
    move_on(0.9)
    assert_pair(log_in(RIGHT))


def test_who_waits_is_not_counted_on() -> None:
    fail(10)
    for _ in range(50):
        assert_throttled(log_in())
    move_on(60)
    fail(10)


def test_another_user_and_another_address_are_not_made_to_wait(user: User) -> None:
    User.objects.create_user("bob", password=PASSWORD)
    fail(10)
    assert_throttled(log_in(RIGHT))
    assert_pair(log_in({**RIGHT, "username": "bob"}))
    assert_pair(log_in(RIGHT, address="192.0.2.2"))


def test_an_unknown_name_is_counted_like_a_known_one() -> None:
    nobody = {"username": "nobody", "password": "wrong"}
    fail(10, nobody)
    assert_throttled(log_in(nobody))


@pytest.mark.parametrize("spelling", ["ADA", "ada ", "\u00e1da", "\uff41da"])
def test_what_a_database_may_take_for_one_name_is_counted_as_one(spelling: str) -> None:
    # By their usual collations MariaDB and MySQL know neither case nor accents nor blanks behind.
    fail(5)
    fail(5, {"username": spelling, "password": "wrong"})
    assert_throttled(log_in())


def test_success_is_never_counted() -> None:
    for _ in range(25):
        assert_pair(log_in(RIGHT))
    fail(10)
    assert_throttled(log_in())


def test_success_forgives_nothing() -> None:
    fail(9)
    assert_pair(log_in(RIGHT))
    fail(1)
    assert_throttled(log_in())


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"username": "ada"},
        [],
        {"username": ["ada"], "password": "x"},
        {**WRONG, "client_id": "a b"},
    ],
)
def test_a_malformed_login_is_no_guess(data: Any) -> None:
    for _ in range(30):
        assert log_in(data).status_code == 400
    assert_pair(log_in(RIGHT))


def test_names_of_any_kind_can_be_counted() -> None:
    names: list[Any] = ["\ud800", "x" * 100_000, None, 1, 1.5, [[[]]], {"a": "b"}, "", "\0", "a\nb"]
    for name in names:
        answer = APIClient().generic(
            "POST",
            "/auth/login/",
            json.dumps({"username": name, "password": "x"}),
            "application/json",
        )
        assert answer.status_code == 400


@pytest.mark.urls(__name__)
def test_a_second_factor_that_is_asked_for_is_no_failure() -> None:
    for _ in range(15):
        assert_error_code(log_in(RIGHT), 403, "mfa_required")


def assert_error_code(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.urls(__name__)
def test_a_projects_own_throttle_counts_as_drf_has_it() -> None:
    answers: list[Any] = [APIClient().post("/strict/", RIGHT, "json") for _ in range(2)]
    assert_pair(answers[0])
    assert_throttled(answers[1], within=86400)


# jwt_login_address: for an address alone.


def test_many_names_from_one_address_have_to_wait_too() -> None:
    with rates(jwt_login_address="5/min"):
        for n in range(5):
            fail(1, {"username": f"user{n}", "password": "wrong"})
        assert_throttled(log_in({"username": "user6", "password": "wrong"}))
        assert_pair(log_in(RIGHT, address="192.0.2.2"))


def test_an_address_may_fail_a_hundred_times_a_minute() -> None:
    for n in range(100):
        fail(1, {"username": f"user{n}", "password": "wrong"})
    assert_throttled(log_in(RIGHT))


def test_the_addresses_that_one_host_may_take_are_counted_as_one() -> None:
    for n in range(10):
        fail(1, address=f"2001:db8::{n}:1")
    assert_throttled(log_in(address="2001:db8::ffff:ffff:ffff:ffff"))
    assert_pair(log_in(RIGHT, address="2001:db8:0:1::1"))


def test_the_address_is_that_which_the_proxy_saw() -> None:
    with override_settings(REST_FRAMEWORK={"NUM_PROXIES": 1}):
        for n in range(10):
            answer = log_in(headers={"x-forwarded-for": f"203.0.113.{n}, 198.51.100.7"})
            assert_grant_refused(answer, "invalid_credentials")
        # What stands further left, the client wrote itself.
        assert_throttled(log_in(headers={"x-forwarded-for": "203.0.113.99, 198.51.100.7"}))
        assert_pair(log_in(RIGHT, headers={"x-forwarded-for": "198.51.100.8"}))


# jwt_refresh: tokens that we never issued.


def guesses() -> Iterator[str]:
    for n in range(1000):
        yield f"jrt_{n:064d}"


def test_guessed_refresh_tokens_have_to_wait() -> None:
    device = Device()
    with rates(jwt_refresh="5/min"):
        tokens = guesses()
        for _ in range(5):
            assert_grant_refused(refresh(next(tokens)), "refresh_token_invalid")
        assert_throttled(refresh(next(tokens)))
        # Whoever shares the address waits, and keeps the token (429 is no invalid_grant).
        assert_throttled(refresh(device.refresh_token))
        device.keep(assert_pair(refresh(device.refresh_token, address="192.0.2.2")))
        move_on(60)
        assert_pair(refresh(device.refresh_token))


def test_an_address_may_guess_sixty_refresh_tokens_a_minute() -> None:
    tokens = guesses()
    for _ in range(60):
        assert_grant_refused(refresh(next(tokens)), "refresh_token_invalid")
    assert_throttled(refresh(next(tokens)))


def test_refreshes_and_dead_tokens_of_ours_are_no_guesses() -> None:
    with rates(jwt_refresh="2/min"):
        device = Device()
        for _ in range(5):
            assert_pair(refresh(device.refresh_token))
        device.post("/auth/logout/")
        for _ in range(5):
            assert_grant_refused(refresh(device.refresh_token), "session_ended", reason="logout")
        move_on(15 * 86400)
        for _ in range(5):
            assert refresh(device.refresh_token).status_code == 400


# The rates.


def test_none_switches_a_scope_off() -> None:
    with rates(jwt_login=None, jwt_login_address=None):
        fail(101)
    assert_pair(log_in(RIGHT))


def test_one_scope_can_be_changed_and_the_others_stay() -> None:
    with rates(jwt_login="2/hour"):
        fail(2)
        assert assert_throttled(log_in(), within=3600) > 0
    fail(8)  # in the minute that is counted without it


@pytest.mark.parametrize(
    ("rate", "seconds"),
    [("1/minute", 60), ("1/h", 3600), ("1/day", 86400)],
)
def test_a_rate_is_read_as_drf_reads_it(rate: str, seconds: int) -> None:
    move_to(clock.now() // 86400 * 86400 + 86400.1)
    with rates(jwt_login=rate):
        fail(1)
        told = assert_throttled(log_in(), within=seconds)
        assert told > 0.9 * seconds - 1


def test_rates_are_read_at_the_call() -> None:
    fail(3)
    with rates(jwt_login="3/min"):
        assert_throttled(log_in())
    assert_pair(log_in(RIGHT))


def test_a_project_view_throttle_of_drf_is_not_ours() -> None:
    with override_settings(
        REST_FRAMEWORK={
            "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"],
            "DEFAULT_THROTTLE_RATES": {"anon": "1/day"},
        }
    ):
        for _ in range(3):
            assert_pair(log_in(RIGHT))


# The cache.


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the names of the counters that are made."""
    names: list[str] = []
    add = cache.add

    def note(key: str, *args: Any, **kwargs: Any) -> Any:
        names.append(key)
        return add(key, *args, **kwargs)

    monkeypatch.setattr(cache, "add", note)
    return names


def test_what_is_counted_names_neither_user_nor_address(made: list[str]) -> None:
    fail(1)
    assert len(made) == 2
    for name in made:
        assert "ada" not in name
        assert "192.0.2" not in name
        assert name.isascii()
        assert len(name) < 200  # memcached's limit is 250


def test_the_counter_of_a_window_is_made_once(made: list[str]) -> None:
    for _ in range(3):
        refresh("jrt_")
    assert len(made) == 1
    move_on(60)
    refresh("jrt_")
    assert len(set(made)) == len(made) == 2


@override_settings(CACHES={"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}})
def test_without_a_cache_nothing_is_counted_and_nothing_breaks() -> None:
    fail(15)
    assert_pair(log_in(RIGHT))


@pytest.mark.django_db(transaction=True)
def test_guesses_in_parallel_do_not_slip_through() -> None:
    def guess(_: int) -> int:
        try:
            return int(log_in().status_code)
        finally:
            connections.close_all()

    with rates(jwt_login="5/min"), ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(guess, range(24)))
    assert statuses.count(400) == 5
    assert statuses.count(429) == 19
