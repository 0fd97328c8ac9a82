"""What a refresh token is worth, to the second. No database: nothing is read or written."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from django_jwtauth.exceptions import RefreshTokenExpired, SessionEnded
from django_jwtauth.models import LoginSession, to_datetime
from django_jwtauth.sessions.verdict import Step, lost_user, next_step, refuse_if_over

T = 1_700_000_000


def session(**fields: Any) -> LoginSession:
    times = {
        name: to_datetime(value) if name.endswith("_at") else value
        for name, value in fields.items()
    }
    return LoginSession(
        **{"idle_expires_at": to_datetime(T), "expires_at": to_datetime(T), **times}
    )


# Whether it lives.


@pytest.mark.parametrize(
    ("idle", "end", "now", "lives"),
    [
        (T, T + 100, T - 1, True),
        (T, T + 100, T - 0.001, True),
        (T, T + 100, T, False),
        (T, T + 100, T + 1, False),
        (T + 100, T, T - 0.001, True),
        (T + 100, T, T, False),
        # A token that would live for less than a second is none to hand out.
        (T + 0.9, T + 100, T - 0.001, True),
        (T + 0.9, T + 100, T, False),
    ],
)
def test_idle_and_absolute_end_count_to_the_second(
    idle: float, end: float, now: float, lives: bool
) -> None:
    row = session(idle_expires_at=idle, expires_at=end)
    if lives:
        refuse_if_over(row, now)
    else:
        with pytest.raises(RefreshTokenExpired):
            refuse_if_over(row, now)


def test_an_ended_session_says_so_whatever_the_time() -> None:
    for now in (T - 100, T + 100):
        with pytest.raises(SessionEnded) as caught:
            refuse_if_over(session(ended_at=T - 50, end_reason="reuse"), now)
        assert caught.value.end_reason == "reuse"


# The retry window of 30 seconds.

ROTATE, RETRY, REUSE = Step.ROTATE, Step.RETRY, Step.REUSE


@pytest.mark.parametrize(
    ("presented", "since", "expected"),
    [
        # The current one: another rotation once the window has passed.
        (5, 0, RETRY),
        (5, 29.999, RETRY),
        (5, 30, ROTATE),
        (5, 3600, ROTATE),
        # The one before: a retry within the window, theft after it.
        (4, 0, RETRY),
        (4, 29.999, RETRY),
        (4, 30, REUSE),
        (4, 3600, REUSE),
        # Two before, at any time.
        (3, 0, REUSE),
        (3, 3600, REUSE),
        (0, 0, REUSE),
        # Ahead of the row, as after a restored backup.
        (6, 0, ROTATE),
        (900, 3600, ROTATE),
        # A clock that has jumped back, or another process's that is behind.
        (5, -29.999, RETRY),
        (4, -29.999, RETRY),
        (5, -30, ROTATE),
        (4, -30, REUSE),
    ],
)
def test_the_window_counts_to_the_second(presented: int, since: float, expected: Step) -> None:
    assert next_step(session(generation=5, rotated_at=T), presented, T + since) is expected


def test_before_the_first_rotation_there_is_nothing_to_retry() -> None:
    row = session(generation=0)
    assert next_step(row, 0, T) is ROTATE
    assert next_step(row, 1, T) is ROTATE


@pytest.mark.parametrize(("presented", "expected"), [(5, ROTATE), (4, REUSE), (6, ROTATE)])
def test_without_a_window_there_are_no_retries(
    settings: Any, presented: int, expected: Step
) -> None:
    settings.JWTAUTH = {"REFRESH_RETRY_WINDOW": 0}
    assert next_step(session(generation=5, rotated_at=T), presented, T) is expected


@given(st.integers(0, 10), st.integers(0, 10), st.floats(-100, 100))
def test_a_superseded_token_never_rotates(generation: int, presented: int, since: float) -> None:
    step = next_step(session(generation=generation, rotated_at=T), presented, T + since)
    if presented < generation:
        assert step is not ROTATE
    if presented < generation - 1:
        assert step is REUSE


# Whose it is.


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ({}, None),
        ({"is_active": False}, "user_inactive"),
        ({"password": "another"}, "password_changed"),
        ({"is_active": False, "password": "another"}, "user_inactive"),
    ],
)
def test_a_user_who_may_not_hold_it_any_more(user: dict[str, Any], reason: str | None) -> None:
    row = session(user=User(**{"pk": 1, "password": "one", **user}))
    row.auth_hash = row.hash_of("one")
    assert lost_user(row) == reason
