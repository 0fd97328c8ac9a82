"""The two that put a user's permissions into the token, for its size."""

from __future__ import annotations

from typing import Any, ClassVar

from benchmarks.peers.jwtauth import JWTAuth
from benchmarks.peers.simplejwt import SimpleJWT


class JWTAuthWithPermissions(JWTAuth):
    """This package, where permissions travel in the token."""

    name = "jwtauth-permissions"
    settings: ClassVar[dict[str, Any]] = {
        "JWTAUTH": {"ISSUER": "https://auth.example.com", "PERMISSIONS": "token"}
    }


class SimpleJWTWithPermissions(SimpleJWT):
    """SimpleJWT with a claim of its own, as its documentation shows it: a list of names."""

    name = "simplejwt-permissions"
    settings: ClassVar[dict[str, Any]] = {
        "SIMPLE_JWT": {"TOKEN_OBTAIN_SERIALIZER": "benchmarks.permission_list.WithPermissions"}
    }
