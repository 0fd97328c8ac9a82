"""A site for each test: its database is a copy of one that was migrated once."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.processes.database import scratch_database
from tests.processes.worker import Worker
from tests.runbooks.site import Site

PATIENCE = 60  # seconds, on a machine that runs much else


@pytest.fixture(scope="session")
def migrated() -> Iterator[str]:
    with scratch_database() as path:
        yield path


@pytest.fixture
def site(migrated: str, tmp_path: Path) -> Site:
    database = shutil.copy(migrated, tmp_path / "db.sqlite3")
    return Site(str(database), tmp_path)


@pytest.fixture
def running(site: Site) -> Iterator[Worker]:
    """A process that serves while the operator types."""
    with site.process() as one:
        yield one


def wait_until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.1)
