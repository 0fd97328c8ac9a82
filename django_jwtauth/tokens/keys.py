"""One signing key: its ``kid``, algorithm, material and times; from and to JWK (RFC 7517) or PEM.

Every key that comes from outside is checked here, once, when it is loaded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal, Protocol

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

from django_jwtauth.exceptions import InvalidKey
from django_jwtauth.tokens.encoding import b64encode

ALGORITHMS: Final = ("ES256", "ES384", "EdDSA", "RS256", "PS256")
MAX_ID_LENGTH: Final = 64
MIN_RSA_BITS: Final = 2048  # RFC 7518 section 3.3
MAX_RSA_BITS: Final = 8192  # verifying with a larger one takes milliseconds of each request

_RSA_ALGORITHMS: Final = ("RS256", "PS256")
_THUMBPRINT_MEMBERS: Final = {  # RFC 7638 section 3.2: these, in this order, and nothing else
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "RSA": ("e", "kty", "n"),
}
_PRIVATE_MEMBERS: Final = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


class KeyState(StrEnum):
    """The life of a key, computed from its times by ``Key.state`` and nowhere else."""

    PENDING = "pending"  # published, not yet signing
    ACTIVE = "active"  # signs
    RETIRING = "retiring"  # verifies only
    EXPIRED = "expired"  # refused


class Signer(Protocol):
    """What signs for a key: in this process, or in a KMS or HSM that never shows the key."""

    def sign(self, message: bytes, /) -> bytes:
        """Return the JWS signature of ``message`` (RFC 7518 section 3: raw, not DER).

        Raises ``NoSigningKey``, which answers 503, where it cannot at the moment.
        """
        ...  # pragma: no cover


@dataclass(frozen=True, slots=True)
class PrivateKeySigner:
    """Signs with a private key that this process holds."""

    algorithm: str
    private_key: Any = field(repr=False)

    def sign(self, message: bytes, /) -> bytes:
        """Sign with PyJWT's implementation of the algorithm."""
        return jwt.get_algorithm_by_name(self.algorithm).sign(message, self.private_key)


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A key pair, or its public half, with its times in seconds since the epoch.

    ``active_at`` is when it begins to sign, ``retire_at`` when it stops, ``expire_at`` when its
    last token has expired; ``None`` means always, or never.
    """

    kid: str
    algorithm: str
    public_key: Any = field(repr=False)
    signer: Signer | None = field(default=None, repr=False)
    created_at: float | None = None
    active_at: float | None = None
    retire_at: float | None = None
    expire_at: float | None = None

    def state(self, now: float) -> KeyState:
        """Tell which part of its life the key is in at ``now``."""
        if self.expire_at is not None and now >= self.expire_at:
            return KeyState.EXPIRED
        if self.retire_at is not None and now >= self.retire_at:
            return KeyState.RETIRING
        if self.active_at is not None and now < self.active_at:
            return KeyState.PENDING
        return KeyState.ACTIVE

    def is_same(self, other: Key) -> bool:
        """Tell whether both are one key in the same part of its life, if loaded twice."""
        return self._facts() == other._facts()

    def _facts(self) -> tuple[object, ...]:
        can_sign = self.signer is not None
        times = (self.created_at, self.active_at, self.retire_at, self.expire_at)
        return (self.kid, self.algorithm, self.public_key, can_sign, *times)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Check the signature with the algorithm of the key, whatever a token's header says."""
        verifier = jwt.get_algorithm_by_name(self.algorithm)
        return bool(verifier.verify(message, self.public_key, signature))

    def public_jwk(self) -> dict[str, str]:
        """Return what the JWKS shows of this key (RFC 7517 section 4)."""
        return {
            **public_members(self.algorithm, self.public_key),
            "kid": self.kid,
            "alg": self.algorithm,
            "use": "sig",
        }


