"""A logout in one worker is refused by all, in the time that the feed promises."""

from pathlib import Path
from statistics import median

import pytest

from tests.load.logouts import AT_ONCE, BOUNDS, PHASES, measure
from tests.load.site import Backends, serving

COUNT = 20


@pytest.mark.parametrize(
    ("feed", "worker_class", "is_preloaded"),
    [("redis", "gthread", True), ("redis", "sync", False), ("database", "sync", True)],
)
def test_every_worker_refuses_a_token_soon_after_its_logout(
    feed: str, worker_class: str, is_preloaded: bool, servers: Backends, tmp_path: Path
) -> None:
    with serving(
        servers, tmp_path, feed, worker_class=worker_class, is_preloaded=is_preloaded
    ) as site:
        measured = measure(site, COUNT, at_once=AT_ONCE[feed], phase=PHASES[feed])

    assert len(measured.delays) == COUNT
    assert median(delay.refused for delay in measured.delays) <= BOUNDS[feed]
    # A worker that the machine does not let run hears and asks nothing, so each may be later by as
    # long as the slowest question of this run took: on a quiet machine, some milliseconds.
    slowest = max(measured.round_trips)
    assert max(delay.accepted for delay in measured.delays) <= BOUNDS[feed] + slowest
