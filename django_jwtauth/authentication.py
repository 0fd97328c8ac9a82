"""``JWTAuthentication``: finds the access token in the request and has it accepted."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from django_jwtauth import cookies, sessions
from django_jwtauth.api_exceptions import BEARER_CHALLENGE, api_exception
from django_jwtauth.error_reports import protect
from django_jwtauth.exceptions import AccessTokenError, JWTAuthError, TokenInvalid
from django_jwtauth.tokens.claims import AccessToken

_BLANKS: Final = " \t"  # what may surround a header's value (RFC 9110 section 5.5)


def bearer_token(request: HttpRequest) -> str | None:
    """Return the token of an ``Authorization: Bearer`` header; ``None`` for another scheme.

    Raises ``TokenInvalid`` where the scheme is ours and no single token follows (RFC 6750
    section 2.1; the scheme in any case, RFC 9110 section 11.1).
    """
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    scheme, _, rest = header.strip(_BLANKS).partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = rest.lstrip(" ")
    if not token or " " in token:
        raise TokenInvalid("The Authorization header must hold one token.")
    return token


class JWTAuthentication(BaseAuthentication):
    """Authenticates by access token: of the header, else of the cookie.

    ``request.user`` becomes the user, of whom only the key is known until another field is
    touched, or all where an HTML page is asked for; ``request.auth`` the verified token. A bad
    token in the header is refused even where the view is open to all; a bad cookie, which a browser
    sends unasked, counts as none.
    """

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, AccessToken] | None:
        """Return user and token, or ``None`` where no token came along."""
        http = request._request  # noqa: SLF001 (DRF's wrapper)
        if cookies.are_enabled():
            _tell_caches(request)
        try:
            raw = bearer_token(http)
            if raw is not None:
                return _accepted(raw, request)
            return _by_cookie(request, http)
        except JWTAuthError as error:
            raise api_exception(error) from None
        except Exception:
            protect(http)  # the token stands in the variables of the traceback
            raise

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge for a request without a token; a bad one brings its own."""
        return BEARER_CHALLENGE


def _tell_caches(request: Request) -> None:
    """Let no cache give an answer to somebody else, as Django does for its own session cookie."""
    headers = getattr(request.parser_context.get("view"), "headers", {})  # DRF's, for the answer
    headers["Vary"] = ", ".join(filter(None, (headers.get("Vary"), "Authorization, Cookie")))


def _accepted(raw: str, request: Request) -> tuple[AbstractBaseUser, AccessToken]:
    if not _becomes_a_page(request):
        return sessions.authenticate(raw, api_exception)
    # A page, such as those of the browsable API, names the user when it is rendered. That is after
    # the view, where an error would be a 500: so the row is read now.
    user, token = sessions.authenticate(raw)
    user.refresh_from_db(fields=())
    return user, token


def _becomes_a_page(request: Request) -> bool:
    # Chosen by the view, if it is DRF's. Not by getattr: what is not there DRF looks for at length.
    renderer = vars(request).get("accepted_renderer")
    return renderer is not None and str(renderer.media_type).startswith("text/html")


def _by_cookie(request: Request, http: HttpRequest) -> tuple[AbstractBaseUser, AccessToken] | None:
    raw = cookies.read_access_token(http)
    if raw is None:
        return None
    protect(http)  # from what the view may raise: Django would show the cookies
    try:
        accepted = _accepted(raw, request)
    except AccessTokenError:
        return None
    cookies.enforce_csrf(http)
    return accepted
