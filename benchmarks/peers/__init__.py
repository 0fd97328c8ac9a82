"""The peers: one class each, in the order of tables."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from benchmarks.peers.base import Peer

#: Name and dotted path. A process imports only the one that it is.
PEERS: Final = {
    "jwtauth": "jwtauth.JWTAuth",
    "simplejwt": "simplejwt.SimpleJWT",
    "simplejwt-blacklist": "simplejwt.SimpleJWTBlacklist",
    "simplejwt-stateless": "simplejwt.SimpleJWTStateless",
    "knox": "knox.Knox",
    "drf-token": "rest_framework.TokenAuth",
    "django-session": "rest_framework.DjangoSession",
    "oauth-toolkit": "oauth_toolkit.OAuthToolkit",
    "allauth": "allauth.Allauth",
}

#: Measured for the size of their tokens alone.
WITH_PERMISSIONS: Final = {
    "jwtauth-permissions": "with_permissions.JWTAuthWithPermissions",
    "simplejwt-permissions": "with_permissions.SimpleJWTWithPermissions",
}

#: The peer that ratios are read against: the nearest in what it does.
REFERENCE: Final = "simplejwt-blacklist"


def peer(name: str) -> Peer:
    """Return the peer of that name."""
    module, _, cls = (PEERS | WITH_PERMISSIONS)[name].partition(".")
    made: Peer = getattr(import_module(f"benchmarks.peers.{module}"), cls)()
    return made
