"""The server that the browser visits, over http in development or over https."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import requests

from tests.browser.certificate import write_certificate
from tests.example_project.servers import free_port
from tests.processes.database import scratch_database
from tests.processes.environment import environment
from tests.processes.server import gunicorn

PASSWORD: Final = "a password of theirs 4711"
APP, API, OTHER = "app.example.test", "api.example.test", "other.example.test"
NAMES: Final = ("localhost", APP, API, OTHER)


class Site:
    """The server, as the test talks to it past the browser."""

    def __init__(self, port: int, certificate: Path | None) -> None:
        self.port = port
        self._scheme = "http" if certificate is None else "https"
        self._verify: str | bool = True if certificate is None else str(certificate)

    def at(self, path: str = "", host: str = "localhost") -> str:
        """Return an address under one of the server's names."""
        return f"{self._scheme}://{host}:{self.port}{path}"

    def post(self, path: str, body: object = None, **headers: str) -> requests.Response:
        return self._post(path, json=body, headers=headers)

    def _post(self, path: str, **options: Any) -> requests.Response:
        return requests.post(self.at(path), timeout=60, verify=self._verify, **options)

    def reset(self) -> None:
        """Take all faults away, and forget the requests so far."""
        self.log(reset=True)

    def log(self, **orders: Any) -> list[str]:
        """Return the requests since the last call: "POST /auth/login/ 200"."""
        answer = self.post("/control/", orders)
        assert answer.status_code == 200, answer.text
        log: list[str] = answer.json()["log"]
        return log

    def forward(self, seconds: float) -> None:
        """Move the server's clock."""
        self.log(forward=seconds)

    def fault(self, path: str, **fault: Any) -> None:
        """Spoil the next requests for a path; see `tests.browser.hand.Fault`."""
        self.log(fault={"path": path, **fault})

    def new_user(self) -> str:
        """Make a user of their own for the test."""
        name = f"ada-{uuid.uuid4().hex[:12]}"
        answer = self.post(f"/users/{name}/make/", {"password": PASSWORD})
        assert answer.status_code == 204, answer.text
        return name

    def log_in(self, name: str) -> dict[str, Any]:
        """Log in elsewhere than in the browser."""
        answer = self.post("/auth/login/", {"username": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        pair: dict[str, Any] = answer.json()
        return pair

    def revoke(self, token: str) -> None:
        """Revoke a token, as RFC 7009 has it."""
        answer = self._post("/auth/revoke/", data={"token": token})
        assert answer.status_code == 200, answer.text


@contextmanager
def serving(folder: Path, *, secure: bool) -> Iterator[Site]:
    """Serve the project; over https as in production, else as in development."""
    port = free_port()  # the settings name it
    certificate = write_certificate(folder, NAMES) if secure else None
    # Chromium sends a request again by itself where a connection that it kept is closed.
    options = ["--threads", "16", "--keep-alive", "0"]
    if certificate is not None:
        options += ["--certfile", str(certificate), "--keyfile", str(certificate)]
    with (
        scratch_database() as database,
        gunicorn(
            folder,
            _environment(database, port, secure=secure),
            *options,
            workers=1,
            port=port,
        ),
    ):
        yield Site(port, certificate)


def _environment(database: str, port: int, *, secure: bool) -> dict[str, str]:
    app = f"https://{APP}:{port}" if secure else f"http://localhost:{port}"
    return environment(
        database,
        DEBUG=not secure,
        ROOT_URLCONF="tests.browser.urls",
        MORE_APPS=["django.contrib.staticfiles", "corsheaders"],
        MIDDLEWARE=[
            "tests.browser.hand.HandMiddleware",
            "corsheaders.middleware.CorsMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        JWTAUTH={"COOKIES": {"ENABLED": True}},
        CORS_ALLOWED_ORIGINS=[app],
        CORS_ALLOW_CREDENTIALS=True,
        CORS_EXPOSE_HEADERS=["WWW-Authenticate", "Retry-After"],
        CSRF_TRUSTED_ORIGINS=[app],
    )
