"""Logins that all upgrade the password's hash at once: nobody's session ends, old or new."""

import pytest

from tests.races.configurations import CONFIGURATIONS
from tests.races.conftest import RunRaces

PROCESSES, THREADS = 2, 3


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_an_upgrade_of_the_hash_ends_nobodys_session(
    configuration: str, run_races: RunRaces
) -> None:
    race = {"processes": PROCESSES, "threads": THREADS, "rounds": 3}

    (outcomes,) = run_races(configuration, [("upgrade", race)])

    everyone = {"200": PROCESSES * THREADS}
    for outcome in outcomes:
        assert outcome == {
            "statuses": everyone,
            "hash": "pbkdf2_sha256",
            "access_tokens": everyone,
            "refreshed": everyone,
        }
