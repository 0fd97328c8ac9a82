"""``introspect/`` (RFC 7662) and ``revoke/`` (RFC 7009): for resource servers and OAuth clients."""

from __future__ import annotations

import base64
import binascii
import hmac
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_plus

from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from django_jwtauth import conf, sessions
from django_jwtauth.exceptions import AccessTokenError, InvalidClient, RefreshTokenError
from django_jwtauth.views.base import AuthView, UTF8FormParser, django_request, validated


class TokenSerializer(serializers.Serializer[Any]):
    """One token; ``token_type_hint`` may come along and changes nothing."""

    token = serializers.CharField(min_length=1, trim_whitespace=False)


class IntrospectView(AuthView):
    """Tells a resource server whether an access token is good at this moment."""

    parser_classes = (UTF8FormParser,)

    def post(self, request: Request) -> Response:
        """Return the claims, or that it is not active; 1 statement."""
        _check_resource_server(django_request(request))
        raw = validated(TokenSerializer, request.data)["token"]
        try:
            token = sessions.introspect(raw)
        except AccessTokenError:
            return Response({"active": False})
        return Response({**token, "active": True, "token_type": "Bearer"})


class RevokeView(AuthView):
    """Revokes a token: an access token alone, a refresh token with its login session."""

    parser_classes = (UTF8FormParser,)

    def post(self, request: Request) -> Response:
        """Answer 200 for a known, an unknown and a dead token alike (RFC 7009 section 2.2)."""
        raw = validated(TokenSerializer, request.data)["token"]
        with suppress(AccessTokenError, RefreshTokenError):  # not ours: nothing to revoke
            sessions.revoke(raw)
        return Response()


def _check_resource_server(request: HttpRequest) -> None:
    """Check HTTP Basic, percent-decoded after base64 (RFC 6749 section 2.3.1)."""
    scheme, _, encoded = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (ValueError, binascii.Error):
        raise InvalidClient from None
    name, _, secret = decoded.partition(":")
    known = conf.current().RESOURCE_SERVERS.get(unquote_plus(name))
    # A name that is unknown takes the same time.
    right = hmac.compare_digest((known or "").encode(), unquote_plus(secret).encode())
    if scheme.lower() != "basic" or known is None or not right:
        raise InvalidClient
