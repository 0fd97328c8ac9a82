"""HTTP without a socket: requests to a WSGI application, from any number of threads at once."""

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from wsgiref.util import setup_testing_defaults

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Answer:
    """What came back; `body` is read as JSON where it is JSON."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str | None:
        """The package's word for the error."""
        return self.body.get("code") if isinstance(self.body, dict) else None


def send(
    application: Application,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = None,
) -> Answer:
    """Send a request as a server does, closing included: that is when Django closes connections."""
    payload = b"" if body is None else json.dumps(body).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(payload)),
        "wsgi.input": io.BytesIO(payload),
    }
    if token is not None:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    setup_testing_defaults(environ)
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        started[:] = [int(status[:3]), dict(headers)]

    chunks = application(environ, start_response)
    try:
        content = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    status, headers = started
    is_json = headers.get("Content-Type", "").startswith("application/json")
    return Answer(status, headers, json.loads(content) if is_json else content.decode())
