"""Which database is asked where there are several: the one that is written, a replica never.

Here they are two connections to one database. `tests/transactions/test_two_databases.py` has two.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, connections, transaction

from django_jwtauth import sessions
from django_jwtauth.exceptions import RefreshTokenReused, SessionNotFound
from django_jwtauth.models import LoginSession, Revocation, to_sid
from django_jwtauth.sessions.proof import introspect, proven_session
from django_jwtauth.sessions.statements import compare_and_swap, find_with_user
from tests.moments import move_on

pytestmark = pytest.mark.django_db(transaction=True)


class PrimaryAndReplica:
    """Reads login sessions and revocations from the replica, as routers of projects do."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "default" if model._meta.model in (LoginSession, Revocation) else "primary"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "primary" if model._meta.managed else "default"

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True


class RevocationsElsewhere:
    """Keeps revocations, for other services to read, away from login sessions."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "default" if model is Revocation else "primary"

    db_for_write = db_for_read


class OneAppOnly:
    """Lets no app assign another's objects; the database holds them all the same."""

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return bool(one._meta.app_label == other._meta.app_label)


class PrimaryForRevocations:
    """Leaves users and login sessions to where the user was read."""

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return "primary" if model is Revocation else None


@pytest.fixture
def primary() -> Iterator[str]:
    """Return the alias of a second connection to the database of the tests."""
    second = connection.copy("primary")
    second.ensure_connection()
    connections["primary"] = second
    connections.databases["primary"] = second.settings_dict
    yield "primary"
    second.close()
    del connections["primary"]
    del connections.databases["primary"]


@contextmanager
def replica_left_alone(word: str = "") -> Iterator[None]:
    """Refuse the statements on the default connection that hold `word`."""

    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        assert word not in sql, f"on the replica: {sql}"
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        yield


