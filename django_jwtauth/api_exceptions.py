"""Turns errors into DRF exceptions and flat JSON answers, with the challenge that each asks for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import ceil
from typing import Any, Final

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.settings import api_settings

from django_jwtauth.exceptions import (
    AccessTokenError,
    InsufficientScope,
    InvalidClient,
    InvalidRequest,
    JWTAuthError,
    NotAuthenticated,
    SessionEnded,
    TemporarilyUnavailable,
)

REALM: Final = 'realm="api"'
BEARER_CHALLENGE: Final = f"Bearer {REALM}"
_log = logging.getLogger("django_jwtauth")
# Too many fields, too large a body, a form in another charset, one that breaks off.
_MALFORMED: Final = (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError)
_DATABASE_ERRORS: Final = (OperationalError, InterfaceError, ProgrammingError)


def challenge(error: JWTAuthError) -> str:
    """Return the ``WWW-Authenticate`` value (RFC 6750 section 3), or ``""`` for none."""
    if isinstance(error, InvalidClient):
        return f"Basic {REALM}"
    if isinstance(error, NotAuthenticated):
        return BEARER_CHALLENGE
    if isinstance(error, AccessTokenError):
        # Our own sentences, plain ASCII, with nothing of the token in them.
        description = error.reason or error.detail
        return f'{BEARER_CHALLENGE}, error="invalid_token", error_description="{description}"'
    if isinstance(error, InsufficientScope):
        return (
            f'{BEARER_CHALLENGE}, error="insufficient_scope", scope="{error.scope}", '
            f'error_description="{error.detail}"'
        )
    return ""


def error_body(error: JWTAuthError) -> dict[str, Any]:
    """Return the flat answer: detail, code, OAuth's word where a standard names one."""
    body: dict[str, Any] = {"detail": gettext(error.detail), "code": error.code}
    if error.oauth_error is not None:
        body["error"] = error.oauth_error
    if isinstance(error, SessionEnded):
        body["reason"] = error.end_reason
    return body


class _Own:
    """What the error itself knows, whatever DRF wants to set.

    DRF writes the challenge of the *first* authentication class over it, and 403 over the status
    where that class has none.
    """

    def __init__(self, read: Callable[[JWTAuthError], Any], default: Any) -> None:
        self._read = read
        self._default = default

    def __get__(self, exception: Any, owner: type | None = None) -> Any:
        return self._default if exception is None else self._read(exception.error)

    def __set__(self, exception: Any, value: Any) -> None:
        pass


class APIError(drf.APIException):
    """One of this package's errors on its way through DRF."""

    def __init__(self, error: JWTAuthError) -> None:
        self.error = error
        super().__init__(error_body(error), error.code)
        if isinstance(error, TemporarilyUnavailable):
            self.wait = error.retry_after

    status_code = _Own(lambda error: error.status, drf.APIException.status_code)
    auth_header = _Own(challenge, "")


class BearerAuthenticationFailed(APIError, drf.AuthenticationFailed):
    """A refused access token; DRF's own exception too, so that DRF answers 401 for it."""


def api_exception(error: JWTAuthError) -> drf.APIException:
    """Return the DRF exception that answers for ``error`` in a project's own views."""
    if isinstance(error, TemporarilyUnavailable):
        _log.error("answered 503: %s", error)
    if isinstance(error, AccessTokenError):
        return BearerAuthenticationFailed(error)
    return APIError(error)


def answer(error: Exception) -> Response | None:
    """Answer for whatever a view of this package raised; ``None``: it is a fault, let it out.

    Never rolls back: under ``ATOMIC_REQUESTS`` DRF's own handler would undo the ending of a
    stolen session, and in a ``TestCase`` break the test's transaction.
    """
    if isinstance(error, JWTAuthError):
        if isinstance(error, TemporarilyUnavailable):
            _log.error("answered 503: %s", error)
        return _answer_own(error)
    if isinstance(error, _DATABASE_ERRORS):
        _log.exception("the database did not answer; has `manage.py migrate` been run?")
        return _answer_own(TemporarilyUnavailable())
    if isinstance(error, _MALFORMED):
        return _answer_own(InvalidRequest())
    if isinstance(error, Http404):
        error = drf.NotFound()
    elif isinstance(error, PermissionDenied):
        error = drf.PermissionDenied()
    if isinstance(error, drf.APIException):
        return _answer_drf(error)
    return None


def _answer_own(error: JWTAuthError) -> Response:
    response = Response(error_body(error), status=error.status)
    header = challenge(error)
    if header:
        response["WWW-Authenticate"] = header
    if isinstance(error, TemporarilyUnavailable):
        response["Retry-After"] = str(error.retry_after)
    return response


def _answer_drf(error: drf.APIException) -> Response:
    response = Response(_flat_body(error), status=error.status_code)
    header = getattr(error, "auth_header", None)
    if header:
        response["WWW-Authenticate"] = header
    wait = getattr(error, "wait", None)
    if wait is not None:
        response["Retry-After"] = str(ceil(wait))
    return response


def _flat_body(error: drf.APIException) -> dict[str, Any]:
    invalid = InvalidRequest()
    if isinstance(error, drf.ParseError):
        return {**error_body(invalid), "detail": error.detail}
    if isinstance(error, drf.ValidationError):
        fields = error.detail if isinstance(error.detail, dict) else {}
        named = {
            name if name != api_settings.NON_FIELD_ERRORS_KEY else "detail": messages
            for name, messages in fields.items()
        }
        return {**named, **error_body(invalid)}
    if isinstance(error.detail, dict):
        return {**error.detail}
    codes = error.get_codes()
    return {"detail": error.detail, "code": codes if isinstance(codes, str) else error.default_code}
