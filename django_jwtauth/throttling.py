"""Throttles by failures: an honest client never meets them, parallel guesses cannot slip through.

An attempt is counted before the password is checked, in one atomic step of the cache, and given
back on success. Rates are DRF's: ``DEFAULT_THROTTLE_RATES`` under the scope's name, read at the
call; ``None`` switches a scope off.
"""

from __future__ import annotations

import hashlib
import unicodedata
from ipaddress import ip_network
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from django_jwtauth import clock
from django_jwtauth.client_info import client_address

DEFAULT_RATES: Final = {
    "jwt_login": "10/min",
    "jwt_login_address": "100/min",
    "jwt_refresh": "60/min",
}
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class FailureThrottle(BaseThrottle):
    """Allows a number of failures within each window of the rate, for one caller."""

    scope: str

    def __init__(self) -> None:
        self._key: str | None = None
        self._window_end = 0.0

    def caller(self, request: Request) -> str:
        """Return whom the count is for: the client's address."""
        address = client_address(request._request) or ""  # noqa: SLF001 (DRF's wrapper)
        # One host may take any of the 2**64 addresses of its IPv6 network (RFC 4291 section 2.5.4).
        return str(ip_network((address, 64), strict=False)) if ":" in address else address

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the attempt; tells whether it may go on."""
        rate = {**DEFAULT_RATES, **api_settings.DEFAULT_THROTTLE_RATES}.get(self.scope)
        if rate is None:
            return True
        allowed, seconds = _parse(str(rate))
        window = int(clock.now() // seconds)
        self._window_end = float((window + 1) * seconds)
        name = hashlib.sha256(self.caller(request).encode("utf-8", "replace")).hexdigest()
        self._key = f"django_jwtauth:{self.scope}:{window}:{name}"
        return _count(self._key, timeout=2 * seconds) <= allowed

    def wait(self) -> float | None:
        """Return the seconds until the window ends."""
        return max(self._window_end - clock.now(), 0.0)

    def give_back(self) -> None:
        """Take the attempt off the count: it was no failure."""
        if self._key is None:
            return
        try:
            cache.decr(self._key)
        except ValueError:  # evicted: nothing is counted any more
            return


class LoginThrottle(FailureThrottle):
    """Failed logins for one user name from one address."""

    scope = "jwt_login"

    def caller(self, request: Request) -> str:
        """Return user name and address; a name that is no text counts by its address."""
        data: Any = request.data
        name = data.get(_username_field()) if hasattr(data, "get") else None
        return f"{_folded(f'{name!s:.1024}')}\n{super().caller(request)}"


class LoginAddressThrottle(FailureThrottle):
    """Failed logins for any user name from one address."""

    scope = "jwt_login_address"


class RefreshThrottle(FailureThrottle):
    """Refresh tokens from one address that we never issued; a dead one of ours is no guess."""

    scope = "jwt_refresh"


def _count(key: str, timeout: int) -> int:
    """Return how many there are with one more under ``key``, counted in one step of the cache."""
    for _ in range(2):
        try:
            return int(cache.incr(key))
        except ValueError:  # the first of the window; the second time it was evicted at once
            cache.add(key, 0, timeout=timeout)
    return 0


def _folded(name: str) -> str:
    """Return what spellings share that a database may take for one name.

    MariaDB's and MySQL's usual collations know neither case nor accents nor blanks at the end.
    """
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).rstrip()


def _username_field() -> str:
    return str(get_user_model().USERNAME_FIELD)


def _parse(rate: str) -> tuple[int, int]:
    """Read a rate as DRF writes it: ``10/min`` is 10 in 60 seconds."""
    number, _, period = rate.partition("/")
    return int(number), _SECONDS[period[0]]
