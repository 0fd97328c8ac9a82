"""Runs many callers at once: threads, in processes that are forked as a preloading server does."""

import multiprocessing
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db import connections

#: Seconds after which a caller that nobody joins gives up.
PATIENCE: Final = 60


@dataclass(frozen=True)
class Caller:
    """One of those that race."""

    process: int
    thread: int
    wait: Callable[[], Any]  # until all are there

    @property
    def is_first(self) -> bool:
        return self.process == self.thread == 0


def race(processes: int, threads: int, act: Callable[[Caller], Any]) -> list[Any]:
    """Let `act` run in that many threads of each process, and return what each one returned.

    What it returns goes through a pipe. An error of one of them is raised here.
    """
    connections.close_all()  # a connection that two processes share breaks
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(processes * threads, timeout=PATIENCE)
    results: Any = context.SimpleQueue()
    children = [
        context.Process(target=_run_threads, args=(process, threads, act, barrier.wait, results))
        for process in range(processes)
    ]
    for child in children:
        child.start()
    outcomes = [results.get() for _ in range(processes * threads)]
    for child in children:
        child.join()
    errors = [error for _, error in outcomes if error is not None]
    if errors:
        raise AssertionError(errors[0])
    return [result for result, _ in outcomes]


def _run_threads(
    process: int, threads: int, act: Callable[[Caller], Any], wait: Callable[[], Any], results: Any
) -> None:
    def run(thread: int) -> None:
        try:
            results.put((act(Caller(process, thread, wait)), None))
        except BaseException:  # noqa: BLE001 (told to the parent, which raises it)
            results.put((None, traceback.format_exc()))
        finally:
            connections.close_all()

    started = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