def test_a_replica_is_asked_nothing(primary: str, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [PrimaryAndReplica()]
    with replica_left_alone():
        user = User.objects.create(username="ada", password="md5$w$x")
        kept, stolen, *others = (sessions.start(user) for _ in range(7))
        assert sessions.authenticate(kept.access_token)[0].get_username() == "ada"
        assert introspect(kept.access_token)
        assert proven_session(kept.access_token) == proven_session(kept.refresh_token)
        latest = sessions.refresh(stolen.refresh_token)
        move_on(60)
        with pytest.raises(RefreshTokenReused):
            sessions.refresh(stolen.refresh_token)
        with transaction.atomic(primary):
            sessions.refresh(kept.refresh_token)
        assert sessions.end(others[0].session.pk)
        assert sessions.end(others[1].session.sid)
        assert sessions.end_own(user, others[2].session.sid)
        assert sessions.revoke(others[3].refresh_token)
        assert sessions.revoke(sessions.start(user).access_token)
        assert not sessions.revoke(latest.access_token)
        assert sessions.active(user).count() == 3
        user.password = "md5$x$y"
        sessions.upgrade_password(user, primary)
        assert sessions.end_outdated(user) == 0
        user.set_password("two")
        user.save()
        assert sessions.active(user).count() == 0
        for _ in range(2):
            sessions.start(user)
        assert sessions.end_all(user, except_session=sessions.start(user).session.pk) == 2
        assert sessions.end_everything() == 1
        move_on(365 * 86400)
        assert sum(batch.rows for batch in sessions.prune()) > 0
        assert not LoginSession.objects.using(primary).exists()


@pytest.mark.usefixtures("hiding_manager")
def test_nor_is_it_where_a_manager_hides_users(primary: str, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [PrimaryAndReplica()]
    with replica_left_alone():
        pair = sessions.start(User.objects.create_user("ada"))
        assert introspect(pair.access_token)
        assert sessions.refresh(pair.refresh_token).session == pair.session


@pytest.mark.parametrize("in_block", [False, True])
def test_nor_is_it_by_the_loser_of_a_race(primary: str, settings: Any, in_block: bool) -> None:
    settings.DATABASE_ROUTERS = [PrimaryAndReplica()]
    won: list[sessions.TokenPair] = []

    def come_first(execute: Any, sql: str, *rest: Any) -> Any:
        if "UPDATE" in sql and "loginsession" in sql and not won:
            won.append(pair)  # only once
            won[0] = sessions.refresh(pair.refresh_token)
        return execute(sql, *rest)

    with replica_left_alone():
        pair = sessions.start(User.objects.create_user("ada"))
        with (
            connections[primary].execute_wrapper(come_first),
            transaction.atomic(primary) if in_block else nullcontext(),
        ):
            lost = sessions.refresh(pair.refresh_token)
    assert lost.refresh_token == won[0].refresh_token != pair.refresh_token


@pytest.mark.parametrize("is_hiding", [False, True])
def test_where_revocations_are_elsewhere_none_is_asked_for_with_a_session(
    primary: str, settings: Any, request: pytest.FixtureRequest, is_hiding: bool
) -> None:
    settings.DATABASE_ROUTERS = [RevocationsElsewhere()]
    if is_hiding:
        request.getfixturevalue("hiding_manager")
    pair = sessions.start(User.objects.create_user("ada"))
    with replica_left_alone():
        pair = sessions.refresh(pair.refresh_token)
    move_on(60)
    assert sessions.refresh(pair.refresh_token).session.generation == 2


def test_a_router_that_keeps_apps_apart_is_not_asked_about_what_was_read(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [OneAppOnly()]
    user = User.objects.create_user("ada")
    assert sessions.refresh(sessions.start(user).refresh_token).session.user == user


def test_a_router_that_answers_anew_is_followed(primary: str, settings: Any) -> None:
    session = sessions.start(User.objects.create_user("ada")).session
    Revocation.objects.create(identifier="kid:gone", revoked_at=session.created_at)
    told = []
    for routers in ([RevocationsElsewhere()], [PrimaryForRevocations()], [RevocationsElsewhere()]):
        settings.DATABASE_ROUTERS = routers
        found: Any = find_with_user(session.pk, primary, "gone")
        told.append(found.kid_is_revoked)
    assert told == [False, True, False]


def test_a_failure_leaves_the_outer_transaction_there_its_rollback(primary: str) -> None:
    session = sessions.start(User.objects.create_user("ada")).session

    def fail(*_: object) -> None:
        raise OperationalError("the server is gone")

    with transaction.atomic(primary):
        with pytest.raises(OperationalError), connections[primary].execute_wrapper(fail):
            compare_and_swap(session, {"generation": 1}, primary)
        assert transaction.get_rollback(primary)
        transaction.set_rollback(False, primary)


def test_a_user_of_another_database_has_their_sessions_there(primary: str, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [PrimaryForRevocations()]
    User.objects.create(username="ada", password="md5$w$x")
    user = User.objects.using(primary).get()
    with replica_left_alone("loginsession"):
        for _ in range(3):
            sessions.start(user)
        assert sessions.active(user).count() == 3
        user.password = "md5$x$y"
        sessions.upgrade_password(user, primary)
        assert sessions.end_outdated(user) == 0
        user.password = "md5$y$z"
        assert sessions.end_outdated(user) == 3
        kept = sessions.start(user)
        sessions.start(user)
        assert sessions.end_all(user, except_session=kept.session.sid) == 1
        with pytest.raises(SessionNotFound):
            sessions.end_own(user, to_sid(uuid4()))
        assert [row._state.db for row in sessions.active(user)] == [primary]


def test_a_hash_is_upgraded_in_the_database_that_its_user_is_saved_to(primary: str) -> None:
    User.objects.create(username="ada", password="md5$a$one")
    user = User.objects.using(primary).get()
    user.password = "md5$b$two"
    with replica_left_alone():
        sessions.upgrade_password(user, primary)
    assert User.objects.get().password == "md5$b$two"
