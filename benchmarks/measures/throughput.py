"""Refreshes a second with several processes, each with sessions of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from time import perf_counter
from typing import Any

from django.db import connections

from benchmarks.calls import Call
from benchmarks.measures.clients import Clients, needed

_PATIENCE = 120  # seconds
_WARM = 3  # each, before it counts: a new connection, and memory that is no more the parent's
_fork = multiprocessing.get_context("fork")  # what a preloading server does


def refreshes(clients: Clients, *, processes: int, count: int) -> float:
    """Return how many a second ``processes`` do together, ``count`` sessions each."""
    share = _WARM + count
    calls = [needed(clients.peer.refresh(clients.log_in())) for _ in range(processes * share)]
    connections.close_all()
    barrier, moments = _fork.Barrier(processes), _fork.SimpleQueue()
    children = [
        _fork.Process(
            target=_refresh,
            args=(clients, calls[number * share : (number + 1) * share], barrier, moments),
        )
        for number in range(processes)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(_PATIENCE)
        if child.exitcode != 0:
            raise RuntimeError(f"A process ended with {child.exitcode}.")
    begun, ended = zip(*(moments.get() for _ in children), strict=True)
    return float(processes * count / (max(ended) - min(begun)))


def _refresh(clients: Clients, calls: Sequence[Call], barrier: Barrier, moments: Any) -> None:
    for call in calls[:_WARM]:
        clients.must(call)
    barrier.wait(_PATIENCE)
    begun = perf_counter()
    for call in calls[_WARM:]:
        clients.must(call)
    moments.put((begun, perf_counter()))
    connections.close_all()
