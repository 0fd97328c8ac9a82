"""A real server with real workers, which can be killed."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from tests.processes.http import Answer

START_WITHIN: Final = 60  # seconds, on a machine that runs much else
_LISTENING: Final = re.compile(r"Listening at: (https?://\S+)")


@dataclass(frozen=True)
class Server:
    """Gunicorn, which starts a new worker for each one that dies."""

    url: str

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 0)

    def send(
        self, method: str, path: str, body: object = None, *, token: str | None = None
    ) -> Answer:
        """Send a request; raises `requests.ConnectionError` where no answer comes."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        # On a connection of its own, which any worker may accept.
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=60)
        content_type = answer.headers.get("Content-Type", "")
        is_json = content_type.startswith("application/json")
        content: Any = answer.json() if is_json else answer.text
        return Answer(answer.status_code, dict(answer.headers), content)

    def refresh(self, token: str) -> Answer:
        return self.send("POST", "/auth/refresh/", {"refresh_token": token})


@contextmanager
def gunicorn(
    folder: Path,
    environment: Mapping[str, str],
    *options: str,
    workers: int = 2,
    port: int = 0,
    application: str = "tests.processes.wsgi",
) -> Iterator[Server]:
    """Serve, on a port that the system chooses unless given, with more `options` of gunicorn's."""
    log = folder / "gunicorn.log"
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(workers)]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, *options, application],
            # Newer releases of gunicorn open a control socket in the home directory.
            env={**environment, "HOME": str(folder)},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that its workers end with it
        )
    try:
        yield Server(_wait_for_url(process, log))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for_url(process: "subprocess.Popen[bytes]", log: Path) -> str:
    give_up = time.monotonic() + START_WITHIN
    while process.poll() is None and time.monotonic() < give_up:
        found = _LISTENING.search(log.read_text())
        if found:
            return found.group(1)
        time.sleep(0.05)
    raise AssertionError(f"gunicorn does not listen:\n{log.read_text()}")
