"""``manage.py inspect_jwt``: what a token says, and whether it is good."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_jwtauth import clock
from django_jwtauth.management.arguments import TOKEN_HELP, read_token
from django_jwtauth.management.inspection import inspect
from django_jwtauth.management.mistakes import named_in_one_line


class Command(BaseCommand):
    """Parses, calls ``inspection.inspect`` and prints it."""

    help = (
        "Takes a token apart: header and claims, the key that signed it, whom it belongs to. Ends "
        "with 0 where this project would accept it now, else with 1 and the reason. Of a refresh "
        "token it shows the login session and what a refresh would do; nothing is changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the token."""
        parser.add_argument(
            "token", metavar="-", help=f"an access token or a refresh token; {TOKEN_HELP}"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found, then fail where the token is refused."""
        raw = read_token(options["token"])
        with named_in_one_line():
            found = inspect(raw, clock.now())
        for heading, members in found.parts.items():
            self.stdout.write(self.style.MIGRATE_HEADING(heading))
            for name, value in members.items():
                self.stdout.write(f"  {_printable(name):<20} {_printable(value)}")
        if found.fault:
            raise CommandError(f"Not valid: {found.fault}")
        self.stdout.write(self.style.SUCCESS(f"Valid: {found.outlook}"))


def _printable(value: object) -> str:
    """Return a value in one line; a forged token may hold what a terminal would act upon."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)