def public_members(algorithm: str, key: Any) -> dict[str, str]:
    """Return the members that make the public key, of a public or private one."""
    members: Mapping[str, Any] = _implementation(algorithm).to_jwk(key, as_dict=True)
    return {name: members[name] for name in _THUMBPRINT_MEMBERS[members["kty"]]}


def thumbprint_kid(members: Mapping[str, str]) -> str:
    """Return the first 64 bits of the RFC 7638 thumbprint: 11 characters in every token."""
    canonical = json.dumps(
        {name: members[name] for name in _THUMBPRINT_MEMBERS[members["kty"]]},
        separators=(",", ":"),
    )
    return b64encode(hashlib.sha256(canonical.encode()).digest()[:8])


def generate_private_jwk(algorithm: str) -> dict[str, str]:
    """Make a new private key as a JWK; raises ``InvalidKey`` for an algorithm we do not make."""
    private_key: Any
    if algorithm == "ES256":
        private_key = ec.generate_private_key(ec.SECP256R1())
    elif algorithm == "ES384":
        private_key = ec.generate_private_key(ec.SECP384R1())
    elif algorithm == "EdDSA":
        private_key = ed25519.Ed25519PrivateKey.generate()
    elif algorithm in _RSA_ALGORITHMS:
        private_key = rsa.generate_private_key(public_exponent=65537, key_size=MIN_RSA_BITS)
    else:
        raise InvalidKey(f"{algorithm!r} is not one of {', '.join(ALGORITHMS)}.")
    members: dict[str, Any] = _implementation(algorithm).to_jwk(private_key, as_dict=True)
    members.pop("key_ops", None)
    return {**members, "alg": algorithm}


def key_from_jwk(
    jwk: object,
    *,
    kind: Literal["public", "private"],
    kid: str | None = None,
    algorithm: str | None = None,
) -> Key:
    """Load a JWK and check all that it says about itself (RFC 7517 section 4).

    Raises ``InvalidKey`` with one sentence that names the fault, never the material.
    """
    if not isinstance(jwk, Mapping):
        raise InvalidKey("A JWK is a JSON object.")
    _check_usage(jwk, kind)
    named = _agreed(algorithm, jwk.get("alg"))
    kty = jwk.get("kty")
    if not isinstance(kty, str) or kty not in _THUMBPRINT_MEMBERS:
        raise InvalidKey(f"The key type {_shown(kty)} is not one of EC, OKP, RSA.")
    try:
        material = _implementation(_KTY_ALGORITHM[kty]).from_jwk(dict(jwk))
    except _LOADING_ERRORS:
        raise InvalidKey(f"The {kty} JWK is malformed or its numbers are not a key.") from None
    # PyJWT before 2.15 reads d alone; of the other key types, the numbers are checked for both.
    if kind == "private" and kty == "OKP" and _x(material) != jwk["x"]:
        raise InvalidKey("The two halves of the OKP JWK are not of one key.")
    return _key(material, kind=kind, kid=jwk.get("kid") if kid is None else kid, algorithm=named)


def key_from_pem(
    pem: str,
    *,
    kind: Literal["public", "private"],
    kid: str | None = None,
    algorithm: str | None = None,
) -> Key:
    r"""Load a PEM; literal ``\n``, as environment variables carry them, are line breaks.

    Raises ``InvalidKey`` with one sentence that names the fault, never the material.
    """
    # What is no UTF-8, as an environment variable may hold it, is no PEM either.
    data = pem.replace("\\n", "\n").strip().encode(errors="replace")
    is_private = b"PRIVATE KEY" in data
    if kind == "public" and is_private:
        raise InvalidKey("This is a private key where a public one is meant.")
    if kind == "private" and not is_private and b"PUBLIC KEY" in data:
        raise InvalidKey("This is a public key where a private one is meant.")
    material: Any
    try:
        if kind == "private":
            material = load_pem_private_key(data, password=None)
        else:
            material = load_pem_public_key(data)
    except _LOADING_ERRORS:
        raise InvalidKey(
            f"This is not a {kind} key in PEM, or it is protected by a password."
        ) from None
    return _key(material, kind=kind, kid=kid, algorithm=_agreed(algorithm, None))


