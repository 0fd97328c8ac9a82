"""Refreshes that race the end of their login session: nothing lives on after the answer."""

import pytest

from tests.races.configurations import CONFIGURATIONS
from tests.races.conftest import RunRaces

# What ends a session, and what a caller who refreshes on is told.
ENDINGS = {
    "logout": "logout",
    "logout by access token": "logout",
    "logout/all": "logout_all",
    "DELETE sessions": "revoked",
    "sessions.end": "revoked",
    "sessions.end_all": "logout_all",
    "deactivate": "user_inactive",
    "password": "password_changed",
    "delete": "refresh_token_invalid",
}
# A process can refuse at once what it has revoked itself; of these, the refresh that races them
# may be the one to notice first.
NOTICED_BY_REFRESH = {"deactivate", "password"}


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_no_session_lives_on_after_its_ending_was_answered(
    configuration: str, run_races: RunRaces
) -> None:
    endings = list(ENDINGS)
    rotating = {"endings": endings, "processes": 2, "threads": 1, "rounds": 2, "window": 0}
    retrying = {"endings": endings, "processes": 2, "threads": 2, "rounds": 1}

    outcomes = run_races(configuration, [("end", rotating), ("end", retrying)])

    for outcome in outcomes[0] + outcomes[1]:
        ending = outcome["ending"]
        assert outcome["ended"] == (200 if ending == "logout/all" else 204), outcome
        assert not outcome["lives"], outcome
        assert outcome["statuses"] == [400], outcome
        assert outcome["refused"] == [ENDINGS[ending]], outcome
        assert outcome["accepted_later"] == 0, outcome
        assert outcome["accepted_at_once"] == 0 or ending in NOTICED_BY_REFRESH, outcome
    assert sum(outcome["generation"] or 0 for outcome in outcomes[0]) > len(endings)
