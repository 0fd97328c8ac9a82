"""The base of every key store: a project's own store derives from ``KeyStore``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import ClassVar

from django_jwtauth.backends import Backend
from django_jwtauth.tokens.keyring import KeyRing


class OpenTransaction(StrEnum):
    """What a load at this moment would read through."""

    NONE = "none"
    BLOCK = "block"  # an atomic block, which may show how the keys were when it began
    TESTCASE = "testcase"  # the block that Django's TestCase puts around a test


class KeyStore(Backend, ABC):
    """Where a key ring is loaded from.

    Named by ``KEY_STORE["BACKEND"]`` and made once a process with ``KEY_STORE["OPTIONS"]``.
    Nothing is read before ``load``.
    """

    #: Whether ``key_rotation`` can make keys here; else its operator does.
    makes_keys: ClassVar[bool] = False
    #: Whether another service signs, and this one never can.
    only_verifies: ClassVar[bool] = False
    #: Whether a load takes so long that no request should wait for it.
    loads_in_background: ClassVar[bool] = False
    #: The least time, in seconds, between two loads for a ``kid`` that the ring does not hold.
    unknown_kid_interval: ClassVar[float] = 1.0
    #: The time, in seconds, from a load that failed to the next one, while older keys go on.
    retry_after: ClassVar[float] = 2.0
    #: What an operator reads where no key can sign: one sentence.
    why_none_signs: ClassVar[str] = "The key store holds no private key that is active."
    #: How long a ring is good, in seconds; a store may set it anew in each ``load``.
    reload_after: float = 60.0

    _setting = "KEY_STORE"
    _unknown_option = "django_jwtauth.E201"
    _wrong_option = "django_jwtauth.E202"

    @abstractmethod
    def load(self, now: float) -> KeyRing:
        """Read the keys afresh.

        A key that cannot be used is logged, and named in ``KeyRing.unreadable``. Raises
        ``NoSigningKey`` or ``ImproperlyConfigured``, with one sentence for the operator, where
        nothing can be read at all.
        """

    def transaction(self) -> OpenTransaction:
        """Tell what a load would read through; only a store in the database has an answer."""
        return OpenTransaction.NONE
