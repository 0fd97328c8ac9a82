"""Starts the example project: its commands, and servers on a database of their own."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from django.conf import settings
from psycopg import sql

ROOT = Path(__file__).parents[2]
MANAGE = ROOT / "example_project" / "manage.py"
START_WITHIN = 60  # seconds, on a machine that runs much else


@contextmanager
def new_database(folder: Path) -> Iterator[str]:
    """Make an empty database of the kind that the suite runs on; yield its URL."""
    server = settings.DATABASES["default"]
    vendor = server["ENGINE"].rpartition(".")[2]
    if vendor == "mysql":
        pytest.skip("the example serves from SQLite or PostgreSQL")
    if vendor == "sqlite3":
        yield f"sqlite:///{folder / 'example.sqlite3'}"
        return
    name = f"test_jwtauth_example_{secrets.token_hex(6)}"
    login = server["USER"] + (f":{server['PASSWORD']}" if server["PASSWORD"] else "")
    url = f"postgresql://{login}@{server['HOST']}:{server['PORT']}"
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{url}/{name}"
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(drop)


def environment(database_url: str = "", **more: str) -> dict[str, str]:
    """Return what a process of the example is started with, and nothing of ours by accident."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("EXAMPLE_", "ORDERS_", "DJANGO_"))
    }
    return inherited | {"EXAMPLE_DATABASE_URL": database_url} | more


def manage(*arguments: str, database_url: str = "", **more: str) -> subprocess.CompletedProcess:
    """Run a command of the example to its end."""
    return subprocess.run(
        [sys.executable, str(MANAGE), *arguments],
        env=environment(database_url, **more),
        capture_output=True,
        text=True,
        timeout=START_WITHIN,
        check=False,
    )


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Server:
    """A server of the example that answers."""

    port: int
    log: Path
    ready: str = "/.well-known/jwks.json"  # what to ask for until it answers

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def login(self, username: str = "demo", password: str = "demo-password") -> dict:
        answer = requests.post(
            f"{self.url}/auth/login/",
            json={"username": username, "password": password},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def call(
        self, method: str, path: str, token: str | None = None, **more: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, self.url + path, headers=headers, timeout=30, **more)


@contextmanager
def demo_server(
    database_url: str, folder: Path, port: int | None = None, **more: str
) -> Iterator[Server]:
    """Serve as `make demo` does, with more environment variables."""
    port = port or free_port()
    command = [sys.executable, str(MANAGE), "demo", f"127.0.0.1:{port}"]
    server = Server(port, folder / f"demo-{port}.log")
    with _serving(command, server, database_url, **more) as ready:
        yield ready


@contextmanager
def gunicorn_server(database_url: str, folder: Path) -> Iterator[Server]:
    """Serve from two worker processes, as a server in production does."""
    more = {"EXAMPLE_DEBUG": "1", "EXAMPLE_DATABASE_URL": database_url}
    with _gunicorn("example", Server.ready, folder, **more) as server:
        yield server


@contextmanager
def orders_server(issuer: str, redis_url: str, folder: Path, **more: str) -> Iterator[Server]:
    """Serve the second service from two worker processes, with no database to be found."""
    own = {"ORDERS_ISSUER": issuer, "ORDERS_REDIS_URL": redis_url}
    with _gunicorn("orders_service", "/orders/", folder, **own | more) as server:
        yield server


@contextmanager
def _gunicorn(project: str, ready: str, folder: Path, **more: str) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--chdir", str(MANAGE.parent), "--workers", "2"]
    command += ["--bind", f"127.0.0.1:{port}", f"{project}.wsgi"]
    server = Server(port, folder / f"{project}-{port}.log", ready)
    # Newer releases of gunicorn open a control socket in the home directory.
    with _serving(command, server, HOME=str(folder), **more) as answering:
        yield answering


@contextmanager
def _serving(
    command: list[str], server: Server, database_url: str = "", **more: str
) -> Iterator[Server]:
    with server.log.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=server.log.parent,
            env=environment(database_url, **more),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that its workers end with it
        )
    try:
        _wait_until_it_answers(process, server)
        yield server
    finally:
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _wait_until_it_answers(process: subprocess.Popen, server: Server) -> None:
    give_up = time.monotonic() + START_WITHIN
    while process.poll() is None and time.monotonic() < give_up:
        try:
            if requests.get(server.url + server.ready, timeout=30).status_code < 500:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    pytest.fail(f"no answer from {server.url}:\n{server.log.read_text()}")
