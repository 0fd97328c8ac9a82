"""No keys: for a process that neither signs nor verifies. Has to be chosen."""

from __future__ import annotations

from django_jwtauth.keystores.base import KeyStore
from django_jwtauth.tokens.keyring import KeyRing


class DummyKeyStore(KeyStore):
    """An empty ring: every access token is refused, and none is made."""

    why_none_signs = "The dummy key store is chosen, which holds no keys."

    def load(self, now: float) -> KeyRing:
        """Return an empty ring."""
        return KeyRing()
