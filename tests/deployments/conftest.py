"""A database of its own, and people who use the processes that share it."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.processes.database import execute, scratch_database
from tests.processes.worker import Worker

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with scratch_database() as name:
        yield name


class Person:
    """Someone with a login session, who keeps the pair of tokens last received."""

    def __init__(self, worker: Worker) -> None:
        self.name = secrets.token_hex(8)
        made = worker.send("POST", f"/users/{self.name}/make/", {"password": PASSWORD})
        assert made.status == 204
        self.keep(worker.log_in(self.name, PASSWORD))

    def keep(self, pair: dict[str, str]) -> None:
        self.access_token, self.refresh_token = pair["access_token"], pair["refresh_token"]

    def refresh(self, worker: Worker) -> None:
        """Refresh for good."""
        answer = worker.refresh(self.refresh_token)
        assert answer.status == 200, answer
        self.keep(answer.body)

    def generation(self, connection: Any) -> int:
        """Return the generation of the login session, as the database has it."""
        of_user = f"SELECT id FROM auth_user WHERE username = '{self.name}'"
        sql = f"SELECT generation FROM django_jwtauth_loginsession WHERE user_id IN ({of_user})"
        [(generation,)] = execute(connection, sql)
        return int(generation)

    def is_let_in(self, worker: Worker) -> bool:
        return worker.me(self.access_token).status == 200
