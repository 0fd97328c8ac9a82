"""How long things take in one process, in µs: acts, whole requests, ``authenticate()``."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from time import perf_counter_ns, process_time_ns
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.urls import resolve
from django.utils.module_loading import import_string
from rest_framework.request import Request

from benchmarks.calls import Call
from benchmarks.measures.acts import maker, send
from benchmarks.measures.clients import Clients
from benchmarks.measures.processor import server_clock

_MICROSECOND = 1000  # nanoseconds


def act(clients: Clients, *, act: str, count: int) -> dict[str, float | None] | None:
    """Return an act through the whole application, each the median; ``None``: no such act.

    ``time``: what a client waits for. ``client``: the processor time of this process, ``server``:
    that of PostgreSQL's, where it can be read.
    """
    make = maker(clients, act)
    if make is None:
        return None
    calls = [make() for _ in range(count)]
    server = server_clock()
    times: dict[str, list[int]] = {"time": [], "client": [], "server": []}
    with undisturbed():
        for call in calls:
            served, begun = server() if server else 0, process_time_ns()
            answer = send(clients, act, call)
            times["client"].append(process_time_ns() - begun)
            times["time"].append(answer.nanoseconds)
            if server:
                times["server"].append(server() - served)
    return {name: median(each) / _MICROSECOND if each else None for name, each in times.items()}


def requests(clients: Clients, *, count: int) -> dict[str, float]:
    """Return a request to the view with authentication and without, in turns.

    ``view``: the view alone, answer rendered. ``request``: the whole application, middleware and
    URLs included.
    """
    credentials = clients.log_in()
    calls = {path: clients.request(path, credentials) for path in ("/open/", "/closed/")}
    views = {path: resolve(path).func for path in calls}
    for call in calls.values():
        clients.must(call)
    times: dict[str, list[int]] = {
        f"{kind}{path}": [] for path in calls for kind in ("view", "request")
    }
    with undisturbed():
        for _ in range(count):
            for path, call in calls.items():
                times[f"request{path}"].append(clients.send(call).nanoseconds)
                # Made just before, as a server does: it lies in the processor's caches.
                request = _http_request(clients, call)
                times[f"view{path}"].append(_time_view(views[path], request))
    medians = {name: median(values) / _MICROSECOND for name, values in times.items()}
    return {
        "view": medians["view/closed/"],
        "view_open": medians["view/open/"],
        "request": medians["request/closed/"],
        "request_open": medians["request/open/"],
    }


def authenticate(clients: Clients, *, count: int) -> float:
    """Return the authentication class alone, for credentials that it has seen before."""
    call = clients.request("/closed/", clients.log_in())
    clients.must(call)
    return _authenticate(clients, [call] * count)


def authenticate_new(clients: Clients, *, count: int) -> float:
    """Return the authentication class alone, for credentials that it has never seen."""
    return _authenticate(
        clients, [clients.request("/closed/", clients.log_in()) for _ in range(count)]
    )


def _authenticate(clients: Clients, calls: Sequence[Call]) -> float:
    authentication = import_string(clients.peer.authentication)
    times = []
    with undisturbed():
        for call in calls:
            request = Request(_http_request(clients, call))
            begin = perf_counter_ns()
            user = authentication().authenticate(request)
            times.append(perf_counter_ns() - begin)
            assert user is not None
    return median(times) / _MICROSECOND


def _http_request(clients: Clients, call: Call) -> WSGIRequest:
    request = WSGIRequest(call.environ())
    for path in clients.peer.before_view:
        import_string(path)(_nothing).process_request(request)
    return request


def _nothing(_request: object) -> HttpResponse:
    return HttpResponse()


def _time_view(view: Callable[[WSGIRequest], Any], request: WSGIRequest) -> int:
    begin = perf_counter_ns()
    view(request).render()
    return perf_counter_ns() - begin


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the garbage collector out, as ``timeit`` does."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
