"""Starts the processes that are peers, and asks them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


class WorkerFailed(Exception):
    """A process ended before it answered; what went wrong stands on stderr."""


class Worker:
    """One such process."""

    def __init__(self, peer: str, database: Mapping[str, Any], **settings: Any) -> None:
        self.peer = peer
        self.environment = environment(peer, database, settings)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> None:
        """Wait until it has migrated its database."""
        self.answer()

    def ask(self, measure: str, **arguments: Any) -> Any:
        """Let it measure, and return the answer."""
        self.order(measure, **arguments)
        return self.answer()

    def order(self, measure: str, **arguments: Any) -> None:
        """Let it measure, and do something else meanwhile."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([measure, arguments]) + "\n")
        self._process.stdin.flush()

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.communicate()

    def answer(self) -> Any:
        """Wait for the answer to the last order."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise WorkerFailed(self.peer)
        return json.loads(line)


@contextmanager
def working(worker: Worker) -> Iterator[Worker]:
    """Wait until a worker is ready, yield it, and end it."""
    try:
        worker.wait_until_ready()
        yield worker
    finally:
        worker.stop()


def environment(
    peer: str, database: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, str]:
    """Return the environment of a process that is ``peer``."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "BENCH_PEER": peer,
        "BENCH_DATABASE": json.dumps(database),
        "BENCH_SETTINGS": json.dumps(settings),
        "BENCH_PRIVATE_KEY": _private_key(),
    }


@cache
def _private_key() -> str:
    """Return an RSA key as PEM, for the peer that takes its key from the settings."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
