"""Create, activate, retire, revoke a signing key: the one place that changes a key.

One act a file, and ``ring.py`` for the ring in force. Writes ``SigningKey``, where the key store
makes keys, and announces each change through the revocation feed. Times are seconds since the
epoch.
"""

from __future__ import annotations

from django_jwtauth.key_rotation.first_key import ensure_signing_key
from django_jwtauth.key_rotation.key_revocation import KeyRevocation, revoke_key
from django_jwtauth.key_rotation.ring import (
    forget_ring,
    jwks,
    jwks_max_age,
    key_ring,
    read_ring,
    ring_age,
    ring_for_unknown_kid,
    ring_problem,
    signing_key,
    signing_kid,
)
from django_jwtauth.key_rotation.rotation import Rotation, kids_under_fallbacks, rotate

__all__ = [
    "KeyRevocation",
    "Rotation",
    "ensure_signing_key",
    "forget_ring",
    "jwks",
    "jwks_max_age",
    "key_ring",
    "kids_under_fallbacks",
    "read_ring",
    "revoke_key",
    "ring_age",
    "ring_for_unknown_kid",
    "ring_problem",
    "rotate",
    "signing_key",
    "signing_kid",
]
