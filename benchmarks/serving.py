"""A peer behind gunicorn, under load from wrk or, where that is missing, from our own clients."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any, Final

from benchmarks import load

_PATIENCE: Final = 30.0  # seconds
_CONNECTIONS: Final = 8
_APPLICATION: Final = "benchmarks.wsgi:application"
_OPTIONS: Final = (
    "--workers=2", "--worker-class=gthread", "--threads=4", "--keep-alive=5", "--log-level=warning",
)  # fmt: skip
_UNITS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class LoadFailed(Exception):
    """The server refused what it was to serve."""


@contextmanager
def served(environment: Mapping[str, str]) -> Iterator[int]:
    """Serve the peer of this environment with two processes on a free port, and yield the port."""
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *_OPTIONS, f"--bind=127.0.0.1:{port}", _APPLICATION],
        env=dict(environment),
    )
    try:
        _wait(port, server)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(_PATIENCE)


def measure(port: int, path: str, headers: Mapping[str, str], seconds: float) -> dict[str, float]:
    """Return requests a second, and the median and 99th percentile of a request in ms."""
    if shutil.which("wrk") is None:
        return load.measure(port, path, headers, seconds, _CONNECTIONS)
    command = ["wrk", "--threads", "1", "--connections", str(_CONNECTIONS), "--latency"]
    command += ["--duration", f"{max(1, round(seconds))}s"]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    told = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True
    ).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise LoadFailed(told)
    return {
        "per_second": float(_found(r"Requests/sec:\s+([\d.]+)", told)[1]),
        "p50": _milliseconds("50", told),
        "p99": _milliseconds("99", told),
    }


def generator() -> str:
    """Return the name of what makes the load."""
    return "wrk" if shutil.which("wrk") else "benchmarks/load.py"


def _milliseconds(percentile: str, told: str) -> float:
    found = _found(rf"{percentile}%\s+([\d.]+)(us|ms|s)\b", told)
    return float(found[1]) * _UNITS[found[2]]


def _found(pattern: str, told: str) -> re.Match[str]:
    found = re.search(pattern, told)
    if found is None:
        raise LoadFailed(told)
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait(port: int, server: subprocess.Popen[Any]) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and server.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/open/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise LoadFailed("gunicorn did not start")
