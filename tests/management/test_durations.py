from argparse import ArgumentTypeError

import pytest

from django_jwtauth.management.durations import duration, show_duration, show_moment


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30d", 2592000), ("12h", 43200), ("90m", 5400), ("45s", 45), ("0s", 0), (" 1d ", 86400)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "d", "30", "30x", "-1d", "1.5h", "1d2h", "٣d", "1 d", "9" * 20 + "d"]
)
def test_another_duration_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="such as 30d, 12h, 90m"):
        duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (4.6, "5 s"),
        (119, "119 s"),
        (900, "15 min"),
        (86400, "24 h"),
        (8640000, "100 d"),
    ],
)
def test_a_duration_is_shown_in_its_largest_unit(seconds: float, text: str) -> None:
    assert show_duration(seconds) == text


def test_a_moment_is_shown_in_utc() -> None:
    assert show_moment(0) == "1970-01-01 00:00:00 UTC"
