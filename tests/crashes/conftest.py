"""A server whose workers can be stopped at a named point, and killed there."""

import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from django_jwtauth.tokens import access_token
from tests.processes.database import connect, execute, scratch_database
from tests.processes.environment import KIND, environment
from tests.processes.http import Answer
from tests.processes.server import Server, gunicorn

SETTINGS: dict[str, Any] = {
    "MORE_APPS": ["tests.crashes"],
    "MIDDLEWARE": ["tests.crashes.stops.middleware"],
}
PASSWORD = "correct horse battery"
BOUND = 1.1  # seconds: DESIGN section 9, "revocation seen by another process"
_PATIENCE = 60.0  # seconds

# SQLite is part of each worker, and dies with it.
collect_ignore = ["test_database_servers.py"] if KIND == "sqlite" else []

# Asks for statements that wait for a lock.
_WAITING = {
    "postgresql": "SELECT pid FROM pg_stat_activity"
    " WHERE datname = '{database}' AND wait_event_type = 'Lock'",
    "mariadb": "SELECT id FROM information_schema.processlist"
    " JOIN information_schema.innodb_trx ON trx_mysql_thread_id = id"
    " WHERE db = '{database}' AND trx_state = 'LOCK WAIT'",
}


@dataclass(frozen=True)
class Site:
    """The server, its database, and the folder where its workers are told to stop."""

    server: Server
    database: str
    folder: Path
    place: dict[str, Any]

    def wait(self, seconds: float) -> None:
        """Let time pass for all that comes after."""
        clock = self.folder / "clock"
        later = self.folder / "clock.new"  # a worker may read it at this moment
        later.write_text(str(float(clock.read_text()) + seconds))
        later.rename(clock)

    @contextmanager
    def stopping_at(self, point: str) -> Iterator["Stop"]:
        """Let the next worker that comes to a point stop there; see `stops.py`."""
        (self.folder / point).touch()
        yield Stop(self.folder)
        assert not (self.folder / point).exists(), f"nobody came to {point!r}"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(connect(self.database, **self.place)) as connection:
            return execute(connection, sql)

    @contextmanager
    def locked_row(self, client: "Client") -> Iterator[None]:
        """Hold the row of a client's login session, as a transaction does that goes on for long."""
        with closing(connect(self.database, **self.place)) as connection:
            execute(connection, "BEGIN")
            sql = "SELECT id FROM django_jwtauth_loginsession WHERE user_id = {} FOR UPDATE"
            execute(connection, sql.format(client.user_id))
            yield
            execute(connection, "ROLLBACK")

    def wait_for_a_waiting_statement(self) -> None:
        until = time.monotonic() + _PATIENCE
        while not self.rows(_WAITING[KIND].format(database=self.database)):
            assert time.monotonic() < until, "no statement waits for a lock"
            time.sleep(0.05)


@dataclass(frozen=True)
class Stop:
    """A worker that has been told to stop at a point."""

    folder: Path

    def process_id(self) -> int:
        """Wait until it has stopped, and return its process id."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            for path in self.folder.glob("stopped-*"):
                return int(path.name.partition("-")[2])
            time.sleep(0.01)
        raise AssertionError("no worker has stopped")

    def kill(self) -> None:
        """Kill the worker as a power failure does: nothing is closed, nothing is said."""
        process_id = self.process_id()
        os.kill(process_id, signal.SIGKILL)
        (self.folder / f"stopped-{process_id}").unlink()

    def go_on(self) -> None:
        (self.folder / f"stopped-{self.process_id()}").unlink()


class Client:
    """Someone who is logged in on one device, and keeps the pair of tokens last received."""

    def __init__(self, site: Site) -> None:
        self.site, self.server = site, site.server
        self.name = secrets.token_hex(8)
        made = self.server.send("POST", f"/users/{self.name}/make/", {"password": PASSWORD})
        assert made.status == 204
        credentials = {"username": self.name, "password": PASSWORD}
        self.keep(later(lambda: self.server.send("POST", "/auth/login/", credentials)))
        _, claims = access_token.read_unverified(self.access_token)
        self.user_id, self.sid = int(claims["sub"]), str(claims["sid"])

    def keep(self, answer: Answer) -> None:
        assert answer.status == 200, answer
        self.access_token: str = answer.body["access_token"]
        self.refresh_token: str = answer.body["refresh_token"]

    def refresh(self) -> Answer:
        return self.server.refresh(self.refresh_token)

    def me(self) -> Answer:
        return self.server.send("GET", "/auth/me/", token=self.access_token)

    def logout(self) -> Answer:
        return self.server.send("POST", "/auth/logout/", {"refresh_token": self.refresh_token})

    def session(self) -> tuple[int, str]:
        """Return the generation and the end reason of the one login session there is."""
        rows = self.site.rows(
            "SELECT generation, end_reason FROM django_jwtauth_loginsession"
            f" WHERE user_id = {self.user_id}"
        )
        assert len(rows) == 1
        generation, end_reason = rows[0]
        return int(generation), str(end_reason)

    def wait_for_generation(self, generation: int) -> None:
        until = time.monotonic() + _PATIENCE
        while self.session()[0] != generation:
            assert time.monotonic() < until, f"generation {generation} has not come"
            time.sleep(0.02)

    def is_revoked(self) -> bool:
        sql = f"SELECT 1 FROM django_jwtauth_revocation WHERE identifier = 'sid:{self.sid}'"
        return bool(self.site.rows(sql))

    def assert_refused_soon(self) -> None:
        """Check that every worker refuses the access token, as soon as it has to."""
        time.sleep(BOUND)
        assert {later(self.me).code for _ in range(4)} == {"token_revoked"}

    def assert_goes_on(self) -> None:
        """Check that the pair that is kept is a good one, and the next one as well."""
        assert later(self.me).status == 200
        generation, _ = self.session()
        self.site.wait(60)  # past the retry window
        self.keep(later(self.refresh))
        assert later(self.me).status == 200
        assert self.session() == (generation + 1, "")


def later(call: Callable[[], Answer]) -> Answer:
    """Call as the rule for clients says: after a 503 keep the tokens, and try later.

    A worker that has met a dead database asks it again after `MAX_AGE` seconds.
    """
    until = time.monotonic() + _PATIENCE
    while (answer := call()).status == 503 and time.monotonic() < until:
        time.sleep(0.5)
    return answer


def in_background(call: Callable[[], Answer]) -> "Future[Answer | None]":
    """Call meanwhile; the result is `None` where no answer came."""

    def run() -> Answer | None:
        try:
            return call()
        except requests.ConnectionError:
            return None

    return _pool.submit(run)


_pool = ThreadPoolExecutor(8)


@contextmanager
def serving(database: str, folder: Path, **place: Any) -> Iterator[Site]:
    """Serve a database that has been migrated."""
    stops = folder / "stops"
    stops.mkdir()
    (stops / "clock").write_text("0")
    settings = {**SETTINGS, "DATABASE": place}
    variables = {**environment(database, **settings), "JWTAUTH_TEST_STOPS": str(stops)}
    with gunicorn(folder, variables) as server:
        yield Site(server, database, stops, place)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with scratch_database() as database, serving(database, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def client(site: Site) -> Client:
    return Client(site)
