"""A database server of a test's own, which can be killed and started again."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import pymysql
import pytest

from tests.example_project.servers import free_port
from tests.processes.database import connect
from tests.processes.environment import KIND

START_WITHIN: Final = 60  # seconds, on a machine that runs much else
# Debian keeps them away from PATH.
_FOLDERS: Final = [
    *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
    "/usr/sbin",
]


@dataclass
class PrivateServer:
    """A server on a port of its own; `place` is what differs in Django's settings."""

    command: list[str]
    log: Path
    place: dict[str, Any]
    account: dict[str, Any]
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command, stdout=log, stderr=subprocess.STDOUT, **self.account
            )
        until = time.monotonic() + START_WITHIN
        while time.monotonic() < until and self._process.poll() is None:
            try:
                connect(_MAINTENANCE[KIND], **self.place).close()
            except (psycopg.Error, pymysql.Error, OSError):
                time.sleep(0.1)
            else:
                return
        pytest.fail(f"the server does not answer:\n{self.log.read_text()}")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it take orders and answer nothing."""
        assert self._process is not None
        processes = [self._process.pid, *_children(self._process.pid)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def kill(self) -> None:
        """Kill it as a power failure does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()


@contextmanager
def private_server() -> Iterator[PrivateServer]:
    """Make an empty server of the kind that is tested, start it, and remove it afterwards."""
    account = _account()
    # Not one of pytest's folders: nobody but their owner may pass through those.
    with tempfile.TemporaryDirectory(prefix="jwtauth-server-") as name:
        folder = Path(name)
        if account:
            shutil.chown(folder, account["user"], account["group"])
        port, data = free_port(), folder / "data"
        create, command = _COMMANDS[KIND](data, port)
        subprocess.run(create, check=True, stdout=subprocess.DEVNULL, cwd=folder, **account)
        place = {"HOST": "127.0.0.1", "PORT": port, "USER": _USERS[KIND], "PASSWORD": ""}
        server = PrivateServer(command, folder / "server.log", place, account)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def _postgresql(data: Path, port: int) -> tuple[list[str], list[str]]:
    create = [_find("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync"]
    command = [_find("postgres"), "-D", str(data), "-p", str(port), "-k", str(data)]
    return create, [*command, "-c", "listen_addresses=127.0.0.1"]


def _mariadb(data: Path, port: int) -> tuple[list[str], list[str]]:
    create = [_find("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db"]
    command = [_find("mariadbd"), "--no-defaults", f"--datadir={data}", f"--port={port}"]
    command += [f"--socket={data / 'socket'}", f"--pid-file={data / 'pid'}"]
    command += ["--bind-address=127.0.0.1", "--innodb-buffer-pool-size=16M"]
    return [*create, "--auth-root-authentication-method=normal"], command


_COMMANDS: Final = {"postgresql": _postgresql, "mariadb": _mariadb}
_USERS: Final = {"postgresql": "postgres", "mariadb": "root"}
_MAINTENANCE: Final = {"postgresql": "postgres", "mariadb": None}


def _children(parent: int) -> list[int]:
    """Return the processes that serve connections, where a server has one for each."""
    return list(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()))


def _find(program: str) -> str:
    path = os.pathsep.join([os.environ.get("PATH", ""), *_FOLDERS])
    found = shutil.which(program, path=path)
    if found is None:
        missing = f"{program} is not installed, so no server of the test's own can be started"
        if os.environ.get("JWTAUTH_REQUIRE_DATABASES") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return os.path.realpath(found)


def _account() -> dict[str, Any]:
    """Return whom to run as: database servers refuse to be run by root."""
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup"}
