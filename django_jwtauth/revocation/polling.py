"""Asks the database for revocations: when, on which connection, and for whom the others wait."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Final

from django.db import Error, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from django_jwtauth import clock
from django_jwtauth.models import Revocation
from django_jwtauth.revocation import rows
from django_jwtauth.revocation.set_back import LastDrop
from django_jwtauth.revocation.snapshot import Entry, Snapshot

# All in seconds. A row becomes visible when its transaction commits, which can be long after its
# revoked_at: each poll looks back this far beyond the last one.
OVERLAP: Final = 60.0
FULL_LOAD_EVERY: Final = 300.0
GRACE: Final = 0.1  # the others go on with a set that is older by no more than this
PATIENCE: Final = 1.0  # else they wait, but no longer than this for one poll …
FIRST_PATIENCE: Final = 10.0  # … or this, where there is nothing to go on with
_SQLITE_TIMEOUT: Final = 0.5

_FAILURES: Final = (Error, OSError)

logger = logging.getLogger("django_jwtauth")


class DatabasePolls:
    """Keeps a snapshot as young as it is asked to, with one poll at a time a process.

    Errors of the database are logged, once an outage, and never raised: how old the snapshot may
    be is the feed's rule.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        #: By which clock the snapshot was last loaded.
        self.last_drop = LastDrop()
        self._own_connection: BaseDatabaseWrapper | None = None
        self._is_failing = False
        self._know_nothing()
        self._new_lock()

    def ensure(self, max_age: float, *, may_wait: bool = True) -> None:
        """Poll where the last answer is older than ``max_age`` seconds, or see that one does.

        A poll that failed is not tried again before ``max_age``. ``may_wait``: whether the
        snapshot is worth nothing when it is older than that while another thread polls.
        """
        now = monotonic()
        if not self._is_due(max_age):
            return
        if self._polling.acquire(blocking=False):
            try:
                if self._is_due(max_age):  # else the one who held the lock has just polled
                    self._poll()
            finally:
                self._polling.release()
        elif may_wait and now > self.answered_at + max_age + GRACE:
            self._wait(now)

    def load(self) -> bool:
        """Read everything, whatever is known; tells whether the database answered."""
        with self._polling:
            self._loaded_at = float("-inf")
            return self._poll()

    def forget(self) -> None:
        """Load everything at the next call, and close what this process opened."""
        with self._polling:
            self._know_nothing()
            if self._own_connection is not None:
                self._own_connection.close()

    def after_fork(self) -> None:
        """Start anew in a child process, where the threads that held the lock are missing."""
        self._new_lock()
        if self._own_connection is not None:
            # Closing it would end the parent's session, and so would dropping the last reference.
            _inherited.append(self._own_connection)
            self._own_connection = None

    def _know_nothing(self) -> None:
        #: When the last answered question was asked, by the monotonic clock.
        self.answered_at = float("-inf")
        self._answered_wall = 0.0
        self._loaded_at = float("-inf")
        self._failed_at = float("-inf")

    def _new_lock(self) -> None:
        self._polling = threading.Lock()
        self._busy_since: float | None = None

    def _is_due(self, max_age: float) -> bool:
        return monotonic() >= max(self.answered_at, self._failed_at) + max_age

    def _wait(self, now: float) -> None:
        patience = FIRST_PATIENCE if self.answered_at == float("-inf") else PATIENCE
        left = (self._busy_since or now) + patience - now
        # Who comes later than that goes on at once: one poll that hangs delays nobody twice.
        if left > 0 and self._polling.acquire(timeout=left):
            self._polling.release()

    def _poll(self) -> bool:
        started, wall = monotonic(), time.time()
        self._busy_since = started
        # The monotonic clock may stand still while the machine sleeps.
        since_answer = max(started - self.answered_at, wall - self._answered_wall)
        is_full = max(since_answer, started - self._loaded_at) >= FULL_LOAD_EVERY
        try:
            if is_full or self.last_drop.was_too_early():
                now = clock.now()
                self._snapshot.begin_load()
                self._snapshot.replace(self._ask(partial(rows.read_live, now=now)))
                self.last_drop.was_at(now)
                self._loaded_at = started
            else:
                seconds = OVERLAP + since_answer
                self._snapshot.add(self._ask(partial(rows.read_new, seconds=seconds)))
        except _FAILURES as error:
            self._fail(error)
            return False
        else:
            self._succeed(started, wall)
            return True
        finally:
            self._busy_since = None

    def _fail(self, error: BaseException) -> None:
        self._failed_at = monotonic()
        if not self._is_failing:
            self._is_failing = True
            what = type(error).__name__, error
            logger.error("Revocations cannot be read from the database: %s: %s", *what)

    def _succeed(self, started: float, wall: float) -> None:
        self.answered_at, self._answered_wall = started, wall
        if self._is_failing:
            self._is_failing = False
            logger.info("Revocations are read from the database again.")

    def _ask(self, read: Callable[[BaseDatabaseWrapper], list[Entry]]) -> list[Entry]:
        connection = self._connection()
        was_open = connection.connection is not None
        try:
            return read(connection)
        except _FAILURES:
            # The server may have restarted while nobody asked; a new connection tells.
            if not was_open or is_in_transaction(connection) or connection.is_usable():
                raise
            connection.close()
            return read(connection)
        finally:
            if connection is self._own_connection:
                connection.close_if_unusable_or_obsolete()  # it lives for CONN_MAX_AGE, as all do

    def _connection(self) -> BaseDatabaseWrapper:
        """Return the thread's connection, or another one where that is inside a transaction.

        There a poll could see how things were when the transaction began, and would fail
        together with it, or make it fail.
        """
        thread_connection = connections[router.db_for_write(Revocation)]
        if not is_in_transaction(thread_connection) or _is_in_memory(thread_connection):
            return thread_connection
        if self._own_connection is None:
            self._own_connection = _new_connection(thread_connection.alias)
        return self._own_connection


def is_in_test_case() -> bool:
    """Tell whether Django's ``TestCase`` holds this thread's transaction: then nobody polls.

    Nothing is ever committed there, and ``assertNumQueries`` counts.
    """
    blocks = connections[router.db_for_write(Revocation)].atomic_blocks
    return any(getattr(block, "_from_testcase", False) for block in blocks)


def is_in_transaction(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether what is read now may be old."""
    return connection.in_atomic_block or (
        connection.connection is not None and not connection.autocommit
    )


def _is_in_memory(connection: BaseDatabaseWrapper) -> bool:
    # Another connection to it sees another database, or finds its tables locked.
    return connection.vendor == "sqlite" and bool(connection.is_in_memory_db())  # type: ignore[attr-defined]


def _new_connection(alias: str) -> BaseDatabaseWrapper:
    connection = connections.create_connection(alias)
    # Not from the pool: all of it may be held by transactions that wait for this poll.
    options = {k: v for k, v in connection.settings_dict["OPTIONS"].items() if k != "pool"}
    if connection.vendor == "sqlite":
        # A lock that this thread's own transaction holds would be waited for in vain.
        options["timeout"] = _SQLITE_TIMEOUT
    connection.settings_dict = connection.settings_dict | {"OPTIONS": options}
    connection.inc_thread_sharing()
    return connection


_inherited: list[BaseDatabaseWrapper] = []
