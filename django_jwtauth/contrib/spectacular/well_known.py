"""The public keys and the metadata: what other services read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import exceptions as drf

from django_jwtauth.contrib.spectacular.description import Description

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_JWK: Final = {
    "type": "object",
    "properties": dict.fromkeys(("kty", "kid", "alg", "use", "crv", "x", "y", "n", "e"), _TEXT),
    "required": ["kty", "kid", "alg", "use"],
}
_JWK_SET: Final = {
    "type": "object",
    "properties": {"keys": {"type": "array", "items": _JWK}},
    "required": ["keys"],
}
_METADATA: Final = {
    "type": "object",
    "properties": {
        "issuer": {"type": "string", "format": "uri"},
        "token_endpoint": {"type": "string", "format": "uri"},
        "jwks_uri": {"type": "string", "format": "uri"},
        "introspection_endpoint": {"type": "string", "format": "uri"},
        "revocation_endpoint": {"type": "string", "format": "uri"},
        "response_types_supported": _TEXTS,
        "grant_types_supported": _TEXTS,
        "token_endpoint_auth_methods_supported": _TEXTS,
        "revocation_endpoint_auth_methods_supported": _TEXTS,
        "introspection_endpoint_auth_methods_supported": _TEXTS,
    },
    "required": ["issuer", "token_endpoint", "jwks_uri", "response_types_supported"],
}


class _Cacheable(Description):
    method = "get"
    operation_id: ClassVar[str]

    def cacheable(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the answer, and 304 for whoever has it (RFC 9110 section 13)."""
        headers = [
            OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True, response=[200, 304])
            for name in ("ETag", "Cache-Control")
        ]
        asked = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER)
        not_modified = OpenApiResponse(description="It is what the caller has.")
        return {
            "operation_id": self.operation_id,  # else made from a path that begins with a dot
            "parameters": [asked, *headers],
            "responses": {200: schema, 304: not_modified},
        }


class JWKS(_Cacheable, OpenApiViewExtension):
    """``jwks.json``."""

    target_class = "django_jwtauth.views.JWKSView"
    operation_id = "jwks"

    def describe(self) -> Mapping[str, Any]:
        """Return the JWK Set (RFC 7517 section 5)."""
        return self.cacheable(_JWK_SET)


class Metadata(_Cacheable, OpenApiViewExtension):
    """``oauth-authorization-server``."""

    target_class = "django_jwtauth.views.MetadataView"
    operation_id = "authorization_server_metadata"
    refuses = (drf.NotFound(),)

    def describe(self) -> Mapping[str, Any]:
        """Return the metadata (RFC 8414 section 2)."""
        return self.cacheable(_METADATA)
