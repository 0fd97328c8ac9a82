"""``manage.py rotate_jwt_keys``: the next signing key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_jwtauth import clock, conf, key_rotation
from django_jwtauth.key_rotation import Rotation
from django_jwtauth.management.durations import duration, show_duration, show_moment
from django_jwtauth.management.mistakes import named_in_one_line
from django_jwtauth.tokens.keys import ALGORITHMS


class Command(BaseCommand):
    """Parses, calls ``key_rotation.rotate`` and tells what happens when."""

    help = (
        "Makes the next key that signs access tokens. It is published first (JWKS) and signs only "
        "when every process and every service that caches the JWKS has seen it, 15 minutes later "
        "by default; the key before it verifies until its last token has expired. No request "
        "fails and nobody is logged out. Where the next key is there already, none is made."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--algorithm",
            choices=ALGORITHMS,
            help="what the new key is for (JWTAUTH['ALGORITHM'] by default)",
        )
        parser.add_argument(
            "--now",
            action="store_true",
            help="let the next key sign in 5 seconds, also one that is waiting; another service "
            "that has just fetched the JWKS may refuse new tokens until it fetches again",
        )
        parser.add_argument(
            "--if-older-than",
            type=duration,
            default=0.0,
            metavar="AGE",
            help="do nothing while the key that signs is younger, such as 30d: for a daily job",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen, and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, and tell what happens when."""
        now = clock.now()
        with named_in_one_line():
            rotation = key_rotation.rotate(
                now,
                algorithm=options["algorithm"],
                immediately=options["now"],
                if_older_than=options["if_older_than"],
                dry_run=options["dry_run"],
            )
        for line in _told(rotation, now, is_dry=options["dry_run"]):
            self.stdout.write(line)


def _told(rotation: Rotation, now: float, *, is_dry: bool) -> Iterator[str]:
    key = f"key {rotation.kid} ({rotation.algorithm})"
    if rotation.made:
        yield f"Would make a key ({rotation.algorithm})." if is_dry else f"Made the {key}."
    elif rotation.promoted:
        yield f"The {key} was waiting, and {'would sign' if is_dry else 'signs'} sooner."
    elif rotation.active_at > now:
        yield f"The {key} is waiting to sign: no other was made."
    else:
        yield f"The {key} signs, and was made not long ago: nothing to do."
    if rotation.active_at > now:
        yield from _when(rotation, now)
    elif rotation.made:
        yield "It signs at once, for no other key can." if not is_dry else "It would sign at once."
    if rotation.reencrypted:
        done = "Would encrypt" if is_dry else "Encrypted"
        count = rotation.reencrypted
        keys = "a private key" if count == 1 else f"{count} private keys"
        yield f"{done} {keys} anew, under the SECRET_KEY of today."


def _when(rotation: Rotation, now: float) -> Iterator[str]:
    ahead = show_duration(rotation.active_at - now)
    yield f"It signs from {show_moment(rotation.active_at)} on (in {ahead})."
    if rotation.previous:
        last = show_moment(rotation.active_at + conf.current().revocation_lifetime)
        yield f"The key {rotation.previous} signs until then, and verifies until {last}."
