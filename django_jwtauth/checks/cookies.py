"""Whether browsers take the cookies, and whether anybody else can write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from django.conf import settings as django_settings
from django.core.checks import CheckMessage

from django_jwtauth import conf
from django_jwtauth.checks.table import message

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token, RFC 6265 section 4.1.1
_SESSIONS: Final = "django.contrib.sessions.middleware.SessionMiddleware"


def check_cookies() -> Iterator[CheckMessage]:
    """Check the combination of ``COOKIES`` and Django's own, where cookies are enabled."""
    cookies = conf.current().COOKIES
    if not cookies.ENABLED:
        return
    yield from _names(cookies)
    if cookies.PATH is not None and (not cookies.PATH.startswith("/") or ";" in cookies.PATH):
        yield message("E404", path=cookies.PATH)
    if django_settings.CSRF_USE_SESSIONS and _SESSIONS not in django_settings.MIDDLEWARE:
        yield message("E405")
    if cookies.SAMESITE == "None":
        yield from _cross_site()
    elif not django_settings.DEBUG and not _csrf_is_secure():
        yield message("W403")


def _names(cookies: conf.Cookies) -> Iterator[CheckMessage]:
    ours = [cookies.ACCESS_NAME, cookies.REFRESH_NAME]
    others = [django_settings.CSRF_COOKIE_NAME, django_settings.SESSION_COOKIE_NAME]
    for name in ours:
        if _NAME.fullmatch(name) is None:
            yield message("E403", name=name)
        elif [*ours, *others].count(name) > 1:
            yield message("E402", name=name)
        elif not name.startswith(("__Host-", "__Secure-")) and not django_settings.DEBUG:
            yield message("W402", name=name)
    if cookies.REFRESH_NAME.startswith("__Host-") and cookies.PATH != "/":
        yield message("E401", name=cookies.REFRESH_NAME)


def _cross_site() -> Iterator[CheckMessage]:
    lacking = [
        text
        for text, is_lacking in (
            ("CSRF_COOKIE_SAMESITE is not", django_settings.CSRF_COOKIE_SAMESITE != "None"),
            ("CSRF_COOKIE_SECURE is off", not _csrf_is_secure()),
            ("CSRF_TRUSTED_ORIGINS is empty", not django_settings.CSRF_TRUSTED_ORIGINS),
        )
        if is_lacking
    ]
    if lacking:
        yield message("W401", lacking=", ".join(lacking))
    if django_settings.DEBUG:
        yield message("W404")


def _csrf_is_secure() -> bool:
    """Tell whether the CSRF token travels over https alone; in a session it does not travel."""
    return django_settings.CSRF_COOKIE_SECURE or django_settings.CSRF_USE_SESSIONS
