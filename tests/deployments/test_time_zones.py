"""Processes, servers and projects that keep their clocks in different time zones."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.deployments.conftest import Person
from tests.processes.environment import KIND
from tests.processes.worker import Worker, worker

BOUND = 1.1  # seconds: DESIGN section 9, "revocation seen by another process"
LATER = 60.0  # seconds: past the retry window
IDLE = 14 * 86400  # seconds: REFRESH_TOKEN_LIFETIME

# West and east of Greenwich, and not by whole hours.
ZONES = [{"TIME_ZONE": zone} for zone in ("UTC", "Pacific/Auckland", "America/St_Johns")]
# Django keeps local time then, so processes have to agree on a zone.
NAIVE = [{"USE_TZ": False, "TIME_ZONE": "Pacific/Auckland"}] * 2
SERVER_ZONES = [
    {"DATABASE": {"OPTIONS": {"init_command": f"SET time_zone = '{zone}'"}}}
    for zone in ("+09:00", "-05:00")
]
SITES: dict[str, list[dict[str, Any]]] = {"zones": ZONES, "naive": NAIVE}
if KIND == "mariadb":
    SITES["server zones"] = SERVER_ZONES


@pytest.fixture(scope="module", params=SITES)
def processes(request: pytest.FixtureRequest, database: str) -> Iterator[list[Worker]]:
    """Start the processes of a site."""
    settings = SITES[request.param]
    with ExitStack() as stack:
        yield [stack.enter_context(worker(database, **one)) for one in settings]


@pytest.fixture
def running(processes: list[Worker]) -> list[Worker]:
    set_clocks(processes, 0)
    return processes


def set_clocks(running: list[Worker], ahead: float) -> None:
    for one in running:
        one.clock = ahead


def test_a_session_lives_and_ends_at_every_process_alike(running: list[Worker]) -> None:
    person = Person(running[0])
    assert all(person.is_let_in(one) for one in running)
    for turn, one in enumerate(running):
        set_clocks(running, LATER * (1 + turn))
        old = person.refresh_token
        person.refresh(one)
        # A retry is one at every process, and a refresh token is one string.
        retried = {other.refresh(old).body["refresh_token"] for other in running}
        assert retried == {person.refresh_token}

    set_clocks(running, LATER * 10 + IDLE)
    assert {one.refresh(person.refresh_token).code for one in running} == {"refresh_token_expired"}


def test_theft_noticed_at_one_process_ends_the_session_at_every_other(
    running: list[Worker],
) -> None:
    person = Person(running[0])
    stolen = person.refresh_token
    person.refresh(running[0])
    set_clocks(running, LATER)
    assert running[-1].refresh(stolen).code == "refresh_token_reused"
    time.sleep(BOUND)
    assert {one.me(person.access_token).code for one in running} == {"token_revoked"}


def test_a_logout_at_one_process_is_known_at_every_other_within_the_bound(
    running: list[Worker],
) -> None:
    for one in running:
        person = Person(one)
        assert all(person.is_let_in(other) for other in running)
        body = {"refresh_token": person.refresh_token}
        assert one.send("POST", "/auth/logout/", body).status == 204
        time.sleep(BOUND)
        assert {other.me(person.access_token).code for other in running} == {"token_revoked"}


def test_a_process_that_starts_after_a_logout_knows_of_it(
    running: list[Worker], database: str, request: pytest.FixtureRequest
) -> None:
    person = Person(running[0])
    running[0].send("POST", "/auth/logout/", {"refresh_token": person.refresh_token})
    settings = SITES[request.node.callspec.params["processes"]][-1]
    with worker(database, **settings) as late:
        assert late.me(person.access_token).code == "token_revoked"


# Berlin sets its clocks back from 03:00 to 02:00, at 01:00 UTC.
SET_BACK = datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp()
BERLIN: dict[str, Any] = {"USE_TZ": False, "TIME_ZONE": "Europe/Berlin"}


@pytest.mark.parametrize("after", [-10, 1800, 3590])
def test_a_retry_is_no_theft_in_the_hour_that_comes_twice(database: str, after: float) -> None:
    with worker(database, **BERLIN) as one:
        one.clock = SET_BACK + after - LATER - time.time()
        person = Person(one)
        one.clock += LATER
        old = person.refresh_token
        person.refresh(one)
        one.clock += 20
        assert one.refresh(old).body["refresh_token"] == person.refresh_token
        one.clock += LATER
        person.refresh(one)


def test_a_logout_holds_in_the_hour_that_comes_twice(database: str) -> None:
    with worker(database, **BERLIN) as one:
        one.clock = SET_BACK - LATER - time.time()
        person = Person(one)
        one.send("POST", "/auth/logout/", {"refresh_token": person.refresh_token})
        with worker(database, **BERLIN) as late:
            late.clock = one.clock
            assert late.me(person.access_token).code == "token_revoked"
            late.clock += LATER * 2
            assert late.me(person.access_token).code == "token_revoked"
        one.call("tests.deployments.acts.prune")
        with worker(database, **BERLIN) as late:
            late.clock = one.clock + LATER * 2
            assert late.me(person.access_token).code == "token_revoked"
