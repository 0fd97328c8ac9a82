import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from demo.user import BEARER, PASSWORD, USERNAME, demo_user, login_line, logout_line, staff_user

WELCOME = """
Two services. {url} has the users and signs; {orders} has no
database and no secret, and hears of revocations over Redis.
User {username}, password {password}.

Try it from another terminal:

  {login}
  {read}
  {logout}

After the logout the second line is refused: 401 token_revoked.
"""


class Command(BaseCommand):
    help = "Serve the project, and a second service that trusts its tokens. Needs Redis."

    # They may ask the database, which is not migrated yet. `runserver` runs them.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, default in (("address", "127.0.0.1:8000"), ("orders", "127.0.0.1:8001")):
            parser.add_argument(
                name, nargs="?", default=default, metavar="HOST:PORT", help="%(default)s"
            )

    def handle(self, *args: Any, address: str, orders: str, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's password is published: this runs with DEBUG only.")
        redis_url = os.environ.get("EXAMPLE_REDIS_URL") or "redis://127.0.0.1:6379/0"
        check_redis(redis_url)
        call_command("migrate", verbosity=0)
        demo_user("customers")
        staff_user()
        issuer = f"http://{address}"
        self.stdout.write(welcome(issuer, f"http://{orders}"))
        self.stdout.flush()
        serve(
            ("example", address, {"EXAMPLE_ISSUER": issuer, "EXAMPLE_REDIS_URL": redis_url}),
            ("orders_service", orders, {"ORDERS_ISSUER": issuer, "ORDERS_REDIS_URL": redis_url}),
        )


def check_redis(url: str) -> None:
    try:
        import redis
    except ImportError:
        raise CommandError("The package redis is missing: pip install redis") from None
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
            client.ping()
    except (redis.RedisError, ValueError):
        # Without the URL itself: a password may stand in it.
        raise CommandError(
            "No Redis answers: start redis-server, or name one by EXAMPLE_REDIS_URL."
        ) from None


def welcome(url: str, orders: str) -> str:
    return WELCOME.format(
        url=url,
        orders=orders,
        username=USERNAME,
        password=PASSWORD,
        login=login_line(url),
        read=f"curl -w '\\n' {orders}/orders/ {BEARER}",
        logout=logout_line(url),
    )


def serve(*services: tuple[str, str, dict[str, str]]) -> None:
    """Run each in a process of its own, until one ends or we are told to."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for project, address, variables in services:
            command = [sys.executable, sys.argv[0], "runserver", address, "--noreload"]
            command += ["--settings", f"{project}.settings"]
            environment = os.environ | variables
            processes.append(subprocess.Popen(command, env=environment))  # noqa: S603 (ours)
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
        raise CommandError("One of the two has ended.")
    except KeyboardInterrupt:
        pass
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
