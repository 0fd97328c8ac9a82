"""HTTP over asyncio, for many requests a second from one process beside the server's."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Self

from tests.load.middleware import WORKER
from tests.load.site import THREADS, WORKERS

PASSWORD: Final = "correct horse battery"
_PATIENCE: Final = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer: from which worker, and when it was asked for and read, by the monotonic clock."""

    status: int
    headers: dict[str, str]
    body: bytes
    sent: float
    answered: float

    @property
    def worker(self) -> int:
        return int(self.headers.get(WORKER.lower(), "0"))

    def json(self) -> Any:
        return json.loads(self.body)


class Lane:
    """A connection, which is made anew where the server closes it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        return self._streams is not None

    async def ask(
        self, method: str, path: str, *, token: str | None = None, body: object = None
    ) -> Seen:
        """Send a request; raises `ConnectionError` where no answer comes."""
        request = _request(method, path, token, body)
        try:
            async with asyncio.timeout(_PATIENCE):
                if self._streams is None:
                    self._streams = await asyncio.open_connection(*self._address)
                reader, writer = self._streams
                sent = time.monotonic()
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                status, headers = _parsed(head)
                content = await reader.readexactly(int(headers.get("content-length", "0")))
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            raise ConnectionError(str(error)) from error
        except asyncio.CancelledError:
            self.close()  # an answer may still come
            raise
        answered = time.monotonic()
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Seen(status, headers, content, sent, answered)

    async def key(self, token: str) -> Seen:
        """Ask for what takes nothing but the token."""
        return await self.ask("GET", "/key/", token=token)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


def _request(method: str, path: str, token: str | None, body: object) -> bytes:
    payload = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(payload)}"]
    lines.append("Content-Type: application/json")
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + payload


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def lanes_to_every_worker(address: tuple[str, int], workers: int) -> list[Lane]:
    """Return a connection to each worker; where they keep none, twice as many to whichever."""
    lanes: dict[int, Lane] = {}
    until = time.monotonic() + _PATIENCE
    while len(lanes) < workers:
        assert time.monotonic() < until, f"of {workers} workers {len(lanes)} answer"
        tried = [Lane(address) for _ in range(2 * workers)]
        answers = await asyncio.gather(*(lane.key("") for lane in tried))
        for lane, seen in zip(tried, answers, strict=True):
            if lanes.setdefault(seen.worker, lane) is not lane:
                lane.close()
    if all(lane.is_open for lane in lanes.values()):
        return list(lanes.values())
    return [Lane(address) for _ in range(2 * workers)]


async def sign_up(lane: Lane, name: str) -> None:
    path, body = f"/users/{name}/make/", {"password": PASSWORD}
    made = await until_connected(lambda: lane.ask("POST", path, body=body))
    assert made.status == 204, made


async def until_connected(ask: Callable[[], Awaitable[Seen]]) -> Seen:
    """Ask, and again where the connection of that thread had ended with a stopped database.

    It makes another one for the next request; a plain view of Django's answers 500, ours 503.
    """
    seen = await ask()
    for _ in range(WORKERS * THREADS):
        if seen.status not in (500, 503):
            break
        seen = await ask()
    return seen


async def log_in(lane: Lane, name: str) -> Seen:
    """Log in; not every answer is a good one where a server is down."""
    credentials = {"username": name, "password": PASSWORD}
    return await lane.ask("POST", "/auth/login/", body=credentials)


async def log_out(lane: Lane, token: str) -> Seen:
    return await lane.ask("POST", "/auth/logout/", token=token)
