import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from demo.user import (
    BEARER,
    PASSWORD,
    STAFF_PASSWORD,
    STAFF_USERNAME,
    USERNAME,
    demo_user,
    login_line,
    logout_line,
    staff_user,
)

WELCOME = """
The console of the example is at {url}
User {username}, password {password}.
Staff {staff_username}, password {staff_password}.

Open it in a browser, or try the notes API from another terminal:

  {login}
  {create}
  {logout}

After the logout the second line is refused: 401 token_revoked.
For {url}/admin/ make yourself an admin:

  {admin}
"""


class Command(BaseCommand):
    help = f"Migrate, make the users {USERNAME} and {STAFF_USERNAME}, and serve."

    # They may ask the database, which is not migrated yet. `runserver` runs them.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "address", nargs="?", default="127.0.0.1:8000", metavar="HOST:PORT", help="%(default)s"
        )

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's password is published: this runs with DEBUG only.")
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise CommandError(f"{address!r} is no HOST:PORT, such as 127.0.0.1:8000.")
        call_command("migrate", verbosity=0)
        demo_user()
        staff_user()
        self.stdout.write(welcome(f"http://{address}"))
        self.stdout.flush()
        # One process, which ends when it is told to; `runserver` alone reloads changed code.
        call_command("runserver", address, use_reloader=False)


def welcome(url: str) -> str:
    database = "EXAMPLE_DATABASE_URL=… " if "EXAMPLE_DATABASE_URL" in os.environ else ""
    return WELCOME.format(
        url=url,
        username=USERNAME,
        password=PASSWORD,
        staff_username=STAFF_USERNAME,
        staff_password=STAFF_PASSWORD,
        login=login_line(url),
        create=f"curl -w '\\n' {url}/notes/ {BEARER} -d text='My first note'",
        logout=logout_line(url),
        admin=f"{database}{os.path.relpath(sys.executable)} {sys.argv[0]} createsuperuser",
    )
