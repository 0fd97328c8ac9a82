"""Somebody else who comes in between two statements."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections

_PATIENCE = 0.3  # who waits for a lock of ours is waited for no longer


@contextmanager
def meanwhile(
    act: Callable[[], object],
    *,
    before: tuple[str, str],
    times: int = 1,
    patience: float = _PATIENCE,
) -> Iterator[None]:
    """Let `act` run in another thread, on its own connection, before such a statement of this.

    `before` is how the statement begins, and a word in it. Where `act` has to wait for a lock that
    is held here, this thread goes on after `patience` seconds, and `act` ends when it can.
    """
    threads: list[threading.Thread] = []

    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        start, word = before
        if sql.startswith(start) and word in sql and len(threads) < times:
            threads.append(threading.Thread(target=run))
            threads[-1].start()
            threads[-1].join(patience)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield
    for thread in threads:
        thread.join()
    assert threads, "there was no such statement"
