"""``manage.py prune_jwt``: delete what can no longer matter."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_jwtauth import sessions
from django_jwtauth.management.durations import duration
from django_jwtauth.management.mistakes import named_in_one_line

_MAX_BATCH: Final = 10_000  # each row is a parameter of one statement


class Command(BaseCommand):
    """Parses, calls ``sessions.prune`` and prints each batch."""

    help = (
        "Deletes login sessions that have ended or expired, revocations of tokens that have "
        "expired by themselves, and signing keys whose last token has. Nothing that still decides "
        "is touched, so it may run at any time, by a daily job and on several hosts at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--batch-size",
            type=int,
            default=1000,
            metavar="N",
            help="how many rows one transaction deletes at most (1000)",
        )
        parser.add_argument(
            "--keep",
            type=duration,
            default=0.0,
            metavar="AGE",
            help="leave login sessions and keys that were over for less than this, such as 30d, "
            "to be looked at",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, tell of each batch, and sum up."""
        batch_size, deleted = options["batch_size"], Counter[str]()
        if not 1 <= batch_size <= _MAX_BATCH:
            raise CommandError(f"The batch size is a number from 1 to {_MAX_BATCH}.")
        with named_in_one_line():
            for batch in sessions.prune(batch_size=batch_size, keep=options["keep"]):
                deleted[batch.what] += batch.rows
                if options["verbosity"] > 0:
                    self.stdout.write(f"{batch.what}: {deleted[batch.what]} deleted so far")
        parts = [f"{rows} {what}" for what, rows in deleted.items()]
        self.stdout.write(f"Deleted {', '.join(parts) or 'nothing: there was nothing to delete'}.")
