"""Whatever fails: no revoked token is accepted late, and no live one is refused but by 503."""

from pathlib import Path

import pytest

from tests.load.faults import FAULTS, MAX_AGE, MAX_STALENESS, endure
from tests.load.site import WORKERS, Backends, serving

#: Where nothing has answered for `MAX_STALENESS`, and requests must have been refused.
SILENCES = {"redis": "both_stopped", "database": "database_stopped"}


@pytest.mark.timeout(400)  # each fault waits until all is well again, which a busy machine delays
@pytest.mark.parametrize("feed", FAULTS)
def test_faults_neither_let_a_revoked_token_in_nor_keep_a_live_one_out(
    feed: str, servers: Backends, tmp_path: Path
) -> None:
    with serving(servers, tmp_path, feed, MAX_AGE=MAX_AGE, MAX_STALENESS=MAX_STALENESS) as site:
        tallies = endure(site, FAULTS[feed])

    assert {name: tally.wrong for name, tally in tallies.items() if tally.wrong} == {}
    for name, tally in tallies.items():
        assert tally.logouts > 0, name
        assert len(tally.refused) >= WORKERS, name
        assert tally.live[200] > 0, name
    silence = tallies[SILENCES[feed]]
    assert silence.live[503] > 0
    assert silence.revoked[503] > 0
