"""Acts on keys that meet another's: one that holds a lock, and one that was quicker."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from django_jwtauth import key_rotation
from django_jwtauth.models import SigningKey
from tests.processes.database import connect, execute
from tests.revocation.waiting import in_thread

TABLE = SigningKey._meta.db_table

#: How each database is told not to wait for a lock.
IMPATIENT = {
    "sqlite": "PRAGMA busy_timeout = 0",
    "postgresql": "SET lock_timeout = '10ms'",
    "mysql": "SET innodb_lock_wait_timeout = 0",
}


@pytest.fixture
def unlock(first: str) -> Iterator[Callable[[], Any]]:
    """Hold the row of the one key in another's transaction, and yield what ends that."""
    with connection.cursor() as cursor:
        cursor.execute(IMPATIENT[connection.vendor])
    with closing(connect(str(connection.settings_dict["NAME"]))) as other:
        execute(other, "BEGIN")
        execute(other, f"UPDATE {TABLE} SET algorithm = 'ES384'")
        yield lambda: execute(other, "ROLLBACK")
    connection.close()  # the next one waits as long as ever


@contextmanager
def once(act: Callable[[], Any], *, before: str = "", after_error: bool = False) -> Iterator[None]:
    """Do it before the first statement with this word, or after the first that fails."""
    left = [act]

    def wrapper(execute: Any, sql: str, *rest: Any) -> Any:
        if left and before and before in sql:
            left.pop()()
        try:
            return execute(sql, *rest)
        except OperationalError:
            if left and after_error:
                left.pop()()
            raise

    with connection.execute_wrapper(wrapper):
        yield
    assert not left


def test_a_rotation_that_meets_a_lock_comes_again(
    first: str, unlock: Callable[[], Any], now: float
) -> None:
    with once(unlock, after_error=True):
        rotation = key_rotation.rotate(now)
    assert (rotation.made, rotation.previous) == (True, first)


def test_a_revocation_that_meets_a_lock_comes_again(
    first: str, unlock: Callable[[], Any], now: float
) -> None:
    with once(unlock, after_error=True):
        result = key_rotation.revoke_key(first, now)
    assert key_rotation.signing_key(now).kid == result.signs_now != first


def test_who_never_gives_the_lock_up_makes_a_rotation_fail(
    first: str, unlock: Callable[[], Any], now: float
) -> None:
    with pytest.raises(OperationalError):
        key_rotation.rotate(now)
    unlock()
    assert SigningKey.objects.get().kid == first


def test_in_a_block_of_the_caller_s_a_lock_is_the_caller_s_to_come_again_for(
    unlock: Callable[[], Any], now: float
) -> None:
    with (
        pytest.raises(OperationalError),
        transaction.atomic(),
        once(unlock, after_error=True),
    ):
        key_rotation.rotate(now)
    assert SigningKey.objects.count() == 1


def test_a_rotation_takes_the_first_key_that_another_has_just_made(
    _no_keys: None, now: float
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("a writer keeps others out")
    made: list[str] = []
    with once(
        lambda: made.append(in_thread(lambda: key_rotation.signing_key(now).kid)),
        before=f"INSERT INTO {connection.ops.quote_name(TABLE)}",
    ):
        rotation = key_rotation.rotate(now)
    assert [rotation.kid] == made
    assert not rotation.made
    assert SigningKey.objects.count() == 1
