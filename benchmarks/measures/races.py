"""Many refreshes of one token at once, as two tabs, a retry and a service worker send them."""

from __future__ import annotations

import threading
from statistics import median

from django.db import connections

from benchmarks.calls import Answer, Call
from benchmarks.measures.clients import Clients, needed

_PATIENCE = 60  # seconds


def parallel(clients: Clients, *, callers: int, rounds: int) -> dict[str, float]:
    """Return how a session comes out of that, the medians of ``rounds``.

    ``answered``: callers with a 2xx. ``distinct``: different refresh tokens handed out.
    ``working``: how many of these work when they are tried afterwards, one by one.
    ``logged_in``: how many of the callers are still logged in after their next refresh.
    """
    results = [_round(clients, callers) for _ in range(rounds)]
    return {name: median(result[name] for result in results) for name in results[0]}


def _round(clients: Clients, callers: int) -> dict[str, int]:
    refresh = needed(clients.peer.refresh(clients.log_in()))
    answers = [answer for answer in _at_once(clients, refresh, callers) if answer.is_good]
    successors = [clients.peer.credentials(answer) for answer in answers]
    first_tries: dict[str, bool] = {}
    logged_in = 0
    for successor in successors:
        works = clients.send(needed(clients.peer.refresh(successor))).is_good
        first_tries.setdefault(str(successor.refresh), works)
        logged_in += works
    return {
        "answered": len(answers),
        "distinct": len(first_tries),
        "working": sum(first_tries.values()),
        "logged_in": logged_in,
    }


def _at_once(clients: Clients, call: Call, callers: int) -> list[Answer]:
    barrier = threading.Barrier(callers, timeout=_PATIENCE)
    answers: list[Answer] = []

    def send() -> None:
        connections["default"].ensure_connection()
        barrier.wait()
        answers.append(clients.send(call))
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE)
    return answers
