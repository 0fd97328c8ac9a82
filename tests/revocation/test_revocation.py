"""Which feed a process has."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from django_jwtauth import conf, revocation
from django_jwtauth.revocation.database import DatabaseFeed
from django_jwtauth.revocation.dummy import DummyFeed

DATABASE = "django_jwtauth.revocation.database.DatabaseFeed"


class ProjectFeed(DummyFeed):
    """A feed that a project has written, and that notes when it is closed."""

    closed = 0

    def close(self) -> None:
        type(self).closed += 1


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    revocation.close()
    conf.forget()


def test_a_process_has_one_feed_for_the_settings_in_force() -> None:
    first = revocation.feed()
    assert revocation.feed() is first
    assert isinstance(first, DatabaseFeed)
    with override_settings(JWTAUTH={"REVOCATION_FEED": {"OPTIONS": {"MAX_AGE": 0.5}}}):
        other = revocation.feed()
        assert other is not first
        assert other.options["MAX_AGE"] == 0.5
    assert revocation.feed() is not other


def test_the_feed_before_is_closed(settings: Any) -> None:
    settings.JWTAUTH = {"REVOCATION_FEED": {"BACKEND": f"{__name__}.ProjectFeed"}}
    before = ProjectFeed.closed
    assert isinstance(revocation.feed(), ProjectFeed)
    settings.JWTAUTH = {}
    revocation.feed()
    assert ProjectFeed.closed == before + 1


@pytest.mark.parametrize("path", ["no.such.module.Feed", f"{DATABASE}x", "decimal.Decimal", "x"])
def test_a_path_that_names_no_feed_is_said_to_be_so(path: str, settings: Any) -> None:
    settings.JWTAUTH = {"REVOCATION_FEED": {"BACKEND": path}}
    with pytest.raises(ImproperlyConfigured, match=r"REVOCATION_FEED\.BACKEND"):
        revocation.feed()


def test_no_feed_works_with_wrong_options(settings: Any) -> None:
    settings.JWTAUTH = {"REVOCATION_FEED": {"OPTIONS": {"MAX_AGE": "1"}}}
    with pytest.raises(ImproperlyConfigured, match="MAX_AGE"):
        revocation.feed()
    assert [problem.id for problem in revocation.make(conf.current()).check()] == [
        "django_jwtauth.E302"
    ]


@pytest.mark.parametrize(
    ("options", "hints"),
    [
        ({}, []),
        ({"MAX_AGE": 2, "MAX_STALENESS": 2.5}, []),
        ({"MAXAGE": 1.0}, ["Did you mean 'MAX_AGE'?"]),
        ({"max_staleness": 1.0}, ["Did you mean 'MAX_STALENESS'?"]),
        ({"qqq": 1.0}, ["It knows MAX_AGE, MAX_STALENESS."]),
    ],
)
def test_an_unknown_option_is_an_error_that_names_the_right_one(
    options: dict[str, object], hints: list[str]
) -> None:
    problems = DatabaseFeed(options, conf.current()).check()
    assert [problem.hint for problem in problems] == hints
    assert all(problem.id == "django_jwtauth.E301" for problem in problems)


@pytest.mark.parametrize("value", ["1", None, 0, -1, True, float("inf"), float("nan")])
def test_a_duration_is_a_positive_number_of_seconds(value: object) -> None:
    problems = DatabaseFeed({"MAX_AGE": value, "MAX_STALENESS": value}, conf.current()).check()
    assert [problem.id for problem in problems] == ["django_jwtauth.E302"] * 2
    assert all(problem.is_serious() for problem in problems)


def test_requests_are_not_refused_before_a_poll_is_due() -> None:
    problems = DatabaseFeed({"MAX_AGE": 10, "MAX_STALENESS": 5}, conf.current()).check()
    assert [problem.msg for problem in problems] == [
        "The option MAX_STALENESS of DatabaseFeed must be at least MAX_AGE."
    ]
