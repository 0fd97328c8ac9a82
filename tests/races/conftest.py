"""A database for races, and the process that runs them."""

import fcntl
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.processes.database import scratch_database
from tests.processes.environment import environment
from tests.races.configurations import CONFIGURATIONS

#: A list of `[name, arguments]`; the answer has a list of rounds for each.
Races = list[tuple[str, dict[str, Any]]]
RunRaces = Callable[[str, Races], list[list[dict[str, Any]]]]


@pytest.fixture(scope="session")
def race_database() -> Iterator[str]:
    with scratch_database() as name:
        yield name


@pytest.fixture
def run_races(race_database: str) -> RunRaces:
    """Run races in a process of the configuration that is named."""

    def run(configuration: str, races: Races) -> list[list[dict[str, Any]]]:
        with _alone():
            process = subprocess.run(
                [sys.executable, "-m", "tests.races"],
                input=json.dumps(races),
                env=environment(race_database, **CONFIGURATIONS[configuration]),
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert process.returncode == 0
        rounds: list[list[dict[str, Any]]] = json.loads(process.stdout)
        return rounds

    return run


@contextmanager
def _alone() -> Iterator[None]:
    """Wait for other races on this machine: two would need more connections than a server has."""
    path = Path(tempfile.gettempdir()) / "jwtauth_races.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
