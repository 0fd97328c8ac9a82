"""What docs/revocation.md shows, measured: every kind of server, and every fault several times."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product
from pathlib import Path
from platform import python_version
from typing import Any

from benchmarks import machine
from tests.load.faults import FAULTS, MAX_AGE, MAX_STALENESS, described, endure
from tests.load.logouts import AT_ONCE, BOUNDS, PHASES, Measured, measure, percentile
from tests.load.site import WORKERS, Backends, Site, backends, serving
from tests.load.watch import Tally
from tests.processes.database import connect, execute


def logouts(count: int) -> dict[str, Any]:
    """Log out `count` times at each kind of server."""
    with backends() as servers:
        found, rows = _surroundings(servers), []
        for feed, worker_class, is_preloaded in product(BOUNDS, ("gthread", "sync"), (False, True)):
            kind: dict[str, Any] = {"worker_class": worker_class, "is_preloaded": is_preloaded}
            with _site(servers, feed, **kind) as site:
                measured = measure(site, count, at_once=AT_ONCE[feed], phase=PHASES[feed])
            rows.append({"feed": feed, **kind, **_percentiles(measured)})
        return found | {"count": count, "rows": rows}


def faults(rounds: int) -> dict[str, Any]:
    """Let each fault happen `rounds` times, each time in another order."""
    with backends() as servers:
        found, rows = _surroundings(servers), []
        for feed, kinds in FAULTS.items():
            with _site(servers, feed, MAX_AGE=MAX_AGE, MAX_STALENESS=MAX_STALENESS) as site:
                seen = [endure(site, random.sample(kinds, len(kinds))) for _ in range(rounds)]
            rows += [
                _row(feed, described(kind), [tallies[kind.__name__] for tallies in seen])
                for kind in kinds
            ]
        return found | {"rounds": rounds, "rows": rows}


@contextmanager
def _site(servers: Backends, feed: str, **options: Any) -> Iterator[Site]:
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(servers, Path(folder), feed, **options) as site,
    ):
        yield site


def _surroundings(servers: Backends) -> dict[str, Any]:
    with closing(connect("postgres", **servers.database.place)) as connection:
        ((postgresql,),) = execute(connection, "SHOW server_version")
    distributions = {name: version(name) for name in ("Django", "gunicorn")}
    return {
        "taken": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine.machine(),
        "versions": {
            "Python": python_version(),
            **distributions,
            "PostgreSQL": postgresql.split()[0],
            "Redis": servers.redis.do("INFO", "server")["redis_version"],
        },
        "workers": WORKERS,
    }


def _percentiles(measured: Measured) -> dict[str, dict[str, float]]:
    series = {
        "accepted": [delay.accepted for delay in measured.delays],
        "refused": [delay.refused for delay in measured.delays],
        "question": measured.round_trips,
    }
    return {
        name: {
            key: round(percentile(values, percent) * 1000, 2)
            for key, percent in (("p50_ms", 50), ("p99_ms", 99), ("max_ms", 100))
        }
        for name, values in series.items()
    }


def _row(feed: str, fault: str, tallies: list[Tally]) -> dict[str, Any]:
    return {
        "feed": feed,
        "fault": fault,
        "logouts": sum(tally.logouts for tally in tallies),
        "questions": sum(tally.live.total() + tally.revoked.total() for tally in tallies),
        "unavailable": sum(tally.live[503] + tally.revoked[503] for tally in tallies),
        "latest_ms": round(max(tally.latest for tally in tallies) * 1000, 1),
        "wrong": [sentence for tally in tallies for sentence in tally.wrong],
    }
