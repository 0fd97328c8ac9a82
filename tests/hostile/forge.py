"""Makes tokens that are wrong in one thing, from one that is right in everything.

What is signed here is signed with the real key, so that nothing but the one thing can be the
reason for a refusal.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt

from django_jwtauth.tokens.keys import Key, generate_private_jwk, key_from_jwk

#: Names a hostile token and holds it.
Hostile = Iterator[tuple[str, str]]


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def dump(members: Any) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode()


@cache
def private_jwk(algorithm: str, name: str) -> dict[str, str]:
    """Return a key pair that is made once a process, for RSA takes its time."""
    # RS256 and PS256 with one and the same key: only the algorithm tells their signatures apart.
    family = "RS256" if algorithm in ("RS256", "PS256") else algorithm
    if algorithm != family:
        return {**private_jwk(family, name), "alg": algorithm}
    return generate_private_jwk(algorithm)


@cache
def key_pair(algorithm: str, name: str) -> Key:
    return key_from_jwk(private_jwk(algorithm, name), kind="private")


@dataclass(frozen=True)
class Forge:
    """One good token, and the key to sign others."""

    algorithm: str
    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def key(self) -> Key:
        return key_pair(self.algorithm, "ours")

    def sign(self, message: str | bytes) -> bytes:
        """Sign whatever it is with our own key."""
        data = message.encode() if isinstance(message, str) else message
        signer = self.key.signer
        assert signer is not None
        return signer.sign(data)

    def signed(self, header: str | bytes, payload: str | bytes) -> str:
        """Sign two parts: text stands there as it is, bytes are encoded first."""
        parts = [part if isinstance(part, str) else b64(part) for part in (header, payload)]
        message = ".".join(parts)
        return f"{message}.{b64(self.sign(message))}"

    def token(self, *, without: str = "", **claims: Any) -> str:
        """Return the good token with other claims."""
        changed = {**self.claims, **claims}
        changed.pop(without, None)
        return self.signed(dump(self.header), dump(changed))

    def headed(self, *, without: str = "", **members: Any) -> str:
        """Return the good token with another header."""
        changed = {**self.header, **members}
        changed.pop(without, None)
        return self.signed(dump(changed), dump(self.claims))

    def with_signature(self, signature: bytes | str, **header: Any) -> str:
        """Return the good token with another signature."""
        message = f"{b64(dump({**self.header, **header}))}.{b64(dump(self.claims))}"
        last = signature if isinstance(signature, str) else b64(signature)
        return f"{message}.{last}"

    @property
    def good(self) -> str:
        return self.signed(dump(self.header), dump(self.claims))

    def message(self, **header: Any) -> bytes:
        """Return what the good token's signature covers."""
        return f"{b64(dump({**self.header, **header}))}.{b64(dump(self.claims))}".encode()

    def stranger(self, algorithm: str | None = None) -> Key:
        """Return a key of the same kind that is not ours."""
        return key_pair(algorithm or self.algorithm, "a stranger's")


def sign_with(key: Key, message: bytes) -> bytes:
    assert key.signer is not None
    return key.signer.sign(message)


def hmac_sign(algorithm: str, secret: bytes, message: bytes) -> bytes:
    """Sign as a library does that takes the public key for a shared secret."""
    implementation = jwt.get_algorithm_by_name(algorithm)
    digest = implementation.hash_alg  # type: ignore[attr-defined]  # of HMACAlgorithm
    return hmac.digest(secret, message, digest().name)
