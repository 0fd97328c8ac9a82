"""Revocations in a transaction that is still open: they hold for its own thread alone.

Learning of them at once would leave them behind when the transaction is rolled back; waiting
for the commit would let a request go on with what it has just revoked, and in a ``TestCase``,
where nothing is ever committed, a logout would do nothing. So they are read where Django keeps
them: an open revocation is a hook that waits for the commit, and a rollback, be it to a
savepoint, drops the hook together with the row.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from typing import Final

from django.db import connections, router, transaction

from django_jwtauth.models import Revocation


class Suspicion:
    """Identifiers that were revoked in a transaction which has not been committed."""

    def __init__(self, identifiers: Sequence[str], confirm: Callable[[], None], using: str) -> None:
        self.identifiers = identifiers
        self._confirm = confirm
        self._using = using
        self.__qualname__ = type(self).__qualname__  # Django logs it when a hook fails

    def __call__(self) -> None:
        """Confirm: the transaction has been committed."""
        # Not so where a test plays the hooks of a transaction that it is going to roll back
        # (captureOnCommitCallbacks): what is confirmed there would leak into the next test.
        if not connections[self._using].in_atomic_block:
            self._confirm()


def suspect(identifiers: Sequence[str], confirm: Callable[[], None], using: str) -> None:
    """Let the identifiers hold for this thread until the transaction ends; confirm at commit."""
    this_thread.may_suspect = True
    transaction.on_commit(Suspicion(identifiers, confirm, using), using=using, robust=True)


def open_suspicions() -> Collection[str]:
    """Return what this thread has revoked and not committed; nearly free where that is nothing."""
    if not this_thread.may_suspect:
        return ()
    hooks = [entry[1] for entry in connections[router.db_for_write(Revocation)].run_on_commit]
    found = {
        identifier
        for hook in hooks
        if isinstance(hook, Suspicion)
        for identifier in hook.identifiers
    }
    if not found:
        this_thread.may_suspect = False
    return found


class _ThisThread(threading.local):
    may_suspect = False


#: ``may_suspect``: whether this thread may have revoked something in a transaction that is open.
#: As a rule it has not, and each request asks: so without a call.
this_thread: Final = _ThisThread()
