"""Parallel refreshes of one token: what each caller is answered, and what the session comes to."""

import json
from typing import Any

import pytest

from tests.races.configurations import CONFIGURATIONS
from tests.races.conftest import RunRaces

pytestmark = pytest.mark.parametrize("configuration", CONFIGURATIONS)

# Processes, threads in each, rounds.
SIZES = [(1, 2, 5), (1, 8, 3), (1, 50, 2), (4, 4, 3)]
STRICT_SIZES = [(1, 2, 3), (1, 8, 2), (4, 4, 2)]


def _races(sizes: list[tuple[int, int, int]], **more: float) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("refresh", {"processes": processes, "threads": threads, "rounds": rounds, **more})
        for processes, threads, rounds in sizes
    ]


def _different(rounds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each outcome once."""
    return [json.loads(text) for text in {json.dumps(outcome) for outcome in rounds}]


def test_parallel_refreshes_of_one_token_all_get_the_one_successor(
    configuration: str, run_races: RunRaces
) -> None:
    outcomes = run_races(configuration, _races(SIZES))

    for (processes, threads, _), rounds in zip(SIZES, outcomes, strict=True):
        assert _different(rounds) == [
            {
                "statuses": {"200": processes * threads},
                "codes": [],
                "successors": 1,
                "generation": 1,
                "end_reason": "",
                "access_tokens": [200],
                "successor_works": [200],
            }
        ]


def test_without_a_retry_window_one_of_many_wins_and_the_session_ends(
    configuration: str, run_races: RunRaces
) -> None:
    outcomes = run_races(configuration, _races(STRICT_SIZES, window=0))

    for (processes, threads, _), rounds in zip(STRICT_SIZES, outcomes, strict=True):
        for outcome in rounds:
            assert outcome["statuses"] == {"200": 1, "400": processes * threads - 1}
            assert "refresh_token_reused" in outcome["codes"]
            assert set(outcome["codes"]) <= {"refresh_token_reused", "session_ended"}
            assert outcome["successors"] == outcome["generation"] == 1
            assert outcome["end_reason"] == "reuse"
            assert outcome["successor_works"] == ["session_ended"]
