"""What the endpoints answer when they refuse: the flat body, its codes, an example of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import exceptions as drf
from rest_framework import serializers

from django_jwtauth import exceptions
from django_jwtauth.api_exceptions import answer, error_body
from django_jwtauth.models import LoginSession


def _with_a_code(error: type[exceptions.JWTAuthError]) -> Iterator[type[exceptions.JWTAuthError]]:
    if error.code != exceptions.JWTAuthError.code:
        yield error
    for kind in error.__subclasses__():
        yield from _with_a_code(kind)


_NEVER_ANSWERED: Final = (exceptions.InvalidKey, exceptions.InsufficientScope)
#: Every code of our own endpoints.
CODES: Final = sorted(
    {error.code for error in _with_a_code(exceptions.JWTAuthError) if error not in _NEVER_ANSWERED}
    | {
        error.default_code
        for error in (drf.MethodNotAllowed, drf.Throttled, drf.UnsupportedMediaType)
    }
)

#: Why an access token is refused.
ACCESS_TOKEN: Final = (
    exceptions.NotAuthenticated(),
    exceptions.TokenInvalid(),
    exceptions.TokenExpired(),
    exceptions.TokenRevoked(),
    exceptions.UserInactive(),
    exceptions.UserNotFound(),
)
#: Why a refresh token is refused.
REFRESH_TOKEN: Final = (
    exceptions.RefreshTokenInvalid(),
    exceptions.RefreshTokenExpired(),
    exceptions.RefreshTokenReused(),
    exceptions.SessionEnded(LoginSession.EndReason.LOGOUT),
)
#: Why a body is refused.
BODY: Final = (exceptions.InvalidRequest(), drf.UnsupportedMediaType("text/plain"))

#: Why nobody is served.
DOWN: Final = exceptions.TemporarilyUnavailable()

#: The headers that come with a refusal; each stands where its status does.
HEADERS: Final = (
    OpenApiParameter(
        "WWW-Authenticate",
        str,
        OpenApiParameter.HEADER,
        required=True,
        description="What to prove it with (RFC 9110 section 11.6.1).",
        response=[401],
    ),
    OpenApiParameter(
        "Retry-After",
        {"type": "integer", "minimum": 0},
        OpenApiParameter.HEADER,
        required=True,
        description="Seconds to wait before the next try.",
        response=[429, 503],
    ),
)


@extend_schema_field({"type": "string", "enum": CODES}, component_name="AuthErrorCode")
class _CodeField(serializers.CharField):
    """The word for a program to branch on."""


@extend_schema_field(
    {"type": "string", "enum": LoginSession.EndReason.values}, component_name="AuthEndReason"
)
class _ReasonField(serializers.CharField):
    """Why a login session was ended."""


@extend_schema_serializer(component_name="AuthError")
class RefusalSerializer(serializers.Serializer[Any]):
    """An error. Under the name of each field that is wrong stands a list of messages."""

    detail = serializers.CharField()
    code = _CodeField()
    error = serializers.CharField(required=False, help_text="OAuth's word (RFC 6749 section 5.2)")
    reason = _ReasonField(required=False)


class RefusalExtension(OpenApiSerializerExtension):
    """Adds the messages under the names of fields, which no serializer can declare."""

    target_class = RefusalSerializer

    def map_serializer(self, auto_schema: Any, direction: Any) -> Any:
        """Return the schema."""
        messages = {"type": "array", "items": {"type": "string"}}
        return {
            **super().map_serializer(auto_schema, direction),
            "additionalProperties": messages,
        }


def refusals(errors: Sequence[Exception]) -> dict[int, OpenApiResponse]:
    """Return the answer of each status among ``errors``, with an example for each code."""
    examples: dict[int, list[OpenApiExample]] = {}
    for error in errors:
        status, body = _answered(error)
        example = OpenApiExample(body["code"], body, response_only=True, status_codes=[str(status)])
        examples.setdefault(status, []).append(example)
    return {
        status: OpenApiResponse(
            RefusalSerializer, ", ".join(f"`{example.name}`" for example in given), given
        )
        for status, given in sorted(examples.items())
    }


def _answered(error: Exception) -> tuple[int, dict[str, Any]]:
    if isinstance(error, exceptions.JWTAuthError):
        return error.status, error_body(error)  # `answer` would log that it says 503
    response = answer(error)
    assert response is not None  # noqa: S101 (REST framework's own always have one)
    return response.status_code, response.data
