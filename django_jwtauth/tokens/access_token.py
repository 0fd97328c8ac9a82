"""Makes and verifies an access token: a signed JWT of type ``at+jwt`` (RFC 9068)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from django_jwtauth.exceptions import NoSigningKey, TokenInvalid, UnknownSigningKey
from django_jwtauth.tokens.claims import AccessToken, Expected, check_claims
from django_jwtauth.tokens.encoding import b64decode, b64encode, json_bytes, json_object
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import MAX_ID_LENGTH, Key

MAX_LENGTH: Final = 8192  # what servers commonly allow a whole header line
_TYPES: Final = ("at+jwt", "application/at+jwt")
_REFUSED_HEADERS: Final = ("crit", "b64", "zip")  # they would change how the token is read


def make(claims: dict[str, Any], key: Key) -> str:
    """Sign ``claims`` with ``key``; raises ``NoSigningKey`` where it holds no private half."""
    if key.signer is None:
        raise NoSigningKey(f"The key {key.kid} can only verify.")
    header = {"alg": key.algorithm, "typ": "at+jwt", "kid": key.kid}
    signed = f"{b64encode(json_bytes(header))}.{b64encode(json_bytes(claims))}"
    return f"{signed}.{b64encode(key.signer.sign(signed.encode()))}"


def verify(raw: str, ring: KeyRing, expected: Expected, now: float) -> AccessToken:
    """Prove signature and claims (RFC 8725, RFC 9068 section 4).

    Whether its time has come or gone is a question for ``AccessToken.check_time``. Raises
    ``UnknownSigningKey`` where the ring does not know the ``kid``, else ``TokenInvalid``.
    """
    if len(raw) > MAX_LENGTH:
        raise TokenInvalid("The token is too long.")
    parts = raw.split(".")
    if len(parts) != 3:  # noqa: PLR2004 (RFC 7515 section 3.1)
        raise TokenInvalid("The token is not a signed JWT.")
    kid, algorithm = _read_header(parts[0])
    key = ring.verification_key(kid, now)
    if key is None:
        raise UnknownSigningKey
    if algorithm != key.algorithm:
        raise TokenInvalid("The token names another algorithm than its key.")
    try:
        signature = b64decode(parts[2])
    except ValueError:
        raise TokenInvalid("The token is malformed.") from None
    if not key.verify(f"{parts[0]}.{parts[1]}".encode("ascii", "replace"), signature):
        raise TokenInvalid("The signature is wrong.")
    claims = _read(parts[1])
    check_claims(claims, expected)
    return AccessToken(claims, kid, expected)


def read_unverified(raw: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims as they stand there, proven by nothing: to show, never to trust."""
    parts = raw.split(".")
    if len(raw) > MAX_LENGTH or len(parts) != 3:  # noqa: PLR2004
        raise TokenInvalid("The token is not a signed JWT.")
    return _read(parts[0]), _read(parts[1])


def _read(part: str) -> dict[str, Any]:
    try:
        return json_object(b64decode(part))
    except ValueError:
        raise TokenInvalid("The token is malformed.") from None


@lru_cache(maxsize=64)  # all tokens of a key have the same
def _read_header(part: str) -> tuple[str, object]:
    """Return the ``kid`` and the ``alg`` of a header that may stand there."""
    header = _read(part)
    return _check_header(header), header.get("alg")


def _check_header(header: dict[str, Any]) -> str:
    kid = header.get("kid")
    if type(kid) is not str or not 0 < len(kid) <= MAX_ID_LENGTH:
        raise TokenInvalid("The token names no key.")
    kind = header.get("typ")
    if type(kind) is not str or kind.lower() not in _TYPES:
        raise TokenInvalid("The token is not an access token.")
    if any(name in header for name in _REFUSED_HEADERS):
        raise TokenInvalid("The token's header asks for what is not supported.")
    return kid
