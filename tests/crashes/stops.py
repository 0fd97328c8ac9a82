"""Points at which a worker stops when it is told to, and waits to be killed or let go on.

The folder `JWTAUTH_TEST_STOPS` is where test and worker meet: a file named after a point stops the
first worker that comes there, which renames it to `stopped-<its process id>`. It goes on when that
file is gone.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from django_jwtauth import clock

#: Statements that are points, each with how it begins; the point stands before it, and `after …`
#: once it has been executed.
_STATEMENTS: Final = {
    "select": ("SELECT", "loginsession"),
    "update": ("UPDATE", "loginsession"),
    "revocation": ("INSERT", "revocation"),
}


def _folder() -> Path:
    return Path(os.environ["JWTAUTH_TEST_STOPS"])


def pass_by(point: str) -> None:
    """Stop here if that is wanted."""
    stopped = _folder() / f"stopped-{os.getpid()}"
    try:
        (_folder() / point).rename(stopped)
    except FileNotFoundError:
        return
    while stopped.exists():
        time.sleep(0.01)


def watch_statements(connection: Any, **_: object) -> None:
    """Pass by before and after the statements of each connection."""
    if _watch not in connection.execute_wrappers:  # it may have been opened before
        connection.execute_wrappers.append(_watch)


def _watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    points = [
        point for point, (verb, word) in _STATEMENTS.items() if sql.startswith(verb) and word in sql
    ]
    for point in points:
        pass_by(point)
    result = execute(sql, params, many, context)
    for point in points:
        pass_by(f"after {point}")
    return result


def on_refreshed(**_: object) -> None:
    """Pass by where the project hears of a refresh."""
    pass_by("signal")


def middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Pass by before the answer is sent; and let it be as late as the test says."""

    def call(request: HttpRequest) -> HttpResponse:
        clock.set_offset(float((_folder() / "clock").read_text()))
        response = get_response(request)
        pass_by("answer")
        return response

    return call