_KTY_ALGORITHM: Final = {"EC": "ES256", "OKP": "EdDSA", "RSA": "RS256"}
_LOADING_ERRORS: Final = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    UnsupportedAlgorithm,
    jwt.InvalidKeyError,
)


def _implementation(algorithm: str) -> Any:
    return jwt.get_algorithm_by_name(algorithm)


def _x(private_key: Any) -> str:
    return public_members("EdDSA", private_key)["x"]


def _shown(value: object) -> str:
    return repr(value)[:40]


def _check_usage(jwk: Mapping[str, Any], kind: str) -> None:
    if "k" in jwk or jwk.get("kty") == "oct":
        raise InvalidKey("This is a shared secret where a key pair is meant.")
    if kind == "public" and any(name in jwk for name in _PRIVATE_MEMBERS):
        raise InvalidKey("This is a private key where a public one is meant.")
    if kind == "private" and "d" not in jwk:
        raise InvalidKey("This is a public key where a private one is meant.")
    if jwk.get("use", "sig") != "sig":
        raise InvalidKey(f"The key is meant for {_shown(jwk['use'])}, not for signatures.")
    operations = jwk.get("key_ops", ["sign", "verify"])
    wanted = "verify" if kind == "public" else "sign"
    if not isinstance(operations, list) or wanted not in operations:
        raise InvalidKey(f"The key's key_ops do not allow {wanted!r}.")


def _agreed(given: object, own: object) -> str | None:
    """Return the one algorithm that setting and JWK name, if they name one."""
    for name in (given, own):
        if name is not None and name not in ALGORITHMS:
            raise InvalidKey(f"The algorithm {_shown(name)} is not one of {', '.join(ALGORITHMS)}.")
    if given is not None and own is not None and given != own:
        raise InvalidKey(f"The key is for {own}, but {given} was asked for.")
    chosen = given if given is not None else own
    return None if chosen is None else str(chosen)


def _own_algorithm(material: Any) -> str | None:
    """Return the algorithm that the material allows; ``None``: it is RSA and allows two."""
    if isinstance(material, ec.EllipticCurvePublicKey):
        if isinstance(material.curve, ec.SECP256R1):
            return "ES256"
        if isinstance(material.curve, ec.SECP384R1):
            return "ES384"
        raise InvalidKey(f"The curve {material.curve.name} is not P-256 or P-384.")
    if isinstance(material, ed25519.Ed25519PublicKey):
        return "EdDSA"
    if isinstance(material, rsa.RSAPublicKey):
        if not MIN_RSA_BITS <= material.key_size <= MAX_RSA_BITS:
            raise InvalidKey(
                f"The RSA key has {material.key_size} bits, not {MIN_RSA_BITS} to {MAX_RSA_BITS}."
            )
        return None
    raise InvalidKey("The key is neither EC (P-256, P-384), nor Ed25519, nor RSA.")


def _key(material: Any, *, kind: str, kid: object, algorithm: str | None) -> Key:
    public_key = material.public_key() if kind == "private" else material
    own = _own_algorithm(public_key)
    if own is None:
        chosen = algorithm or "RS256"
        if chosen not in _RSA_ALGORITHMS:
            raise InvalidKey(f"An RSA key cannot be used for {chosen}.")
    else:
        chosen = own
        if algorithm not in (None, own):
            raise InvalidKey(f"The key is for {own}, but {algorithm} was asked for.")
    name = thumbprint_kid(public_members(chosen, public_key)) if kid is None else kid
    if not isinstance(name, str) or not 0 < len(name) <= MAX_ID_LENGTH or not name.isprintable():
        raise InvalidKey(f"A kid is 1 to {MAX_ID_LENGTH} printable characters.")
    signer = PrivateKeySigner(chosen, material) if kind == "private" else None
    return Key(kid=name, algorithm=chosen, public_key=public_key, signer=signer)
