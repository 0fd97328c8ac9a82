"""A service that shows a JWKS, as a test wants it to behave."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol


class Handler(Protocol):
    """What an answer is written to."""

    headers: Any
    wfile: Any

    def send_response(self, code: int) -> None: ...
    def send_header(self, keyword: str, value: str) -> None: ...
    def end_headers(self) -> None: ...


class JWKSServer:
    """On a port of 127.0.0.1; `keys`, `headers` and `status` are what it answers next."""

    def __init__(self) -> None:
        self.keys: list[Any] = []
        self.headers: dict[str, str] = {"Content-Type": "application/json"}
        self.status = 200
        self.body: bytes | None = None  # instead of the keys
        self.answer: Callable[[Handler], None] | None = None  # instead of everything
        self.requests: list[dict[str, str]] = []
        self.url = ""

    @contextmanager
    def running(self) -> Iterator["JWKSServer"]:
        outer = self

        class RequestHandler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append(dict(self.headers.items()))
                (outer.answer or outer.usual)(self)

            def log_message(self, *_args: Any) -> None:
                """Say nothing: pytest shows what matters."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_args: Any) -> None:
                """Say nothing: a client that hangs up is what some tests are about."""

        server = Server(("127.0.0.1", 0), RequestHandler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}/jwks.json"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def usual(self, handler: Handler) -> None:
        body = json.dumps({"keys": self.keys}).encode() if self.body is None else self.body
        handler.send_response(self.status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        if self.status != 304:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if self.status != 304:
            handler.wfile.write(body)
