"""Measures the package with ever more login sessions and revocations, on PostgreSQL.

All sizes stand side by side and are measured in turns, so that what else the machine does meets
each of them alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from benchmarks.databases import postgresql_version, scratch_database
from benchmarks.machine import machine, versions
from benchmarks.workers import Worker, working

PEER: Final = "jwtauth"


@dataclass(frozen=True, slots=True)
class Growth:
    """How far it goes."""

    sessions: Sequence[int]
    revocations: Sequence[int]
    rates: Sequence[int]  # revocations a second
    fill_seconds: float  # for each size: then what is there has to do
    rounds: int
    acts: int
    dead: int
    waiting_seconds: float
    own: int


FULL: Final = Growth(
    sessions=(10_000, 1_000_000, 10_000_000),
    revocations=(0, 1_000, 100_000),
    rates=(1, 10, 100, 1_000),
    fill_seconds=900,
    rounds=5,
    acts=40,
    dead=100_000,
    waiting_seconds=8,
    own=1000,
)
QUICK: Final = Growth(
    sessions=(1_000, 5_000),
    revocations=(0, 1_000),
    rates=(1, 10),
    fill_seconds=10,
    rounds=1,
    acts=5,
    dead=1_000,
    waiting_seconds=0.5,
    own=50,
)


def grow(plan: Growth, tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure and return everything that the page shows."""
    found: dict[str, Any] = {
        "taken": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(postgresql_version()),
        "plan": asdict(plan),
    }
    with ExitStack() as stack:
        workers: dict[int, tuple[Worker, dict[str, Any]]] = {}
        for sessions in plan.sessions:
            database = stack.enter_context(scratch_database("postgresql", f"growth_{sessions}"))
            worker = stack.enter_context(working(Worker(PEER, database)))
            filled = worker.ask("growth.fill", count=sessions, seconds=plan.fill_seconds)
            tell(f"{filled['sessions']:,} sessions in {filled['seconds']:.0f} s")
            workers[filled["sessions"]] = worker, database
            found.setdefault("filled", []).append(filled)
        found["costs"] = [
            cost
            for revocations in plan.revocations
            for cost in _costs(workers, plan, revocations, tell)
        ]
        tell("polls where much is revoked")
        found["polls"] = {
            rate: _rounded(value)
            for rate, value in workers[min(workers)][0]
            .ask("growth.polls", rates=plan.rates, count=plan.acts)
            .items()
        }
        tell("many sessions of one's own")
        found["own"] = _own(workers, plan)
        found["prune"] = [_prune(*workers[size], size, plan, tell) for size in workers]
    return found


Workers = dict[int, tuple[Worker, dict[str, Any]]]


def _costs(
    workers: Workers, plan: Growth, revocations: int, tell: Callable[[str], None]
) -> list[dict[str, float]]:
    tell(f"{revocations:,} revocations")
    loads = {
        size: worker.ask("growth.revocations", count=revocations)
        for size, (worker, _) in workers.items()
    }
    rounds = [
        {
            size: worker.ask("growth.costs", count=plan.acts, sessions_there=size)
            for size, (worker, _) in workers.items()
        }
        for _ in range(plan.rounds)
    ]
    return [
        {"sessions": size, "revocations": revocations}
        | {name: _rounded(value) for name, value in loads[size].items()}
        | {name: _rounded(median(one[size][name] for one in rounds)) for name in rounds[0][size]}
        for size in workers
    ]


def _own(workers: Workers, plan: Growth) -> dict[str, Any]:
    size = max(workers)
    worker, _ = workers[size]
    ratios = worker.ask("growth.own", count=plan.acts, many=plan.own)
    return {"sessions": size, "many": plan.own} | {
        name: _rounded(value) for name, value in ratios.items()
    }


def _prune(
    worker: Worker, database: dict[str, Any], size: int, plan: Growth, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Prune in one process, while another goes on refreshing."""
    tell(f"prune beside {size:,} sessions")
    worker.ask("growth.die", count=plan.dead)
    ask = {"seconds": plan.waiting_seconds, "sessions_there": size}
    before = worker.ask("growth.waiting", **ask)
    with working(Worker(PEER, database)) as pruning:
        pruning.order("growth.prune")
        during = worker.ask("growth.waiting", **ask)
        pruned = pruning.answer()
    return {
        "sessions": size,
        **{name: _rounded(value) for name, value in pruned.items()},
        "before": {name: _rounded(value) for name, value in before.items()},
        "during": {name: _rounded(value) for name, value in during.items()},
    }


def _rounded(value: float) -> float:
    """Return three digits: more would be noise."""
    return float(f"{value:.3g}")
