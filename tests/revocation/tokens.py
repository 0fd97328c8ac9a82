"""Access tokens as they are after verification."""

from typing import Any

from django_jwtauth.tokens.claims import AccessToken, Expected

EXPECTED = Expected(frozenset({"i"}), frozenset({"a"}), lifetime=300, leeway=10)
ISSUED_AT = 2_000_000_000


def a_token(**claims: Any) -> AccessToken:
    """Return a token of which only what the test names matters."""
    kid = claims.pop("kid", "kid-1")
    issued_at = claims.setdefault("iat", ISSUED_AT)
    claims = {"jti": "jti-1", "sid": "sid-1", "sub": "1", "exp": issued_at + 300} | claims
    return AccessToken(claims, kid, EXPECTED)
