"""The key ring that this process holds, and when it is loaded anew."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from django_jwtauth import conf
from django_jwtauth.exceptions import JWTAuthError, NoSigningKey
from django_jwtauth.keystores import store
from django_jwtauth.keystores.base import KeyStore, OpenTransaction
from django_jwtauth.tokens.keyring import KeyRing

# All in seconds.
FIRST_RETRY_AFTER: Final = 2.0  # while there is no ring at all, no request waits for more tries
# An atomic block may show the keys as they were when it began, before the news: once more.
SETTLED_AFTER: Final = 2.0
# A background load that is not there by then never comes: some servers run no threads.
BACKGROUND_PATIENCE: Final = 15.0
UNKNOWN_KID_PATIENCE: Final = 1.0  # how long a request waits for a load under way

logger = logging.getLogger("django_jwtauth")


@dataclass(frozen=True, slots=True)
class _Loaded:
    ring: KeyRing
    news: object
    due: float  # monotonic


class HeldRing:
    """One ring for all threads; one of them loads the next while the others use this one."""

    def __init__(self, key_store: KeyStore) -> None:
        self._store = key_store
        self._loaded: _Loaded | None = None
        self._failure: tuple[float, str] | None = None
        self._last_load = float("-inf")
        self._read_at: float | None = None
        self._is_left_to_thread = False

    def ring(self, now: float, news: object) -> KeyRing:
        """Return the ring; it is loaded anew where ``news`` differ from those at the last load.

        Raises ``NoSigningKey`` where there is none and none can be loaded.
        """
        loaded = self._loaded
        if loaded is not None and loaded.news == news and monotonic() < loaded.due:
            return loaded.ring
        if loaded is None:
            return self._first_ring(now, news)
        if loaded.news == news and self._store.transaction() is OpenTransaction.TESTCASE:
            return loaded.ring  # assertNumQueries(0) holds, however long a test takes
        if self._store.loads_in_background and not self._is_left_to_thread:
            return self._leave_to_thread(loaded, now, news)
        if not _loading.acquire(blocking=False):
            return loaded.ring
        try:
            return self._load(now, news)
        finally:
            _loading.release()

    def ring_for_unknown_kid(self, now: float, news: object) -> KeyRing:
        """Load because a token named a ``kid`` that the ring does not hold, unless just done."""
        if self._is_just_loaded() and not _loading.locked():
            return self.ring(now, news)
        # Who comes while another thread loads waits for its ring: it may hold the key.
        if _loading.acquire(timeout=UNKNOWN_KID_PATIENCE):
            try:
                if not self._is_just_loaded():
                    self._load(now, news)
            finally:
                _loading.release()
        return self.ring(now, news)

    def age(self) -> float | None:
        """Return the seconds since the ring was read from its store; ``None``: not yet."""
        return None if self._read_at is None else monotonic() - self._read_at

    def forget(self) -> None:
        """Load anew at the next call."""
        self._loaded = None
        self._read_at = None
        self._failure = None
        self._last_load = float("-inf")

    def _is_just_loaded(self) -> bool:
        return monotonic() < self._last_load + self._store.unknown_kid_interval

    def _first_ring(self, now: float, news: object) -> KeyRing:
        with _loading:
            if self._loaded is not None:
                return self._loaded.ring
            if self._failure is not None and monotonic() < self._failure[0]:
                raise NoSigningKey(self._failure[1])
            return self._load(now, news)

    def _leave_to_thread(self, loaded: _Loaded, now: float, news: object) -> KeyRing:
        self._is_left_to_thread = True
        self._loaded = _Loaded(loaded.ring, news, monotonic() + BACKGROUND_PATIENCE)

        def load() -> None:
            with _loading:
                self._load(now, news)

        threading.Thread(target=load, name="jwtauth-key-ring", daemon=True).start()
        return loaded.ring

    def _load(self, now: float, news: object) -> KeyRing:
        transaction = self._store.transaction()
        held = self._loaded
        self._last_load = monotonic()
        try:
            ring = load(self._store, now)
        except NoSigningKey as error:
            if held is None:
                self._failure = (monotonic() + FIRST_RETRY_AFTER, error.reason)
                raise
            ring, due = held.ring, self._store.retry_after
        else:
            self._read_at = self._last_load
            is_first_look = held is None or held.news != news
            may_be_old = transaction is OpenTransaction.BLOCK and is_first_look
            due = SETTLED_AFTER if may_be_old else self._store.reload_after
            if held is not None and ring.is_same(held.ring):
                ring = held.ring  # what others remember for a ring stays true
        finally:
            self._is_left_to_thread = False
        self._loaded = _Loaded(ring, news, monotonic() + due)
        return ring


def load(key_store: KeyStore, now: float) -> KeyRing:
    """Load past all memory; raises ``NoSigningKey`` whatever is wrong, and logs it."""
    try:
        return key_store.load(now)
    except JWTAuthError as error:
        reason = error.reason
    except ImproperlyConfigured as error:
        reason = str(error)
    except Exception as error:  # a project's own store may raise whatever its driver does
        logger.exception("The key store failed.")
        raise NoSigningKey(f"{type(key_store).__name__} failed: {error!r}") from error
    logger.error("The keys could not be loaded: %s", reason)
    raise NoSigningKey(reason)


@conf.per_settings
def held_ring(_settings: conf.Settings) -> HeldRing:
    """Return the ring of this process for the settings in force."""
    return HeldRing(store())


_loading = threading.Lock()


def _renew_lock() -> None:
    # A thread that held it has no twin in the child, so nobody would ever release it there.
    global _loading  # noqa: PLW0603
    _loading = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
