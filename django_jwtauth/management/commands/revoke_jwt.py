"""``manage.py revoke_jwt``: end login sessions, or one token, at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import router

from django_jwtauth import sessions
from django_jwtauth.exceptions import AccessTokenError
from django_jwtauth.management.arguments import TOKEN_HELP, find_user, read_token
from django_jwtauth.management.mistakes import named_in_one_line
from django_jwtauth.models import LoginSession, from_sid
from django_jwtauth.tokens import refresh_token

_REVOKED = LoginSession.EndReason.REVOKED


class Command(BaseCommand):
    """Parses, calls one of ``sessions.end_all``, ``end``, ``revoke`` and ``end_everything``."""

    help = (
        "Forces logins to expire: every process refuses their access tokens within a second, and "
        "their refresh tokens buy nothing any more. Says how many login sessions were live."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the four things that can be revoked, of which one is meant."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--user", metavar="NAME", help="every login session of this user")
        what.add_argument(
            "--session",
            metavar="SID",
            help="one login session, by the id that the sid claim, the list of sessions and the "
            "admin show; as --session=SID where it begins with a dash",
        )
        what.add_argument(
            "--token",
            metavar="-",
            help="one token: an access token alone, or a refresh token together with its login "
            f"session; {TOKEN_HELP}",
        )
        what.add_argument(
            "--all", action="store_true", help="every login session of everybody; asks first"
        )
        parser.add_argument(
            "--no-input",
            "--noinput",
            action="store_false",
            dest="interactive",
            help="do not ask before --all",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Revoke, and say what became of it."""
        with named_in_one_line():
            if options["user"] is not None:
                told = self._end_user(options["user"])
            elif options["session"] is not None:
                told = self._end_session(options["session"].strip())
            elif options["token"] is not None:
                told = self._revoke_token(read_token(options["token"]))
            else:
                told = self._end_everything(ask=options["interactive"])
        self.stdout.write(told)

    def _end_user(self, name: str) -> str:
        return f"{_ended(sessions.end_all(find_user(name), _REVOKED))} of {name}."

    def _end_session(self, sid: str) -> str:
        session_id = _session_id(sid)
        rows = LoginSession.objects.using(router.db_for_write(LoginSession))
        # A mistyped id must not look like a session that is over.
        if session_id is None or not rows.filter(pk=session_id).exists():
            raise CommandError(f"There is no login session {sid!r}; old ones may be pruned.")
        if sessions.end(session_id, _REVOKED):
            return f"{_ended(1)}."
        return f"{_ended(0)}: it was over before."

    def _revoke_token(self, raw: str) -> str:
        is_refresh_token = raw.startswith(refresh_token.PREFIX)
        if not sessions.revoke(raw):
            return "Nothing to do: the token was dead before."
        if is_refresh_token:
            return f"{_ended(1)}: the one of this refresh token."
        if not _is_refused(raw):
            raise CommandError(
                "The token lives until it expires: the revocation feed in force revokes nothing."
            )
        return "The access token is revoked. Its login session goes on: --session ends that."

    def _end_everything(self, *, ask: bool) -> str:
        if ask and not _confirmed():
            raise CommandError("Nothing was ended.")
        return f"{_ended(sessions.end_everything(_REVOKED))} of everybody."


def _ended(count: int) -> str:
    return f"Ended {count} login session{'' if count == 1 else 's'}"


def _session_id(sid: str) -> UUID | None:
    """Read the id as tokens spell it, or as a database tool shows it."""
    for read in (from_sid, UUID):
        try:
            return read(sid)
        except ValueError:
            continue
    return None


def _is_refused(raw: str) -> bool:
    try:
        sessions.authenticate(raw)
    except AccessTokenError:
        return True
    return False


def _confirmed() -> bool:
    try:
        answer = input("This logs out every user on every device. Type 'yes' to go on: ")
    except EOFError:
        raise CommandError("Nothing was ended: nobody is there to ask; add --no-input.") from None
    return answer.strip() == "yes"
