"""No revocations: tokens live until they expire. Has to be chosen."""

from __future__ import annotations

from collections.abc import Iterable

from django_jwtauth.revocation.base import RevocationFeed


class DummyFeed(RevocationFeed):
    """Revokes nothing, knows nothing, writes nothing."""

    def ensure_current(self) -> None:
        """Do nothing: there is nothing to know."""

    def revoke(self, identifiers: Iterable[str], *, expires_at: float | None) -> None:
        """Do nothing: a logout ends the session, and its access token lives until it expires."""

    def learn_key(self, kid: str) -> None:
        """Do nothing: a row that another feed has left revokes nothing here."""

    def forget(self) -> None:
        """Do nothing."""

    def age(self) -> float | None:
        """Return 0: nothing is always up to date."""
        return 0.0
