"""A key is revoked, and a process that has not heard of it is asked for the next token."""

from collections.abc import Iterator
from typing import Any

import pytest

from django_jwtauth.tokens import access_token
from tests.deployments.conftest import Person
from tests.processes.database import scratch_database
from tests.processes.worker import Worker, worker

#: Far longer than the test takes: nobody asks for news by himself.
UNHEARING = {"REVOCATION_FEED": {"OPTIONS": {"MAX_AGE": 600.0, "MAX_STALENESS": 600.0}}}


@pytest.fixture(scope="module")
def processes() -> Iterator[tuple[Worker, Worker]]:
    with (
        scratch_database() as database,
        worker(database) as one,
        worker(database, JWTAUTH=UNHEARING) as other,
    ):
        yield one, other


def kid_of(token: str) -> str:
    header, _ = access_token.read_unverified(token)
    return str(header["kid"])


def revoke(process: Worker, kid: str) -> None:
    process.call("tests.deployments.acts.revoke_key", kid=kid)


def test_a_refresh_is_signed_by_the_heir_wherever_it_is_asked_for(
    processes: tuple[Worker, Worker],
) -> None:
    one, other = processes
    person = Person(other)
    revoked = person.access_token
    assert other.me(revoked).status == 200
    revoke(one, kid_of(revoked))
    assert one.me(revoked).code == "token_revoked"
    assert other.me(revoked).status == 200  # it has not heard

    person.refresh(other)

    assert kid_of(person.access_token) != kid_of(revoked)
    assert person.is_let_in(one)
    assert person.is_let_in(other)
    assert other.me(revoked).code == "token_revoked"  # now it has


def test_a_retry_is_signed_by_the_heir_as_well(processes: tuple[Worker, Worker]) -> None:
    one, other = processes
    person = Person(other)
    sent = person.refresh_token
    person.refresh(other)
    revoked = person.access_token
    revoke(one, kid_of(revoked))

    retried: Any = other.refresh(sent).body

    assert kid_of(retried["access_token"]) != kid_of(revoked)
    assert retried["refresh_token"] == person.refresh_token
