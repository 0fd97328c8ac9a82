"""Each endpoint: what it takes, what it answers, and for what reasons it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth import get_user_model
from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema_serializer,
    inline_serializer,
)
from rest_framework import exceptions as drf
from rest_framework import serializers
from rest_framework.authentication import BasicAuthentication
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.utils.field_mapping import ClassLookupDict

from django_jwtauth import conf, exceptions
from django_jwtauth import serializers as ours
from django_jwtauth.authentication import JWTAuthentication
from django_jwtauth.contrib.spectacular.description import Description
from django_jwtauth.contrib.spectacular.refusals import ACCESS_TOKEN, BODY, DOWN, REFRESH_TOKEN
from django_jwtauth.contrib.spectacular.security import RefreshCookie
from django_jwtauth.users.subject import subject_field
from django_jwtauth.views.oauth import TokenSerializer

for _serializer, _name in (
    (ours.LoginSerializer, "AuthLogin"),
    (ours.RefreshSerializer, "AuthRefresh"),
    (ours.LogoutSerializer, "AuthLogout"),
    (ours.LogoutAllSerializer, "AuthLogoutAll"),
    (ours.TokenPairSerializer, "AuthTokenPair"),
    (ours.LoginSessionSerializer, "AuthSession"),
    (TokenSerializer, "AuthToken"),
):
    # The project may have a Login or a Token of its own.
    extend_schema_serializer(component_name=_name)(_serializer)

_IN_COOKIES: Final = inline_serializer(
    "AuthCookies",
    {
        "expires_in": serializers.IntegerField(),
        "refresh_expires_in": serializers.IntegerField(),
        "csrf_token": serializers.CharField(),
    },
)
_CSRF_TOKEN: Final = inline_serializer("AuthCSRFToken", {"csrf_token": serializers.CharField()})
_ENDED: Final = inline_serializer("AuthEnded", {"ended": serializers.IntegerField()})


def _tokens() -> Any:
    """Return the pair of tokens, or what is told of one that has gone into cookies."""
    if not conf.current().COOKIES.ENABLED:
        return ours.TokenPairSerializer
    return PolymorphicProxySerializer(
        component_name="AuthTokens",
        serializers=[ours.TokenPairSerializer, _IN_COOKIES],
        resource_type_field_name=None,
    )


class Login(Description, OpenApiViewExtension):
    """``login/``."""

    target_class = "django_jwtauth.views.LoginView"
    refuses = (
        exceptions.InvalidCredentials(),
        *BODY,
        exceptions.CSRFFailed(),
        drf.Throttled(wait=60),
        DOWN,
    )

    def describe(self) -> Mapping[str, Any]:
        """User name and password for tokens."""
        return {"request": ours.LoginSerializer, "responses": {200: _tokens()}}


class Refresh(Description, OpenApiViewExtension):
    """``refresh/``."""

    target_class = "django_jwtauth.views.RefreshView"
    refuses = (
        *REFRESH_TOKEN,
        exceptions.UnsupportedGrantType(),
        *BODY,
        exceptions.CSRFFailed(),
        drf.Throttled(wait=60),
        DOWN,
    )

    def members(self) -> dict[str, Any]:
        """The token stands in the body, or comes as a cookie."""
        enabled = conf.current().COOKIES.ENABLED
        return {"authentication_classes": (RefreshCookie,) if enabled else ()}

    def describe(self) -> Mapping[str, Any]:
        """A refresh token for the next pair."""
        return {"request": ours.RefreshSerializer, "responses": {200: _tokens()}}


class Logout(Description, OpenApiViewExtension):
    """``logout/``."""

    target_class = "django_jwtauth.views.LogoutView"
    refuses = (
        exceptions.NotAuthenticated(),
        exceptions.TokenInvalid(),
        *BODY,
        exceptions.CSRFFailed(),
        DOWN,
    )

    def members(self) -> dict[str, Any]:
        """Any of the tokens proves the session, and the body may hold one."""
        by_cookie = (RefreshCookie,) if conf.current().COOKIES.ENABLED else ()
        return {
            "authentication_classes": (JWTAuthentication, *by_cookie),
            "permission_classes": (AllowAny,),
        }

    def describe(self) -> Mapping[str, Any]:
        """Nothing to tell where it has worked."""
        # In a form a parameter without a value is as good as none (RFC 6749 section 3.2).
        form = {"type": "object", "properties": {"refresh_token": {"type": "string"}}}
        bodies = {
            "application/json": ours.LogoutSerializer,
            "application/x-www-form-urlencoded": form,
        }
        return {"request": bodies, "responses": {204: OpenApiResponse()}}


class LogoutAll(Description, OpenApiViewExtension):
    """``logout/all/``."""

    target_class = "django_jwtauth.views.LogoutAllView"
    refuses = (*ACCESS_TOKEN, *BODY, exceptions.CSRFFailed(), DOWN)

    def describe(self) -> Mapping[str, Any]:
        """How many sessions ended."""
        return {"request": ours.LogoutAllSerializer, "responses": {200: _ENDED}}


class Me(Description, OpenApiViewExtension):
    """``me/``."""

    target_class = "django_jwtauth.views.MeView"
    method = "get"
    refuses = (*ACCESS_TOKEN, DOWN)

    def describe(self) -> Mapping[str, Any]:
        """Id and user name, of the types that the user model gives them."""
        return {"responses": {200: _me()}}


@conf.per_settings
def _me(_settings: conf.Settings) -> Any:
    subject = subject_field()
    field: Any = subject.model._meta.get_field(subject.attname)  # noqa: SLF001 (documented)
    while field.remote_field is not None:
        field = field.target_field
    mapping: Any = ClassLookupDict(serializers.ModelSerializer.serializer_field_mapping)
    kind = mapping[field]
    members = {"id": kind(), get_user_model().USERNAME_FIELD: serializers.CharField()}
    return inline_serializer("AuthMe", members)


class SessionList(Description, OpenApiViewExtension):
    """``sessions/``."""

    target_class = "django_jwtauth.views.SessionListView"
    method = "get"
    refuses = (*ACCESS_TOKEN, DOWN)

    def describe(self) -> Mapping[str, Any]:
        """The live ones."""
        return {"responses": {200: ours.LoginSessionSerializer(many=True)}}


class SessionDetail(Description, OpenApiViewExtension):
    """``sessions/<sid>/``."""

    target_class = "django_jwtauth.views.SessionDetailView"
    method = "delete"
    refuses = (*ACCESS_TOKEN, exceptions.CSRFFailed(), exceptions.SessionNotFound(), DOWN)

    def describe(self) -> Mapping[str, Any]:
        """Nothing to tell where it has worked."""
        sid = {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"}
        return {
            "parameters": [OpenApiParameter("sid", sid, OpenApiParameter.PATH)],
            "responses": {204: OpenApiResponse()},
        }


class Introspect(Description, OpenApiViewExtension):
    """``introspect/``."""

    target_class = "django_jwtauth.views.IntrospectView"
    refuses = (exceptions.InvalidClient(), *BODY, DOWN)

    def members(self) -> dict[str, Any]:
        """Id and secret of a resource server, as HTTP Basic."""
        return {
            "authentication_classes": (BasicAuthentication,),
            "permission_classes": (IsAuthenticated,),
        }

    def describe(self) -> Mapping[str, Any]:
        """Whether it is active, and its claims where it is."""
        claims = {
            "type": "object",
            "properties": {"active": {"type": "boolean"}},
            "required": ["active"],
            "additionalProperties": True,
        }
        return {"request": TokenSerializer, "responses": {200: claims}}


class Revoke(Description, OpenApiViewExtension):
    """``revoke/``."""

    target_class = "django_jwtauth.views.RevokeView"
    refuses = (*BODY, DOWN)

    def describe(self) -> Mapping[str, Any]:
        """Nothing to tell, whatever the token was."""
        return {"request": TokenSerializer, "responses": {200: OpenApiResponse()}}


class CSRF(Description, OpenApiViewExtension):
    """``csrf/``."""

    target_class = "django_jwtauth.views.CSRFView"
    method = "get"
    refuses = ()

    def describe(self) -> Mapping[str, Any]:
        """The token."""
        return {"responses": {200: _CSRF_TOKEN}}
