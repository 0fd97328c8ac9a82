"""Which refusals of a database mean "come again", and how often that is done.

`tests/transactions/test_conflicts.py` lets two real transactions meet.
"""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DataError, OperationalError, transaction

from django_jwtauth.sessions.transactions import try_again

pytestmark = pytest.mark.django_db(transaction=True)


def refusal(*arguments: Any, **cause: str) -> OperationalError:
    """Return an error as Django wraps a driver's."""
    error = OperationalError(*arguments)
    error.__cause__ = type("DriverError", (Exception,), cause)()
    return error


CONFLICTS = [
    refusal("could not serialize access", sqlstate="40001"),
    refusal("deadlock detected", sqlstate="40P01"),
    refusal(1020, "Record has changed since last read"),
    refusal(1205, "Lock wait timeout exceeded"),
    refusal(1213, "Deadlock found"),
    refusal("database is locked", sqlite_errorname="SQLITE_BUSY"),
    refusal("database is locked", sqlite_errorname="SQLITE_BUSY_SNAPSHOT"),
]
OTHERS = [
    refusal(),
    refusal("the server is gone", sqlstate="57P01"),
    refusal(2006, "Server has gone away"),
    refusal("disk I/O error", sqlite_errorname="SQLITE_IOERR"),
    OperationalError(),
]


def attempt(error: Exception, failures: int) -> Any:
    """Try what fails so often; returns what came of it and how often it was tried."""
    seen = SimpleNamespace(result=None, tries=0)

    def step() -> str:
        seen.tries += 1
        if seen.tries <= failures:
            raise error
        return "done"

    try:
        seen.result = try_again(step, "default")
    except type(error) as raised:
        seen.result = raised
    return seen.result, seen.tries


def test_a_conflict_is_tried_again_up_to_nine_times() -> None:
    for error in CONFLICTS:
        assert attempt(error, 0) == ("done", 1)
        assert attempt(error, 9) == ("done", 10), error
        assert attempt(error, 10) == (error, 10), error


def test_who_has_waited_for_long_does_not_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 59.9, 60.0])
    monkeypatch.setattr("django_jwtauth.sessions.transactions.monotonic", lambda: next(seconds))
    error = CONFLICTS[0]
    assert attempt(error, 9) == (error, 2)


def test_what_is_no_conflict_is_told_at_once() -> None:
    for error in (*OTHERS, DataError(1213, "of another kind")):
        assert attempt(error, 1) == (error, 1), error


def test_inside_an_outer_transaction_nothing_comes_again() -> None:
    with transaction.atomic():
        for error in CONFLICTS:
            assert attempt(error, 0) == ("done", 1)
            assert attempt(error, 1) == (error, 1), error
