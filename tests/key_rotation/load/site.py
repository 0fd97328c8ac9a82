"""What is under load: gunicorn with four processes on PostgreSQL, and a verifier in Node."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.clients import npm
from tests.load.middleware import CLOCK
from tests.processes.environment import environment
from tests.processes.server import gunicorn

PROCESSES: Final = 4
ISSUER: Final = "https://auth.example.com"

# Minutes became seconds. What stays as it is: the 5 s of `--now`, the feed's second, and the minute
# that a key verifies beyond its last token.
LIFETIME: Final = 20
LEEWAY: Final = 2
PUBLISH_AHEAD: Final = 12
#: How long the verifier keeps the JWKS, and asks for no newer one. A key has to be published for
#: longer: by the second in which a process may still answer with the old set, by the one that is
#: lost where its time is cut to a whole second, and by what an answer takes on a busy machine.
CACHE: Final = 4
#: Longer than the notice of `--now`, so that this verifier meets keys that it has not.
LONG_CACHE: Final = 8

_THREADS: Final = 2
_DATABASE_STORE: Final = {
    "BACKEND": "django_jwtauth.keystores.database.DatabaseKeyStore",
    "OPTIONS": {"PUBLISH_AHEAD": PUBLISH_AHEAD},
}

Address = tuple[str, int]


@dataclass(frozen=True)
class Site:
    """The site at its address, and what its operator does."""

    address: Address
    folder: Path
    variables: dict[str, str]

    async def manage(self, *arguments: str) -> str:
        """Run a command as an operator does, and return what it said."""
        command = [sys.executable, "-m", "django", *arguments]
        process = await asyncio.create_subprocess_exec(
            *command,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()

    def start_process(self) -> None:
        """Let gunicorn start one more."""
        os.kill(int((self.folder / "pid").read_text()), signal.SIGTTIN)


def settings(key_store: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what the processes of the site are told."""
    return {
        "DATABASE": {"CONN_MAX_AGE": 600},
        "ROOT_URLCONF": "tests.load.urls",
        "MIDDLEWARE": [
            "tests.load.middleware.tell_worker",
            "django.middleware.common.CommonMiddleware",
        ],
        "JWTAUTH": {
            "ISSUER": ISSUER,
            "ACCESS_TOKEN_LIFETIME": LIFETIME,
            "LEEWAY": LEEWAY,
            "REFRESH_RETRY_WINDOW": 2,
            "KEY_STORE": key_store or _DATABASE_STORE,
        },
    }


@contextmanager
def serving(
    database: str,
    folder: Path,
    key_store: dict[str, Any] | None = None,
    *,
    processes: int = PROCESSES,
) -> Iterator[Site]:
    """Serve a database that has been migrated."""
    folder.mkdir(exist_ok=True)
    clock = folder / "clock"
    clock.write_text("0")
    variables = {**environment(database, **settings(key_store)), CLOCK: str(clock)}
    options = ["--worker-class", "gthread", "--threads", str(_THREADS)]
    # Longer than a process is stopped for: gunicorn would take it for dead.
    options += ["--timeout", "120", "--pid", str(folder / "pid")]
    with gunicorn(folder, variables, *options, workers=processes) as server:
        yield Site(server.address, folder, variables)


@contextmanager
def verifying(site: Site, node: str, cache: int = CACHE) -> Iterator[Address]:
    """Start a verifier that knows the site's JWKS alone, and keeps it for so many seconds."""
    host, port = site.address
    told = {
        "JWKS_URL": f"http://{host}:{port}/.well-known/jwks.json",
        "ISSUER": ISSUER,
        "CACHE_SECONDS": str(cache),
    }
    with subprocess.Popen(
        [node, "verifier.mjs"],
        cwd=npm.FOLDER,
        env=os.environ | told,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = urlsplit(process.stdout.readline().strip())
            assert url.port is not None, "the verifier has ended; its error output says why"
            yield str(url.hostname), url.port
        finally:
            process.kill()
