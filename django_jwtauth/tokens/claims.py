"""The claims of an access token (RFC 9068 section 2.2), checked one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from django_jwtauth.exceptions import TokenExpired, TokenInvalid
from django_jwtauth.tokens.keys import MAX_ID_LENGTH

#: What the package itself writes: no hook may write these.
RESERVED: Final = frozenset(
    {"iss", "aud", "sub", "client_id", "iat", "exp", "nbf", "jti", "sid", "perms"}
)
_MAX_SUBJECT_LENGTH: Final = 255  # OpenID Connect Core section 2
_MAX_TIME: Final = 253_402_300_799  # the end of the year 9999


@dataclass(frozen=True, slots=True)
class Expected:
    """What a verifier demands of a token; durations are seconds."""

    issuers: frozenset[str]
    audiences: frozenset[str]
    lifetime: float
    leeway: float


class AccessToken(Mapping[str, Any]):
    """The verified token: a read-only mapping of its claims.

    Only ``access_token.verify`` makes one, so holding it proves the signature and the claims.
    Its time has to be asked for with ``check_time``.
    """

    __slots__ = (
        "_claims",
        "_not_after",
        "_not_before",
        "expires_at",
        "issued_at",
        "jti",
        "kid",
        "session_id",
        "subject",
    )

    def __init__(self, claims: dict[str, Any], kid: str, expected: Expected) -> None:
        self._claims = claims
        self.kid = kid
        self.jti: str = claims["jti"]
        self.session_id: str | None = claims.get("sid")
        self.subject: str = claims["sub"]
        self.issued_at: int = claims["iat"]
        self.expires_at: int = claims["exp"]
        # A token older than the lifetime is refused whatever its exp says: whoever holds a
        # leaked key writes any exp, and no revocation is kept for longer than the lifetime.
        oldest = min(self.expires_at, self.issued_at + expected.lifetime)
        self._not_after = oldest + expected.leeway
        self._not_before = max(self.issued_at, claims.get("nbf", 0)) - expected.leeway

    def __getitem__(self, name: str) -> Any:
        value = self._claims[name]
        # The token is shared by all requests that bear it; nobody may change it for the others.
        return deepcopy(value) if isinstance(value, (list, dict)) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._claims)

    def __len__(self) -> int:
        return len(self._claims)

    def __repr__(self) -> str:
        return f"<AccessToken sub={self.subject!r} jti={self.jti!r}>"

    @property
    def scope(self) -> str:
        """The granted scopes, separated by spaces, as in RFC 6749 section 3.3."""
        return str(self._claims.get("scope", ""))

    @property
    def groups(self) -> list[str]:
        """The names of the user's groups, where the token carries them."""
        return list(self._claims.get("groups", ()))

    @property
    def permissions(self) -> str | None:
        """The packed permissions, where the token carries them; ``users`` reads them."""
        packed: str | None = self._claims.get("perms")
        return packed

    def has_scope(self, name: str) -> bool:
        """Tell whether ``name`` is one of the granted scopes."""
        return name in self.scope.split(" ")

    def is_over(self, now: float) -> bool:
        """Tell whether the token's time has run out, the leeway included."""
        return bool(now >= self._not_after)

    def check_time(self, now: float) -> None:
        """Raise ``TokenExpired``, or ``TokenInvalid`` for a token from the future."""
        if now >= self._not_after:  # is_over(), without the call: this is asked on every request
            raise TokenExpired
        if now < self._not_before:
            raise TokenInvalid("The token is not valid yet.")


def check_claims(claims: dict[str, Any], expected: Expected) -> None:
    """Check presence, type and content of every claim we read; raises ``TokenInvalid``.

    Sentences are plain ASCII and quote nothing of the token: they go into a response header.
    """
    for name, limit in _TEXTS:
        _check_text(claims, name, limit)
    if claims["iss"] not in expected.issuers:
        raise TokenInvalid("The token has another issuer.")
    _check_audience(claims.get("aud"), expected.audiences)
    for name in ("iat", "exp"):
        if name not in claims:
            raise TokenInvalid(f"The claim {name} is missing.")
    for name in ("iat", "exp", "nbf"):
        if name in claims and not _is_time(claims[name]):
            raise TokenInvalid(f"The claim {name} is not a time.")
    _check_optional(claims)


_TEXTS: Final = (
    ("iss", 1024),
    ("sub", _MAX_SUBJECT_LENGTH),
    ("client_id", 255),
    ("jti", MAX_ID_LENGTH),
)


def _check_text(claims: Mapping[str, Any], name: str, limit: int) -> None:
    value = claims.get(name)
    if value is None:
        raise TokenInvalid(f"The claim {name} is missing.")
    if type(value) is not str or not 0 < len(value) <= limit or "\0" in value:
        raise TokenInvalid(f"The claim {name} is malformed.")


def _check_audience(audience: object, accepted: frozenset[str]) -> None:
    if type(audience) is str:
        if audience in accepted:
            return
    elif type(audience) is list and _are_texts(audience):
        if not accepted.isdisjoint(audience):
            return
    else:
        raise TokenInvalid("The claim aud is missing or malformed.")
    raise TokenInvalid("The token is meant for another audience.")


def _check_optional(claims: Mapping[str, Any]) -> None:
    if "sid" in claims:
        _check_text(claims, "sid", MAX_ID_LENGTH)
    for name in ("scope", "perms"):
        if name in claims and type(claims[name]) is not str:
            raise TokenInvalid(f"The claim {name} is malformed.")
    if "groups" in claims and not (type(claims["groups"]) is list and _are_texts(claims["groups"])):
        raise TokenInvalid("The claim groups is malformed.")


def _are_texts(values: list[Any]) -> bool:
    return all(type(value) is str for value in values)


def _is_time(value: object) -> bool:
    # type() and not isinstance(): True is an int.
    return type(value) is int and 0 <= value <= _MAX_TIME
