"""The base of every revocation feed: a project's own feed derives from ``RevocationFeed``."""

from __future__ import annotations

import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any, Final

from django.core.checks import CheckMessage
from django.db import connections

from django_jwtauth.backends import Backend
from django_jwtauth.conf import Settings
from django_jwtauth.exceptions import RevocationsUnknown
from django_jwtauth.models import Revocation
from django_jwtauth.revocation import rows
from django_jwtauth.revocation.snapshot import KINDS, Snapshot, issued_until
from django_jwtauth.revocation.suspicions import open_suspicions, suspect, this_thread
from django_jwtauth.tokens.claims import AccessToken

_MAX_LENGTH: Final = Revocation._meta.get_field("identifier").max_length or 0  # noqa: SLF001


class RevocationFeed(Backend, ABC):
    """How revocations reach this process, and how it spreads its own.

    Named by ``REVOCATION_FEED["BACKEND"]`` and made once a process with its ``OPTIONS``. A feed
    implements ``ensure_current``, ``forget`` and ``age``, where it has something to spread
    ``announce``, and where it holds something open ``close``; it keeps ``snapshot`` current.
    """

    _setting = "REVOCATION_FEED"
    _unknown_option = "django_jwtauth.E301"
    _wrong_option = "django_jwtauth.E302"

    def __init__(self, options: Mapping[str, Any], settings: Settings) -> None:
        super().__init__(options, settings)
        self.snapshot = Snapshot()
        _live.add(self)

    @abstractmethod
    def ensure_current(self) -> None:
        """Bring the snapshot up to date; called by every request and before every signature.

        Raises ``RevocationsUnknown`` where nothing has answered for too long.
        """

    @abstractmethod
    def forget(self) -> None:
        """Drop all that is known, and load anew at the next ``ensure_current``."""

    @abstractmethod
    def age(self) -> float | None:
        """Return the seconds since the last answer; ``None``: there was none yet."""

    def announce(self, identifiers: Sequence[str], expires_at: float | None) -> None:
        """Tell other processes of what has just been committed; raises nothing."""

    def close(self) -> None:
        """Let go of threads and connections: the settings have changed."""

    def after_fork(self) -> None:
        """Start anew in a child process: the parent's threads and what they hold are missing."""
        self.snapshot.renew_lock()

    def is_revoked(self, token: AccessToken) -> bool:
        """Tell whether the token is refused: itself, its session, its key or its age."""
        if self.snapshot.is_revoked(token):
            return True
        if not this_thread.may_suspect:
            return False
        open_ = open_suspicions()
        return bool(open_) and (
            f"jti:{token.jti}" in open_
            or f"sid:{token.session_id}" in open_
            or f"kid:{token.kid}" in open_
            or token.issued_at <= max(map(issued_until, open_))
        )

    def revoke(self, identifiers: Iterable[str], *, expires_at: float | None) -> None:
        """Write the revocations in the caller's transaction, and spread them when it commits.

        ``expires_at`` is in seconds since the epoch; ``None``: for good. Inside a transaction
        they hold for this thread at once. Raises ``ValueError`` for what is no identifier.
        """
        names = sorted(set(identifiers))  # in one order, or two writers wait for each other
        _check_identifiers(names)
        if not names:
            return
        using = rows.write(names, expires_at)
        confirm = partial(self._learn_own, names, expires_at)
        if connections[using].in_atomic_block:
            suspect(names, confirm, using)
        else:
            confirm()

    def revoked_kids(self) -> Collection[str]:
        """Return the ``kid`` of every signing key that is refused."""
        suspected = {name[4:] for name in open_suspicions() if name.startswith("kid:")}
        return self.snapshot.kids | suspected if suspected else self.snapshot.kids

    def revoked_until(self) -> int:
        """Return the moment, in seconds since the epoch, up to which all tokens are refused."""
        return max(self.snapshot.until, *map(issued_until, open_suspicions()), 0)

    def learn_key(self, kid: str) -> None:
        """Take in that a signing key is revoked, which the database told before the feed did."""
        self.snapshot.add([(f"kid:{kid}", None), (f"ring:{kid}", None)])

    def ring_news(self) -> int:
        """Return a number that is another one whenever the key ring has changed."""
        return self.snapshot.ring_news

    def ring_suspected(self) -> bool:
        """Tell whether this thread has changed the key ring in a transaction that is open."""
        return this_thread.may_suspect and any(
            name.startswith("ring:") for name in open_suspicions()
        )

    def _learn_own(self, identifiers: Sequence[str], expires_at: float | None) -> None:
        self.snapshot.add((identifier, None) for identifier in identifiers)
        self.announce(identifiers, expires_at)

    def _refuse_if_stale(self, answered_at: float, max_staleness: float) -> None:
        """Raise ``RevocationsUnknown`` where the last answer, by ``monotonic()``, is too old."""
        age = monotonic() - answered_at
        if age > max_staleness:
            since = "since the process started" if age == float("inf") else f"for {age:.0f} s"
            raise RevocationsUnknown(f"No revocation feed has answered {since}.")

    def _check_ages(self) -> list[CheckMessage]:
        """Check ``MAX_AGE`` and ``MAX_STALENESS``, which most feeds have."""
        names = ("MAX_AGE", "MAX_STALENESS")
        wrong = [name for name in names if not _is_duration(self.options[name])]
        if wrong:
            return [self._wrong(name, "a positive number of seconds") for name in wrong]
        if self.options["MAX_STALENESS"] < self.options["MAX_AGE"]:
            return [self._wrong("MAX_STALENESS", "at least MAX_AGE")]
        return []


def _is_duration(value: object) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and 0 < value < float("inf")  # type: ignore[operator]


def _check_identifiers(identifiers: Sequence[str]) -> None:
    for identifier in identifiers:
        kind, colon, name = identifier.partition(":")
        is_known = (kind in KINDS and colon and name) or issued_until(identifier)
        if not is_known or len(identifier) > _MAX_LENGTH:
            raise ValueError(f"This cannot be revoked: {identifier[:_MAX_LENGTH]!r}")


_live: weakref.WeakSet[RevocationFeed] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for feed in list(_live):
        feed.after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork_in_child)
