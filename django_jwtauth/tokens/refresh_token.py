"""Makes a refresh token, splits it, derives it again.

``jrt_`` + base64url(session id, 16 bytes ‖ generation, 4 bytes ‖ MAC, 28 bytes): 48 bytes leave
no slack bits, so a token has one spelling. The MAC is keyed from the session's own secret *and*
the server's: the token of any generation can be derived again but is stored nowhere, and forging
one takes the database and the server's secret together.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django_jwtauth.exceptions import RefreshTokenInvalid
from django_jwtauth.tokens.encoding import b64decode, b64encode

PREFIX: Final = "jrt_"
MAX_GENERATION: Final = 2**32 - 1
_LENGTH: Final = len(PREFIX) + 64
_MAC_BYTES: Final = 28


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """The parts of a presented refresh token; nothing is proven until ``is_genuine`` says so."""

    session_id: UUID
    generation: int
    mac: bytes = field(repr=False)

    def is_genuine(self, session_secret: bytes, server_secrets: tuple[bytes, ...]) -> bool:
        """Compare the MAC in constant time with what each server secret would have made."""
        genuine = False
        for server_secret in server_secrets:
            mac = _mac(self.session_id, self.generation, session_secret, server_secret)
            genuine |= hmac.compare_digest(mac, self.mac)
        return genuine


def derive(session_id: UUID, generation: int, session_secret: bytes, server_secret: bytes) -> str:
    """Return the one refresh token of this session and generation."""
    head = _head(session_id, generation)
    return PREFIX + b64encode(head + _mac(session_id, generation, session_secret, server_secret))


def parse(raw: str) -> RefreshToken:
    """Split a token; raises ``RefreshTokenInvalid`` for whatever we could not have made."""
    if len(raw) != _LENGTH or not raw.startswith(PREFIX):
        raise RefreshTokenInvalid("malformed")
    try:
        data = b64decode(raw[len(PREFIX) :])
    except ValueError:
        raise RefreshTokenInvalid("malformed") from None
    return RefreshToken(
        session_id=UUID(bytes=data[:16]),
        generation=int.from_bytes(data[16:20], "big"),
        mac=data[20:],
    )


def _head(session_id: UUID, generation: int) -> bytes:
    return session_id.bytes + generation.to_bytes(4, "big")


def _mac(session_id: UUID, generation: int, session_secret: bytes, server_secret: bytes) -> bytes:
    key = hmac.digest(server_secret, session_secret, "sha256")
    return hmac.digest(key, _head(session_id, generation), "sha256")[:_MAC_BYTES]
