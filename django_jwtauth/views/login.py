"""``login/``, ``refresh/`` and ``csrf/``: what hands out tokens."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from django_jwtauth import cookies, sessions, users
from django_jwtauth.client_info import client_address
from django_jwtauth.exceptions import (
    InvalidCredentials,
    RefreshTokenInvalid,
    UnsupportedGrantType,
)
from django_jwtauth.serializers import LoginSerializer, RefreshSerializer
from django_jwtauth.sessions import TokenPair
from django_jwtauth.sessions.start import FIRST_PARTY
from django_jwtauth.throttling import LoginAddressThrottle, LoginThrottle, RefreshThrottle
from django_jwtauth.views.base import AuthView, django_request, validated

_security_log = logging.getLogger("django_jwtauth.security")
# It keeps nothing of a request: REST framework, too, checks all items of a list with one. To make
# its fields anew takes three times as long as to check them.
_REFRESH: Final = RefreshSerializer()


class LoginView(AuthView):
    """User name and password for a pair of tokens."""

    throttle_classes: Sequence[type[BaseThrottle]] = (LoginThrottle, LoginAddressThrottle)
    counted_error = InvalidCredentials

    def check_user(self, request: Request, user: AbstractBaseUser) -> None:
        """Stand between "password right" and "tokens issued"; override to ask for more.

        Raise a DRF ``APIException``, such as a 403 with the code ``mfa_required``: its status,
        code and detail reach the client, nothing is started, and it counts as no failure. Your
        own second step then calls ``sessions.start(user, request, amr=…)``.
        """

    def post(self, request: Request) -> Response:
        """Log in; 3 statements."""
        fields = validated(LoginSerializer, request.data)
        http = django_request(request)
        to_cookies = fields.get("transport") == "cookie"
        if to_cookies:
            cookies.enforce_csrf(http)
        name = get_user_model().USERNAME_FIELD
        credentials = {name: fields[name], "password": fields["password"]}
        # Django's own request: django-axes marks it, and its middleware answers 429.
        with sessions.typed_password(fields["password"]):
            user = authenticate(http, **credentials)
        if user is None or not users.is_usable(user):
            address = client_address(http)
            _security_log.info("login_failed username=%s address=%s", fields[name], address)
            raise InvalidCredentials
        self.check_user(request, user)
        pair = sessions.start(user, http, client_id=fields.get("client_id", FIRST_PARTY))
        user_logged_in.send(sender=type(user), request=http, user=user)
        if to_cookies:
            rotate_token(http)
        return _answer(pair, http, to_cookies=to_cookies)


class RefreshView(AuthView):
    """The token endpoint of RFC 6749 section 6: a refresh token for the next pair."""

    throttle_classes: Sequence[type[BaseThrottle]] = (RefreshThrottle,)
    counted_error = RefreshTokenInvalid

    def post(self, request: Request) -> Response:
        """Refresh; 2 statements, a retry 1."""
        fields: dict[str, Any] = _REFRESH.run_validation(request.data)
        if fields.get("grant_type", "refresh_token") != "refresh_token":
            raise UnsupportedGrantType
        http = django_request(request)
        raw = fields.get("refresh_token")
        from_cookie = raw is None
        if raw is None:
            raw = cookies.read_refresh_token(http)
            if raw is None:
                raise _token_missing()
            cookies.enforce_csrf(http)
        pair = sessions.refresh(raw, http, client_id=fields.get("client_id"))
        return _answer(pair, http, to_cookies=from_cookie)


class CSRFView(AuthView):
    """The CSRF token for pages that keep their tokens in cookies."""

    def get(self, request: Request) -> Response:
        """Return the token and set its cookie."""
        response = Response()
        response.data = {"csrf_token": cookies.csrf_token(django_request(request), response)}
        return response


def _token_missing() -> serializers.ValidationError:
    return serializers.ValidationError(
        {"refresh_token": [serializers.Field.default_error_messages["required"]]}
    )


def _answer(pair: TokenPair, request: HttpRequest, *, to_cookies: bool) -> Response:
    """Return the tokens in the body (RFC 6749 section 5.1), or in cookies and never both."""
    lifetimes = {
        "expires_in": pair.expires_in,
        "refresh_expires_in": pair.refresh_expires_in,
    }
    if not to_cookies:
        return Response(
            {
                "access_token": pair.access_token,
                "token_type": "Bearer",
                "refresh_token": pair.refresh_token,
                **lifetimes,
            }
        )
    response = Response()
    cookies.set_tokens(response, request, pair)
    response.data = {**lifetimes, "csrf_token": cookies.csrf_token(request, response)}
    return response
