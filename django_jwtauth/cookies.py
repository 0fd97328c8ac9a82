"""The browser transport: names, paths and flags of the two cookies; set, read, clear.

Nothing here ever deletes the cookies of a session that lives: a racing or failed refresh leaves
them alone, for another tab's answer may have set them a moment ago.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.urls import NoReverseMatch, ResolverMatch, reverse

from django_jwtauth import conf
from django_jwtauth.exceptions import CSRFFailed
from django_jwtauth.sessions import TokenPair

_PREFIXES: Final = ("__Host-", "__Secure-")


def are_enabled() -> bool:
    """Tell whether a request may bring its tokens in cookies."""
    return conf.current().COOKIES.ENABLED


def read_access_token(request: HttpRequest) -> str | None:
    """Return the access token of the request's cookie, if cookies are enabled and it came."""
    if not are_enabled():
        return None
    return request.COOKIES.get(_name(conf.current().COOKIES.ACCESS_NAME, request))


def read_refresh_token(request: HttpRequest) -> str | None:
    """Return the refresh token of the request's cookie, if cookies are enabled and it came."""
    if not are_enabled():
        return None
    return request.COOKIES.get(_name(conf.current().COOKIES.REFRESH_NAME, request))


def names() -> frozenset[str]:
    """Return what the cookies that hold tokens may be called, over https and in development."""
    cookies = conf.current().COOKIES
    given = (cookies.ACCESS_NAME, cookies.REFRESH_NAME)
    return frozenset({*given, *map(_bare, given)})


def came(request: HttpRequest) -> bool:
    """Tell whether one of our cookies came with the request."""
    return read_refresh_token(request) is not None or read_access_token(request) is not None


def set_tokens(response: HttpResponse, request: HttpRequest, pair: TokenPair) -> None:
    """Put both tokens into cookies: httpOnly, and the refresh token to the auth endpoints only."""
    cookies = conf.current().COOKIES
    shared: dict[str, Any] = {
        "secure": _is_secure(request),
        "httponly": True,
        "samesite": cookies.SAMESITE,
    }
    response.set_cookie(
        _name(cookies.ACCESS_NAME, request),
        pair.access_token,
        max_age=pair.expires_in,
        path="/",
        **shared,
    )
    response.set_cookie(
        _name(cookies.REFRESH_NAME, request),
        pair.refresh_token,
        max_age=pair.refresh_expires_in,
        path=_refresh_path(request),
        **shared,
    )


def clear_tokens(response: HttpResponse, request: HttpRequest) -> None:
    """Have the browser forget both cookies: the session has ended."""
    cookies = conf.current().COOKIES
    for name, path in ((cookies.ACCESS_NAME, "/"), (cookies.REFRESH_NAME, _refresh_path(request))):
        response.set_cookie(
            _name(name, request),
            "",
            max_age=0,
            path=path,
            secure=_is_secure(request),
            httponly=True,
            samesite=cookies.SAMESITE,
        )


class _CSRFCheck(CsrfViewMiddleware):
    """Django's check, which tells its reason here instead of answering with a page."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def enforce_csrf(request: HttpRequest) -> None:
    """Demand Django's CSRF token of a request whose credential came by cookie.

    Raises ``CSRFFailed``. Call it only for such a request: a header is sent by scripts alone.
    """
    check = _CSRFCheck(lambda _request: HttpResponse())
    check.process_request(request)
    reason = check.process_view(request, None, (), {})  # type: ignore[arg-type]
    if reason:
        raise CSRFFailed(str(reason))


def csrf_token(request: HttpRequest, response: HttpResponse) -> str:
    """Return the token to send as ``X-CSRFToken``, and set its cookie, middleware or not."""
    check = _CSRFCheck(lambda _request: HttpResponse())
    if "CSRF_COOKIE" not in request.META:
        check.process_request(request)  # without the middleware nobody has read the cookie yet
    token = get_token(request)
    check.process_response(request, response)
    return token


def _is_secure(request: HttpRequest) -> bool:
    """Secure but in development over plain http, where a browser would refuse the cookie."""
    return request.is_secure() or not django_settings.DEBUG


def _name(name: str, request: HttpRequest) -> str:
    """Return the name for the request's scheme; each scheme reads only its own."""
    return name if _is_secure(request) else _bare(name)


def _bare(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _refresh_path(request: HttpRequest) -> str:
    """Return where the auth endpoints stand, ``SCRIPT_NAME`` included."""
    path = conf.current().COOKIES.PATH
    if path is not None:
        return path
    return _refresh_url(request.resolver_match).removesuffix("refresh/")


def _refresh_url(match: ResolverMatch | None) -> str:
    namespaces = [] if match is None else list(match.namespaces)
    if match is not None and "jwtauth" in match.app_names:
        return reverse(":".join([*namespaces, "refresh"]))
    # A project's own login view, in whatever namespace: the endpoints that stand nearest to it.
    while namespaces:
        with suppress(NoReverseMatch):
            return reverse(":".join([*namespaces, "jwtauth", "refresh"]))
        namespaces.pop()
    return reverse("jwtauth:refresh")
