"""A process that serves the project to the test that started it, and nobody else.

`python -m tests.processes.worker` takes one request a line from stdin, as JSON, and answers each
with a line on stdout: `{"method", "path", "body", "token", "clock"}` for `{"status", "headers",
"body"}`; `clock` is how far ahead of the machine's the clock shall be, in seconds. A line with
`call`, the dotted path of a function, and `arguments` is answered with what that returns.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from django_jwtauth.clock import set_offset
from tests.processes.environment import environment
from tests.processes.http import Answer, Application, send


def main() -> None:
    application = get_wsgi_application()
    for line in sys.stdin:
        with redirect_stdout(sys.stderr):  # what a command prints is no answer
            result = _carry_out(application, **json.loads(line))
        print(json.dumps(result), flush=True)


def _carry_out(application: Application, *, clock: float, **order: Any) -> Any:
    set_offset(clock)
    if "call" in order:
        return import_string(order["call"])(**order["arguments"])
    return asdict(send(application, **order))


class Worker:
    """Such a process, as the test sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        #: How far ahead of the machine's the process's clock is, in seconds.
        self.clock = 0.0

    def send(
        self, method: str, path: str, body: object = None, *, token: str | None = None
    ) -> Answer:
        order = {"method": method, "path": path, "body": body, "token": token}
        return Answer(**self._ask(order))

    def refresh(self, token: str) -> Answer:
        return self.send("POST", "/auth/refresh/", {"refresh_token": token})

    def me(self, token: str) -> Answer:
        return self.send("GET", "/auth/me/", token=token)

    def log_in(self, name: str, password: str) -> dict[str, Any]:
        """Log in, and return the pair of tokens."""
        answer = self.send("POST", "/auth/login/", {"username": name, "password": password})
        assert answer.status == 200, answer
        pair: dict[str, Any] = answer.body
        return pair

    def call(self, path: str, **arguments: Any) -> Any:
        """Call a function there; arguments and result are JSON."""
        return self._ask({"call": path, "arguments": arguments})

    def _ask(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({**order, "clock": self.clock}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process has ended; its error output says why"
        return json.loads(answer)


@contextmanager
def worker(
    database: str,
    *,
    zone: str | None = None,
    variables: Mapping[str, str] | None = None,
    **settings: Any,
) -> Iterator[Worker]:
    """Start a process with these settings; `zone` is the time zone of the machine it runs on.

    `variables` are more of its environment.
    """
    # Making a connection to MariaDB takes longer than most requests.
    settings["DATABASE"] = {"CONN_MAX_AGE": 600, **settings.get("DATABASE", {})}
    environ = {**environment(database, **settings), **(variables or {})}
    if zone is not None:
        environ["TZ"] = zone
    with subprocess.Popen(
        [sys.executable, "-m", "tests.processes.worker"],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Worker(process)
        assert process.stdin is not None
        process.stdin.close()


if __name__ == "__main__":
    main()
