"""A Redis server of the test's own, which it may stop, empty and pause."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

BINARY = shutil.which("redis-server")
START_WITHIN = 30  # seconds, on a machine that runs much else


class RedisServer:
    """Keeps nothing on disk: started again, it is empty."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self._folder = tempfile.TemporaryDirectory(prefix="jwtauth-redis-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert BINARY is not None
        with Path(self._folder.name, "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    BINARY,
                    *("--port", str(self.port)),
                    *("--bind", "127.0.0.1"),
                    *("--save", ""),
                    *("--appendonly", "no"),
                    *("--dir", self._folder.name),
                    *self._options,
                ],
                stdout=log,
                stderr=log,
            )
        give_up = time.monotonic() + START_WITHIN
        while time.monotonic() < give_up:
            try:
                self.do("PING")
            except redis.ConnectionError:
                time.sleep(0.01)
            else:
                return
        raise AssertionError("redis-server does not start")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it take orders and answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        self.stop()
        self._folder.cleanup()

    def do(self, *command: object) -> Any:
        """Send one command over a connection of its own."""
        with redis.Redis.from_url(self.url) as client:
            return client.execute_command(*command)
