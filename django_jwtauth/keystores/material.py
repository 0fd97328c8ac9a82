"""Reads the key that a text holds: a PEM, or a JWK written as JSON."""

from __future__ import annotations

from typing import Literal

from django_jwtauth.exceptions import InvalidKey
from django_jwtauth.tokens.encoding import json_object
from django_jwtauth.tokens.keys import Key, key_from_jwk, key_from_pem

Kind = Literal["public", "private"]


def key_from_text(
    text: str, *, kind: Kind | None = None, kid: str | None = None, algorithm: str | None = None
) -> Key:
    """Return the key; without ``kind`` it is private where it holds a private half.

    Raises ``InvalidKey`` with one sentence that names the fault, never the material.
    """
    if not text.strip():
        # An environment variable that is not set, or a file that is still being written.
        raise InvalidKey("The key is empty.")
    if not text.lstrip().startswith("{"):
        found: Kind = "private" if "PRIVATE KEY" in text else "public"
        return key_from_pem(text, kind=kind or found, kid=kid, algorithm=algorithm)
    try:
        jwk = json_object(text.encode("utf-8"))
    except ValueError as error:
        raise InvalidKey(f"The key is no JWK: {error}.") from None
    found = "private" if "d" in jwk else "public"
    return key_from_jwk(jwk, kind=kind or found, kid=kid, algorithm=algorithm)
