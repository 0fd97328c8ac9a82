"""``logout/`` and ``logout/all/``."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from django_jwtauth import clock, cookies, sessions
from django_jwtauth.authentication import bearer_token
from django_jwtauth.exceptions import (
    AccessTokenError,
    NotAuthenticated,
    RefreshTokenError,
    TokenInvalid,
)
from django_jwtauth.models import LoginSession
from django_jwtauth.serializers import LogoutAllSerializer, LogoutSerializer
from django_jwtauth.sessions.end import end_session
from django_jwtauth.sessions.proof import proven_session
from django_jwtauth.views.base import AuthView, SignedInView, caller, django_request, validated


class LogoutView(AuthView):
    """Ends the login session that the request proves; a dead token proves it as well."""

    def post(self, request: Request) -> Response:
        """Log out; 3 statements."""
        fields = validated(LogoutSerializer, request.data)
        http = django_request(request)
        by_script = [fields.get("refresh_token"), _header_token(http)]
        by_browser = [cookies.read_refresh_token(http), cookies.read_access_token(http)]
        response = Response(status=204)
        if any(_end(raw) for raw in by_script):
            # Any page can send a form, and the browser its cookies along: of a session that lives
            # they stay.
            return response if any(map(_lives, by_browser)) else _cleared(response, http)
        if not (
            any(_end(raw, lambda: cookies.enforce_csrf(http)) for raw in by_browser)
            or cookies.came(http)
        ):
            raise NotAuthenticated if by_script == [None, None] else TokenInvalid
        return _cleared(response, http)


class LogoutAllView(SignedInView):
    """Ends every login session of the user, or every other one."""

    def post(self, request: Request) -> Response:
        """Log out everywhere; tells how many sessions ended."""
        keep = validated(LogoutAllSerializer, request.data)["keep_current"]
        user, token = caller(request)
        ended = sessions.end_all(
            user,
            LoginSession.EndReason.LOGOUT_ALL,
            except_session=token.session_id if keep else None,
        )
        response = Response({"ended": ended})
        return response if keep else _cleared(response, django_request(request))


def _end(raw: str | None, check: Callable[[], None] | None = None) -> bool:
    """End the session that ``raw`` proves, once ``check`` has passed; tells if it proves one."""
    is_proof, session = _proven(raw)
    if is_proof and check is not None:
        check()
    if session is not None:
        end_session(session, LoginSession.EndReason.LOGOUT, clock.now())
    return is_proof


def _lives(raw: str | None) -> bool:
    _, session = _proven(raw)
    return session is not None and session.ended_at is None


def _proven(raw: str | None) -> tuple[bool, LoginSession | None]:
    """Tell whether ``raw`` is a token of ours, and return its session if that is still there."""
    try:
        return (False, None) if raw is None else (True, proven_session(raw))
    except (AccessTokenError, RefreshTokenError):
        return False, None


def _header_token(request: HttpRequest) -> str | None:
    try:
        return bearer_token(request)
    except TokenInvalid:
        return ""  # it proves nothing, but it came


def _cleared(response: Response, request: HttpRequest) -> Response:
    if cookies.came(request):
        cookies.clear_tokens(response, request)
    return response
