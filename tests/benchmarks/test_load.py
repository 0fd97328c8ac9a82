import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks import load


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Authorization"]))
        self.send_response(200 if self.path == "/good" else 401)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Handler.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_what_was_answered_is_counted_and_timed(server: ThreadingHTTPServer) -> None:
    found = load.measure(server.server_port, "/good", {"Authorization": "Bearer x"}, 0.3, 3)
    assert found["per_second"] * 0.3 == pytest.approx(len(Handler.seen), abs=0.001)
    assert set(Handler.seen) == {("/good", "Bearer x")}
    assert 0 < found["p50"] <= found["p99"] < 300


def test_a_refusal_is_no_measurement(server: ThreadingHTTPServer) -> None:
    with pytest.raises(ConnectionError, match="401"):
        load.measure(server.server_port, "/bad", {}, 0.3, 1)
