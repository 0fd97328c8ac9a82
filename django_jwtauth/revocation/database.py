"""Revocations by asking the database, at most once in ``MAX_AGE`` seconds a process."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any, ClassVar

from django.core.checks import CheckMessage

from django_jwtauth.conf import Settings
from django_jwtauth.revocation.base import RevocationFeed
from django_jwtauth.revocation.polling import DatabasePolls, is_in_test_case


class DatabaseFeed(RevocationFeed):
    """The default: no thread, nothing to run besides the database.

    ``MAX_AGE``: how old, in seconds, an answer may be before a request asks again.
    ``MAX_STALENESS``: how long the database may be silent before requests are refused.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"MAX_AGE": 1.0, "MAX_STALENESS": 60.0}

    def __init__(self, options: Mapping[str, Any], settings: Settings) -> None:
        super().__init__(options, settings)
        self._polls = DatabasePolls(self.snapshot)

    def ensure_current(self) -> None:
        """Poll where the last answer is too old; see ``RevocationFeed.ensure_current``."""
        max_age = self.options["MAX_AGE"]
        if monotonic() < self._polls.answered_at + max_age or is_in_test_case():
            return
        self._polls.ensure(max_age)
        self._refuse_if_stale(self._polls.answered_at, self.options["MAX_STALENESS"])

    def forget(self) -> None:
        """Drop all that is known, and load anew at the next ``ensure_current``."""
        self.snapshot.clear()
        self._polls.forget()

    def age(self) -> float | None:
        """Return the seconds since the database answered; ``None``: it has not yet."""
        age = monotonic() - self._polls.answered_at
        return None if age == float("inf") else age

    def close(self) -> None:
        """Close the connection that this process may have opened besides the threads' own."""
        self._polls.forget()

    def after_fork(self) -> None:
        """Renew the locks in a child process, and leave the parent's connection alone."""
        super().after_fork()
        self._polls.after_fork()

    def check(self) -> list[CheckMessage]:
        """Return what ``manage.py check`` says of the options."""
        return [*super().check(), *self._check_ages()]
