"""A database is restored from a backup: it has forgotten refreshes that its clients remember."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.deployments.conftest import Person
from tests.processes.database import connect, execute
from tests.processes.environment import KIND
from tests.processes.worker import Worker, worker

LATER = 60.0  # seconds: past the retry window

_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    "mariadb": "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
}
_WITHOUT_FOREIGN_KEYS = {
    "sqlite": "PRAGMA foreign_keys = OFF",
    "postgresql": "SET session_replication_role = replica",
    "mariadb": "SET foreign_key_checks = 0",
}


class Backup:
    """What the tables of a database hold at the time when it is made."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        names = [str(row[0]) for row in execute(connection, _TABLES[KIND])]
        self._tables = [name for name in names if name.startswith(("auth_", "django_jwtauth_"))]
        for table in self._tables:
            execute(connection, f"CREATE TABLE backup_{table} AS SELECT * FROM {table}")

    def restore(self) -> None:
        """Let them hold it again."""
        execute(self._connection, _WITHOUT_FOREIGN_KEYS[KIND])
        execute(self._connection, "BEGIN")
        for table in self._tables:
            execute(self._connection, f"DELETE FROM {table}")
            execute(self._connection, f"INSERT INTO {table} SELECT * FROM backup_{table}")
        execute(self._connection, "COMMIT")
        self.remove()

    def remove(self) -> None:
        for table in self._tables:
            execute(self._connection, f"DROP TABLE IF EXISTS backup_{table}")


@pytest.fixture
def running(database: str) -> Iterator[Worker]:
    with worker(database) as one:
        yield one


@pytest.fixture
def connection(database: str) -> Iterator[Any]:
    with closing(connect(database)) as connection:
        yield connection


def test_no_client_is_signed_out_by_a_database_that_forgot_its_refreshes(
    running: Worker, connection: Any
) -> None:
    people = [Person(running) for _ in range(4)]
    running.clock = LATER
    people[3].refresh(running)
    backup = Backup(connection)
    for number, person in enumerate(people):  # the first not at all, the last thrice
        for turn in range(number):
            running.clock = LATER * (2 + turn)
            person.refresh(running)

    backup.restore()

    running.clock = LATER * 10
    assert [person.generation(connection) for person in people] == [0, 0, 0, 1]
    for person in people:
        old = person.refresh_token
        person.refresh(running)
        # Also in the other tab, and where the answer was lost.
        assert running.refresh(old).body["refresh_token"] == person.refresh_token
    running.clock = LATER * 11
    for person in people:
        old = person.refresh_token
        person.refresh(running)
        assert person.is_let_in(running)
        running.clock += LATER
        # And theft is noticed as ever.
        assert running.refresh(old).code == "refresh_token_reused"


def test_many_callers_of_one_forgotten_token_get_one_successor(
    running: Worker, database: str, connection: Any
) -> None:
    person = Person(running)
    backup = Backup(connection)
    for turn in range(3):
        running.clock = LATER * (1 + turn)
        person.refresh(running)
    backup.restore()
    running.clock = LATER * 10

    with worker(database) as other:
        other.clock = running.clock
        answers = [one.refresh(person.refresh_token) for one in (running, other, running)]

    assert [answer.status for answer in answers] == [200] * 3
    assert len({answer.body["refresh_token"] for answer in answers}) == 1


def test_clients_refresh_where_the_signing_key_was_forgotten(
    running: Worker, database: str, connection: Any
) -> None:
    person = Person(running)
    backup = Backup(connection)
    rotation = {"command_name": "rotate_jwt_keys", "now": True}
    running.call("django.core.management.call_command", **rotation)
    running.clock = LATER  # by now the new key signs
    person.refresh(running)

    backup.restore()

    with worker(database) as restarted:
        restarted.clock = LATER * 2
        assert restarted.me(person.access_token).code == "token_invalid"
        person.refresh(restarted)
        assert person.is_let_in(restarted)
