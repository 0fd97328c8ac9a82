"""Whether the project around fits: REST framework's classes, URLs, the cache, the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.conf import settings as django_settings
from django.core.cache import DEFAULT_CACHE_ALIAS
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.module_loading import import_string
from rest_framework.settings import api_settings

from django_jwtauth import keystores
from django_jwtauth.authentication import JWTAuthentication
from django_jwtauth.checks.table import message
from django_jwtauth.models import LoginSession
from django_jwtauth.throttling import DEFAULT_RATES

_WELL_KNOWN: Final = ".well-known/jwks.json"


def check_surroundings() -> Iterator[CheckMessage]:
    """Tell what of the project would not work together with this package."""
    alias = router.db_for_write(LoginSession)
    if not connections.settings[alias].get("AUTOCOMMIT", True):
        yield message("E101", alias=alias)
    yield from _authentication_classes()
    if keystores.store().only_verifies:
        return  # another service has the endpoints
    if _path("jwtauth:login") is None:
        yield message("W103")
        return
    path = _path("jwks")
    if path not in (None, get_script_prefix() + _WELL_KNOWN):
        yield message("W104", path=path)
    if not django_settings.DEBUG:
        yield from _cache()


def _authentication_classes() -> Iterator[CheckMessage]:
    classes: Sequence[Any] = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    ours = [cls for cls in classes if issubclass(cls, JWTAuthentication)]
    if not ours:
        yield message("W101")
    elif classes[0] is not ours[0]:
        yield message("W102", first=classes[0].__name__)


def _path(name: str) -> str | None:
    try:
        return reverse(name)
    except (NoReverseMatch, ImproperlyConfigured, AttributeError):
        return None  # also where the project has no URLs at all


def _cache() -> Iterator[CheckMessage]:
    rates = {**DEFAULT_RATES, **api_settings.DEFAULT_THROTTLE_RATES}
    if all(rates[scope] is None for scope in DEFAULT_RATES):
        return
    path = django_settings.CACHES[DEFAULT_CACHE_ALIAS]["BACKEND"]
    try:
        backend = import_string(path)
    except ImportError:
        return  # Django tells that itself, and in its own words
    if issubclass(backend, (LocMemCache, DummyCache)):
        yield message("W105", backend=path)
    elif backend.incr is BaseCache.incr:
        yield message("W106", backend=path)
