"""What this process knows to be revoked: one set a kind, read without a lock.

Plain data: where it comes from and how old it is are questions for the feed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

from django_jwtauth.tokens.claims import AccessToken

#: The kinds of identifiers that stand before a colon; ``*<seconds>`` is the one without.
KINDS: Final = ("jti", "sid", "kid", "ring")

_MOST_DIGITS: Final = 15

#: An identifier, and a mark that is another one each time the same key ring changes.
Entry = tuple[str, object]


class Snapshot:
    """The live revocations, as far as they have reached this process.

    Only news of the key ring looks at an entry's mark; ``None`` is that of a change just made.
    """

    __slots__ = ("_lock", "_meanwhile", "_rings", "jtis", "kids", "ring_news", "sids", "until")

    def __init__(self) -> None:
        #: Tokens, login sessions and signing keys, without the word before the colon.
        self.jtis: set[str] = set()
        self.sids: set[str] = set()
        self.kids: set[str] = set()
        #: Every token issued up to this moment is revoked, in seconds since the epoch.
        self.until = 0
        #: Different after each change of the key ring.
        self.ring_news = 0
        self._rings: dict[str, object] = {}
        self._meanwhile: list[Entry] | None = None
        self.renew_lock()

    def renew_lock(self) -> None:
        """Forget who holds the lock: after a fork nobody is there to release it."""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.jtis) + len(self.sids) + len(self.kids)

    def is_revoked(self, token: AccessToken) -> bool:
        """Look the token up by itself, its login session, its key and its age."""
        return (
            token.jti in self.jtis
            or token.session_id in self.sids
            or token.kid in self.kids
            or token.issued_at <= self.until
        )

    def add(self, entries: Iterable[Entry]) -> None:
        """Learn of more revocations; what is known already does no harm."""
        with self._lock:
            entries = list(entries)
            if self._meanwhile is not None:
                self._meanwhile += entries
            self._take(entries)

    def begin_load(self) -> None:
        """Say that all there is will be read now: what is added meanwhile outlives it."""
        with self._lock:
            self._meanwhile = []

    def replace(self, entries: Iterable[Entry]) -> None:
        """Know these alone, and what was added since ``begin_load``."""
        with self._lock:
            new = Snapshot()
            new._rings, new.ring_news = self._rings, self.ring_news
            new._take(entries)
            new._take(self._meanwhile or ())
            self._meanwhile = None
            # One after the other: a reader in between sees an old set or a new one, and what is
            # still revoked is in both.
            self.jtis, self.sids, self.kids = new.jtis, new.sids, new.kids
            self.until, self.ring_news = new.until, new.ring_news

    def clear(self) -> None:
        """Know nothing; the key ring counts as changed."""
        with self._lock:
            self.jtis, self.sids, self.kids = set(), set(), set()
            self.until = 0
            self._rings = {}
            self.ring_news += 1

    def _take(self, entries: Iterable[Entry]) -> None:
        sets = {"jti": self.jtis, "sid": self.sids, "kid": self.kids}
        for identifier, mark in entries:
            kind, _, name = identifier.partition(":")
            if kind in sets:
                sets[kind].add(name)
            elif kind == "ring":
                self._hear(name, mark)
            else:
                self.until = max(self.until, issued_until(identifier))

    def _hear(self, kid: str, mark: object) -> None:
        if mark is None or self._rings.get(kid) != mark:
            self.ring_news += 1
        if mark is not None:
            self._rings[kid] = mark


def issued_until(identifier: str) -> int:
    """Return the seconds of a ``*<seconds>``; 0 for whatever is none."""
    seconds = identifier[1:]
    # What a newer version wrote, or somebody else, must not break this one.
    is_moment = identifier.startswith("*") and seconds.isascii() and seconds.isdigit()
    return int(seconds) if is_moment and len(seconds) <= _MOST_DIGITS else 0
