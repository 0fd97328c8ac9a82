"""Bounded memory of access tokens already verified, so that a signature is checked once."""

from __future__ import annotations

from typing import Final

from django_jwtauth.tokens.claims import AccessToken

DEFAULT_SIZE: Final = 8192


class VerifiedCache:
    """Maps a raw token to what was proven of it.

    Two dicts take turns: new tokens go into the young one, and when that is full it becomes the
    old one and the old one is dropped. Each step is one atomic dict operation, so readers need no
    lock; the worst of a race is one signature checked twice.
    """

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self._half = max(1, size // 2)
        self._young: dict[str, AccessToken] = {}
        self._old: dict[str, AccessToken] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, raw: str) -> AccessToken | None:
        """Return what was proven of ``raw``, if it is remembered."""
        token = self._young.get(raw)
        if token is None:
            token = self._old.get(raw)
            if token is not None:
                self.add(raw, token)  # what is in use stays
        return token

    def add(self, raw: str, token: AccessToken) -> None:
        """Remember ``token``; forgets the longest unused when full."""
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[raw] = token
