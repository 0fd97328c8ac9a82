"""Calls to a WSGI application without a socket, and what clients keep of the answers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client keeps after a login: what it sends with each request, and what refreshes."""

    access: str
    refresh: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, path: str, data: object, **headers: str) -> Call:
        """Return a POST of JSON."""
        return cls("POST", path, json.dumps(data).encode(), headers=headers)

    @classmethod
    def form(cls, path: str, data: Mapping[str, str]) -> Call:
        """Return a POST of a form."""
        return cls("POST", path, urlencode(data).encode(), "application/x-www-form-urlencoded")

    def environ(self) -> dict[str, Any]:
        """Return a new WSGI environment for this request; each can be used once."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "PATH_INFO": self.path,
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": "benchmarks",
            "CONTENT_TYPE": self.content_type,
            "CONTENT_LENGTH": str(len(self.body)),
            "wsgi.input": io.BytesIO(self.body),
        }
        for name, value in self.headers.items():
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        setup_testing_defaults(environ)
        return environ


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and after how many nanoseconds."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    nanoseconds: int

    @property
    def is_good(self) -> bool:
        """Tell whether the status is a 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the body."""
        return json.loads(self.body)

    def cookie(self, name: str) -> str:
        """Return the value of a cookie that was set."""
        for header, value in self.headers:
            found, _, content = value.partition(";")[0].strip().partition("=")
            if header.lower() == "set-cookie" and found == name:
                return content
        raise LookupError(name)


def send(application: Application, call: Call) -> Answer:
    """Send as a server does, closing included: that is when Django tidies up."""
    environ = call.environ()
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        started[:] = [status, headers]

    begin = perf_counter_ns()
    chunks = application(environ, start_response)
    body = b"".join(chunks)
    chunks.close()  # type: ignore[attr-defined]  # Django's response has it
    nanoseconds = perf_counter_ns() - begin
    return Answer(int(started[0][:3]), started[1], body, nanoseconds)
