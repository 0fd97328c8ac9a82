"""Waiting for what happens elsewhere, and doing things there."""

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connections


def seconds_until(is_so: Callable[[], object], at_most: float = 5.0) -> float:
    """Wait until it is so, and return how long that took; fails where it takes too long."""
    start = time.monotonic()
    while not is_so():
        assert time.monotonic() - start < at_most, f"not so within {at_most} s"
        time.sleep(0.002)
    return time.monotonic() - start


def in_thread(act: Callable[[], Any]) -> Any:
    """Do it in a thread, as another request would, and return what it returned or raise."""
    return started(act)()


def started(act: Callable[[], Any]) -> Callable[[], Any]:
    """Start it in a thread; call what is returned to wait for its result."""
    results: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(act())
        except BaseException as error:  # noqa: BLE001 (it is raised where the test waits)
            errors.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result() -> Any:
        thread.join(30)
        assert not thread.is_alive(), "the thread hangs"
        if errors:
            raise errors[0]
        return results[0]

    return result
