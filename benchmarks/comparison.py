"""Measures all peers in one run: each in a process of its own, in turns, round after round.

Others may use the machine meanwhile, so a ratio is taken within each round, between measurements
that follow each other, and the median of the rounds is what counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from operator import itemgetter
from statistics import median
from time import monotonic
from typing import Any, Final

from benchmarks.databases import postgresql_version, scratch_database
from benchmarks.machine import machine, versions
from benchmarks.peers import REFERENCE, WITH_PERMISSIONS
from benchmarks.serving import generator, measure, served
from benchmarks.workers import Worker, working

GRANTED: Final = (0, 50, 200)
CALLERS: Final = (8, 50)
PROCESSES: Final = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int
    warm_logins: int  # as many as there are users
    acts: int  # of each kind in a round
    requests: int
    races: int
    refreshes: int  # of each process
    guesses: int
    load_seconds: float
    slow_peers: int | None  # how many serve, and refuse logins; None: all


FULL: Final = Plan(
    rounds=6,
    warm_logins=200,
    acts=20,
    requests=200,
    races=3,
    refreshes=40,
    guesses=3,
    load_seconds=2,
    slow_peers=None,
)
QUICK: Final = Plan(
    rounds=1,
    warm_logins=3,
    acts=3,
    requests=20,
    races=1,
    refreshes=3,
    guesses=1,
    load_seconds=1,
    slow_peers=1,
)

Tell = Callable[[str], None]


def compare(plan: Plan, kinds: Sequence[str], names: Sequence[str], tell: Tell) -> dict[str, Any]:
    """Measure and return everything that the page shows."""
    begin = monotonic()
    found = {
        "taken": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(postgresql_version()),
        "load_generator": generator(),
        "plan": asdict(plan),
        "sizes": _sizes(names, tell),
    }
    found["databases"] = {kind: _on(kind, plan, names, tell) for kind in kinds}
    return found | {"minutes": round((monotonic() - begin) / 60, 1)}


def _sizes(names: Sequence[str], tell: Tell) -> dict[str, Any]:
    tell("sizes of tokens")
    found = {}
    for name in WITH_PERMISSIONS:
        with (
            scratch_database("sqlite", name) as database,
            working(Worker(name, database, MORE_APPS=["benchmarks.catalog"])) as worker,
        ):
            found[name] = worker.ask("sizes.of_tokens", granted=GRANTED)
    return found


def _on(kind: str, plan: Plan, names: Sequence[str], tell: Tell) -> dict[str, Any]:
    with ExitStack() as stack:
        workers = []
        for name in names:
            database = stack.enter_context(scratch_database(kind, name))
            workers.append(Worker(name, database))
        for worker in workers:
            stack.enter_context(working(worker))
        tell(f"{kind}: {len(workers)} peers are ready")
        found = {worker.peer: {"title": worker.ask("about.title")} for worker in workers}
        for step, taking_part in (
            (_cost, workers),
            (_times, workers),
            (_races, workers),
            (_throughput, workers),
            # How long these two take depends on how many peers there are.
            (_load, workers[: plan.slow_peers]),
            (_guesses, workers[: plan.slow_peers] if kind == "sqlite" else []),
        ):
            tell(f"{kind}: {step.__name__.removeprefix('_')}")
            for peer, values in step(taking_part, plan):
                found[peer] |= values
        return found


Values = Iterator[tuple[str, dict[str, Any]]]


def _cost(workers: Sequence[Worker], plan: Plan) -> Values:
    count = min(plan.acts, 15)
    for worker in workers:
        worker.ask("cost.warm_up", logins=plan.warm_logins)
        yield (
            worker.peer,
            {
                "cost": worker.ask("cost.of_acts", count=count),
                "written_by_login": worker.ask("cost.written", act="login", count=count),
            },
        )


def _times(workers: Sequence[Worker], plan: Plan) -> Values:
    """Time acts, requests and authenticate(), every peer in every round."""
    rounds: list[dict[str, dict[str, float | None]]] = []
    for number in range(plan.rounds):
        turn = number % len(workers)  # nobody always follows the same one
        rounds.append(
            {worker.peer: _time(worker, plan) for worker in [*workers[turn:], *workers[:turn]]}
        )
    for worker in workers:
        mine = [one[worker.peer] for one in rounds]
        reference = [one.get(REFERENCE, {}) for one in rounds]
        yield (
            worker.peer,
            {
                "times": {name: _median([one[name] for one in mine]) for name in mine[0]},
                "to_reference": {
                    name: _ratio([one[name] for one in mine], [one.get(name) for one in reference])
                    for name in mine[0]
                },
                "to_open": {
                    name: _ratio([one[name] for one in mine], [one[f"{name}_open"] for one in mine])
                    for name in ("view", "request")
                },
                "to_bare": {
                    name: _ratio([one.get(name) for one in mine], [one.get("bare") for one in mine])
                    for name in ("seen", "new")
                    if name in mine[0]
                },
            },
        )


def _time(worker: Worker, plan: Plan) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for act in ("login", "refresh", "retry", "logout"):
        found |= _time_act(act, worker.ask("timing.act", act=act, count=plan.acts) or {})
    found |= worker.ask("timing.requests", count=plan.requests)
    found["authenticate"] = worker.ask("timing.authenticate", count=plan.requests)
    found["authenticate_new"] = worker.ask("timing.authenticate_new", count=plan.acts)
    if worker.peer == "jwtauth":
        found |= worker.ask("package.authenticate", count=plan.requests)
    return found


def _time_act(act: str, spent: dict[str, float | None]) -> dict[str, float | None]:
    client, server = spent.get("client"), spent.get("server")
    return {
        act: spent.get("time"),
        f"{act}_client": client,
        f"{act}_server": server,
        f"{act}_processor": None if client is None else client + (server or 0),
    }


def _races(workers: Sequence[Worker], plan: Plan) -> Values:
    for worker in _rotating(workers):
        yield (
            worker.peer,
            {
                "races": {
                    str(callers): worker.ask("races.parallel", callers=callers, rounds=plan.races)
                    for callers in CALLERS
                }
            },
        )


def _throughput(workers: Sequence[Worker], plan: Plan) -> Values:
    rotating = _rotating(workers)
    rounds = [
        {
            worker.peer: worker.ask(
                "throughput.refreshes", processes=PROCESSES, count=plan.refreshes
            )
            for worker in rotating
        }
        for _ in range(min(plan.rounds, 3))
    ]
    for worker in rotating:
        mine = [one[worker.peer] for one in rounds]
        yield (
            worker.peer,
            {
                "refreshes_per_second": _median(mine),
                "refreshes_to_reference": _ratio(mine, [one.get(REFERENCE) for one in rounds]),
            },
        )


def _guesses(workers: Sequence[Worker], plan: Plan) -> Values:
    for worker in workers:
        yield worker.peer, {"guesses": worker.ask("guessing.refused_logins", count=plan.guesses)}


def _load(workers: Sequence[Worker], plan: Plan) -> Values:
    for worker in workers:
        headers = worker.ask("about.request_headers")
        with served(worker.environment) as port:
            measure(port, "/closed/", headers, 1)  # warm
            rounds = [
                {
                    path: measure(port, path, headers, plan.load_seconds)
                    for path in ("/open/", "/closed/")
                }
                for _ in range(min(plan.rounds, 3))
            ]
        # Not the median: now and then one of the two processes accepts all connections.
        closed, opened = (
            max((one[path] for one in rounds), key=itemgetter("per_second"))
            for path in ("/closed/", "/open/")
        )
        yield (
            worker.peer,
            {
                "load": {name: _rounded(value) for name, value in closed.items()},
                "load_open": {name: _rounded(value) for name, value in opened.items()},
                "load_to_open": _rounded(closed["per_second"] / opened["per_second"]),
            },
        )


def _rotating(workers: Sequence[Worker]) -> list[Worker]:
    """Return those whose refresh hands out a new refresh token."""
    return [worker for worker in workers if worker.ask("about.rotates")]


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _rounded(median(known)) if known else None


def _ratio(
    numerators: Sequence[float | None], denominators: Sequence[float | None]
) -> float | None:
    return _median(
        [
            one / other if one is not None and other else None
            for one, other in zip(numerators, denominators, strict=True)
        ]
    )


def _rounded(value: float) -> float:
    """Return three digits: more would be noise."""
    return float(f"{value:.3g}")
