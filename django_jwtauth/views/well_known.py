"""``.well-known/``: what other services read to trust our tokens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.http import Http404
from django.urls import NoReverseMatch, reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from rest_framework.request import Request
from rest_framework.response import Response

from django_jwtauth import clock, conf, key_rotation
from django_jwtauth.revocation import feed
from django_jwtauth.views.base import NO_STORE, AuthView, django_request


class _PublicView(AuthView):
    """Readable by every page of the web."""

    max_age = 300

    def shared_headers(self, response: Any) -> Mapping[str, str]:
        """Return for how long anybody may cache the answer; an error is for nobody to keep."""
        is_good = response.status_code in (200, 304)
        caching = {"Cache-Control": f"public, max-age={self.max_age}"} if is_good else NO_STORE
        return {**caching, "Access-Control-Allow-Origin": "*"}

    def conditional(self, request: Request, members: dict[str, Any]) -> Any:
        """Answer ``members``, or 304 where the caller has them (RFC 9110 section 13)."""
        body = json.dumps(members, sort_keys=True).encode("utf-8")
        etag = quote_etag(hashlib.sha256(body).hexdigest()[:32])
        response = Response(members, headers={"ETag": etag})
        return get_conditional_response(django_request(request), etag=etag, response=response)


class JWKSView(_PublicView):
    """The public keys (RFC 7517): all that a service needs to verify our tokens alone."""

    def get(self, request: Request) -> Any:
        """Return the JWK Set."""
        now = clock.now()
        feed().ensure_current()
        self.max_age = key_rotation.jwks_max_age(now)
        return self.conditional(request, key_rotation.jwks(now))


class MetadataView(_PublicView):
    """Authorization server metadata (RFC 8414)."""

    def get(self, request: Request, issuer_path: str = "") -> Any:
        """Return the metadata; 404 where ``ISSUER`` is no URL that a client would accept."""
        issuer = conf.current().ISSUER[0]
        # From the setting and never from the Host header, which the caller writes.
        origin = conf.current().origin
        if origin is None or issuer_path.strip("/") not in ("", urlsplit(issuer).path.strip("/")):
            raise Http404
        try:
            return self.conditional(request, _metadata(issuer, origin))
        except NoReverseMatch:
            raise Http404 from None


def _metadata(issuer: str, origin: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "token_endpoint": origin + reverse("jwtauth:refresh"),
        "jwks_uri": origin + reverse("jwks"),
        "introspection_endpoint": origin + reverse("jwtauth:introspect"),
        "revocation_endpoint": origin + reverse("jwtauth:revoke"),
        # Required, and not to be empty (RFC 8414 section 3.2): there is no authorization endpoint.
        "response_types_supported": ["none"],
        "grant_types_supported": ["refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
    }
