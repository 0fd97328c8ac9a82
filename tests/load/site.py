"""The site: gunicorn with four workers, and the servers behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.crashes.private_servers import PrivateServer, private_server
from tests.load.middleware import CLOCK
from tests.processes.database import create_database, migrate
from tests.processes.environment import environment
from tests.processes.server import gunicorn
from tests.revocation.redis_server import RedisServer

WORKERS: Final = 4
NAME: Final = "jwtauth"
THREADS: Final = 4
_FEEDS: Final = {
    "redis": "django_jwtauth.revocation.redis.RedisFeed",
    "database": "django_jwtauth.revocation.database.DatabaseFeed",
}


@dataclass(frozen=True)
class Backends:
    """The two servers that a revocation passes through."""

    database: PrivateServer
    redis: RedisServer


@dataclass(frozen=True)
class Site:
    """A site that listens; `clock` is the file by which its clock is set."""

    address: tuple[str, int]
    backends: Backends
    clock: Path


@contextmanager
def backends() -> Iterator[Backends]:
    """Start a PostgreSQL with the tables in it, and a Redis."""
    redis = RedisServer()
    with private_server() as database:
        create_database(NAME, **database.place)
        migrate(NAME, DATABASE=database.place)
        redis.start()
        try:
            yield Backends(database, redis)
        finally:
            redis.remove()


@contextmanager
def serving(
    backends: Backends,
    folder: Path,
    feed: str,
    *,
    worker_class: str = "gthread",
    is_preloaded: bool = False,
    **options: float,
) -> Iterator[Site]:
    """Serve with a revocation feed, and these options of it."""
    folder.mkdir(exist_ok=True)
    clock = folder / "clock"
    clock.write_text("0")
    own: dict[str, Any] = {"URL": backends.redis.url} if feed == "redis" else {}
    revocation_feed = {"BACKEND": _FEEDS[feed], "OPTIONS": own | options}
    # No token expires while the site stands.
    jwtauth = {"REVOCATION_FEED": revocation_feed, "ACCESS_TOKEN_LIFETIME": 3600}
    variables = environment(
        NAME,
        DATABASE={**backends.database.place, "CONN_MAX_AGE": 60},
        MIDDLEWARE=[
            "tests.load.middleware.tell_worker",
            "django.middleware.common.CommonMiddleware",
        ],
        ROOT_URLCONF="tests.load.urls",
        JWTAUTH=jwtauth,
    )
    command = ["--worker-class", worker_class, "--keep-alive", "60"]
    if worker_class == "gthread":
        command += ["--threads", str(THREADS)]
    application = "tests.processes.wsgi"
    if is_preloaded:
        command.append("--preload")
        application = "tests.load.warmed_wsgi"
    variables[CLOCK] = str(clock)
    with gunicorn(folder, variables, *command, workers=WORKERS, application=application) as server:
        yield Site(server.address, backends, clock)
