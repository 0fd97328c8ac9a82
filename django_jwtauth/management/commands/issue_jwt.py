"""``manage.py issue_jwt``: an access token to try the API with."""

from __future__ import annotations

from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import NoReverseMatch, reverse

from django_jwtauth import conf, sessions
from django_jwtauth.management.arguments import find_user
from django_jwtauth.management.durations import duration, show_duration
from django_jwtauth.management.mistakes import named_in_one_line

LABEL: Final = "issue_jwt"


class Command(BaseCommand):
    """Parses, calls ``sessions.start`` and prints its access token."""

    help = (
        "Prints an access token of USER, and a curl line to call the API with. It starts a login "
        "session that ends together with the token; the user sees it among their own, labelled "
        f"{LABEL}. With -v 0 the token alone is printed: TOKEN=$(manage.py issue_jwt USER -v 0)"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare user and lifetime."""
        parser.add_argument("user", metavar="USER", help="the name that the user logs in by")
        parser.add_argument(
            "--lifetime",
            type=duration,
            metavar="DURATION",
            help="how long the token lives, such as 2m: ACCESS_TOKEN_LIFETIME at most, and by "
            "default",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the session and print."""
        user = find_user(options["user"])
        with named_in_one_line():
            lifetime = options["lifetime"]
            if lifetime is None:
                lifetime = conf.current().ACCESS_TOKEN_LIFETIME
            try:
                pair = sessions.start(user, label=LABEL, lifetime=lifetime)
            except ValueError as error:
                raise CommandError(str(error)) from None
        self.stdout.write(pair.access_token)
        if options["verbosity"] == 0:
            return
        self.stdout.write(
            f"\nIt is good for {show_duration(pair.expires_in)}, in the login session "
            f"{pair.session.sid}. Put it into the variable TOKEN and call:\n"
        )
        self.stdout.write(_curl_line())


def _curl_line() -> str:
    # printf belongs to the shell and curl reads the header from a pipe, so that the token is not
    # seen in the list of processes.
    return f"printf 'Authorization: Bearer %s' \"$TOKEN\" | curl -H @- {_url()}"


def _url() -> str:
    origin = conf.current().origin or "http://127.0.0.1:8000"
    try:
        return origin + reverse("jwtauth:me")
    except NoReverseMatch:
        return f"{origin}/"
