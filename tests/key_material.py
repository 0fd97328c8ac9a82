"""Key material for tests, as PEM, as JWK, and in the database."""

from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from django_jwtauth import clock, key_rotation
from django_jwtauth.models import SigningKey
from django_jwtauth.tokens.keys import generate_private_jwk

PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi")


def private_jwk(algorithm: str = "ES256", **members: Any) -> dict[str, Any]:
    """Return a new private key."""
    return {**generate_private_jwk(algorithm), **members}


def public_jwk(private: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Return its public half."""
    half = {name: value for name, value in private.items() if name not in PRIVATE_MEMBERS}
    return {**half, **members}


def private_pem(key: Any = None, *, password: bytes | None = None) -> str:
    """Return a key, a new P-256 one by default, in PKCS 8."""
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    key = key or ec.generate_private_key(ec.SECP256R1())
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return pem.decode()


def public_pem(key: Any) -> str:
    """Return the public half of a private key object."""
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


def only_key() -> Iterator[str]:
    """Leave one new key in the table, for a fixture that yields its kid."""
    SigningKey.objects.all().delete()
    # What a test deletes or changes by itself is no news to the process, before and afterwards.
    key_rotation.forget_ring()
    yield key_rotation.signing_key(clock.now()).kid
    key_rotation.forget_ring()


#: Private key objects that we can use, by the algorithm that they are for.
USABLE = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(65537, 2048),
}

#: Private key objects that we must not use, by why.
UNUSABLE = {
    "P-521": ec.generate_private_key(ec.SECP521R1()),
    "secp256k1": ec.generate_private_key(ec.SECP256K1()),
    "Ed448": ed448.Ed448PrivateKey.generate(),
    "X25519": x25519.X25519PrivateKey.generate(),
    "RSA with 1024 bits": rsa.generate_private_key(65537, 1024),
    "DSA": dsa.generate_private_key(2048),
}
