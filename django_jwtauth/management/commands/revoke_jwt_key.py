"""``manage.py revoke_jwt_key``: refuse a signing key that may have leaked."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_jwtauth import clock, key_rotation
from django_jwtauth.management.mistakes import named_in_one_line


class Command(BaseCommand):
    """Parses, calls ``key_rotation.revoke_key`` and tells what signs now."""

    help = (
        "Refuses a signing key, and every access token that it signed, everywhere and for good: "
        "for a key that may have leaked. If it was signing, another one signs at once. Nobody is "
        "logged out: clients refresh once and go on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the argument."""
        parser.add_argument(
            "kid",
            metavar="KID",
            help="the key's id, as list_jwt_keys shows it; behind -- where it begins with a dash",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Revoke, and tell what signs now."""
        with named_in_one_line():
            result = key_rotation.revoke_key(options["kid"], clock.now())
        if result.was_revoked:
            self.stdout.write(f"The key {result.kid} was revoked before.")
        else:
            self.stdout.write(f"The key {result.kid} is revoked, and so is every token it signed.")
        if not result.signs_now:
            self.stderr.write(
                self.style.WARNING(
                    "No key can sign now: login and refresh answer 503 until there is one."
                )
            )
        elif result.made:
            self.stdout.write(f"The key {result.signs_now} was made for it, and signs now.")
        else:
            self.stdout.write(f"The key {result.signs_now} signs now.")
