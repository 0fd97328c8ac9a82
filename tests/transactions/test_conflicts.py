"""Two transactions meet: the one that has to give way comes again, and nobody hears of it."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction

from django_jwtauth import sessions, signals
from django_jwtauth.exceptions import RefreshTokenReused
from django_jwtauth.models import LoginSession
from tests.moments import move_on
from tests.transactions.interference import meanwhile


@pytest.mark.django_db(transaction=True)
def test_all_sessions_of_a_user_end_however_often_another_one_writes_in_between() -> None:
    user = User.objects.create_user("ann")
    others = [sessions.start(User.objects.create_user(f"other-{n}")) for n in range(10)]
    for _ in range(3):
        sessions.start(user)

    def refresh_another_session() -> None:
        sessions.refresh(others.pop().refresh_token)

    with meanwhile(refresh_another_session, before=("UPDATE", "loginsession"), times=5):
        assert sessions.end_all(user) == 3

    assert not sessions.active(user).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_bring_a_stolen_token_at_once_one_is_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stolen = sessions.start(User.objects.create_user("ann")).refresh_token
    latest = sessions.refresh(stolen).refresh_token
    move_on(3600)
    sessions.refresh(latest)
    told: list[object] = []

    def hear(**event: Any) -> None:
        told.append(event["session"].pk)

    def bring_it() -> None:
        with pytest.raises(RefreshTokenReused):
            sessions.refresh(stolen)

    signals.refresh_token_reused.connect(hear)
    try:
        with (
            caplog.at_level(logging.WARNING, "django_jwtauth.security"),
            meanwhile(bring_it, before=("UPDATE", "loginsession"), patience=10),
        ):
            bring_it()
    finally:
        signals.refresh_token_reused.disconnect(hear)
    assert len(told) == 1
    assert [record.getMessage().split()[0] for record in caplog.records] == ["refresh_token_reused"]


# How each database, asked so, refuses at once or soon a write that meets another's.
IMPATIENCE = {
    "sqlite": "PRAGMA busy_timeout = 0",
    "postgresql": "SET default_transaction_isolation = 'repeatable read'",
    "mysql": "SET SESSION innodb_lock_wait_timeout = 1",
}


@contextmanager
def conflict(session: LoginSession) -> Iterator[None]:
    """Let the first write to the sessions meet another's, who is done when it comes again."""
    is_locked, may_end = threading.Event(), threading.Event()
    seen: list[str] = []

    def hold() -> None:
        try:
            with transaction.atomic():
                LoginSession.objects.filter(pk=session.pk).update(label="held")
                is_locked.set()
                may_end.wait(2)
        finally:
            connections.close_all()

    holder = threading.Thread(target=hold)

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        # SQLite locks all there is: with the first write, whatever it writes.
        if sql.startswith("UPDATE") and (connection.vendor == "sqlite" or "loginsession" in sql):
            seen.append(sql)
            if len(seen) == 1:
                holder.start()
                assert is_locked.wait(30)
            else:
                may_end.set()
                holder.join()
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        cursor.execute(IMPATIENCE[connection.vendor])
    try:
        with connection.execute_wrapper(wrapper):
            yield
    finally:
        may_end.set()
        holder.join()
        connection.close()
    assert len(seen) > 1, "nothing came again"


def end_everything(user: User) -> None:
    assert sessions.end_everything() == 1


def upgrade(user: User) -> None:
    user.password = "md5$b$new"
    sessions.upgrade_password(user, "default")
    assert User.objects.get().password == user.password
    assert sessions.end_outdated(user) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [end_everything, upgrade])
def test_a_write_that_had_to_give_way_comes_again(act: Callable[[User], None]) -> None:
    user = User.objects.create(username="ann", password="md5$a$old")
    session = sessions.start(user).session
    with conflict(session):
        act(user)
    session.refresh_from_db()
    assert (session.ended_at is not None) is (act is end_everything)
