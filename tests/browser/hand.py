"""A hand on the server: it moves the clock, writes down the requests, and makes faults.

One process serves, with many threads, so that there is one of each.
"""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from django_jwtauth import clock


@dataclass
class Fault:
    """What happens to the next requests for a path."""

    path: str
    #: Answer this instead of asking the view.
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    #: Hang up when the view has answered.
    lose: bool = False
    #: Let the request wait until the fault is taken away.
    hold: bool = False
    times: int = 1_000_000


_log: list[str] = []
_faults: list[Fault] = []
_released = threading.Event()
HOLD_AT_MOST = 60  # seconds


def carry_out(*, reset: bool = False, forward: float = 0, fault: dict | None = None) -> list[str]:
    """Do what the test wants, and return the requests since it last asked."""
    since = _log[:]
    _log.clear()
    if reset:
        _faults.clear()
        _released.set()
        cache.clear()  # what throttles have counted
    if fault is not None:
        _released.clear()
        _faults.append(Fault(**fault))
    clock.set_offset(clock.offset() + forward)
    return since


class HandMiddleware:
    """Makes the faults and writes the log; outside of every other middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(("/auth/", "/api/")) or request.method == "OPTIONS":
            return self.get_response(request)
        fault = _next_fault(request.path)
        response = self._answer(request, fault)
        _log.append(f"{request.method} {request.path} {response.status_code}")
        if fault is not None and fault.lose:
            connection: socket.socket = request.META["gunicorn.socket"]
            connection.shutdown(socket.SHUT_RDWR)
        return response

    def _answer(self, request: HttpRequest, fault: Fault | None) -> HttpResponse:
        if fault is not None and fault.hold:
            _released.wait(HOLD_AT_MOST)
        if fault is not None and fault.status is not None:
            return HttpResponse(fault.body, status=fault.status, headers=fault.headers)
        return self.get_response(request)


def _next_fault(path: str) -> Fault | None:
    for fault in _faults:
        if fault.path == path and fault.times > 0:
            fault.times -= 1
            return fault
    return None
