"""``manage.py list_jwt_keys``: every signing key with its state and times."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings as django_settings
from django.core.checks import CheckMessage
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import router

from django_jwtauth import clock, key_rotation
from django_jwtauth.checks.keys import judge_ring_ahead
from django_jwtauth.checks.table import message
from django_jwtauth.keystores import store
from django_jwtauth.management.durations import show_duration, show_moment
from django_jwtauth.management.mistakes import named_in_one_line
from django_jwtauth.models import LoginSession
from django_jwtauth.revocation import feed
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import Key

_HEADS: Final = ("KID", "ALGORITHM", "STATE", "AGE", "SIGNS FROM", "SIGNS UNTIL", "VERIFIES UNTIL")


class Command(BaseCommand):
    """Parses, calls ``key_rotation.read_ring`` and prints it."""

    help = (
        "Lists the signing keys. pending: published, does not sign yet; active: signs; retiring: "
        "verifies the tokens that it signed; expired: refused, for all of them have run out; "
        "revoked: refused for good."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--json", action="store_true", help="print a JSON list, with times in ISO 8601"
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="end with 1 where no key can sign, or one that should cannot be read: for "
            "monitoring",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the ring, then fail where ``--check`` finds a reason to."""
        now = clock.now()
        with named_in_one_line():
            ring = key_rotation.read_ring(now)
            feed().ensure_current()
            revoked = feed().revoked_kids()
        if options["json"]:
            self.stdout.write(json.dumps([_members(key, now, revoked) for key in ring], indent=2))
        else:
            self._write_table(ring, now, revoked)
            self._write_warnings(judge_ring_ahead(ring, now, revoked))
            if django_settings.SECRET_KEY_FALLBACKS and not store().only_verifies:
                with named_in_one_line():
                    self._write_needs_of_fallbacks(now)
        problem = key_rotation.ring_problem(ring, now)
        if problem and options["check"]:
            raise CommandError(problem)
        if problem:
            self.stderr.write(self.style.WARNING(problem))

    def _write_warnings(self, warnings: Iterable[CheckMessage]) -> None:
        for warning in warnings:
            self.stdout.write(self.style.WARNING(f"{warning.msg} {warning.hint}"))

    def _write_needs_of_fallbacks(self, now: float) -> None:
        """Tell what a secret of ``SECRET_KEY_FALLBACKS`` is still needed for."""
        kids = key_rotation.kids_under_fallbacks()
        if kids:
            self._write_warnings([message("W214", kids=", ".join(kids))])
        rows = LoginSession.objects.using(router.db_for_write(LoginSession))
        oldest = rows.live(now).oldest_token()
        if oldest is None:
            self.stdout.write("No refresh token is live: none needs SECRET_KEY_FALLBACKS.")
        else:
            self.stdout.write(
                f"Every live refresh token was made after {show_moment(oldest.timestamp() - 1)}: "
                "none needs a secret of SECRET_KEY_FALLBACKS that was SECRET_KEY nowhere by then."
            )

    def _write_table(self, ring: KeyRing, now: float, revoked: Collection[str]) -> None:
        rows = [_HEADS, *(_cells(key, now, revoked) for key in ring)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
        signing = ring.signing_key(now, revoked)
        if signing is not None:
            self.stdout.write(f"\nThe key {signing.kid} signs now.")


def _state(key: Key, now: float, revoked: Collection[str]) -> str:
    return "revoked" if key.kid in revoked else str(key.state(now))


def _members(key: Key, now: float, revoked: Collection[str]) -> dict[str, str | None]:
    times = ("created_at", "active_at", "retire_at", "expire_at")
    return {
        "kid": key.kid,
        "algorithm": key.algorithm,
        "state": _state(key, now, revoked),
        **{name: _iso_8601(getattr(key, name)) for name in times},
    }


def _iso_8601(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, tz=UTC).isoformat()


def _cells(key: Key, now: float, revoked: Collection[str]) -> Sequence[str]:
    age = "-" if key.created_at is None else show_duration(now - key.created_at)
    verifies_until = None if key.kid in revoked else key.expire_at
    moments = (key.active_at, key.retire_at, verifies_until)
    return (
        key.kid,
        key.algorithm,
        _state(key, now, revoked),
        age,
        *("-" if moment is None else show_moment(moment) for moment in moments),
    )
