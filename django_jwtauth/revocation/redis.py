"""Revocations by a Redis stream, within milliseconds; the database stays what is true."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any, ClassVar, Final

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseFailure
from django.db import connections, router

from django_jwtauth import clock
from django_jwtauth.conf import Settings
from django_jwtauth.exceptions import RevocationsUnknown
from django_jwtauth.models import Revocation
from django_jwtauth.revocation import rows
from django_jwtauth.revocation.base import RevocationFeed
from django_jwtauth.revocation.listening import Listener
from django_jwtauth.revocation.polling import FIRST_PATIENCE, DatabasePolls, is_in_test_case
from django_jwtauth.revocation.set_back import LastDrop
from django_jwtauth.revocation.stream import Cursors, RevocationStream, StreamEntry

# All in seconds.
DATABASE_EVERY: Final = 7.5  # an entry that was never sent (by a command, say) arrives by then
DROP_EVERY: Final = 300.0  # how soon what has expired is dropped where no database is asked
_LONGEST_SILENCE: Final = 0.5  # after which Redis says that there is nothing new
_TIMEOUT: Final = 1.0  # longest wait for Redis beyond what it was asked to wait itself
_MUTE: Final = 5.0  # a Redis that does not answer delays one logout in this time, not all
_MOST_UNSENT: Final = 10_000  # entries: more than one process revokes in the lifetime of a token

logger = logging.getLogger("django_jwtauth")


class RedisFeed(RevocationFeed):
    """Pushed by Redis, and asked of the database every few seconds besides.

    ``URL``: the server. ``STREAM``: the key; two deployments on one server need two.
    ``MAX_AGE``: how old, in seconds, an answer of Redis may be before the database is asked.
    ``MAX_STALENESS``: how long both may be silent before requests are refused.
    ``DATABASE`` False: for a service that only verifies. It knows what the stream tells it, and
    cannot revoke; an empty stream reads as "nothing is revoked".
    """

    defaults: ClassVar[Mapping[str, Any]] = {
        "URL": "",
        "DATABASE": True,
        "STREAM": "django_jwtauth:revocations",
        "MAX_AGE": 1.0,
        "MAX_STALENESS": 60.0,
    }

    def __init__(self, options: Mapping[str, Any], settings: Settings) -> None:
        super().__init__(options, settings)
        try:
            import redis
        except ImportError:
            self._driver: Any = None
        else:
            self._driver = redis
        self._listener: Listener | None
        self._client: Any
        self._mute_until: float
        self._stream = RevocationStream(self.options["STREAM"], settings.revocation_lifetime)
        self._polls = DatabasePolls(self.snapshot) if self.options["DATABASE"] else None
        self._start_over()

    def ensure_current(self) -> None:
        """See to it that Redis is listened to; where it is silent, ask the database instead."""
        listener, max_age = self._listener, self.options["MAX_AGE"]
        heard_at = float("-inf") if listener is None else listener.answered_at
        is_heard = monotonic() < heard_at + max_age
        if self._polls is None:
            if not is_heard:
                self._wait_for_redis()
            return
        interval = DATABASE_EVERY if is_heard else max_age
        if monotonic() < self._polls.answered_at + interval or is_in_test_case():
            return
        if not is_heard:
            self._listen()
        self._polls.ensure(interval, may_wait=not is_heard)
        answered_at = max(heard_at, self._polls.answered_at)
        self._refuse_if_stale(answered_at, self.options["MAX_STALENESS"])

    def revoke(self, identifiers: Iterable[str], *, expires_at: float | None) -> None:
        """See ``RevocationFeed.revoke``; without a database there is nothing to keep it in."""
        if self._polls is None:
            raise ImproperlyConfigured("Without a database nothing can be revoked here.")
        super().revoke(identifiers, expires_at=expires_at)

    def announce(self, identifiers: Sequence[str], expires_at: float | None) -> None:
        """Add to the stream; what cannot be added now the listener adds when Redis answers it."""
        entries = [StreamEntry(identifier, expires_at) for identifier in identifiers]
        if monotonic() < self._mute_until:
            self._unsent.extend(entries)
            return
        try:
            with self._lock:
                if self._client is None:
                    self._client = self._new_client()
            self._add(self._client, entries)
        except (self._driver.RedisError, OSError, DatabaseFailure) as error:
            self._mute_until = monotonic() + _MUTE
            self._unsent.extend(entries)
            what = type(error).__name__, error
            logger.error("A revocation could not be announced over Redis: %s: %s", *what)  # noqa: TRY400

    def forget(self) -> None:
        """Drop all that is known, and load anew at the next ``ensure_current``."""
        self.close()
        self.snapshot.clear()

    def age(self) -> float | None:
        """Return the seconds since Redis or the database answered; ``None``: neither has yet."""
        listener, polls = self._listener, self._polls
        answered_at = max(
            float("-inf") if listener is None else listener.answered_at,
            float("-inf") if polls is None else polls.answered_at,
        )
        return None if answered_at == float("-inf") else monotonic() - answered_at

    def close(self) -> None:
        """End the thread, and close every connection."""
        with self._lock:
            listener, self._listener = self._listener, None
            client, self._client = self._client, None
        if listener is not None:
            listener.stop()
        if client is not None:
            client.close()
        if self._polls is not None:
            self._polls.forget()

    def after_fork(self) -> None:
        """Start over in a child process: the thread has stayed behind in the parent."""
        super().after_fork()
        self._start_over()
        if self._polls is not None:
            self._polls.after_fork()

    def check(self) -> list[CheckMessage]:
        """Return what ``manage.py check`` says of the options, and of the driver."""
        problems = [*super().check(), *self._check_ages()]
        url, stream = self.options["URL"], self.options["STREAM"]
        if not isinstance(url, str) or not url.startswith(("redis://", "rediss://", "unix://")):
            problems.append(self._wrong("URL", "a redis://, rediss:// or unix:// URL"))
        if not isinstance(self.options["DATABASE"], bool):
            problems.append(self._wrong("DATABASE", "true or false"))
        if not isinstance(stream, str) or not stream:
            problems.append(self._wrong("STREAM", "a string"))
        if self._driver is None:
            problems.append(
                Error(
                    "RedisFeed needs the package redis.",
                    hint="Install django-rest-jwtauth[redis].",
                    id="django_jwtauth.E303",
                )
            )
        return problems

    def _start_over(self) -> None:
        self._lock = threading.Lock()
        self._listener = None
        self._client = None
        self._mute_until = float("-inf")
        self._unsent: deque[StreamEntry] = deque(maxlen=_MOST_UNSENT)
        self._live: dict[str, float | None] = {}
        self._drop_at = monotonic() + DROP_EVERY
        self._last_drop = LastDrop()

    def _listen(self) -> Listener:
        """Return the listener of this process, and start it where there is none."""
        with self._lock:
            if self._listener is None:
                silence = min(self.options["MAX_AGE"] / 4, _LONGEST_SILENCE)
                listener = Listener(
                    self._stream,
                    connect=partial(self._new_client, silence=silence, is_single=True),
                    begin=partial(self._begin, self._polls) if self._polls else self._read_all,
                    deliver=self._deliver,
                    receive=self._receive,
                    last_drop=self._polls.last_drop if self._polls else self._last_drop,
                    block=silence,
                )
                listener.start()
                self._listener = listener
            return self._listener

    def _wait_for_redis(self) -> None:
        listener = self._listen()
        listener.has_tried.wait(FIRST_PATIENCE)
        self._refuse_if_stale(listener.answered_at, self.options["MAX_STALENESS"])

    def _begin(self, polls: DatabasePolls, client: Any, has_lost_entries: bool) -> Cursors:  # noqa: FBT001
        """Learn everything from the database; called by the listener's thread."""
        cursors = self._stream.tips(client)  # before the load: nothing falls in between
        try:
            if not polls.load():
                raise RevocationsUnknown("The database does not answer.")
            if has_lost_entries:
                self._stream.begin_anew(client, _all_live())
            elif not self._stream.is_there(client):
                self._stream.begin(client, _all_live())
        finally:
            _close_connection()
        return cursors

    def _add(self, client: Any, entries: Sequence[StreamEntry]) -> None:
        """Add to the stream, and begin it where there is none."""
        if not self._stream.add(client, entries):
            self._stream.begin(client, _all_live())
            # Another process may have begun it first, with what was live a moment before.
            self._stream.add(client, entries)

    def _deliver(self, client: Any) -> None:
        """Add what could not be announced; called by the listener's thread, the only one to take.

        Others who hear Redis all the time would else wait for their next look at the database.
        """
        entries = []
        while self._unsent:
            entries.append(self._unsent.popleft())
        if not entries:
            return
        try:
            self._add(client, entries)
            entries = []
            self._mute_until = float("-inf")
        except (self._driver.ResponseError, DatabaseFailure):
            pass  # Redis can be read and not written, or has lost its stream: soon once more
        finally:
            self._unsent.extendleft(reversed(entries))
            _close_connection()

    def _read_all(self, client: Any, has_lost_entries: bool) -> Cursors:  # noqa: FBT001
        """Learn everything from the stream; called by the listener's thread."""
        cursors = self._stream.beginning()
        self._last_drop.was_at(clock.now())  # from here on nothing lacks that was dropped before
        while True:
            before = dict(cursors)
            self._receive(self._stream.read(client, cursors, None))
            if cursors == before:
                return cursors

    def _receive(self, entries: list[StreamEntry]) -> None:
        self.snapshot.add((entry.identifier, entry.id) for entry in entries)
        if self._polls is None:
            self._remember(entries)

    def _remember(self, entries: list[StreamEntry]) -> None:
        """Note when entries expire, and drop those that have: no database says what is live."""
        for entry in entries:
            known, told = self._live.get(entry.identifier, 0.0), entry.expires_at
            self._live[entry.identifier] = (
                None if known is None or told is None else max(known, told)
            )
        if monotonic() >= self._drop_at:
            now = clock.now()
            self._last_drop.was_at(now)
            self._live = {
                identifier: expires_at
                for identifier, expires_at in self._live.items()
                if expires_at is None or expires_at > now
            }
            self.snapshot.begin_load()
            self.snapshot.replace((identifier, None) for identifier in self._live)
            self._drop_at = monotonic() + DROP_EVERY

    def _new_client(self, *, silence: float = 0.0, is_single: bool = False) -> Any:
        options = self._driver.connection.parse_url(self.options["URL"])
        options |= {
            "protocol": 2,
            "decode_responses": False,  # one entry that is no UTF-8 would harm all
            "socket_timeout": _TIMEOUT + silence,
            "socket_connect_timeout": _TIMEOUT,
            # A connection that comes back unseen may have missed something.
            "retry": self._driver.retry.Retry(self._driver.backoff.NoBackoff(), 0),
        }
        pool = self._driver.ConnectionPool(**options)
        return self._driver.Redis(connection_pool=pool, single_connection_client=is_single)


def _all_live() -> list[StreamEntry]:
    return [StreamEntry(identifier, expires_at) for identifier, expires_at in rows.live()]


def _close_connection() -> None:
    """Close the connection of the listener's thread, in which no request ends."""
    connections[router.db_for_write(Revocation)].close()
